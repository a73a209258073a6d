"""Tests, benchmark: callers that keep a gRPC server busy, and what they saw."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import grpc
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest
from ringmain.v1.chat_service_pb2_grpc import ChatServiceStub
from ringmain.v1.content_pb2 import ROLE_USER, Message, Part

from tests.bench.answers import TOKEN, TOKEN_COUNT
from tests.bench.processes import Target
from tests.bench.providers import OPENAI

if TYPE_CHECKING:
    from ringmain.v1.chat_service_pb2_grpc import ChatServiceAsyncStub

QUESTION = "What does a ring main do? Answer in a few words."
DEADLINE = 30.0
"""Seconds that a call may take before the run fails."""


@dataclass(slots=True)
class Tally:
    """What callers have received so far. `units` are calls or tokens, whichever is counted."""

    units: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """What happened between two moments.

    Attributes:
        units: How many calls or tokens were received.
        seconds: How long it took.
        cpu: The server's CPU time, in seconds.
    """

    units: int
    seconds: float
    cpu: float

    @property
    def cpu_us(self) -> float:
        """The server's CPU time for each unit, in microseconds."""
        return self.cpu / max(self.units, 1) * 1e6

    @property
    def rate(self) -> float:
        """Units per second."""
        return self.units / self.seconds


def chat_request(model: str) -> ChatRequest:
    """A short question to this model."""
    message = Message(role=ROLE_USER, parts=[Part(text=QUESTION)])
    return ChatRequest(model=model, messages=[message])


def text_of(event: ChatEvent) -> str:
    """The text that an event adds."""
    match event.WhichOneof("event"):
        case "part_delta":
            return event.part_delta.text
        case "part_started":
            return event.part_started.part.text
    return ""


@asynccontextmanager
async def stub_of(target: Target) -> AsyncIterator["ChatServiceAsyncStub"]:
    """A stub on a connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(target.address, options=options) as channel:
        yield ChatServiceStub(channel)


class Callers:
    """What a caller can do once; every method checks that the answer is complete."""

    def __init__(self, stub: "ChatServiceAsyncStub", tally: Tally) -> None:
        self._stub = stub
        self._tally = tally

    async def unary(self, request: ChatRequest) -> None:
        """Calls Chat; counts calls."""
        answer = await self._stub.Chat(request, timeout=DEADLINE)
        expect_tokens(len(answer.message.parts[0].text))
        self._tally.units += 1
        self._tally.calls += 1

    async def timed(self, request: ChatRequest) -> float:
        """Calls Chat; returns the seconds it took."""
        started = time.perf_counter()
        await self.unary(request)
        return time.perf_counter() - started

    async def answered(self, request: ChatRequest) -> float:
        """Calls Chat, whatever the answer is; returns the seconds it took."""
        started = time.perf_counter()
        await self._stub.Chat(request, timeout=DEADLINE)
        return time.perf_counter() - started

    async def stream(self, request: ChatRequest) -> None:
        """Calls StreamChat and reads to the end; counts tokens as they come."""
        characters = 0
        call = self._stub.StreamChat(request, timeout=DEADLINE)
        try:
            async for event in call:
                length = len(text_of(event))
                characters += length
                self._tally.units += length // len(TOKEN)
        finally:
            call.cancel()
        expect_tokens(characters)
        self._tally.calls += 1

    async def cancelled(self, request: ChatRequest) -> None:
        """Calls StreamChat and cancels at the first content; counts calls."""
        call = self._stub.StreamChat(request, timeout=DEADLINE)
        try:
            async for event in call:
                if text_of(event):
                    break
        finally:
            call.cancel()
        self._tally.units += 1
        self._tally.calls += 1

    async def first_content(self, request: ChatRequest) -> float:
        """Calls StreamChat, reads to the end, and returns the seconds to the first content."""
        started = time.perf_counter()
        first = 0.0
        async for event in self._stub.StreamChat(request, timeout=DEADLINE):
            if not first and text_of(event):
                first = time.perf_counter() - started
        return first


def expect_tokens(characters: int) -> None:
    """Fails the run if an answer is not as long as the upstream's."""
    if characters != TOKEN_COUNT * len(TOKEN):
        raise IncompleteAnswerError(f"{characters} characters instead of {TOKEN_COUNT} tokens")


class IncompleteAnswerError(Exception):
    """An answer does not hold what the upstream sent."""


async def keep_busy(
    once: Callable[[], Awaitable[object]], concurrency: int, *, stagger: float = 0.0
) -> list[asyncio.Task[None]]:
    """Starts callers that repeat a call until they are cancelled, `stagger` seconds spread out."""

    async def repeat(delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            await once()

    delays = (stagger * index / concurrency for index in range(concurrency))
    return [asyncio.create_task(repeat(delay)) for delay in delays]


async def measure(
    target: Target,
    tally: Tally,
    callers: list[asyncio.Task[None]],
    *,
    warm_up: float,
    seconds: float,
) -> Window:
    """Lets the callers run, measures the window after the warm-up, and stops them.

    Raises:
        Exception: What a caller raised, if one failed.
    """
    await _run_for(warm_up, callers)
    cpu, units, began = target.cpu_seconds(), tally.units, time.perf_counter()
    await _run_for(seconds, callers)
    window = Window(
        units=tally.units - units,
        seconds=time.perf_counter() - began,
        cpu=target.cpu_seconds() - cpu,
    )
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return window


async def _run_for(seconds: float, callers: list[asyncio.Task[None]]) -> None:
    ended, _ = await asyncio.wait(callers, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for caller in ended:
        caller.result()


async def repeat(once: Callable[[], Awaitable[object]], count: int, concurrency: int) -> None:
    """Makes `count` calls, `concurrency` at a time."""
    remaining = iter(range(count))

    async def work() -> None:
        for _ in remaining:
            await once()

    await asyncio.gather(*(work() for _ in range(concurrency)))


class Direct:
    """The same calls straight to the upstream of OpenAI's wire, with bare aiohttp."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = f"{base_url}/chat/completions"

    async def unary(self) -> float:
        """A whole answer; returns the seconds it took."""
        started = time.perf_counter()
        async with self._session.post(self._url, json=_direct_body(OPENAI.model)) as response:
            await response.json()
        return time.perf_counter() - started

    async def first_content(self, model: str) -> float:
        """A stream, read to its end; returns the seconds to its first bytes."""
        started = time.perf_counter()
        first = 0.0
        body = {**_direct_body(model), "stream": True}
        async with self._session.post(self._url, json=body) as response:
            async for _ in response.content.iter_any():
                first = first or time.perf_counter() - started
        return first


def _direct_body(model: str) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": QUESTION}]}
