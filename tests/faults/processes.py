"""Tests, faults: the processes of a run. Two upstreams and the gateway, each as its own process."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import grpc
import grpc.aio
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc

from tests.e2e.processes import port_of
from tests.fakes.ports import closed_port
from tests.fakes.waiting import LIMIT
from tests.faults.catalogue import case_name
from tests.faults.rows import PATIENT, PRICES, Place, Row, Side, Trial

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 300.0
"""Seconds after which a process that does not serve counts as failed."""
_ADDRESSES = ("listen", "admin_listen", "metrics_listen")
_CHANNEL = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))


class StartError(Exception):
    """A process does not come up."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway in its own process.

    Attributes:
        process: It.
        port: Where callers reach it.
        admin_port: Where operators reach it.
        metrics_port: Where its metrics are.
        config: Its configuration file.
        log: Its log file.
        channel: To it.
        stub: On the channel.
    """

    process: asyncio.subprocess.Process
    port: int
    admin_port: int
    metrics_port: int
    config: Path
    log: Path
    channel: grpc.aio.Channel
    stub: "chat_grpc.ChatServiceAsyncStub"

    def log_tail(self) -> str:
        """The end of its log, for the message of a failure."""
        return self.log.read_text()[-4000:]


@dataclass(frozen=True, slots=True)
class UpstreamPorts:
    """Where an upstream listens.

    Attributes:
        port: For anybody.
        tls_port: With a certificate that nobody trusts.
        rows: A port for each row of the catalogue: the gateway keeps connections to an address for all of its
            providers, and a row may break those that it leaves.
    """

    port: int
    tls_port: int
    rows: Mapping[str, int]

    @property
    def base_url(self) -> str:
        """What a provider's settings say."""
        return _base_url(self.port)

    def url_of(self, row: Row) -> str:
        """What the settings of a row's provider say."""
        return _base_url(self.rows[row.name])


def _base_url(port: int, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}/v1"


@asynccontextmanager
async def upstream(side: Side, module: str = "tests.faults.upstream") -> AsyncIterator[UpstreamPorts]:
    """One of the upstreams, once it listens."""
    command = (sys.executable, "-m", module, side)
    async with _process(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        async with asyncio.timeout(START_LIMIT):
            line = await process.stdout.readline()
        if not line:
            raise StartError(f"{module} {side} ended before it listened")
        yield UpstreamPorts(**json.loads(line))


@asynccontextmanager
async def gateway(config: Mapping[str, object]) -> AsyncIterator[Gateway]:
    """`ringmain serve` with a configuration file, once it serves.

    Args:
        config: Its sections; where it listens is added.
    """
    providers: Mapping[str, Mapping[str, str]] = config.get("providers") or {}  # type: ignore[assignment]
    listens = [flag for name in _ADDRESSES for flag in (f"--{name.replace('_', '-')}", "127.0.0.1:0")]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringmain-faults-")))
        file, log = folder / "ringmain.json", folder / "log"
        file.write_text(json.dumps(config))
        output = stack.enter_context(log.open("wb"))
        command = (sys.executable, "-m", "ringmain_server", "serve", *listens, "--log-format", "json")
        process = await stack.enter_async_context(_process((*command, "--config", str(file)), stderr=output))
        line = await _logged(process, log, "serving")
        if any(provider["kind"] != "sandbox" for provider in providers.values()):
            # What is measured is the gateway, not the loading of libraries beside it.
            await _logged(process, log, "loaded")
        port, admin_port, metrics_port = (port_of(line[name]) for name in _ADDRESSES)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=_CHANNEL)
        await stack.enter_async_context(channel)
        stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
        served = Gateway(process, port, admin_port, metrics_port, file, log, channel, stub)
        try:
            yield served
        except BaseException as error:
            if process.returncode is not None:
                error.add_note(f"the gateway ended with {process.returncode}:\n{served.log_tail()}")
            raise


async def _logged(process: asyncio.subprocess.Process, log: Path, event: str) -> dict[str, str]:
    """The first line of an event.

    Raises:
        StartError: It ended, or took too long.
    """
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.returncode is None:
        for line in _text(log).splitlines(keepends=True):
            if f'"event":"{event}"' in line and line.endswith("\n"):
                return dict(json.loads(line))
        await asyncio.sleep(0.02)
    what = "takes too long" if process.returncode is None else f"ended with {process.returncode}"
    raise StartError(f"the gateway {what}:\n{_text(log)[-4000:]}")


def _text(file: Path) -> str:
    return file.read_text()


@asynccontextmanager
async def _process(
    command: tuple[str, ...], *, stdout: int | None = None, stderr: object = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    env = {name: value for name, value in os.environ.items() if not re.search("API_KEY|^RINGMAIN_", name)}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=stdout,
        stderr=stderr,  # type: ignore[arg-type] # a file, which typeshed calls IO
        cwd=ROOT,
        env=env,
    )
    try:
        yield process
    finally:
        await stop(process)


async def stop(process: asyncio.subprocess.Process, *, within: float = LIMIT) -> int:
    """Ends a process as an operator would; kills it if that takes too long. Returns its exit code."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(within):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode


# --- the catalogue's configuration -------------------------------------------------------------------


@contextmanager
def places(primary: UpstreamPorts) -> Iterator[Mapping[Place, str]]:
    """The base URL of each place that is not the scripted upstream."""
    with closed_port() as refused, full_port() as full:
        yield {
            Place.REFUSED: _base_url(refused),
            Place.FULL: _base_url(full),
            Place.PLAIN_AS_TLS: _base_url(primary.port, "https"),
            Place.UNTRUSTED: _base_url(primary.tls_port, "https"),
            Place.UNRESOLVED: "http://upstream.invalid/v1",
        }


@contextmanager
def full_port() -> Iterator[int]:
    """A loopback port whose queue is full, so that Linux drops what asks for a connection."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


COMMON: Mapping[str, object] = {
    # A catalogue of failures is an outage all the time: here the budget must not show.
    "backoff": {"initial": 0.01, "maximum": 0.02, "budget": 1.0, "budget_min_per_second": 1000},
    # Longer than a trial that makes a second call within it.
    "cooldown": {"first": 30},
}


def configuration(
    cases: tuple[tuple[Row, Trial], ...],
    urls: Mapping[Place, str],
    upstreams: Mapping[Side, UpstreamPorts],
) -> dict[str, object]:
    """A model for each trial; providers of its own for each row, so that no row disturbs another."""
    primary, fallback = upstreams[Side.PRIMARY], upstreams[Side.FALLBACK]
    providers: dict[str, object] = {}
    models: dict[str, object] = {}
    for row, trial in cases:
        url = urls.get(row.place) or primary.url_of(row)
        providers[f"{row.name}.primary"] = _provider(url, row.timeouts)
        providers[f"{row.name}.fallback"] = _provider(fallback.url_of(row), PATIENT)
        sides = list(Side)[: 1 if trial.fallback is None else 2]
        models[case_name(row, trial)] = {
            "candidates": [_candidate(row, trial, side) for side in sides],
            **trial.settings,
        }
    return {**COMMON, "providers": providers, "models": models}


def _provider(base_url: str, timeouts: Mapping[str, float]) -> Mapping[str, object]:
    return {"kind": "openai", "base_url": base_url, "api_key": "sk-catalogue-secret", "timeouts": timeouts}


def _candidate(row: Row, trial: Trial, side: Side) -> Mapping[str, object]:
    per_input, per_output = PRICES[side]
    context_tokens = trial.context_tokens[0 if side is Side.PRIMARY else 1]
    return {
        "provider": f"{row.name}.{side}",
        "model": case_name(row, trial),
        "price": {"input_per_mtok": per_input, "output_per_mtok": per_output},
        "context_tokens": context_tokens or None,
        "prefill": trial.prefill if side is Side.FALLBACK else None,
    }


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that runs while the catalogue is run.

    Attributes:
        gateway: The gateway.
        upstreams: Where to ask what arrived.
        http: To ask with.
    """

    gateway: Gateway
    upstreams: Mapping[Side, UpstreamPorts]
    http: aiohttp.ClientSession


@asynccontextmanager
async def running(cases: tuple[tuple[Row, Trial], ...]) -> AsyncIterator[Run]:
    """Starts the upstreams, then the gateway, and ends them."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        primary, fallback = await asyncio.gather(
            enter(upstream(Side.PRIMARY)), enter(upstream(Side.FALLBACK))
        )
        upstreams = {Side.PRIMARY: primary, Side.FALLBACK: fallback}
        urls = stack.enter_context(places(primary))
        served = await enter(gateway(configuration(cases, urls, upstreams)))
        http = await enter(aiohttp.ClientSession())
        yield Run(served, upstreams, http)
