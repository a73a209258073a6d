"""Room 3: the type of operations, which tells a layer enough to serve chat, images and speech alike."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from ringmain.v1.routing_pb2 import Attempt, Route, RoutingPolicy
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.media.walk import holds_media
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations.fit import fit_each
from ringmain_server.operations.needs import NOTHING
from ringmain_server.operations.upload import ReplayBuffer

Req = TypeVar("Req")
Req_co = TypeVar("Req_co", covariant=True)
Res = TypeVar("Res")
Event = TypeVar("Event")
Answer = TypeVar("Answer")


class Routed(Protocol):
    """The part of a request that the router reads."""

    @property
    def model(self) -> str:
        """The model that the caller asks for."""
        ...

    @property
    def routing_policy(self) -> RoutingPolicy:
        """The caller's wishes about its route."""
        ...


class Accounted(Protocol):
    """The message that carries a request's usage and route at its end."""

    @property
    def usage(self) -> Usage:
        """The usage that the request was charged with."""
        ...

    @property
    def route(self) -> Route:
        """The route that the request took."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Replay(Generic[Req, Res, Event]):
    """The functions by which an answer is given again. A whole and a streamed operation share one.

    Attributes:
        request_id: Returns the id that makes two requests one, empty where the caller chose none.
        essence: Returns the request's bytes without what may differ between repeats: ids, labels, timeouts.
        fold: Returns the response that events amount to.
        unfold: Returns the events of a response.
        serialize: Returns a response as bytes.
        parse: Inverts `serialize`.
        event_size: Returns how many bytes an event has.
        keep: Most bytes of an answer that can be given again; a repeat of a larger one runs again.
    """

    request_id: Callable[[Req], str]
    essence: Callable[[Req], bytes]
    fold: Callable[[Iterable[Event]], Res]
    unfold: Callable[[Res], Sequence[Event]]
    serialize: Callable[[Res], bytes]
    parse: Callable[[bytes], Res]
    event_size: Callable[[Event], int]
    keep: int = 4 << 20


def _needs_nothing(_request: object, _may_hold_media: bool) -> frozenset[int]:
    return NOTHING


def _no_id(_answer: object, _response_id: str) -> None:
    """Does nothing: the answer has no place for the id, or only its first event has."""


def _no_options(_request: object) -> bool:
    return False


def _no_tokens(_request: object) -> int:
    return 0


def _nobody(_request: object) -> str:
    return ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Operation(Generic[Req, Answer]):
    """An operation, answered whole (`Unary`) or in events (`Streamed`).

    Attributes:
        name: The name in metrics and logs.
        capability: The `Capability` that a candidate must have.
        cacheable: Whether an answer may be stored and given again to another caller. Nothing reads it until
            there is a cache of answers.
        routed: Returns the part of a request that has the model and the routing policy.
        accounted: Returns the message of the answer that holds usage and route. None where an answer has
            none; of a stream only the last event has it.
        identify: Writes the response id into the answer.
        may_need: Everything that a request may need of a candidate besides, as values of `Capability`.
        needs: Returns what of it a request does need, given whether it may hold media.
        input_tokens: Returns about how many tokens of a candidate's context a request takes.
        may_hold_media: Whether a request may hold media, told by one look that costs little.
        fit: Returns a request with its media as a candidate takes them; the same request where nothing had
            to change.
        passes_options: Whether a request passes options of its own to a provider (`provider_options`). They
            may ask for answers of other shapes, and name what only this caller can see, so that a failure
            because of them counts against no candidate.
        continued: Returns the provider whose unfinished turn a request goes on with, empty for none. It is
            tried first, since only it can read the state of that turn.
        replay: The functions by which an answer is given again; None where a repeat simply runs again.
        same_model: Whether answers of different models do not go together, as vectors of different spaces:
            then only candidates of the first one's provider model are tried.
    """

    name: str
    capability: int
    cacheable: bool
    routed: Callable[[Req], Routed]
    accounted: Callable[[Answer], Accounted | None]
    identify: Callable[[Answer, str], None] = _no_id
    may_need: frozenset[int] = NOTHING
    needs: Callable[[Req, bool], frozenset[int]] = _needs_nothing
    input_tokens: Callable[[Req], int] = _no_tokens
    may_hold_media: Callable[[Req], bool] = holds_media  # type: ignore[assignment] # a request is a message, or says so itself
    fit: Callable[[Req, Candidate, MediaWorkers], Awaitable[Req]] = fit_each  # type: ignore[assignment] # as above
    passes_options: Callable[[Req], bool] = _no_options
    continued: Callable[[Req], str] = _nobody
    # An operation does not know the answer of its twin of the other shape.
    replay: Replay[Req, Any, Any] | None = None
    same_model: bool = False


AnyOperation: TypeAlias = Operation[Any, Any]
"""An operation, whatever its types."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Unary(Operation[Req, Res]):
    """A request answered whole.

    Attributes:
        finish: Brings a provider's response into the form that the caller asked for; None where every
            translator does.
    """

    finish: Callable[[Req, Res, Candidate, MediaWorkers], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Whole(Generic[Req, Event]):
    """A way to serve a streamed operation by a provider that only answers whole.

    Attributes:
        op: The operation that answers whole.
        request: Returns its request.
        events: Returns what its response amounts to: the events after `Streamed.started`, `finished`
            included.
    """

    op: Unary[Any, Any]
    request: Callable[[Req], Any]
    events: Callable[[Any], Iterable[Event]]


class Recovering(Protocol[Req_co, Event]):
    """One stream's memory of what the caller has, which lets it go on after a break."""

    @property
    def prefilled(self) -> bool:
        """Whether the candidate that goes on was given the answer so far to continue."""
        ...

    def broke(self, failed: Attempt) -> None:
        """Notes that the stream broke."""
        ...

    def resume(self, candidate: Candidate) -> Req_co:
        """Returns the request for the candidate that goes on."""
        ...

    def refuse_prefill(self) -> None:
        """Notes that the candidate rejected an unfinished turn: it may answer anew."""
        ...

    def feed(self, event: Event) -> Sequence[Event]:
        """Returns the events to send for one of the candidate that answers now."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Streamed(Operation[Req, Event]):
    """A request answered in events.

    Attributes:
        started: Returns the events that open the stream, made when its first content is there. Where that
            opens the stream itself, it gets what it lacks and nothing is made.
        recovering: Returns a memory of the stream that lets it go on after a break, by prefill if told so;
            None where a break is final.
        slow_first_event: Whether the first content may take as long as a whole answer, as a picture does.
        upload: Returns the bytes of a request that comes in pieces; None where requests come whole.
        is_last: Whether an event is the last one of its stream, which every stream of the contract calls
            `finished`. The default is not written in Python, because it is called for every event.
        whole: The way to serve it by a provider that only answers whole; None where there is none.
    """

    started: Callable[[Call, Candidate, Event], Sequence[Event]]
    recovering: Callable[[Req, bool], Recovering[Req, Event]] | None = None
    slow_first_event: bool = False
    upload: Callable[[Req], ReplayBuffer] | None = None
    is_last: Callable[[Event], bool] = methodcaller("HasField", "finished")
    whole: Whole[Req, Event] | None = None


def unhurried(policy: RoutingPolicy) -> RoutingPolicy | None:
    """Returns a routing policy without timeouts, which may differ between repeats; None if it is empty."""
    bare = RoutingPolicy()
    bare.CopyFrom(policy)
    bare.ClearField("first_content_timeout")
    bare.ClearField("idle_timeout")
    # A policy that says nothing is as good as none.
    return None if bare == RoutingPolicy() else bare
