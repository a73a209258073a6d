"""Room 3: the health of a candidate: whether it may be tried now, and what each attempt showed.

Breaker, cooldown, limit and latency are pure machines; a CandidateHealth asks them before an attempt and
informs them after it. A stream counts as one attempt, like any other: nothing here sees its events.
"""

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from ringmain_server.errors import (
    AccessRefused,
    BreakerOpen,
    CallerLimitPassed,
    CandidateFull,
    CooldownKind,
    CredentialsRefused,
    Drained,
    MalformedAnswer,
    NoAnswer,
    ProviderError,
    QuotaSpent,
    RateLimited,
    TierFull,
    UnknownProviderModel,
)
from ringmain_server.policies import Clock
from ringmain_server.policies.breaker import Breaker, BreakerPermit, BreakerSettings, BreakerState
from ringmain_server.policies.concurrency import ConcurrencyLimit, ConcurrencySettings
from ringmain_server.policies.cooldown import Cooldown, CooldownSettings
from ringmain_server.policies.latency import RecentAttempts

IDLE = 600.0
"""Seconds without an attempt after which a candidate that no configuration names is no longer shown."""
_NEWS = 10.0
"""Seconds between two reports that a candidate is in use."""

OnChange = Callable[["CandidateHealth", str, str], None]
"""Called when a breaker changes, with its candidate's health, the new state and the reason."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """The settings of one candidate's machines."""

    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    cooldown: CooldownSettings = field(default_factory=CooldownSettings)
    concurrency: ConcurrencySettings = field(default_factory=ConcurrencySettings)


class ProviderState:
    """State of a provider that its candidates share.

    Attributes:
        drained: Whether an operator has drained it.
        checks: Whether a check can find out, at no cost, whether it accepts the credentials.
    """

    __slots__ = ("checks", "drained")

    def __init__(self) -> None:
        self.drained = False
        self.checks = False


class CandidateHealth:
    """The present health of one provider's model.

    Args:
        provider_id: The provider.
        provider_model: Its own name for the model.
        provider: The state of the provider.
        clock: Seconds on any monotonic clock.
        settings: The settings of the machines.
        on_change: Called when the breaker changes.

    Attributes:
        clock: The clock.
        on_use: Called now and then while attempts are made, and at once for the first; None for nobody.
        on_unknown: Called when the provider does not know the model, with the end of the cooldown; None
            for nobody.
    """

    def __init__(
        self,
        provider_id: str,
        provider_model: str,
        provider: ProviderState,
        clock: Clock,
        settings: HealthSettings = HealthSettings(),
        on_change: OnChange | None = None,
    ) -> None:
        self.provider_id = provider_id
        self.provider_model = provider_model
        self.provider = provider
        self.settings = settings
        self.on_use: Callable[[CandidateHealth], None] | None = None
        self.on_unknown: Callable[[CandidateHealth, float], None] | None = None
        self.clock = clock
        self._used_at = -math.inf
        self._on_change = on_change
        changed = weakref.WeakMethod(self._changed)  # a strong reference would make a cycle with the breaker

        def tell(_: BreakerState, state: BreakerState, reason: str) -> None:
            if (told := changed()) is not None:
                told(state, reason)

        self.breaker = Breaker(clock, settings.breaker, tell)
        self.cooldown = Cooldown(clock, settings.cooldown)
        self.limit = ConcurrencyLimit(clock, settings.concurrency)
        self.recent = RecentAttempts(clock)
        self.last_error: ProviderError | None = None
        self._cooldown_cause: ProviderError | None = None

    @property
    def name(self) -> str:
        """`provider/model`, as callers address it."""
        return f"{self.provider_id}/{self.provider_model}"

    @property
    def tried(self) -> bool:
        """Whether there was an attempt."""
        return self._used_at > -math.inf

    @property
    def idle(self) -> bool:
        """Whether it need not be shown: no attempt for a while, no cooldown and a closed breaker."""
        quiet = self.limit.in_flight == 0 and self.clock() - self._used_at > IDLE
        return quiet and self.cooldown.until is None and self.breaker.state is BreakerState.CLOSED

    @property
    def latency(self) -> float | None:
        """The median time to the first content of the last minute, in seconds."""
        return self.recent.quantile(0.5)

    def refusal(self) -> ProviderError | None:
        """Returns why no attempt may be made now, with the time until one may; None when one may."""
        if self.provider.drained:
            return Drained(self.provider_id, "is drained")
        now = self.clock()
        if self.cooldown.ends_at > now:
            return self._refused(self.cooldown.ends_at - now)
        if self.breaker.state is not BreakerState.CLOSED and not self.breaker.admits:
            opens = self.breaker.opens_until
            wait = None if opens is None else max(opens - now, 0.0)
            return BreakerOpen(self.provider_id, "is left alone: its breaker is open", retry_after=wait)
        if self.limit.in_flight >= self.limit.limit:
            return CandidateFull(
                self.provider_id, f"has as many calls under way as it may ({self.limit.limit})"
            )
        return None

    def admit(self) -> "AttemptPermit | None":
        """Returns a permit for one attempt; None for a reason that `refusal` tells."""
        now = self.clock()
        if self.provider.drained or self.cooldown.ends_at > now or not self.limit.acquire():
            return None
        permit = self.breaker.admit()
        if permit is None:
            self.limit.release(None)
            return None
        if now - self._used_at > _NEWS:
            self._used_at = now
            if self.on_use is not None:
                self.on_use(self)
        return AttemptPermit(self, permit, now)

    def restore(self) -> None:
        """Closes the breaker and ends any cooldown, for an operator or after a check that passed."""
        self.breaker.reset()
        self.cooldown.clear()

    def checked(self) -> None:
        """Ends a cooldown after refused credentials, since a check has passed."""
        if isinstance(self._cooldown_cause, CredentialsRefused):
            self.cooldown.clear()

    def check_failed(self, error: ProviderError) -> None:
        """Restarts the cooldown if a check found the credentials still refused."""
        if isinstance(error, CredentialsRefused) and self.cooldown.awaits_check:
            self.cooldown.until_checked(error.message)

    def renewed(self) -> None:
        """Ends a cooldown caused by the account, since the provider's settings have changed."""
        if isinstance(self._cooldown_cause, CredentialsRefused | AccessRefused | QuotaSpent):
            self.cooldown.clear()

    @property
    def wait(self) -> float | None:
        """Seconds until the candidate may be tried again, None when it may be now or that is unknown."""
        until = self.cooldown.until or self.breaker.opens_until
        return None if until is None else max(until - self.clock(), 0.0)

    def cool_down_until(self, until: float, error: ProviderError) -> None:
        """Leaves the candidate alone for a failure that is known from before.

        Args:
            until: An instant of the clock.
            error: The failure.
        """
        self.cooldown.resume(until, error.message)
        self._cooldown_cause = error

    def probe(self) -> BreakerPermit | None:
        """Returns a permit to check, without a request, whether the candidate is back; None if none is due.

        The permit must be returned to the breaker.
        """
        if self.provider.drained or self.breaker.state is BreakerState.CLOSED:
            return None
        return self.breaker.admit()

    def cool_down(self, error: ProviderError) -> None:
        """Leaves the candidate alone for as long as an error's class says."""
        match error.cooldown:
            case CooldownKind.TIMED:
                self.cooldown.rate_limited(error.retry_after, error.message)
            case CooldownKind.LONG:
                self.cooldown.long(error.message)
                if self.on_unknown is not None and isinstance(error, UnknownProviderModel):
                    self.on_unknown(self, self.cooldown.until or -math.inf)
            case CooldownKind.UNTIL_CHECKED if self.provider.checks:
                self.cooldown.until_checked(error.message)
            case CooldownKind.UNTIL_CHECKED:
                self.cooldown.long(error.message)
            case CooldownKind.NONE:
                return
        self._cooldown_cause = error

    def _refused(self, seconds: float) -> ProviderError:
        error = self._cooldown_cause
        assert error is not None
        said = f"is left alone: {error.message.removeprefix(f'{self.provider_id}: ')}"
        # The response that it answered has an id of its own, and so has this one.
        metadata = {name: value for name, value in error.metadata.items() if name != "response_id"}
        return type(error)(self.provider_id, said, retry_after=seconds, metadata=metadata)

    def _changed(self, state: BreakerState, reason: str) -> None:
        if self._on_change is not None:
            self._on_change(self, state.value, reason)


class AttemptPermit:
    """Permission for one attempt at a candidate. Exactly one of its methods is called, once.

    Args:
        health: The candidate's health.
        permit: The breaker's permit.
        start: When it was issued, on the clock of the candidate's health.
    """

    __slots__ = ("_health", "_permit", "_start")

    def __init__(self, health: "CandidateHealth", permit: BreakerPermit, start: float) -> None:
        self._health = health
        self._permit = permit
        self._start = start

    def succeeded(self, first_content: float | None = None, waited: float = 0.0) -> None:
        """Notes that the attempt was answered whole.

        Args:
            first_content: Seconds until the first content of a stream, None for a whole answer.
            waited: Seconds of them in which the caller's own upload or media were awaited.
        """
        health = self._health
        seconds = health.clock() - self._start if first_content is None else first_content
        seconds = max(seconds - waited, 0.0)
        health.recent.succeeded(seconds)
        health.limit.release(seconds)
        health.breaker.succeeded(self._permit)
        if health.cooldown.grown:
            health.cooldown.succeeded()

    def failed(self, error: ProviderError) -> None:
        """Notes that the attempt failed; the error's class says what that means."""
        health = self._health
        chosen = isinstance(error, CallerLimitPassed)
        health.last_error = error
        dropped = isinstance(error, RateLimited | NoAnswer) and not (chosen or isinstance(error, TierFull))
        health.limit.release(None, dropped=dropped)
        if not chosen:
            health.recent.ended(failed=error.breaker_failure)
        # A caller's own options may lead to an answer that the gateway cannot read.
        if error.breaker_failure and not (error.by_options and isinstance(error, MalformedAnswer)):
            health.breaker.failed(self._permit, error.message)
        else:
            health.breaker.neutral(self._permit)
        # … and name things that only this caller may not use.
        if not (error.by_options and isinstance(error, AccessRefused | UnknownProviderModel)):
            health.cool_down(error)

    def abandoned(self) -> None:
        """Notes that the attempt was cancelled, which says nothing about the candidate."""
        self._health.limit.release(None)
        self._health.breaker.neutral(self._permit)
