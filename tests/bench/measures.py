"""Tests, benchmark: what is measured, each against every running server in turn.

Repetitions alternate between the servers, so that a slow minute of the machine hits all of them.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp

from tests.bench import results
from tests.bench.load import (
    Callers,
    Direct,
    Tally,
    Window,
    chat_request,
    keep_busy,
    measure,
    repeat,
    stub_of,
)
from tests.bench.processes import Target
from tests.bench.providers import ANTHROPIC, OPENAI, PACED_MODEL, PACED_SECONDS, Measured, Upstreams
from tests.bench.results import Figure, Kind, cpu_and_rate
from tests.bench.servers import BARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is done.

    Attributes:
        repetitions: Of every measurement under load; their median is reported.
        starts: How often each server is started, and its memory read.
        layer_rounds: How often the pipeline and the exchange alone take turns.
        warm_up: Seconds before a measured window.
        seconds: Length of a measured window.
        calls: How many calls a latency is taken from, in each repetition.
        leak_calls: How many calls, and how many cancelled streams, the leak check makes.
        refusals: How many refusals of each kind of key are timed.
    """

    repetitions: int = 5
    starts: int = 3
    layer_rounds: int = 80
    warm_up: float = 0.5
    seconds: float = 2.0
    calls: int = 300
    leak_calls: int = 10_000
    refusals: int = 20_000


QUICK = Effort(
    repetitions=3,
    starts=1,
    layer_rounds=20,
    warm_up=0.3,
    seconds=0.8,
    calls=60,
    leak_calls=2_000,
    refusals=2_000,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a measurement needs.

    Attributes:
        targets: The servers.
        yardstick: Is measured beside them, to know how quick the machine is at that moment.
        providers: What the gateway is measured with, at least one.
        upstreams: Behind the servers.
        effort: How much to do.
    """

    targets: Sequence[Target]
    yardstick: Target
    providers: Sequence[Measured]
    upstreams: Upstreams
    effort: Effort

    def targets_of(self, provider: Measured) -> list[Target]:
        """The servers that speak to this provider: the bare relay does not know Anthropic's wire."""
        return [target for target in self.targets if provider is not ANTHROPIC or target.name != BARE]


Measurement = Callable[[Bench], Awaitable[list[Figure]]]


async def unary(bench: Bench) -> list[Figure]:
    """CPU and rate of whole answers, 16 calls at a time, of each provider."""
    figures = []
    for provider in bench.providers:
        figures += await _calls(bench, provider)
    return figures


async def burst(bench: Bench) -> list[Figure]:
    """CPU and rate of tokens that come as quickly as they can, 16 streams at a time, of each provider."""
    figures = []
    for provider in bench.providers:
        figures += await _tokens(bench, provider, "burst", provider.model, 16)
    return figures


async def paced(bench: Bench) -> list[Figure]:
    """CPU and rate of tokens that come every 20 ms, 200 streams at a time, of the first provider."""
    return await _tokens(bench, bench.providers[0], "paced", PACED_MODEL, 200, stagger=PACED_SECONDS)


async def _calls(bench: Bench, provider: Measured) -> list[Figure]:
    once = partial(_whole_answers, bench.effort, provider.model)
    return await _windows(bench, provider, once, *cpu_and_rate(provider, "unary"))


async def plain_call(yardstick: Target, effort: Effort) -> float:
    """The CPU of a call to the yardstick, in µs."""
    return (await _whole_answers(effort, "", yardstick)).cpu_us


async def _whole_answers(effort: Effort, model: str, target: Target) -> Window:
    tally = Tally()
    async with stub_of(target) as stub:
        call, request = Callers(stub, tally).unary, chat_request(model)
        busy = await keep_busy(partial(call, request), 16)
        return await _window(effort, target, tally, busy)


async def _tokens(
    bench: Bench, provider: Measured, load: str, model: str, concurrency: int, *, stagger: float = 0.0
) -> list[Figure]:
    async def once(target: Target) -> Window:
        tally = Tally()
        async with stub_of(target) as stub:
            call, request = Callers(stub, tally).stream, chat_request(model)
            busy = await keep_busy(partial(call, request), concurrency, stagger=stagger)
            return await _window(bench.effort, target, tally, busy, ramp=stagger)

    return await _windows(bench, provider, once, *cpu_and_rate(provider, load))


async def latency(bench: Bench) -> list[Figure]:
    """What a server adds to a whole answer, one call at a time, beyond asking the upstream."""
    p50: dict[str, list[float]] = {target.name: [] for target in bench.targets}
    p99: dict[str, list[float]] = {target.name: [] for target in bench.targets}
    async with aiohttp.ClientSession() as session:
        direct = Direct(session, bench.upstreams.openai)
        for target in list(bench.targets) * bench.effort.repetitions:
            async with stub_of(target) as stub:
                timed = Callers(stub, Tally()).timed
                request = chat_request(OPENAI.model)
                pairs = await _pairs(bench, direct.unary, partial(timed, request))
            p50[target.name].append(_percentile(pairs[1], 50) - _percentile(pairs[0], 50))
            p99[target.name].append(_percentile(pairs[1], 99) - _percentile(pairs[0], 99))
    return _figures(results.ADDED_P50, p50) + _figures(results.ADDED_P99, p99)


async def first_content(bench: Bench) -> list[Figure]:
    """How long the first content of a stream takes, one stream at a time."""
    p50: dict[str, list[float]] = {target.name: [] for target in bench.targets}
    p99: dict[str, list[float]] = {target.name: [] for target in bench.targets}
    added: dict[str, list[float]] = {target.name: [] for target in bench.targets}
    async with aiohttp.ClientSession() as session:
        direct = Direct(session, bench.upstreams.openai)
        for target in list(bench.targets) * bench.effort.repetitions:
            async with stub_of(target) as stub:
                timed = Callers(stub, Tally()).first_content
                request = chat_request(OPENAI.model)
                pairs = await _pairs(
                    bench, partial(direct.first_content, OPENAI.model), partial(timed, request)
                )
            p50[target.name].append(_percentile(pairs[1], 50))
            p99[target.name].append(_percentile(pairs[1], 99))
            added[target.name].append(_percentile(pairs[1], 50) - _percentile(pairs[0], 50))
    return (
        _figures(results.FIRST_P50, p50)
        + _figures(results.FIRST_P99, p99)
        + _figures(results.FIRST_ADDED, added)
    )


async def leak(bench: Bench) -> list[Figure]:
    """How much memory calls and cancelled streams leave behind, after the first tenth of them.

    Only of the first server: what the bare relay leaks tells nothing about the gateway.
    """
    first, rest = bench.effort.leak_calls // 10, bench.effort.leak_calls * 9 // 10
    target, model = bench.targets[0], bench.providers[0].model
    async with stub_of(target) as stub:
        callers = Callers(stub, Tally())
        await _calls_and_cancels(callers, model, first)
        before = target.rss()
        await _calls_and_cancels(callers, model, rest)
    return [results.LEAK.of(target.name, [(target.rss() / before - 1) * 100])]


async def _calls_and_cancels(callers: Callers, model: str, count: int) -> None:
    whole, streamed = chat_request(model), chat_request(PACED_MODEL)
    await repeat(partial(callers.unary, whole), count, 16)
    await repeat(partial(callers.cancelled, streamed), count, 16)


MEASUREMENTS: dict[str, Measurement] = {
    "unary": unary,
    "latency": latency,
    "first-content": first_content,
    "burst": burst,
    "paced": paced,
    "leak": leak,
}
"""Every measurement under load, in the order of the table."""

OPENAI_ONLY = frozenset({"latency", "first-content"})
"""Those that also ask the upstream directly, which is only done on OpenAI's wire."""


async def _window(
    effort: Effort, target: Target, tally: Tally, busy: list[asyncio.Task[None]], *, ramp: float = 0.0
) -> Window:
    return await measure(target, tally, busy, warm_up=effort.warm_up + ramp, seconds=effort.seconds)


async def _windows(
    bench: Bench, provider: Measured, once: Callable[[Target], Awaitable[Window]], cpu: Kind, rate: Kind
) -> list[Figure]:
    targets = bench.targets_of(provider)
    windows: dict[str, list[Window]] = {target.name: [] for target in targets}
    yardstick: list[float] = []
    for _ in range(bench.effort.repetitions):
        for target in targets:
            windows[target.name].append(await once(target))
        yardstick.append(await plain_call(bench.yardstick, bench.effort))
    return [
        *(cpu.of(name, [window.cpu_us for window in of], yardstick) for name, of in windows.items()),
        *(rate.of(name, [window.rate for window in of]) for name, of in windows.items()),
    ]


async def _pairs(
    bench: Bench,
    direct: Callable[[], Awaitable[float]],
    through: Callable[[], Awaitable[float]],
) -> tuple[list[float], list[float]]:
    """Milliseconds of both ways, taken in turn, without the first tenth."""
    pairs = [(await direct() * 1e3, await through() * 1e3) for _ in range(bench.effort.calls)]
    warm = pairs[len(pairs) // 10 :]
    return [pair[0] for pair in warm], [pair[1] for pair in warm]


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _figures(kind: Kind, samples: dict[str, list[float]]) -> list[Figure]:
    return [kind.of(server, values) for server, values in samples.items()]
