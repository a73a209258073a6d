"""The gateway's errors, in one tree.

    RingmainError                      code, reason, and the message that the caller may see
    ├── CallerError                    the request cannot be served as it stands
    │   ├── InvalidField               INVALID_ARGUMENT      a field breaks a rule of the contract
    │   ├── MediaInvalid               INVALID_ARGUMENT      media is unreadable, unknown or too large
    │   ├── ModelNotFound              NOT_FOUND             no candidate serves the model
    │   ├── CapabilityMissing          FAILED_PRECONDITION   the candidates lack what is needed
    │   └── DeadlineExceeded           DEADLINE_EXCEEDED     the caller's deadline passed
    ├── GatewayError                   the gateway cannot serve it now
    │   ├── ProvidersUnavailable       UNAVAILABLE           every candidate failed
    │   ├── StreamInterrupted          ABORTED               a stream broke after content was sent
    │   ├── Overloaded                 RESOURCE_EXHAUSTED    the gateway is at capacity
    │   ├── ShuttingDown               UNAVAILABLE           the gateway is draining
    │   └── Internal                   INTERNAL              a fault of the gateway
    └── ProviderError                  one attempt failed; the class says what follows (docs/errors.md)
        ├── BreakerOpen                not called: the candidate's breaker is open
        ├── Drained                    not called: an operator has taken the provider out
        ├── CandidateFull              not called: its limit of concurrent calls is reached
        ├── LibraryBroken              not called: a library that reaching it needs cannot be loaded
        ├── ConnectionFailed           refused, reset or closed before a response
        │   └── UploadCut              … while a large request was on its way
        ├── NoAnswer                   no response, no first content or no further content in time
        │   └── CallerLimitPassed      … and the time limit was the caller's own choice
        ├── ServerFault                408, 500, 502, 503, 504, 529
        ├── MalformedAnswer            an answer that cannot be parsed
        │   ├── AnswerTooLarge         … or is larger than the gateway takes
        │   ├── StreamBroken           a stream that ended before its end
        │   │   └── Unexplained        … with an error that does not say whose fault it is
        │   └── AnswerUnreadable       an answer that the gateway's own code failed to read
        ├── RateLimited                429, with or without a time to come back
        │   └── TierFull               … of a service tier that the request chose
        ├── QuotaSpent                 the account has no quota or credit left
        ├── CredentialsRefused         401, and 403 where it means credentials
        ├── AccessRefused              403 where it means this account and this model
        ├── JobFailed                  an accepted job failed, and the provider does not say why
        ├── UnknownProviderModel       404 for the model
        ├── ContextTooLong             the input exceeds the model's context
        │   └── RequestTooLarge        … or what the account may use at once
        ├── ContentFiltered            the safety system refused
        ├── ModelOutputInvalid         the model wrote something unusable, such as a malformed tool call
        └── Rejected                   any other 400, 413, 422
            └── PrefillRejected        the provider refused to continue an unfinished turn

Foreign exceptions are mapped to this tree once, where they enter (`raise … from exc`). Every layer reads
the classification from the class and never from the message.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import grpc

from ringmain_server.text.excerpt import MESSAGE_LIMIT, excerpt, quoted

PROVIDER_MESSAGE_LIMIT = 500
"""The most characters of a provider's own message that a caller may see."""


class Failover(enum.Enum):
    """Whether the next candidate may help after a failure."""

    YES = "yes"
    NO = "no"
    LARGER_CONTEXT = "larger_context"
    """Only candidates with a larger or unknown context may help."""
    BY_POLICY = "by_policy"
    """The next candidate is tried only if the model's policy says so."""


class CooldownKind(enum.Enum):
    """The length of a candidate's cooldown after a failure."""

    NONE = "none"
    TIMED = "timed"
    """Until the instant that the provider named, or for a growing time."""
    LONG = "long"
    UNTIL_CHECKED = "until_checked"
    """Until the configuration changes or a check passes; like LONG where the provider has no check."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes:
        field: The path of the field, empty for the request as a whole.
        description: What is wrong with it.
        of_media: Whether it concerns the bytes of a medium rather than the fields that describe them.
    """

    field: str
    description: str
    of_media: bool = False

    def within(self, prefix: str) -> "Violation":
        """Returns the same violation for a larger request: `prefix` is the path to the part, with its dot."""
        return replace(self, field=prefix + self.field)


class RingmainError(Exception):
    """The base of every error that a caller may see.

    Args:
        message: For people. It holds no secret, no address and no text of an upstream's body.
        retry_after: Seconds until a retry makes sense, or None where waiting does not help.
        metadata: For programs; becomes `ErrorInfo.metadata`.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        # Cut here, so that no status, log line or event holds more of a text that somebody else chose.
        message = excerpt(message, MESSAGE_LIMIT)
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.metadata: dict[str, str] = {
            excerpt(name): excerpt(value, PROVIDER_MESSAGE_LIMIT) for name, value in (metadata or {}).items()
        }


def release(error: BaseException | None) -> None:
    """Drops the references that a raised exception holds: its frames, its cause and its context.

    Frames hold requests, answers and pictures, and often the exception itself, so that reference counting
    never frees them. Call this only once everybody who needs the traceback has read it.
    """
    # A list, not recursion: chains of causes may be long, and may lead back to themselves.
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        waiting += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        one.__traceback__ = one.__cause__ = one.__context__ = None


class CallerError(RingmainError):
    """The request cannot be served as it stands."""


class InvalidField(CallerError):
    """Fields break rules of the contract."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        place = f"{excerpt(first.field)}: " if first.field else ""
        super().__init__(f"{place}{first.description}{more}")
        self.violations = tuple(violations)

    @classmethod
    def at(cls, field: str, description: str) -> Self:
        """Returns the error for one violation."""
        return cls((Violation(field, description),))


class MediaInvalid(InvalidField):
    """A medium cannot be read, has a type that the model does not take, or is too large."""

    reason = "MEDIA_INVALID"


class ModelNotFound(CallerError):
    """No candidate serves the model."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "MODEL_NOT_FOUND"

    def __init__(self, model: str, message: str | None = None) -> None:
        super().__init__(message or f"no model {quoted(model)} here", metadata={"model": model})


class CapabilityMissing(CallerError):
    """The model's candidates lack what the request needs."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "CAPABILITY_MISSING"

    def __init__(self, model: str, capability: str, message: str | None = None) -> None:
        super().__init__(
            message or f"model {quoted(model)} has no candidate with {capability}",
            metadata={"model": model, "capability": capability},
        )


class DeadlineExceeded(CallerError):
    """The caller's deadline, or the server's default for callers without one, passed."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"


class GatewayError(RingmainError):
    """The gateway cannot serve the request now."""


class ProvidersUnavailable(GatewayError):
    """Every candidate failed or is being left alone."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "PROVIDERS_UNAVAILABLE"


class StreamInterrupted(GatewayError):
    """The provider broke the stream after content was sent."""

    code = grpc.StatusCode.ABORTED
    reason = "STREAM_INTERRUPTED"


class Overloaded(GatewayError):
    """The gateway itself is at capacity. Metadata: `limit`.

    Args:
        message: For people.
        limit: The limit that was reached: `gateway`, `candidate` or `media`; or the resource that the machine
            lacks: `descriptors`, `memory`, `ports`, `threads` or `disk`.
        retry_after: Seconds until a retry makes sense.
    """

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"

    def __init__(self, message: str, *, limit: str = "gateway", retry_after: float = 1.0) -> None:
        super().__init__(message, retry_after=retry_after, metadata={"limit": limit})
        self.limit = limit


class ShuttingDown(GatewayError):
    """The gateway is shutting down."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "SHUTTING_DOWN"


class Internal(GatewayError):
    """A fault of the gateway; the log has the details."""


class ProviderError(RingmainError):
    """One attempt at one candidate failed.

    The class attributes are the failure's row in the table of docs/errors.md.

    Args:
        provider_id: The provider that failed.
        message: A description in the gateway's words, without the provider's name.
        retry_after: Seconds for which the provider asked not to be called.
        metadata: For programs.

    Attributes:
        final: Whether the same candidate must not be called again for this request, whatever the class says:
            its work was, or may have been, paid for, or the provider says that repeating does not help.
        by_options: Whether the request passes provider options, which may be the only reason it failed.
    """

    code = grpc.StatusCode.UNAVAILABLE
    reason = "PROVIDERS_UNAVAILABLE"
    retry: ClassVar[bool] = False
    failover: ClassVar[Failover] = Failover.YES
    breaker_failure: ClassVar[bool] = True
    cooldown: ClassVar[CooldownKind] = CooldownKind.NONE

    def __init__(
        self,
        provider_id: str,
        message: str,
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{provider_id}: {message}", retry_after=retry_after, metadata=metadata)
        self.provider_id = provider_id
        self.final = False
        self.by_options = False


class BreakerOpen(ProviderError):
    """The candidate was not called because its breaker is open."""

    breaker_failure = False


class Drained(ProviderError):
    """The candidate was not called because an operator has taken its provider out."""

    breaker_failure = False


class CandidateFull(ProviderError):
    """The candidate was not called because it already runs as many calls as its limit allows."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"
    breaker_failure = False


class LibraryBroken(ProviderError):
    """The candidate was not called because a library that it needs cannot be loaded."""

    breaker_failure = False


class ConnectionFailed(ProviderError):
    """The connection was refused, reset or closed before a response.

    Attributes:
        sent: Whether the request may have reached the provider, which may then have carried it out.
    """

    retry = True
    sent = False


class UploadCut(ConnectionFailed):
    """The connection was closed during a large upload, and no answer says why.

    Servers close the connection when a request is larger than they accept, without reading the rest and
    often without an answer, so the request's size may have been the only problem.
    """

    breaker_failure = False
    sent = True


class NoAnswer(ProviderError):
    """No response or no content came within the timeout. Not retried: a silent route stays silent."""


class CallerLimitPassed(NoAnswer):
    """No content came within the caller's own time limit: a routing policy, or a share of its deadline."""

    breaker_failure = False


class ServerFault(ProviderError):
    """The provider answered 408, 500, 502, 503, 504 or 529."""

    retry = True


class MalformedAnswer(ProviderError):
    """The provider's answer cannot be parsed, or breaks the wire's rules."""


class StreamBroken(MalformedAnswer):
    """A stream ended, or reported an error, before it was complete."""


class Unexplained(StreamBroken):
    """The provider answered with nothing, or with an error whose wording does not say whose fault it is.

    A vendor may introduce a new wording at any time, also for callers' mistakes, so no breaker opens for it.
    """

    breaker_failure = False


class AnswerTooLarge(MalformedAnswer):
    """The answer is larger than the gateway accepts. A request can cause this at a healthy provider."""

    breaker_failure = False


class AnswerUnreadable(MalformedAnswer):
    """The gateway's own code failed on an answer in a way that nobody foresaw.

    It is not known whether the answer is odd, the request was, or the gateway has a fault. So the next
    candidate is tried, and the breaker counts nothing: otherwise callers could open it with odd requests.

    Attributes:
        where: The place of the fault, for the log.
        trace: The traceback, for the log.
    """

    breaker_failure = False
    where: str = ""
    trace: str = ""


class RateLimited(ProviderError):
    """The provider answered 429."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "PROVIDERS_RATE_LIMITED"
    breaker_failure = False
    cooldown = CooldownKind.TIMED


class TierFull(RateLimited):
    """The service tier that the request chose is full; the model's other tiers may not be."""

    cooldown = CooldownKind.NONE


class QuotaSpent(ProviderError):
    """The account at the provider has no quota or credit left."""

    breaker_failure = False
    cooldown = CooldownKind.LONG


class CredentialsRefused(ProviderError):
    """The provider refused the gateway's credentials. Callers never see this as their own UNAUTHENTICATED."""

    breaker_failure = False
    cooldown = CooldownKind.UNTIL_CHECKED


class AccessRefused(ProviderError):
    """The gateway's account may not use this model, or not yet; its other models may work."""

    breaker_failure = False
    cooldown = CooldownKind.LONG


class JobFailed(ProviderError):
    """An accepted job failed, and the provider does not say whose fault that was.

    The request may be the cause as well as the provider, so the failure says nothing about the provider's
    health.
    """

    breaker_failure = False


class UnknownProviderModel(ProviderError):
    """The provider does not know the model."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "MODEL_NOT_FOUND"
    breaker_failure = False
    cooldown = CooldownKind.LONG


class ContextTooLong(ProviderError):
    """The input is longer than the candidate's context."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "CONTEXT_TOO_LONG"
    failover = Failover.LARGER_CONTEXT
    breaker_failure = False


class RequestTooLarge(ContextTooLong):
    """The request alone is larger than the account's limit allows, so waiting does not help.

    Other, smaller requests still go through, and another account may take this one.
    """

    failover = Failover.YES


class ContentFiltered(ProviderError):
    """The provider's safety system refused the request. Metadata: `category`."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "CONTENT_FILTERED"
    failover = Failover.BY_POLICY
    breaker_failure = False


class ModelOutputInvalid(ProviderError):
    """The model wrote something unusable: a malformed tool call, or a call of a tool that was not declared.

    The provider did its work and the request is sound, so asking again, here or elsewhere, may help.
    """

    code = grpc.StatusCode.ABORTED
    reason = "MODEL_OUTPUT_INVALID"
    breaker_failure = False


class Rejected(ProviderError):
    """The provider refused the request as malformed; its message is passed on, shortened and cleaned."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "PROVIDER_REJECTED"
    failover = Failover.NO
    breaker_failure = False


class PrefillRejected(Rejected):
    """The provider refused to continue an unfinished turn; the request may succeed without it."""

    failover = Failover.YES
