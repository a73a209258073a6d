"""A world for tests of the idempotency layer: the layer, a paced backend, and callers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.call import Call
from ringmain_server.identity.principal import Principal
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.operations.chat_fold import fold
from ringmain_server.stores.answers import Key, StoredAnswer
from ringmain_server.stores.memory import MemoryAnswers

from tests.fakes.clock import FakeClock
from tests.fakes.paced import PacedBackend


def ask(text: str = "hi", request_id: str = "once") -> chat_pb2.ChatRequest:
    """A request that is always the same one."""
    request = chat_pb2.ChatRequest(model="m", request_id=request_id)
    request.messages.add(role=2).parts.add(text=text)
    return request


def events_of(*pieces: str) -> list[chat_pb2.ChatEvent]:
    """The events of an answer, as the router gives them."""
    assembler = ChatAssembler()
    started = chat_pb2.ChatStarted(response_id="resp_0", provider_id="p", provider_model="x")
    events = [chat_pb2.ChatEvent(started=started)]
    for piece in pieces or ("hello", " you"):
        assembler.text(piece)
        events += assembler.take()
    events += assembler.finish(FINISH_REASON_STOP, Usage(input_token_count=3, output_token_count=2))
    events[-1].finished.route.provider_id = "p"
    events[-1].finished.route.provider_model = "x"
    return events


EVENTS = events_of()
ANSWER = fold(EVENTS)


class World:
    """A layer around a paced backend, and its callers."""

    def __init__(self, *, keep: int = 2**20) -> None:
        self.clock = FakeClock()
        self.backend = PacedBackend()
        self.answers = MemoryAnswers(ttl=86400, max_entries=9, max_bytes=2**24, clock=self.clock)
        self.layer = Idempotency(self.backend, self.answers, keep=keep)
        self.calls: list[Call] = []

    def new_call(self, deadline: float = 1e9, tenant_id: str = "t", principal_id: str = "") -> Call:
        principal = Principal(tenant_id, principal_id)
        call = Call(f"resp_{len(self.calls)}", "method", deadline, principal=principal)
        self.calls.append(call)
        return call

    def whole(self, request: chat_pb2.ChatRequest | None = None) -> "asyncio.Task[chat_pb2.ChatResponse]":
        """Another caller of the unary method."""
        return asyncio.create_task(self.layer.call(CHAT, request or ask(), self.new_call()))

    def streamed(
        self, request: chat_pb2.ChatRequest | None = None
    ) -> "asyncio.Task[list[chat_pb2.ChatEvent]]":
        """Another caller of the streaming method, who reads all at once."""

        async def read(call: Call) -> list[chat_pb2.ChatEvent]:
            async with aclosing(self.layer.stream(STREAM_CHAT, request or ask(), call)) as events:
                return [event async for event in events]

        return asyncio.create_task(read(self.new_call()))


@asynccontextmanager
async def open_world(*, keep: int = 2**20) -> AsyncIterator[World]:
    """A world after which no task is left."""
    before = asyncio.all_tasks()
    world = World(keep=keep)
    yield world
    await settle()
    assert asyncio.all_tasks() <= before
    assert not world.layer._running


async def settle() -> None:
    """Lets every task go as far as it can."""
    for _ in range(30):
        await asyncio.sleep(0)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancels a caller and waits until it has left."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class SlowAnswers(MemoryAnswers):
    """A store somewhere else: every look takes a while."""

    async def get(self, key: Key) -> StoredAnswer | None:
        found = await super().get(key)
        await settle()
        return found

    async def put(self, key: Key, answer: StoredAnswer) -> None:
        await settle()
        await super().put(key, answer)
