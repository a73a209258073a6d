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
        default=None, description="The period over which the failure rate is measured. Default: 30 seconds."
    )
    min_calls: Count | None = Field(
        default=None, description="The rate is ignored while there are fewer calls than this. Default: 10."
    )
    failure_rate: Share | None = Field(
        default=None, description="The share of failures that opens it. Default: 0.5."
    )
    consecutive_failures: Count | None = Field(
        default=None, description="This many failures in a row open it, whatever the rate. Default: 5."
    )
    open_for: Span | None = Field(
        default=None,
        description="How long it stays open until one call may test the candidate. Each failed test doubles "
        "it. Default: 10 seconds.",
    )
    open_max: Span | None = Field(
        default=None, description="The longest time between two such tests. Default: 120 seconds."
    )


class CooldownSection(Section):
    """The time without calls for a candidate after a rate limit, a spent quota or an unknown model."""

    first: Span | None = Field(
        default=None,
        description="The cooldown after a rate limit that names no time; each further one doubles it. "
        "Default: 1 second.",
    )
    growing_max: Span | None = Field(
        default=None, description="The longest cooldown that doubling leads to. Default: 60 seconds."
    )
    named_max: Span | None = Field(
        default=None, description="The longest cooldown that a provider may ask for. Default: 600 seconds."
    )
    long: Span | None = Field(
        default=None,
        description="The cooldown after a spent quota or an unknown model. Default: 300 seconds.",
    )


class ConcurrencySection(Section):
    """Limits on the calls that a candidate has in flight in one process."""

    limit: Count | None = Field(
        default=None, description="The fixed limit, or the initial value of an adaptive one. Default: 1000."
    )
    adaptive: Flag | None = Field(
        default=None, description="Whether the limit follows the candidate's latency. Default: false."
    )
    minimum: Count | None = Field(default=None, description="The smallest adaptive limit. Default: 4.")
    maximum: Count | None = Field(default=None, description="The largest adaptive limit. Default: 1000.")


class HealthCheckSettings(Section):
    """Active health checks of candidates whose breaker is open."""

    enabled: Flag = Field(
        default=False,
        description="Whether the gateway itself checks whether a provider works again, so that no caller's "
        "request has to find out.",
    )
    interval: Span = Field(
        default=5.0,
        description="The time between two checks. A provider that refused the credentials is checked at the "
        "same interval, even if these checks are not enabled.",
    )


class RetrySettings(Section):
    """Retries of the same candidate."""

    attempts: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="The most retries of a candidate; 0 for none. Default: 1."
    )
    rate_limit_wait: Wait | None = Field(
        default=None,
        description="The longest wait for a rate-limited candidate when no other is left. "
        "Default: 10 seconds.",
    )


class BackoffSection(Section):
    """The waits before retries: exponential with full jitter, within a budget for the whole process."""

    initial: Span = Field(default=0.25, description="The longest wait before the first retry.")
    maximum: Span = Field(default=8.0, description="The longest wait that doubling leads to.")
    budget: Share = Field(
        default=0.2,
        description="The share of recent requests that may be retried, so that retries do not multiply an "
        "outage.",
    )
    budget_min_per_second: Wait = Field(
        default=1.0, description="Retries per second that are always allowed."
    )


class HedgeSettings(Section):
    """Hedging: a second candidate is asked when the first is late, although it has not failed."""

    quantile: Share = Field(
        default=0.95,
        description="The first candidate is late when its first content takes longer than this quantile.",
    )
    after: Span = Field(
        default=1.0,
        description="The time after which it is late while there are too few observations for the quantile.",
    )
    least: Wait = Field(default=0.05, description="The shortest time after which it can be late.")


class ExhaustedSettings(Section):
    """The behavior when no candidate may be tried, because of open breakers, cooldowns or drains."""

    wait: Wait = Field(
        default=0.0,
        description="The longest wait for the first candidate to become available; 0 refuses at once.",
    )
    fallback: Text | None = Field(
        default=None, description="Another model that serves in this case and if every candidate has failed."
    )


class OverloadSettings(Section):
    """Limits on the calls that the gateway itself accepts. More are refused, never queued for long."""

    limit: Count = Field(
        default=4000,
        description="The most calls in flight in one process, or the initial value of an adaptive limit.",
    )
    adaptive: Flag = Field(default=False, description="Whether the limit follows the latency of calls.")
    longest_wait: Span = Field(
        default=5.0,
        description="How long a call may wait to be accepted by a busy process; after that it is refused.",
    )


def overridden(*sections: Section) -> dict[str, Any]:
    """Returns the settings of several sections by name; those of a later section win."""
    merged: dict[str, Any] = {}
    for section in sections:
        merged |= section.model_dump(exclude_none=True)
    return merged
