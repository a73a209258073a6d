"""The operations as values: what a layer needs to know to serve chat, images and speech alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT
from ringmain.v1.routing_pb2 import Attempt, Route, RoutingPolicy
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import request_tokens
from ringmain_server.events import fold, unfold
from ringmain_server.policies.needs import CHAT_NEEDS, NOTHING, chat_needs
from ringmain_server.recovery import Recovery as ChatRecovery

if TYPE_CHECKING:
    from ringmain_server.backend import Call
    from ringmain_server.candidate import Candidate

Req = TypeVar("Req")
Req_co = TypeVar("Req_co", covariant=True)
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
class Replay(Generic[Req, Res, Event]):
    """How the answer to a request can be given again. A whole and a streamed operation share one.

    Attributes:
        request_id: The id that makes two requests one, empty where the caller chose none.
        essence: The request's bytes without what may differ between repeats: ids, labels, timeouts.
        fold: The response that events amount to.
        unfold: The events of a response.
        serialise: A response as bytes.
        parse: Inverts `serialise`.
        event_size: The bytes of an event.
    """

    request_id: Callable[[Req], str]
    essence: Callable[[Req], bytes]
    fold: Callable[[Iterable[Event]], Res]
    unfold: Callable[[Res], Sequence[Event]]
    serialise: Callable[[Res], bytes]
    parse: Callable[[bytes], Res]
    event_size: Callable[[Event], int]


def _needs_nothing(_: object) -> frozenset[int]:
    return NOTHING


def _no_tokens(_: object) -> int:
    return 0


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
        may_need: Everything that a request may need of a candidate beside, as values of `Capability`.
        needs: What of it a request does need.
        input_tokens: About how many tokens of a candidate's context a request takes.
        replay: How an answer is given again, None where a repeat simply runs again.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    settled: Callable[[Res], Settled | None]
    identify: Callable[[Res, str], None]
    may_need: frozenset[int] = NOTHING
    needs: Callable[[Req], frozenset[int]] = _needs_nothing
    input_tokens: Callable[[Req], int] = _no_tokens
    # A unary operation does not know the events of its streamed twin.
    replay: Replay[Req, Res, Any] | None = None


class Recovering(Protocol[Req_co, Event]):
    """One stream's memory of what the caller has, and how it goes on after a break."""

    @property
    def prefilled(self) -> bool:
        """Whether the candidate that goes on was given the answer so far to continue."""
        ...

    def broke(self, failed: Attempt) -> None:
        """The stream broke."""
        ...

    def resume(self, candidate: "Candidate") -> Req_co:
        """What the candidate that goes on is asked."""
        ...

    def refuse_prefill(self) -> None:
        """The candidate rejected an unfinished turn: it may answer anew."""
        ...

    def feed(self, event: Event) -> Sequence[Event]:
        """The events to send for one of the candidate that answers now."""
        ...


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
        may_need: As `Unary.may_need`.
        needs: As `Unary.needs`.
        input_tokens: As `Unary.input_tokens`.
        replay: How an answer is given again, None where a repeat simply runs again.
        recovering: Remembers a stream so that it can go on after a break, by prefill if told so; None where
            a break is final.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    started: Callable[["Call", "Candidate"], Event]
    settled: Callable[[Event], Settled | None]
    may_need: frozenset[int] = NOTHING
    needs: Callable[[Req], frozenset[int]] = _needs_nothing
    input_tokens: Callable[[Req], int] = _no_tokens
    # A streamed operation does not know the response of its unary twin.
    replay: Replay[Req, Any, Event] | None = None
    recovering: Callable[[Req, bool], Recovering[Req, Event]] | None = None


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


def _chat_essence(request: chat_pb2.ChatRequest) -> bytes:
    bare = chat_pb2.ChatRequest()
    bare.CopyFrom(request)
    bare.ClearField("request_id")
    policy = bare.routing_policy
    policy.ClearField("labels")
    policy.ClearField("first_token_timeout")
    policy.ClearField("idle_timeout")
    if policy == RoutingPolicy():
        # A policy that says nothing is as good as none.
        bare.ClearField("routing_policy")
    return b"ringmain.v1.ChatRequest\0" + bare.SerializeToString(deterministic=True)


_CHAT_REPLAY: Replay[chat_pb2.ChatRequest, chat_pb2.ChatResponse, chat_pb2.ChatEvent] = Replay(
    request_id=lambda request: request.request_id,
    essence=_chat_essence,
    fold=fold,
    unfold=unfold,
    serialise=chat_pb2.ChatResponse.SerializeToString,
    parse=chat_pb2.ChatResponse.FromString,
    event_size=chat_pb2.ChatEvent.ByteSize,
)

CHAT: Unary[chat_pb2.ChatRequest, chat_pb2.ChatResponse] = Unary(
    name="chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    settled=lambda response: response,
    identify=_chat_identify,
    may_need=CHAT_NEEDS,
    needs=chat_needs,
    input_tokens=request_tokens,
    replay=_CHAT_REPLAY,
)


def _chat_recovering(
    request: chat_pb2.ChatRequest, prefill: bool
) -> Recovering[chat_pb2.ChatRequest, chat_pb2.ChatEvent]:
    return ChatRecovery(request, prefill=prefill)


STREAM_CHAT: Streamed[chat_pb2.ChatRequest, chat_pb2.ChatEvent] = Streamed(
    name="stream_chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    started=_chat_started,
    settled=_chat_settled,
    recovering=_chat_recovering,
    may_need=CHAT_NEEDS,
    needs=chat_needs,
    input_tokens=request_tokens,
    replay=_CHAT_REPLAY,
)

COUNT_TOKENS: Unary[chat_pb2.CountTokensRequest, chat_pb2.CountTokensResponse] = Unary(
    name="count_tokens",
    capability=CAPABILITY_CHAT,
    cacheable=False,
    routed=lambda request: request.chat,
    settled=lambda _: None,
    identify=lambda _response, _id: None,
    may_need=CHAT_NEEDS,
    needs=lambda request: chat_needs(request.chat),
    input_tokens=lambda request: request_tokens(request.chat),
)
