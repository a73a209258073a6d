"""Tests, benchmark: `python -m tests.bench`, which is `make bench`.

Three processes: an upstream, the server that is measured, and this one, which calls it. A relay without
any feature is measured beside the gateway, because absolute times vary from machine to machine.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import grpc
import orjson
import uvloop
from rich.console import Console

from tests.bench import processes, results
from tests.bench.load import IncompleteAnswerError
from tests.bench.measures import MEASUREMENTS, MODELS, QUICK, Bench, Effort
from tests.bench.processes import StartError, Target, free_port
from tests.bench.results import Figure

FOLDER = Path("build")
LOG = FOLDER / "bench.log"
IDLE_SECONDS = 1.0
SERVERS = ("gateway", "bare")

Start = Callable[[str], AbstractContextManager[Target]]


def gateway(upstream: str) -> AbstractContextManager[Target]:
    """The gateway in front of the upstream; without one, with the sandbox alone."""
    port = free_port()
    config: dict[str, object] = {
        "server": {
            "listen": f"127.0.0.1:{port}",
            "admin_listen": f"127.0.0.1:{free_port()}",
            "metrics_listen": f"127.0.0.1:{free_port()}",
        },
        "models": {"demo": {"candidates": ["sandbox/chat"]}},
    }
    if upstream:
        provider = {"kind": "openai", "base_url": upstream, "api_key": "sk-x"}
        config["providers"] = {"up": provider}
        config["models"] = {model: {"candidates": [f"up/{model}"]} for model in MODELS}
    file = FOLDER / f"bench-{'loaded' if upstream else 'idle'}.json"
    file.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))
    command = [sys.executable, "-m", "ringmain_server", "serve", "--config", str(file)]
    return processes.target("gateway", command, port, LOG)


def bare(upstream: str) -> AbstractContextManager[Target]:
    """The bare relay in front of the upstream."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare", "--port", str(port)]
    command += ["--upstream", upstream or "http://127.0.0.1:9/v1"]
    return processes.target("bare", command, port, LOG)


STARTS: dict[str, Start] = {"gateway": gateway, "bare": bare}


def startup(names: Sequence[str], effort: Effort) -> list[Figure]:
    """How long a start takes, and the memory of a server that nobody has called."""
    figures = []
    for name in names:
        seconds, memory = [], []
        for _ in range(effort.repetitions):
            with STARTS[name]("") as target:
                seconds.append(target.startup)
                time.sleep(IDLE_SECONDS)
                memory.append(target.rss() / 1e6)
        figures += [results.STARTUP.of(name, seconds), results.RSS_IDLE.of(name, memory)]
    return figures


async def under_load(bench: Bench, names: Sequence[str], console: Console) -> list[Figure]:
    """Takes the measurements of these names, one after the other."""
    figures: list[Figure] = []
    for name in names:
        console.print(f"[dim]{name} …[/dim]")
        figures += await MEASUREMENTS[name](bench)
    figures += [results.RSS_LOADED.of(each.name, [each.rss() / 1e6]) for each in bench.targets]
    return figures


def run(options: argparse.Namespace, console: Console) -> list[Figure]:
    """Starts what is needed and measures what is asked for."""
    effort = QUICK if options.quick else Effort()
    chosen = options.only or ["startup", *MEASUREMENTS]
    figures: list[Figure] = []
    if "startup" in chosen:
        console.print("[dim]startup …[/dim]")
        figures += startup(options.servers, effort)
    loads = [name for name in MEASUREMENTS if name in chosen]
    if not loads:
        return figures
    with ExitStack() as stack:
        upstream = stack.enter_context(processes.upstream(LOG))
        targets = [stack.enter_context(STARTS[name](upstream)) for name in options.servers]
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        bench = Bench(targets, upstream, effort)
        return figures + runner.run(under_load(bench, loads, console))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short repetition of each")
    parser.add_argument(
        "--only",
        action="append",
        choices=["startup", *MEASUREMENTS],
        help="take this measurement alone; may be repeated",
    )
    parser.add_argument(
        "--servers",
        nargs="+",
        choices=SERVERS,
        default=list(SERVERS),
        help="what to measure",
    )
    parser.add_argument("--output", type=Path, default=FOLDER / "bench.json", metavar="FILE")
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    return parser.parse_args(arguments)


def fail(console: Console, reason: str) -> int:
    """Says in one line what went wrong. Returns the exit code."""
    console.print(f"{reason}. The servers' output is in {LOG}.", markup=False, soft_wrap=True)
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table, writes the JSON. Returns the exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    console = Console()
    if not Path("/proc/self/stat").exists():
        console.print("The benchmark reads CPU time from /proc, which only Linux has.")
        return 2
    FOLDER.mkdir(exist_ok=True)
    LOG.write_bytes(b"")
    try:
        figures = run(options, console)
    except (StartError, IncompleteAnswerError) as error:
        return fail(console, str(error))
    except grpc.aio.AioRpcError as error:
        return fail(console, f"a call ended {error.code().name}: {error.details()}")
    results.show(figures, console)
    results.write(figures, options.output)
    console.print(f"Written to {options.output}. CPU is the server's process alone.")
    return int(options.check and any(figure.missed for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
