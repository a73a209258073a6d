"""Tests, benchmark: what the layers add to the bare exchange with a provider, in one process without sockets.

The same request goes through the pipeline and straight to its innermost backend, over a transport that has
the answer at hand. Both ways take turns in short batches, and the median of the differences counts, so that
what else the machine does hits both. A stream is read token by token, which is when layers cost most.

Alone: `python -m tests.bench.layers`; `--profile unary` or `--profile stream` shows where the time goes.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import uvloop
from rich.console import Console
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.assembly.models import build_models, build_router
from ringmain_server.backend import Backend
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import Settings, load
from ringmain_server.errors import ProviderError
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.pipeline import build_pipeline
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

from tests.bench import results
from tests.bench.answers import TOKEN_COUNT, Wire, token_events, whole_body
from tests.bench.load import DEADLINE, chat_request
from tests.bench.providers import OPENAI
from tests.bench.results import Figure, Kind

ROUNDS = 40
UNARY_BATCH = 100
STREAM_BATCH = 15
PROFILED_BATCHES = 20

Once = Callable[[], Awaitable[None]]


class Reads:
    """A streamed answer that is there already. See `Incoming`."""

    def __init__(self, reads: Sequence[bytes]) -> None:
        self._reads: Iterator[bytes] = iter(reads)

    async def read(self) -> bytes | None:
        """The next read."""
        return next(self._reads, None)

    def abort(self, error: ProviderError) -> None:
        """Nobody waits who could be woken."""

    def close(self, *, complete: bool) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Canned:
    """A transport that answers the same, at once. See `Transport`.

    Attributes:
        whole: A whole answer.
        reads: The reads of a stream.
    """

    whole: bytes
    reads: Sequence[bytes]

    async def send(self, request: HttpRequest) -> bytes:
        """The whole answer."""
        return self.whole

    async def open(self, request: HttpRequest) -> Reads:
        """The stream."""
        return Reads(self.reads)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Way:
    """A backend and the request that it is given again and again.

    Attributes:
        backend: The whole pipeline, or the exchange alone.
        request: The same for every call.
        candidate: Who is tried, for a backend that leaves the attempt to its caller.
    """

    backend: Backend
    request: ChatRequest
    candidate: Candidate | None = None

    async def unary(self) -> None:
        """One call, answered whole."""
        await self.backend.call(CHAT, self.request, self.call())

    async def stream(self) -> None:
        """One call, answered in events and read to the end."""
        async with aclosing(self.backend.stream(STREAM_CHAT, self.request, self.call())) as events:
            async for _ in events:
                pass

    def call(self) -> Call:
        """A new call, with an attempt under way where the backend needs one."""
        now = time.monotonic()
        call = Call("r", "ringmain.v1.ChatService/Chat", now + DEADLINE)
        if self.candidate is not None:
            call.current = Attempt(self.candidate, now)
        return call


@dataclass(frozen=True, slots=True)
class Ways:
    """The two ways to the same answer."""

    pipeline: Way
    exchange: Way


@asynccontextmanager
async def ways() -> AsyncIterator[Ways]:
    """Both ways, connected as the gateway connects them. Needs a running loop."""
    model = OPENAI.model
    config = {
        "providers": {
            OPENAI.kind: {"kind": OPENAI.kind, "base_url": "http://127.0.0.1:9/v1", "api_key": "k"}
        },
        "models": {model: {"candidates": [f"{OPENAI.kind}/{model}"]}},
    }
    settings = load(None, environ={}, overrides=config)
    sessions = HttpSessions()
    built = build_provider(OPENAI.kind, settings.providers[OPENAI.kind], sessions)
    reads = [b"".join(group) for group in token_events(Wire.OPENAI, model)]
    provider = replace(built, transport=Canned(whole_body(Wire.OPENAI, model), reads))
    yield _ways(settings, provider, chat_request(model))
    await built.transport.close()
    await sessions.close()


def _ways(settings: Settings, provider: Provider, request: ChatRequest) -> Ways:
    providers = {provider.provider_id: provider}
    models = build_models(settings, providers)
    active = ActiveConfig(Snapshot(settings, providers, models, build_router(models, settings)))
    candidate = models.resolve(request.model)[0].candidate
    return Ways(
        Way(build_pipeline(active, settings), request),
        Way(provider.backend(candidate), request, candidate),
    )


async def compare(rounds: int = ROUNDS) -> list[Figure]:
    """What the layers add to a call and to a token, and what the exchange alone costs."""
    async with ways() as both:
        _collect_garbage()
        unary = await _pairs(both.pipeline.unary, both.exchange.unary, UNARY_BATCH, rounds)
        stream = await _pairs(both.pipeline.stream, both.exchange.stream, STREAM_BATCH, rounds)
    tokens = [(through / TOKEN_COUNT, alone / TOKEN_COUNT) for through, alone in stream]
    return [
        *_figures(unary, results.LAYERS_UNARY, results.EXCHANGE_UNARY),
        *_figures(tokens, results.LAYERS_TOKEN, results.EXCHANGE_TOKEN),
    ]


def _collect_garbage() -> None:
    """Takes what lives for ever out of the garbage collector's sight: it would hit one way or the other."""
    gc.collect()
    gc.freeze()


async def _pairs(through: Once, alone: Once, batch: int, rounds: int) -> list[tuple[float, float]]:
    """The cost of both ways, in each round; the first is warm-up, and who begins changes."""
    pairs = []
    for index in range(rounds + 1):
        if index % 2:
            first = await _cost(through, batch)
            pairs.append((first, await _cost(alone, batch)))
        else:
            first = await _cost(alone, batch)
            pairs.append((await _cost(through, batch), first))
    return pairs[1:]


async def _cost(once: Once, batch: int) -> float:
    """The µs of CPU of one call, out of a batch."""
    began = time.process_time()
    for _ in range(batch):
        await once()
    return (time.process_time() - began) / batch * 1e6


def _figures(pairs: Sequence[tuple[float, float]], added: Kind, alone: Kind) -> list[Figure]:
    differences = [through - exchange for through, exchange in pairs]
    return [added.of("gateway", differences), alone.of("gateway", [exchange for _, exchange in pairs])]


async def profile(what: str) -> pstats.Stats:
    """Where the pipeline spends its time, for `unary` or `stream`."""
    async with ways() as both:
        once = both.pipeline.unary if what == "unary" else both.pipeline.stream
        batch = UNARY_BATCH if what == "unary" else STREAM_BATCH
        await _cost(once, batch)
        with cProfile.Profile() as profiler:
            await _cost(once, batch * PROFILED_BATCHES)
    return pstats.Stats(profiler)


def main() -> None:
    """Prints the figures, or a profile."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--profile", choices=["unary", "stream"])
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.profile:
            runner.run(profile(options.profile)).sort_stats("tottime").print_stats(30)
            return
        figures = runner.run(compare())
    results.show(figures, Console())
    spread = {figure.label: statistics.quantiles(figure.samples, n=4) for figure in figures}
    for label, (low, _, high) in spread.items():
        Console().print(f"[dim]{label}: half of the rounds from {low:.2f} to {high:.2f}[/dim]")


if __name__ == "__main__":
    main()
