"""Tests, the sandbox: a provider on a timer that jumps, and the requests that tests send it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Message, Part
from ringmain_sandbox.script import Pace
from ringmain_sandbox.upstream import Upstream
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import SandboxSettings
from ringmain_server.media.workers import MediaWorkers, unchecked
from ringmain_server.operations import CHAT, STREAM_CHAT, Streamed, Unary
from ringmain_server.providers.exchange import Exchange
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.sandbox import build
from ringmain_server.providers.sandbox.host import HOST
from ringmain_server.providers.sandbox.transport import SandboxTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

TEXT = "Tell me about ring mains"


class JumpTimer:
    """A timer on which every delay passes at once."""

    def __init__(self) -> None:
        self.now = 100.0
        self.delays: list[float] = []

    def time(self) -> float:
        """The time so far."""
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> asyncio.Handle:
        """Lets the delay pass and calls soon."""
        self.now += delay
        self.delays.append(delay)
        return asyncio.get_running_loop().call_soon(callback)


@dataclass
class Bench:
    """A sandbox, asked as the pipeline asks it."""

    pace: Pace = field(default_factory=Pace)
    seed: int = 0
    timer: JumpTimer = field(default_factory=JumpTimer)
    workers: MediaWorkers = field(default_factory=lambda: MediaWorkers(check_document=unchecked))
    transport: SandboxTransport = field(init=False)

    def __post_init__(self) -> None:
        upstream = Upstream(self.pace, self.seed, HOST)
        self.transport = SandboxTransport(
            "box", upstream, OpenAIErrors(), self.workers.pool, lambda: self.timer
        )

    def backend(self, model: str) -> Exchange:
        """The backend of one of its models."""
        built = build("box", SandboxSettings(kind="sandbox"), HttpSessions(), self.workers)
        return replace(built, transport=self.transport).backend(_candidate(model))

    async def chat(self, request: ChatRequest) -> ChatResponse:
        """The whole answer."""
        return await self.backend(_name(request)).call(CHAT, request, _call(request))

    async def stream(self, request: ChatRequest, seen: list[ChatEvent] | None = None) -> list[ChatEvent]:
        """The events; `seen` has those before a failure."""
        events = [] if seen is None else seen
        stream = self.backend(_name(request)).stream(STREAM_CHAT, request, _call(request))
        async with contextlib.aclosing(stream):
            async for event in stream:
                events.append(event)
        return events

    async def whole(self, op: Unary[Any, Any], model: str, request: Any) -> Any:
        """The answer to any operation."""
        return await self.backend(model).call(op, request, call_of(model))

    async def events(
        self, op: Streamed[Any, Any], model: str, request: Any, seen: list[Any] | None = None
    ) -> list[Any]:
        """The events of any operation; `seen` has those before a failure."""
        events = [] if seen is None else seen
        stream = self.backend(model).stream(op, request, call_of(model))
        async with contextlib.aclosing(stream):
            async for event in stream:
                events.append(event)
        return events

    async def reads(self, body: dict[str, Any]) -> list[bytes]:
        """What each network read of a stream brings."""
        incoming = await self.transport.open(HttpRequest("/chat/completions", body))
        found = []
        while (chunk := await incoming.read()) is not None:
            found.append(chunk)
        return found


def ask(model: str = "chat", text: str = TEXT, **config: Any) -> ChatRequest:
    """A request with one message of the user and fields of GenerationConfig."""
    request = ChatRequest(model=f"sandbox/{model}", messages=[user(Part(text=text))])
    ParseDict(config, request.generation_config)
    return request


def options(request: ChatRequest, **own: Any) -> ChatRequest:
    """The request with options of the sandbox."""
    struct = Struct()
    struct.update(own)
    request.generation_config.provider_options["sandbox"].CopyFrom(struct)
    return request


def user(*parts: Part) -> Message:
    """A message of the user."""
    return Message(role=ROLE_USER, parts=parts)


def body(text: str = TEXT, **fields: Any) -> dict[str, Any]:
    """A request as it is on the wire."""
    return {"model": "chat", "messages": [{"role": "user", "content": text}], **fields}


def text_of(response: ChatResponse) -> str:
    """The text of an answer."""
    return "".join(part.text for part in response.message.parts)


def _name(request: ChatRequest) -> str:
    return request.model.partition("/")[2]


def _candidate(model: str) -> Candidate:
    return Candidate("box", "sandbox", model)


def _call(request: ChatRequest) -> Call:
    return call_of(_name(request))


def call_of(model: str) -> Call:
    """A call with its first attempt, at one of the sandbox's models."""
    call = Call("resp_1", "ringmain.v1.ChatService/Chat", deadline=float("inf"))
    now = asyncio.get_running_loop().time()
    call.current = Attempt(_candidate(model), now)
    call.attempts.append(call.current)
    return call
