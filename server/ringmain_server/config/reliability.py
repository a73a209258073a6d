"""Configuration: the settings of reliability. `docs/reliability.md` explains them.

Breakers, cooldowns and concurrency limits belong to a candidate, retries and the order of candidates to a
model.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from ringmain_server.config.fields import Count, Flag, Section, Share, Span, Text, Wait

Failure = Literal[
    "connection_failed",
    "no_answer",
    "server_fault",
    "malformed_answer",
    "rate_limited",
    "quota_spent",
    "credentials_refused",
    "access_refused",
    "job_failed",
    "unknown_provider_model",
    "context_too_long",
    "content_filtered",
    "model_output_invalid",
    "rejected",
]
"""The failure classes of `errors`, as the configuration spells them. A test compares them."""


class BreakerSection(Section):
    """The circuit breaker of a candidate. Absent settings are as in the next outer section."""

    enabled: Flag | None = Field(default=None, description="Whether failures may open it. Default: true.")
    window: Span | None = Field(
        default=None, description="The time that the failure rate is of. Default: 30 seconds."
    )
    min_calls: Count | None = Field(
        default=None, description="The rate says nothing of fewer calls than these. Default: 10."
    )
    failure_rate: Share | None = Field(
        default=None, description="The share of failures that opens it. Default: 0.5."
    )
    consecutive_failures: Count | None = Field(
        default=None, description="As many failures in a row open it, whatever the rate. Default: 5."
    )
    open_for: Span | None = Field(
        default=None,
        description="How long until one call may probe. Each failed probe doubles it. Default: 10 seconds.",
    )
    open_max: Span | None = Field(
        default=None, description="The longest time between two attempts to close it. Default: 120 seconds."
    )


class CooldownSection(Section):
    """How long a candidate receives no calls after a rate limit, a spent quota or an unknown model."""

    first: Span | None = Field(
        default=None,
        description="After a rate limit that named no time; each further one doubles it. Default: 1 second.",
    )
    growing_max: Span | None = Field(
        default=None, description="What the doubling stops at. Default: 60 seconds."
    )
    named_max: Span | None = Field(
        default=None, description="The longest time that a provider may name. Default: 600 seconds."
    )
    long: Span | None = Field(
        default=None, description="After a spent quota or an unknown model. Default: 300 seconds."
    )


class ConcurrencySection(Section):
    """Limits on the calls that a candidate has in flight in one process."""

    limit: Count | None = Field(
        default=None, description="The fixed limit, and where an adaptive one starts. Default: 1000."
    )
    adaptive: Flag | None = Field(
        default=None, description="Whether the limit follows the candidate's latency. Default: false."
    )
    minimum: Count | None = Field(default=None, description="The least adaptive limit. Default: 4.")
    maximum: Count | None = Field(default=None, description="The largest adaptive limit. Default: 1000.")


class HealthCheckSettings(Section):
    """Active health checks of candidates whose breaker is open."""

    enabled: Flag = Field(
        default=False,
        description="Whether the gateway itself asks a provider whether it is back, so that no caller's "
        "request has to find out.",
    )
    interval: Span = Field(
        default=5.0,
        description="How often it asks. A provider that refused the credentials is asked as often whether "
        "they are taken now, also where these checks are not enabled.",
    )


class RetrySettings(Section):
    """Retries of the same candidate."""

    attempts: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="The most times. 0 turns it off. Default: 1."
    )
    rate_limit_wait: Wait | None = Field(
        default=None,
        description="The longest wait for a rate-limited candidate when no other is left. "
        "Default: 10 seconds.",
    )


class BackoffSection(Section):
    """The waits before retries: exponential with full jitter, within a budget for the whole process."""

    initial: Span = Field(default=0.25, description="The longest wait before the first retry.")
    maximum: Span = Field(default=8.0, description="What the doubling stops at.")
    budget: Share = Field(
        default=0.2,
        description="The share of recent requests that may be retried, so that no outage is multiplied.",
    )
    budget_min_per_second: Wait = Field(
        default=1.0, description="Retries in a second that are always allowed."
    )


class HedgeSettings(Section):
    """Hedging: a second candidate is asked when the first is late, although it has not failed."""

    quantile: Share = Field(
        default=0.95,
        description="The first candidate is late when its first content takes longer than this quantile.",
    )
    after: Span = Field(
        default=1.0, description="When it is late as long as too little was observed for the quantile."
    )
    least: Wait = Field(default=0.05, description="The earliest that it can be late.")


class ExhaustedSettings(Section):
    """What happens when no candidate may be tried, because of open breakers, cooldowns or drains."""

    wait: Wait = Field(
        default=0.0, description="The longest wait for the first to return; 0 refuses at once."
    )
    fallback: Text | None = Field(
        default=None, description="Another model, which serves then and when every candidate has failed."
    )


class OverloadSettings(Section):
    """Limits on the calls that the gateway itself accepts. More are refused, never queued for long."""

    limit: Count = Field(
        default=4000,
        description="The most calls under way in one process, or where an adaptive limit starts.",
    )
    adaptive: Flag = Field(default=False, description="Whether the limit follows the latency of calls.")
    longest_wait: Span = Field(
        default=5.0,
        description="How long a call may wait to be taken by a busy process; after that it is refused.",
    )


def overridden(*sections: Section) -> dict[str, Any]:
    """Returns the settings of several sections by name; those of a later section win."""
    merged: dict[str, Any] = {}
    for section in sections:
        merged |= section.model_dump(exclude_none=True)
    return merged
