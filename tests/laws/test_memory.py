"""Laws: a call that has ended holds nothing, however it ended (laws, section 10.6).

The garbage collector is off: what a failure leaves in a circle of references would stay until the collector's
oldest generation is looked through, which may be hours, and each may hold a request of many megabytes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any

import pytest
import pytest_asyncio
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc

from tests.laws.documented import OPENAI
from tests.laws.held import BytesChannel, ended, left, uncollected
from tests.laws.lab import HANG, PLAIN, STALL, UNKNOWN, Lab, asks
from tests.laws.modalities import MODALITIES, MediaLab, Modality, media_lab, model, trials
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")
EACH = pytest.mark.parametrize("wire", SCRIPTED, ids=str)
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


@EACH
async def test_chats(laboratory: Lab, wire: Wire) -> None:
    """No request, answer, frame or task is left of chats: answered, refused, or broken anywhere."""
    stub = _chat(laboratory)
    names = [PLAIN, UNKNOWN, *(f"status-{name}" for name in wire.errors)]
    names += [f"fault-{name}" for name in wire.breaks()]
    with uncollected():
        for method in (stub.Chat, stub.StreamChat):
            codes = await together([ended(method(asks(wire, name))) for name in names])
            assert codes.total() - codes["OK"] > len(wire.errors)
        assert not await left()


@EACH
async def test_chats_that_callers_end(laboratory: Lab, wire: Wire) -> None:
    """Nothing is left of chats whose caller leaves or runs out of time, before the answer and within it."""
    stub = _chat(laboratory)
    with uncollected():
        calls = [
            stub.Chat(asks(wire, HANG)),
            stub.StreamChat(asks(wire, HANG)),
            stub.StreamChat(asks(wire, STALL)),
        ]
        times = [method(asks(wire, HANG), timeout=0.2) for method in (stub.Chat, stub.StreamChat)]
        times.append(stub.StreamChat(asks(wire, STALL), timeout=0.2))
        outcomes = asyncio.gather(*(ended(call) for call in (*calls, *times)))
        await asyncio.sleep(0.3)
        for call in calls:
            call.cancel()
        assert Counter(await outcomes) == {"CANCELLED": 3, "DEADLINE_EXCEEDED": 3}
        del calls, times, call, outcomes
        assert not await left()


@pytest.mark.parametrize("modality", MODALITIES, ids=str)
async def test_other_modalities(media: MediaLab, modality: Modality) -> None:
    """Nothing is left of images, vectors, speech and transcripts, answered or failed in any way."""
    channel: Any = BytesChannel(media.gateway.channel)
    with uncollected():
        asked = [modality.ask(channel, model(modality, name)) for name in ("plain", *trials())]
        codes = await together(map(ended, asked))
        assert codes.total() - codes["OK"] > len(OPENAI)
        del asked
        assert not await left()


def _chat(lab: Lab) -> Any:
    channel: Any = BytesChannel(lab.gateway.channel)
    return chat_grpc.ChatServiceStub(channel)
