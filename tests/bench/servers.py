"""Tests, benchmark: starts the servers that are measured, and the upstreams behind them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import orjson

from tests.bench import processes
from tests.bench.processes import Target
from tests.bench.providers import VERTEX, Measured, Section, Upstreams, in_front
from tests.fakes.ports import free_port

FOLDER = Path("build")
LOG = FOLDER / "bench.log"
GATEWAY, BARE, ECHO = "gateway", "bare", "echo"
SERVERS = (GATEWAY, BARE)
NOWHERE = Upstreams(http=9)
"""For servers that nobody calls."""


def gateway(name: str, config: Section) -> AbstractContextManager[Target]:
    """The gateway with this configuration, which is kept in a file of this name."""
    port = free_port()
    server = {
        "listen": f"127.0.0.1:{port}",
        "admin_listen": "127.0.0.1:0",
        "metrics_listen": "127.0.0.1:0",
    }
    file = FOLDER / f"bench-{name}.json"
    file.write_bytes(orjson.dumps({"server": server, **config}, option=orjson.OPT_INDENT_2))
    command = [sys.executable, "-m", "ringmain_server", "serve", "--config", str(file)]
    return processes.target(GATEWAY, command, port, LOG)


def bare(upstreams: Upstreams = NOWHERE) -> AbstractContextManager[Target]:
    """The bare relay in front of the upstreams. It does not speak Anthropic's wire."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare", "--port", str(port), "--upstream", upstreams.openai]
    if upstreams.grpc:
        command += ["--vertex", f"127.0.0.1:{upstreams.grpc}"]
    return processes.target(BARE, command, port, LOG)


def echo() -> AbstractContextManager[Target]:
    """The yardstick."""
    port = free_port()
    return processes.target(ECHO, [sys.executable, "-m", "tests.bench.echo", "--port", str(port)], port, LOG)


@contextmanager
def in_front_of(
    upstreams: Upstreams, names: Sequence[str], providers: Sequence[Measured]
) -> Iterator[list[Target]]:
    """The servers of these names in front of the upstreams."""
    with ExitStack() as stack:
        starts = {
            GATEWAY: lambda: gateway("loaded", in_front(providers, upstreams)),
            BARE: lambda: bare(upstreams),
        }
        yield [stack.enter_context(starts[name]()) for name in names]


@contextmanager
def upstreams_of(providers: Sequence[Measured]) -> Iterator[Upstreams]:
    """The upstreams that these providers need, in processes of their own."""
    with ExitStack() as stack:
        http = stack.enter_context(processes.upstream("tests.bench.upstream", LOG))
        grpc = 0
        if VERTEX in providers:
            grpc = stack.enter_context(processes.upstream("tests.bench.vertex_upstream", LOG))
        yield Upstreams(http, grpc)
