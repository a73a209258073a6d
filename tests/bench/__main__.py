"""Tests, benchmark: `python -m tests.bench`, which is `make bench`.

Five processes: an upstream of OpenAI's and Anthropic's wires, one of Vertex AI's, the server that is
measured, and this one, which calls it. Absolute times vary from machine to machine and from minute to
minute, so that two others are measured beside the gateway: a relay without any feature (`bare.py`), which
speaks the wires of OpenAI and of Vertex AI, and a plain gRPC call (`echo.py`), the yardstick by which CPU
times are scaled before they are held against their targets.

* startup: start to SERVING and idle memory, with the sandbox alone and with a provider of every kind
* ratios: what one thing takes beside another, such as a cancellation through the gateway (`ratios.py`)
* layers: CPU that the pipeline adds to the bare exchange, in this process, without sockets (`layers.py`)
* identity: CPU that a key costs a call, and whether time tells why one is refused (`identity.py`)
* unary, burst: CPU a call and a token at 16 at once, for each provider
* paced, leak: 200 streams of a token every 20 ms; memory after many calls and cancels; first provider
* latency, first-content: what the gateway adds to asking the upstream; OpenAI's wire

Every figure is the median of its repetitions, which the JSON has too. A quiet machine needs about six
minutes, and with --quick about one. Run nothing beside it.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import grpc
import uvloop
from rich.console import Console

from tests.bench import identity, layers, ratios, results, servers
from tests.bench.load import IncompleteAnswerError
from tests.bench.measures import MEASUREMENTS, OPENAI_ONLY, QUICK, Bench, Effort
from tests.bench.processes import StartError, Target
from tests.bench.providers import EVERY_PROVIDER, OPENAI, PROVIDERS, SANDBOX_ALONE, Measured
from tests.bench.results import Figure, Kind
from tests.bench.servers import BARE, FOLDER, GATEWAY, LOG, SERVERS

IDLE_SECONDS = 6.0
APART = ("startup", "layers", "ratios", "identity")
"""The measurements that need no upstream."""


def startup(names: Sequence[str], effort: Effort) -> list[Figure]:
    """How long a start takes, and the memory of a server that nobody has called."""
    figures: list[Figure] = []
    if GATEWAY in names:
        alone = partial(servers.gateway, "idle", SANDBOX_ALONE)
        every = partial(servers.gateway, "idle-all", EVERY_PROVIDER)
        figures += _started(alone, GATEWAY, effort, results.STARTUP, results.RSS_IDLE)
        figures += _started(every, GATEWAY, effort, results.STARTUP_ALL, results.RSS_IDLE_ALL)
    if BARE in names:
        figures += _started(servers.bare, BARE, effort, results.STARTUP, results.RSS_IDLE)
    return figures


def _started(
    start: Callable[[], AbstractContextManager[Target]],
    name: str,
    effort: Effort,
    time_taken: Kind,
    rss: Kind,
) -> list[Figure]:
    seconds, memory = [], []
    for _ in range(effort.starts):
        with start() as target:
            seconds.append(target.startup)
            time.sleep(IDLE_SECONDS)
            memory.append(target.rss() / 1e6)
    return [time_taken.of(name, seconds), rss.of(name, memory)]


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
    providers = list(PROVIDERS.values()) if options.provider == "all" else [PROVIDERS[options.provider]]
    chosen = options.only or [*APART, *MEASUREMENTS]
    figures: list[Figure] = []
    if "startup" in chosen:
        console.print("[dim]startup …[/dim]")
        figures += startup(options.servers, effort)
    if "layers" in chosen:
        console.print("[dim]layers …[/dim]")
        figures += _in_loop(layers.compare(effort.layer_rounds))
    if "ratios" in chosen:
        console.print("[dim]ratios …[/dim]")
        figures += _in_loop(ratios.compare(effort))
    if "identity" in chosen:
        console.print("[dim]identity …[/dim]")
        figures += _in_loop(identity.compare(effort.layer_rounds, effort.refusals))
    loads = [name for name in MEASUREMENTS if name in chosen]
    if OPENAI not in providers:
        loads = [name for name in loads if name not in OPENAI_ONLY]
    return figures + _loads(options.servers, providers, effort, loads, console) if loads else figures


def _loads(
    names: Sequence[str],
    providers: Sequence[Measured],
    effort: Effort,
    loads: Sequence[str],
    console: Console,
) -> list[Figure]:
    with (
        servers.upstreams_of(providers) as upstreams,
        servers.in_front_of(upstreams, names, providers) as targets,
        servers.echo() as yardstick,
    ):
        bench = Bench(targets, yardstick, providers, upstreams, effort)
        return _in_loop(under_load(bench, loads, console))


def _in_loop(work: Coroutine[object, object, list[Figure]]) -> list[Figure]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="short repetitions, one start of each server")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*APART, *MEASUREMENTS],
        help="take this measurement alone; may be repeated",
    )
    parser.add_argument(
        "--provider",
        choices=[*PROVIDERS, "all"],
        default="all",
        help="what the gateway is measured with under load",
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
    parser.add_argument(
        "--check-ratios",
        action="store_true",
        help="fail if a ratio within this run exceeds its bound, whatever the machine's speed",
    )
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
    load_average = os.getloadavg()[0]
    try:
        figures = run(options, console)
    except (StartError, IncompleteAnswerError) as error:
        return fail(console, str(error))
    except grpc.aio.AioRpcError as error:
        return fail(console, f"a call ended {error.code().name}: {error.details()}")
    results.show(figures, console)
    if hint := results.busy(load_average):
        console.print(f"[yellow]{hint}[/yellow]")
    results.write(figures, options.output, load_average)
    console.print(f"Written to {options.output}. CPU is the server's process alone.")
    missed = results.missed_ratios(figures) if options.check_ratios else []
    missed += [figure.name for figure in figures if options.check and figure.missed]
    for name in dict.fromkeys(missed):
        console.print(f"[red]{name} exceeds its bound[/red]")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
