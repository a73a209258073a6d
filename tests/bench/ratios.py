"""Tests, benchmark: how long one thing takes beside another, taken in turn in the same run.

What a slow minute of the machine, or a neighbor on its cores, does to the one it does to the other. So these
figures need no target in milliseconds, and continuous integration compares them with their bounds.

* cancel: from a caller's cancellation to the end of the provider's connection, against the bare relay
* takeover: the first content of a stream whose first candidate answers 503, against that of a healthy one
* breaker: a call whose first candidate is down and not asked any more, against one without that candidate
* media: CPU of a photo of four megapixels prepared, against Pillow alone; how late the event loop is
  meanwhile, against the time of one photo; CPU of a page that is read, against pdfium alone
"""

import io
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import PIL.Image
import pypdfium2
from ringmain_server.documents import open_document
from ringmain_server.media.runner import MediaPool

from tests.bench import media, results, servers
from tests.bench.load import Callers, Tally, chat_request, stub_of
from tests.bench.measures import Effort
from tests.bench.processes import Target
from tests.bench.providers import Section, Upstreams
from tests.bench.results import Figure
from tests.fakes import papers
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.rejections import UNAVAILABLE
from tests.fakes.script import Answer, FaultKind, broken
from tests.faults.test_down import config as behind_one_that_is_down

HANGS = "hangs"
PAGES = 20
Timed = Callable[[], Awaitable[float]]


async def compare(effort: Effort) -> list[Figure]:
    """All of them."""
    found = [await _cancel(effort), await _takeover(effort), await _breaker(effort)]
    return [*found, *await _media(effort)]


async def _in_turn(rounds: int, calls: int, one: Timed, other: Timed) -> list[float]:
    """In each round, the ratio of the medians of two ways that take turns."""
    ratios = []
    await one()
    await other()
    for _ in range(rounds):
        pairs = [(await one(), await other()) for _ in range(calls)]
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios.append(ours / theirs)
    return ratios


async def _cancel(effort: Effort) -> Figure:
    async with FakeOpenAI(models={HANGS: broken(FaultKind.HANG)}) as upstream, AsyncExitStack() as stack:
        section: Section = {"providers": {"up": {"kind": "openai", "base_url": upstream.base_url}}}
        section["models"] = {HANGS: {"candidates": [f"up/{HANGS}"]}}
        gateway = stack.enter_context(servers.gateway("cancel", section))
        bare = stack.enter_context(servers.bare(Upstreams(http=upstream.port)))
        ways = [partial(_cancelled, upstream, target) for target in (gateway, bare)]
        return results.CANCEL.of("gateway", await _in_turn(effort.repetitions, effort.calls // 4, *ways))


async def _cancelled(upstream: FakeOpenAI, target: Target) -> float:
    """Seconds from a cancellation to the end of the connection that waits for an answer."""
    count = len(upstream.requests)
    async with stub_of(target) as stub:
        call = stub.Chat(chat_request(HANGS))
        received = await upstream.received(count + 1)
        began = time.monotonic()
        call.cancel()
        return await received.closed() - began


async def _takeover(effort: Effort) -> Figure:
    async with FakeOpenAI(Answer(), models={"down": UNAVAILABLE}) as upstream:
        section: Section = {
            "providers": {"up": {"kind": "openai", "base_url": upstream.base_url}},
            "models": {"plain": {"candidates": ["up/m"]}, "broken": {"candidates": ["up/down", "up/m"]}},
            "retry": {"attempts": 0},
            "breaker": {"enabled": False},
        }
        async with _callers(section) as callers:
            ways = [partial(callers.first_content, chat_request(model)) for model in ("broken", "plain")]
            return results.TAKEOVER.of("gateway", await _in_turn(effort.repetitions, effort.calls, *ways))


async def _breaker(effort: Effort) -> Figure:
    with closed_port() as port:
        async with _callers(behind_one_that_is_down(port)) as callers:
            ways = [partial(callers.answered, chat_request(model)) for model in ("guarded", "plain")]
            for _ in range(8):
                await ways[0]()
            return results.BREAKER.of("gateway", await _in_turn(effort.repetitions, effort.calls, *ways))


@asynccontextmanager
async def _callers(section: Section) -> AsyncIterator[Callers]:
    with servers.gateway("ratios", section) as target:
        async with stub_of(target) as stub:
            yield Callers(stub, Tally())


async def _media(effort: Effort) -> list[Figure]:
    photo = media.samples()["JPEG photo"]
    prepared = [media.least(media.preparing(photo), 2) for _ in range(effort.repetitions)]
    plain = [media.least(partial(_by_pillow, photo), 2) for _ in range(effort.repetitions)]
    pool = MediaPool()
    late = [(await media.delay(pool, photo)).p99 for _ in range(effort.repetitions)]
    pool.close()
    paper = papers.text_pdf(PAGES)
    read = [media.least(partial(_read, paper), 1) for _ in range(effort.repetitions)]
    bare = [media.least(partial(_by_pdfium, paper), 1) for _ in range(effort.repetitions)]
    return [
        results.PREPARED.of("gateway", _ratios(prepared, plain)),
        results.LOOP.of("gateway", _ratios(late, prepared)),
        results.PAGES.of("gateway", _ratios(read, bare)),
    ]


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def _by_pillow(data: bytes) -> None:
    """What preparing a photo takes at the least: it is read, made smaller and written."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        side = media.LIMITS.max_long_side
        assert side
        scale = side / max(picture.size)
        size = (round(picture.width * scale), round(picture.height * scale))
        picture.convert("RGB").resize(size, PIL.Image.Resampling.LANCZOS).save(io.BytesIO(), "JPEG")


def _read(data: bytes) -> None:
    document = open_document(data)
    try:
        for number in range(1, document.page_count + 1):
            document.page(number)
    finally:
        document.close()


def _by_pdfium(data: bytes) -> None:
    document = pypdfium2.PdfDocument(data)
    try:
        for page in document:
            page.get_textpage().get_text_range()
    finally:
        document.close()
