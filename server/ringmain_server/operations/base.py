"""What an operation is: all that a layer needs to know to serve chat, images and speech alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from ringmain.v1.routing_pb2 import Attempt, Route, RoutingPolicy
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.operations.needs import NOTHING
from ringmain_server.operations.upload import ReplayBuffer

if TYPE_CHECKING:
    from ringmain_server.call import Call
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


class Accounted(Protocol):
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
        keep: Most bytes of an answer that can be given again; a repeat of a larger one runs again.
    """

    request_id: Callable[[Req], str]
    essence: Callable[[Req], bytes]
    fold: Callable[[Iterable[Event]], Res]
    unfold: Callable[[Res], Sequence[Event]]
    serialise: Callable[[Res], bytes]
    parse: Callable[[bytes], Res]
    event_size: Callable[[Event], int]
    keep: int = 4 << 20


def _needs_nothing(_: object) -> frozenset[int]:
    return NOTHING


def _no_id(_event: object, _response_id: str) -> None:
    """Only the first event has it."""


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
        like_first: Whether answers of different models do not go together, as vectors of different spaces:
            then only candidates of the first one's provider model are tried.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    accounted: Callable[[Res], Accounted | None]
    identify: Callable[[Res, str], None]
    may_need: frozenset[int] = NOTHING
    needs: Callable[[Req], frozenset[int]] = _needs_nothing
    input_tokens: Callable[[Req], int] = _no_tokens
    # A unary operation does not know the events of its streamed twin.
    replay: Replay[Req, Res, Any] | None = None
    same_model: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Whole(Generic[Req, Event]):
    """How a streamed operation is served by a provider that only answers whole.

    Attributes:
        op: The operation that answers whole.
        request: Its request.
        events: What its response amounts to: the events after `Streamed.started`, `finished` included.
    """

    op: Unary[Any, Any]
    request: Callable[[Req], Any]
    events: Callable[[Any], Iterable[Event]]


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
        started: The events that open the stream, made when its first content is there. Where that opens the
            stream itself, it gets what it lacks and nothing is made.
        settled: The message inside a stream's last event, None for every other event.
        may_need: As `Unary.may_need`.
        needs: As `Unary.needs`.
        input_tokens: As `Unary.input_tokens`.
        replay: How an answer is given again, None where a repeat simply runs again.
        recovering: Remembers a stream so that it can go on after a break, by prefill if told so; None where
            a break is final.
        identify: Writes the response id into the last event, where it belongs there.
        like_first: As `Unary.like_first`.
        patient: Whether the first content may take as long as a whole answer, as a picture does.
        upload: The bytes of a request that comes in pieces; None where requests come whole.
        whole: How a provider without this operation serves it nevertheless, None where it cannot.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    started: Callable[["Call", "Candidate", Event], Sequence[Event]]
    accounted: Callable[[Event], Accounted | None]
    may_need: frozenset[int] = NOTHING
    needs: Callable[[Req], frozenset[int]] = _needs_nothing
    input_tokens: Callable[[Req], int] = _no_tokens
    # A streamed operation does not know the response of its unary twin.
    replay: Replay[Req, Any, Event] | None = None
    recovering: Callable[[Req, bool], Recovering[Req, Event]] | None = None
    identify: Callable[[Event, str], None] = _no_id
    same_model: bool = False
    slow_first_event: bool = False
    upload: Callable[[Req], ReplayBuffer] | None = None
    whole: Whole[Req, Event] | None = None


Operation: TypeAlias = Unary[Any, Any] | Streamed[Any, Any]


def unlabelled(policy: RoutingPolicy) -> RoutingPolicy | None:
    """A routing policy without what may differ between repeats; None when nothing else is in it."""
    bare = RoutingPolicy()
    bare.CopyFrom(policy)
    bare.ClearField("labels")
    bare.ClearField("first_token_timeout")
    bare.ClearField("idle_timeout")
    # A policy that says nothing is as good as none.
    return None if bare == RoutingPolicy() else bare
