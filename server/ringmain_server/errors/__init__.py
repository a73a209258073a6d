"""The errors of every room, in one tree.

    RingmainError                      code, reason, and what the caller may be told
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
    └── ProviderError                  one attempt failed; the class says what that means (laws, section 1)
        ├── BreakerOpen                not asked: the candidate's breaker is open
        ├── Drained                    not asked: an operator has taken the provider out
        ├── CandidateFull              not asked: its limit of concurrent calls is reached
        ├── LibraryBroken              not asked: what reaching it needs cannot be loaded
        ├── ConnectionFailed           refused, reset or closed before a response
        │   └── UploadCut              … while a large request was on its way
        ├── NoAnswer                   no response, no first content or no further content in time
        │   └── CallerLimitPassed      … and the time limit was the caller's own choice
        ├── ServerFault                408, 500, 502, 503, 504, 529
        ├── MalformedAnswer            an answer that cannot be parsed
        │   ├── AnswerTooLarge         … or is larger than the gateway takes
        │   ├── StreamBroken           a stream that ended before its end
        │   │   └── Unexplained        … with an error that does not say whose fault it is
        │   └── AnswerUnreadable       an answer at which the gateway's own reading of it failed
        ├── RateLimited                429, with or without a time to come back
        │   └── TierFull               … of a service tier that the request chose
        ├── QuotaSpent                 the account has no quota or credit left
        ├── CredentialsRefused         401, and 403 where it means credentials
        ├── AccessRefused              403 where it means this account and this model
        ├── JobFailed                  a job that was accepted came to nothing, for a reason not told
        ├── UnknownProviderModel       404 for the model
        ├── ContextTooLong             the input exceeds the model's context
        │   └── RequestTooLarge        … or what the account may use at once
        ├── ContentFiltered            the safety system refused
        ├── ModelOutputInvalid         the model wrote what cannot be used, such as a malformed tool call
        └── Rejected                   any other 400, 413, 422
            └── PrefillRejected        an unfinished turn that it was asked to continue

Foreign exceptions are mapped to this tree once, where they enter (`raise … from exc`). Every layer reads
the classification from the class; none looks at text.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import grpc

from ringmain_server.text.excerpt import MESSAGE_LIMIT, excerpt, quoted

PROVIDER_MESSAGE_LIMIT = 500
"""Characters of a provider's own message that a caller may see (laws, section 7)."""


class Failover(enum.Enum):
    """Whether the next candidate may help after a failure."""

    YES = "yes"
    NO = "no"
    LARGER_CONTEXT = "larger_context"
    """Only candidates with a larger or unknown context."""
    BY_POLICY = "by_policy"
    """Only if the model's policy says so."""


class Hold(enum.Enum):
    """How long a candidate is left alone after a failure."""

    NONE = "none"
    TIMED = "timed"
    """Until the instant the provider named, or a growing time."""
    LONG = "long"
    UNTIL_CHECKED = "until_checked"
    """Until the configuration changes or a check passes; as LONG where the provider has no check."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes:
        field: The path of the field, empty for the request as a whole.
        description: What is wrong with it.
        of_media: Whether it is about the bytes of a medium, not about how the request says them.
    """

    field: str
    description: str
    of_media: bool = False

    def within(self, prefix: str) -> "Violation":
        """The same one in a larger request: `prefix` is the path to its part, with its dot."""
        return replace(self, field=prefix + self.field)


class RingmainError(Exception):
    """Anything a caller may be told.

    Args:
        message: For people. Holds no secret, no address and no text of an upstream's body.
        retry_after: Seconds until a retry makes sense, or None where waiting does not help.
        metadata: For programs, becomes `ErrorInfo.metadata`.
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
        # Here, so that no status, log line or event holds more of what somebody else chose.
        message = excerpt(message, MESSAGE_LIMIT)
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.metadata: dict[str, str] = {
            excerpt(name): excerpt(value, PROVIDER_MESSAGE_LIMIT) for name, value in (metadata or {}).items()
        }


def release(error: BaseException | None) -> None:
    """Lets go of what an exception that was raised holds: the frames it went through, and what it came from.

    Frames hold requests, answers and pictures, and often the exception itself, so that reference counting
    never frees them. An exception that everybody has seen needs none of it.
    """
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
        """One violation."""
        return cls((Violation(field, description),))


class MediaInvalid(InvalidField):
    """Media cannot be read, is of a kind the model does not take, or is too large."""

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
    """Every candidate failed or is held."""

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
        limit: What was passed: `gateway`, `candidate`, `media`, or what the machine lacks: `descriptors`,
            `memory`, `ports`, `threads` or `disk`.
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

    The class attributes are the row of the table in section 1 of the laws.

    Args:
        provider_id: The provider that failed.
        message: What happened, in the gateway's words, without the provider's name.
        retry_after: Seconds the provider asked to be left alone.
        metadata: For programs.

    Attributes:
        final: Whether the same candidate is not to be asked again for this request, whatever the class says:
            its work was, or may have been, paid for, or it says itself that repeating does not help.
        by_options: Whether the request passes options of its own to the provider, which may be all that it
            failed for.
    """

    code = grpc.StatusCode.UNAVAILABLE
    reason = "PROVIDERS_UNAVAILABLE"
    retry: ClassVar[bool] = False
    failover: ClassVar[Failover] = Failover.YES
    breaker_failure: ClassVar[bool] = True
    hold: ClassVar[Hold] = Hold.NONE

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
    """The candidate's breaker is open: it was not asked."""

    breaker_failure = False


class Drained(ProviderError):
    """An operator has taken the provider out: it was not asked."""

    breaker_failure = False


class CandidateFull(ProviderError):
    """As many calls as the candidate's limit allows are under way: it was not asked."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"
    breaker_failure = False


class LibraryBroken(ProviderError):
    """What reaching the provider needs cannot be loaded, such as a broken library: it was not asked."""

    breaker_failure = False


class ConnectionFailed(ProviderError):
    """The connection was refused, reset or closed before a response.

    Attributes:
        sent: Whether the request may have reached the provider, so that it may have been carried out.
    """

    retry = True
    sent = False


class UploadCut(ConnectionFailed):
    """The connection was closed over a large request, and no answer says why.

    Servers close it over what is larger than they take, without reading the rest and often without a word,
    so that the request may be all that was wrong.
    """

    breaker_failure = False
    sent = True


class NoAnswer(ProviderError):
    """No response, or no content, within its timeout. A silent route stays silent: no retry."""


class CallerLimitPassed(NoAnswer):
    """No content within a time limit that the caller chose: a routing policy, or a share of its deadline."""

    breaker_failure = False


class ServerFault(ProviderError):
    """The provider answered 408, 500, 502, 503, 504 or 529."""

    retry = True


class MalformedAnswer(ProviderError):
    """The provider's answer cannot be parsed, or breaks the wire's rules."""


class StreamBroken(MalformedAnswer):
    """A stream ended, or reported an error, before it was complete."""


class Unexplained(StreamBroken):
    """The provider answered with nothing, or with an error whose words do not say whose fault it is.

    A vendor may add such a word at any time, also for mistakes of callers: no breaker opens for it.
    """

    breaker_failure = False


class AnswerTooLarge(MalformedAnswer):
    """The answer is larger than the gateway takes, which requests can bring about at a healthy provider."""

    breaker_failure = False


class AnswerUnreadable(MalformedAnswer):
    """The gateway's own reading of an answer failed in a way that nobody had foreseen.

    Whether the answer is odd, or the request was, or the gateway has a fault, is not known: so the next
    candidate is asked, and the breaker counts nothing, or callers could open it by odd requests.

    Attributes:
        where: The place of the fault, for the log.
        trace: How it came to it, for the log.
    """

    breaker_failure = False
    where: str = ""
    trace: str = ""


class RateLimited(ProviderError):
    """The provider answered 429."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "PROVIDERS_RATE_LIMITED"
    breaker_failure = False
    hold = Hold.TIMED


class TierFull(RateLimited):
    """The service tier that the request chose has no room; the model's other tiers may have."""

    hold = Hold.NONE


class QuotaSpent(ProviderError):
    """The account at the provider has no quota or credit left."""

    breaker_failure = False
    hold = Hold.LONG


class CredentialsRefused(ProviderError):
    """The provider refused the gateway's credentials. Never the caller's own UNAUTHENTICATED."""

    breaker_failure = False
    hold = Hold.UNTIL_CHECKED


class AccessRefused(ProviderError):
    """The gateway's account may not use this model, or not yet; its other models may work."""

    breaker_failure = False
    hold = Hold.LONG


class JobFailed(ProviderError):
    """A job that was accepted came to nothing, and the provider does not tell whose fault that was.

    It may be the request's as well as the provider's, so that it says nothing of the provider's health.
    """

    breaker_failure = False


class UnknownProviderModel(ProviderError):
    """The provider does not know the model."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "MODEL_NOT_FOUND"
    breaker_failure = False
    hold = Hold.LONG


class ContextTooLong(ProviderError):
    """The input is longer than the candidate's context."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "CONTEXT_TOO_LONG"
    failover = Failover.LARGER_CONTEXT
    breaker_failure = False


class RequestTooLarge(ContextTooLong):
    """The request alone is larger than the account's limit allows, so that no waiting helps.

    Others' smaller requests go through, and another account may take this one.
    """

    failover = Failover.YES


class ContentFiltered(ProviderError):
    """The provider's safety system refused the request. Metadata: `category`."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "CONTENT_FILTERED"
    failover = Failover.BY_POLICY
    breaker_failure = False


class ModelOutputInvalid(ProviderError):
    """The model wrote what cannot be used: a malformed tool call, or one of a tool that was not declared.

    The provider did its work and the request is sound, so that asking again, here or elsewhere, may help.
    """

    code = grpc.StatusCode.ABORTED
    reason = "MODEL_OUTPUT_INVALID"
    breaker_failure = False


class Rejected(ProviderError):
    """The provider refused the request as malformed; its message is passed on, cut and cleaned."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "PROVIDER_REJECTED"
    failover = Failover.NO
    breaker_failure = False


class PrefillRejected(Rejected):
    """The provider refused to continue an unfinished turn; it may be asked without."""

    failover = Failover.YES
