"""Laws: a call that has ended holds nothing, however it ended.

The garbage collector is off: what a failure leaves in a circle of references would stay until the collector's
oldest generation is looked through, which may be hours, and each may hold a request of many megabytes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc

from tests.laws.documented import OPENAI
from tests.laws.held import BytesChannel, ended, left, uncollected
from tests.laws.lab import HANG, PLAIN, STALL, UNKNOWN, Lab, asks
from tests.laws.modalities import MODALITIES, MediaLab, media_lab, model, trials
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]
TOGETHER = 40


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def media() -> AsyncIterator[MediaLab]:
    """A gateway over an upstream of OpenAI's wire, for what is no chat."""
    async with media_lab() as found:
        yield found


async def together(calls: Iterable[Awaitable[str]]) -> Counter[str]:
    """How many of the calls ended with which status; some of them run at once."""
    room = asyncio.Semaphore(TOGETHER)

    async def one(call: Awaitable[str]) -> str:
        async with room:
            return await call

    return Counter(await asyncio.gather(*map(one, calls)))


async def test_chats(laboratory: Lab) -> None:
    """No request, answer, frame or task is left of chats: answered, refused, or broken, at every wire."""
    stub = _chat(laboratory)
    asked = [asks(wire, name) for wire in SCRIPTED for name in _trials(wire)]
    with uncollected():
        for method in (stub.Chat, stub.StreamChat):
            codes = await together([ended(method(request)) for request in asked])
            assert codes.total() - codes["OK"] > sum(len(wire.errors) for wire in SCRIPTED)
        assert not await left()


def _trials(wire: Wire) -> Iterator[str]:
    yield from (PLAIN, UNKNOWN)
    yield from (f"status-{name}" for name in wire.errors)
    yield from (f"fault-{name}" for name in wire.breaks())


async def test_chats_that_callers_end(laboratory: Lab) -> None:
    """Nothing is left of chats whose caller leaves or runs out of time, before the answer and within it."""
    stub = _chat(laboratory)
    ways = ((stub.Chat, HANG), (stub.StreamChat, HANG), (stub.StreamChat, STALL))
    asked = [(method, asks(wire, name)) for wire in SCRIPTED for method, name in ways]
    assert await together([ended(stub.Chat(asks(wire, PLAIN))) for wire in SCRIPTED]) == {"OK": len(SCRIPTED)}
    with uncollected():
        calls = [method(request) for method, request in asked]
        times = [method(request, timeout=0.3) for method, request in asked]
        outcomes = asyncio.gather(*map(ended, (*calls, *times)))
        await asyncio.sleep(0.5)
        for call in calls:
            call.cancel()
        assert Counter(await outcomes) == {"CANCELLED": len(asked), "DEADLINE_EXCEEDED": len(asked)}
        del calls, times, call, outcomes
        assert not await left()


async def test_other_modalities(media: MediaLab) -> None:
    """Nothing is left of images, vectors, speech and transcripts, answered or failed in any way."""
    channel: Any = BytesChannel(media.gateway.channel)
    with uncollected():
        asked = [
            modality.ask(channel, model(modality, name))
            for modality in MODALITIES
            for name in ("plain", *trials())
        ]
        codes = await together(map(ended, asked))
        assert codes.total() - codes["OK"] > len(OPENAI) * len(MODALITIES)
        del asked
        assert not await left()


def _chat(lab: Lab) -> Any:
    channel: Any = BytesChannel(lab.gateway.channel)
    return chat_grpc.ChatServiceStub(channel)
