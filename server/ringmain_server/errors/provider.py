"""Errors: one attempt failed. The class says what follows (`docs/errors.md`)."""

from collections.abc import Mapping
from typing import ClassVar

import grpc

from ringmain_server.errors.base import (
    CooldownKind,
    Failover,
    RingmainError,
)


class ProviderError(RingmainError):
    """One attempt at one candidate failed.

    The class attributes are the row of this failure in the table of docs/errors.md.

    Args:
        provider_id: The provider that failed.
        message: A description in the gateway's words, without the provider's name.
        retry_after: Seconds for which the provider asked not to be called.
        metadata: Details for programs.

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


class Incapable(ProviderError):
    """The candidate was not called: it lacks what the request needs. Metadata: `model`, `capability`."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "CAPABILITY_MISSING"
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
