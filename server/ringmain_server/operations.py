"""The operations as values: what a layer needs to know to serve chat, images and speech alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT
from ringmain.v1.routing_pb2 import Route, RoutingPolicy
from ringmain.v1.usage_pb2 import Usage

if TYPE_CHECKING:
    from ringmain_server.backend import Call
    from ringmain_server.candidate import Candidate

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Routed(Protocol):
    """What the router reads from any request."""

    @property
    def model(self) -> str:
        """The model asked for."""
        ...

    @property
    def routing_policy(self) -> RoutingPolicy:
        """How the caller wants it routed."""
        ...


class Settled(Protocol):
    """The message that carries a request's usage and route at its end."""

    @property
    def usage(self) -> Usage:
        """What it consumed."""
        ...

    @property
    def route(self) -> Route:
        """How it was served."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Generic[Req, Res]):
    """A request answered whole.

    Attributes:
        name: For metrics and logs.
        capability: What a candidate must be able to do.
        cacheable: Whether an answer may be stored and given again.
        routed: Where the model and the routing policy sit in the request.
        settled: Where usage and route sit in the response, None where it has none.
        identify: Writes the response id into the response.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    settled: Callable[[Res], Settled | None]
    identify: Callable[[Res, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Streamed(Generic[Req, Event]):
    """A request answered in events.

    Attributes:
        name: For metrics and logs.
        capability: What a candidate must be able to do.
        cacheable: Whether an answer may be stored and given again.
        routed: Where the model and the routing policy sit in the request.
        started: Makes the event that opens the stream.
        settled: The message inside a stream's last event, None for every other event.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    started: Callable[["Call", "Candidate"], Event]
    settled: Callable[[Event], Settled | None]


def _chat_identify(response: chat_pb2.ChatResponse, response_id: str) -> None:
    response.response_id = response_id


def _chat_started(call: "Call", candidate: "Candidate") -> chat_pb2.ChatEvent:
    started = chat_pb2.ChatStarted(
        response_id=call.response_id,
        provider_id=candidate.provider_id,
        provider_model=candidate.provider_model,
    )
    return chat_pb2.ChatEvent(started=started)


def _chat_settled(event: chat_pb2.ChatEvent) -> Settled | None:
    return event.finished if event.HasField("finished") else None


CHAT: Unary[chat_pb2.ChatRequest, chat_pb2.ChatResponse] = Unary(
    name="chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    settled=lambda response: response,
    identify=_chat_identify,
)

STREAM_CHAT: Streamed[chat_pb2.ChatRequest, chat_pb2.ChatEvent] = Streamed(
    name="stream_chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    started=_chat_started,
    settled=_chat_settled,
)

COUNT_TOKENS: Unary[chat_pb2.CountTokensRequest, chat_pb2.CountTokensResponse] = Unary(
    name="count_tokens",
    capability=CAPABILITY_CHAT,
    cacheable=False,
    routed=lambda request: request.chat,
    settled=lambda _: None,
    identify=lambda _response, _id: None,
)
