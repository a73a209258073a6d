"""Tests, laws: the table of docs/errors.md: what each failure is to the gateway and to the caller."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain_server.errors import (
    AccessRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    CallerLimitPassed,
    ConnectionFailed,
    ContentFiltered,
    ContextTooLong,
    CooldownKind,
    CredentialsRefused,
    Failover,
    JobFailed,
    MalformedAnswer,
    ModelOutputInvalid,
    NoAnswer,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    RequestTooLarge,
    ServerFault,
    StreamBroken,
    TierFull,
    Unexplained,
    UnknownProviderModel,
    UploadCut,
)


@dataclass(frozen=True, slots=True)
class Law:
    """A row.

    Attributes:
        code: The caller's status, by name, if nothing is left.
        reason: The caller's `ErrorInfo.reason`.
        retry: Whether the same candidate is asked again.
        failover: Whether the next candidate is.
        breaker: Whether the breaker counts a failure.
        cooldown: How long the candidate is not tried.
        retry_info: Whether the caller is told when to come back.
    """

    code: str
    reason: str
    retry: bool = False
    failover: Failover = Failover.YES
    breaker: bool = True
    cooldown: CooldownKind = CooldownKind.NONE
    retry_info: bool = False


_DOWN = Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", retry_info=True)

LAWS: Mapping[type[ProviderError], Law] = {
    ConnectionFailed: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", retry=True, retry_info=True),
    UploadCut: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", retry=True, retry_info=True, breaker=False),
    NoAnswer: _DOWN,
    ServerFault: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", retry=True, retry_info=True),
    MalformedAnswer: _DOWN,
    StreamBroken: _DOWN,
    Unexplained: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, retry_info=True),
    AnswerTooLarge: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, retry_info=True),
    AnswerUnreadable: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, retry_info=True),
    CallerLimitPassed: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, retry_info=True),
    RateLimited: Law(
        "RESOURCE_EXHAUSTED",
        "PROVIDERS_RATE_LIMITED",
        breaker=False,
        cooldown=CooldownKind.TIMED,
        retry_info=True,
    ),
    TierFull: Law("RESOURCE_EXHAUSTED", "PROVIDERS_RATE_LIMITED", breaker=False, retry_info=True),
    QuotaSpent: Law(
        "UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, cooldown=CooldownKind.LONG, retry_info=True
    ),
    CredentialsRefused: Law(
        "UNAVAILABLE",
        "PROVIDERS_UNAVAILABLE",
        breaker=False,
        cooldown=CooldownKind.UNTIL_CHECKED,
        retry_info=True,
    ),
    AccessRefused: Law(
        "UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, cooldown=CooldownKind.LONG, retry_info=True
    ),
    JobFailed: Law("UNAVAILABLE", "PROVIDERS_UNAVAILABLE", breaker=False, retry_info=True),
    UnknownProviderModel: Law("NOT_FOUND", "MODEL_NOT_FOUND", breaker=False, cooldown=CooldownKind.LONG),
    ContextTooLong: Law(
        "INVALID_ARGUMENT", "CONTEXT_TOO_LONG", failover=Failover.LARGER_CONTEXT, breaker=False
    ),
    RequestTooLarge: Law("INVALID_ARGUMENT", "CONTEXT_TOO_LONG", breaker=False),
    ContentFiltered: Law(
        "FAILED_PRECONDITION", "CONTENT_FILTERED", failover=Failover.BY_POLICY, breaker=False
    ),
    ModelOutputInvalid: Law("ABORTED", "MODEL_OUTPUT_INVALID", breaker=False),
    Rejected: Law("INVALID_ARGUMENT", "PROVIDER_REJECTED", failover=Failover.NO, breaker=False),
}
"""By failure."""
