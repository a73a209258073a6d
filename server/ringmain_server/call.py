"""The call: the facts about a request that every room may know, and its attempts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import ProviderError, RingmainError, release
from ringmain_server.identity.principal import NOBODY, Allowed, Principal

LABEL_LIMIT = 16
"""The most labels of a request."""
LABEL_LENGTH = 64
"""The most characters of a label's key, and of its value."""

_TIMER_SLACK = 0.005
"""Seconds by which a timer may be early."""


class Permit(Protocol):
    """Permission for one attempt. Exactly one of its methods is called, once."""

    def succeeded(self, first_content: float | None = None, waited: float = 0.0) -> None:
        """Notes that the attempt was answered whole.

        Args:
            first_content: Seconds until the first content of a stream, None for a whole answer.
            waited: Seconds of them in which the caller's own upload or media were awaited.
        """
        ...

    def failed(self, error: ProviderError) -> None:
        """Notes that the attempt failed; the error's class says what that means."""
        ...

    def abandoned(self) -> None:
        """Notes that the attempt was cancelled, or lost to a fault of the gateway."""
        ...


class Upload(Protocol):
    """A request that the caller sends in pieces.

    Attributes:
        ended: Whether all pieces have come.
        ended_at: When the last one came, on the event loop's clock; zero before.
    """

    ended: bool
    ended_at: float


@dataclass(slots=True, eq=False)
class Attempt:
    """One try at one candidate. Ends exactly once: it succeeds, fails or is abandoned.

    Attributes:
        candidate: The candidate that is tried.
        start: When it began, in seconds of the monotonic clock.
        permit: Records how it ended, None for attempts that nobody records.
        time_limit: Seconds it may take of the time until the caller's deadline, None for all of it.
        latency: Seconds it took, None while it runs.
        first_content: Seconds until the first content of a stream, None before it.
        error: Why it failed, None on success or while it runs.
        first_content_timeout: Longest wait of a stream for its first content, in seconds, None for no limit.
        idle_timeout: Longest silence between two contents of a stream, in seconds, None for no limit.
        first_content_allowed: Seconds that the operator allows the provider until the first content. A
            silence that a caller's shorter limit cut off earlier is no failure of the provider.
        idle_allowed: Seconds that the operator allows between two contents, with the same consequence.
        upload: The pieces that the caller sends, None where its request came whole.
        preparing: Whether the caller's media are still being fetched or fitted.
        prepared_at: When they were ready, on the event loop's clock; zero where there was nothing to do.
        lost: Whether another attempt at the same request was faster.
        usage: Its usage, if it did not end with an answer that contains it.
        left_out: The providers whose state in earlier turns was left out of the request.
    """

    candidate: Candidate
    start: float
    permit: Permit | None = None
    time_limit: float | None = None
    latency: float | None = None
    first_content: float | None = None
    error: ProviderError | None = None
    first_content_timeout: float | None = None
    idle_timeout: float | None = None
    first_content_allowed: float = 0.0
    idle_allowed: float = 0.0
    upload: Upload | None = None
    preparing: bool = False
    prepared_at: float = 0.0
    lost: bool = False
    usage: Usage | None = None
    left_out: Sequence[str] = ()

    def was_allowed(self, since: float, now: float, allowed: float) -> bool:
        """Whether the provider had all the time that the operator allows, so that its silence is a failure.

        Args:
            since: When the wait began, on the event loop's clock.
            now: The time on that clock.
            allowed: Seconds that the operator allows.
        """
        if self.preparing or (self.upload is not None and not self.upload.ended):
            return False
        return now - max(since, self.ready_at) >= allowed - _TIMER_SLACK

    @property
    def ready_at(self) -> float:
        """The time when the whole request was there, on the event loop's clock; zero if it came at once."""
        return self.prepared_at if self.upload is None else max(self.prepared_at, self.upload.ended_at)

    @contextmanager
    def preparation(self, clock: Callable[[], float]) -> Iterator[None]:
        """Marks the time in which the caller's media are fetched and fitted, for which no provider is blamed.

        Args:
            clock: The event loop's clock.
        """
        self.preparing = True
        try:
            yield
        finally:
            self.preparing = False
            self.prepared_at = clock()

    def succeed(self, now: float) -> None:
        """Ends the attempt as answered whole."""
        self.latency = now - self.start
        if self.permit is not None:
            sent_at_once = self.upload is None and not self.prepared_at
            waited = 0.0 if sent_at_once else max(self.ready_at - self.start, 0.0)
            self.permit.succeeded(self.first_content, waited)

    def fail(self, now: float, error: ProviderError) -> None:
        """Ends the attempt as failed; the error's class says what that means."""
        self.latency = now - self.start
        self.error = error
        if self.permit is not None:
            self.permit.failed(error)
        # The error stays with the attempt and the candidate; the request that its frames hold must not.
        release(error)

    def lose(self, now: float) -> None:
        """Ends the attempt as cancelled because another attempt at the same request was faster."""
        self.lost = True
        self.abandon(now)

    def abandon(self, now: float) -> None:
        """Ends the attempt as cancelled, or lost to a fault of the gateway, unless it has ended before."""
        if self.latency is None:
            self.latency = now - self.start
            if self.permit is not None:
                self.permit.abandoned()


@dataclass(slots=True, eq=False)
class Call:
    """One request on its way through the rooms. The edge creates it.

    Attributes:
        response_id: Assigned by the gateway.
        method: The full gRPC method, such as `ringmain.v1.ChatService/Chat`.
        deadline: When the caller stops waiting, in seconds of the event loop's clock.
        request_id: Chosen by the caller, may be empty.
        trace_id: From the caller's `traceparent`, may be empty.
        principal: The caller. NOBODY until the edge knows it.
        allowed_models: Lists of models, each of which must permit those that the caller uses.
        peer: The caller's address as gRPC names it, noted if the call is refused because of who calls.
        again: Judges the caller as of now, and returns the reason to end the call, None if it may go on.
            Absent for calls that end by themselves.
        labels: The caller's labels for cost reports.
        model: The model asked for, may be empty.
        usage: The usage of the answer, once it is there.
        attempts: Every attempt so far, in order; the last ones may still run.
        current: The attempt that runs now.
        replayed: Whether the answer is that of an earlier call, which has the attempts and pays.
        answer_id: The response id in an answer that began as another call's, empty otherwise.
        parts: Requests that were made to answer this one, such as those about a document's pages.
        detached: Whether its work may go on without the caller, beyond the deadline.
        may_hold_media: Whether its request may hold media. The router checks it once for every later room.
    """

    response_id: str
    method: str
    deadline: float
    request_id: str = ""
    trace_id: str = ""
    principal: Principal = NOBODY
    allowed_models: tuple[Allowed, ...] = ()
    peer: str = ""
    again: "Callable[[], RingmainError | None] | None" = None
    labels: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    usage: Usage | None = None
    attempts: list[Attempt] = field(default_factory=list)
    replayed: bool = False
    answer_id: str = ""
    parts: "list[Call]" = field(default_factory=list)
    detached: bool = False
    may_hold_media: bool = True
    current: Attempt | None = None

    @property
    def tenant_id(self) -> str:
        """The party that pays; empty for callers without credentials."""
        return self.principal.tenant_id

    def may_use(self, model: str) -> bool:
        """Whether the caller may use a model, by its name in this gateway. The model may not exist."""
        return all(one.permits(model) for one in self.allowed_models)

    @property
    def attempt(self) -> Attempt:
        """The attempt that runs now, for the layers below the router."""
        assert self.current is not None
        return self.current

    def part(self) -> "Call":
        """Returns a new call for a request that contributes to this call's answer, and is counted with it."""
        made = replace(self, attempts=[], parts=[], usage=None, current=None)
        self.parts.append(made)
        return made

    def of(self, attempt: Attempt) -> "Call":
        """Returns this call as seen by one of several simultaneous attempts."""
        return replace(self, current=attempt)
