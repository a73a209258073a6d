"""The one interface of the pipeline, and what every room may know about a request."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import ProviderError
from ringmain_server.operations import Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


@dataclass(slots=True, eq=False)
class Attempt:
    """One try at one candidate.

    Attributes:
        candidate: Who is tried.
        start: When it began, in seconds of the event loop's clock.
        latency: Seconds it took, None while it runs.
        error: Why it failed, None on success or while it runs.
        first_content_timeout: Longest wait of a stream for its first content, in seconds, None for ever.
        idle_timeout: Longest silence between two contents of a stream, in seconds, None for ever.
    """

    candidate: Candidate
    start: float
    latency: float | None = None
    error: ProviderError | None = None
    first_content_timeout: float | None = None
    idle_timeout: float | None = None

    def end(self, now: float, error: ProviderError | None = None) -> None:
        """Closes the attempt."""
        self.latency = now - self.start
        self.error = error


@dataclass(slots=True, eq=False)
class Call:
    """One request on its way through the rooms. Created at the edge.

    Attributes:
        response_id: Assigned by the gateway.
        method: The full gRPC method, such as `ringmain.v1.ChatService/Chat`.
        deadline: When the caller stops waiting, in seconds of the event loop's clock.
        request_id: Chosen by the caller, may be empty.
        trace_id: From the caller's `traceparent`, may be empty.
        tenant_id: Who pays.
        principal_id: The key or subject that asks.
        labels: The caller's labels for cost attribution.
        model: The model asked for, may be empty.
        usage: What the answer consumed, once it is there.
        attempts: Every attempt so far, in order; the last one may still run.
    """

    response_id: str
    method: str
    deadline: float
    request_id: str = ""
    trace_id: str = ""
    tenant_id: str = ""
    principal_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    usage: Usage | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def attempt(self) -> Attempt:
        """The attempt that runs now, for the layers below the router."""
        return self.attempts[-1]


class Backend(Protocol):
    """What every layer is, and is around."""

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Answers whole.

        Raises:
            RingmainError: Anything a caller may be told; below the router a ProviderError.
        """
        ...

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Answers in events. Closing the iterator ends the provider's work.

        Raises:
            RingmainError: As `call`, from the iterator.
        """
        ...
