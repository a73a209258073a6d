"""Policies, pure: the time until which a candidate gets no calls, because it said so (docs/errors.md)."""

import math
from dataclasses import dataclass

from ringmain_server.policies import Clock


@dataclass(frozen=True, slots=True)
class CooldownSettings:
    """Settings for how long cooldowns are, in seconds.

    Attributes:
        first: The cooldown after a rate limit that named no time. Each further one doubles it.
        growing_max: The most that doubling may reach. A call that succeeds ends the growth.
        named_max: The longest time that a provider may name.
        long: The cooldown after a spent quota, refused access or an unknown model. After refused credentials
            it begins anew with each check that finds them refused.
    """

    first: float = 1.0
    growing_max: float = 60.0
    named_max: float = 600.0
    long: float = 300.0


_NEVER = -math.inf


class Cooldown:
    """The time until which a candidate gets no calls. A later cooldown never shortens an earlier one.

    Args:
        clock: Seconds on any monotonic clock.
        settings: How long cooldowns are.

    Attributes:
        ends_at: The instant at which the latest cooldown ends or ended; minus infinity when there was none.
        grown: Whether the next one will be longer because of an earlier one, until a call succeeds.
    """

    def __init__(self, clock: Clock, settings: CooldownSettings = CooldownSettings()) -> None:
        self._clock = clock
        self._settings = settings
        self.ends_at = _NEVER
        self.grown = False
        self._reason = ""
        self._next = settings.first
        self._checked = False

    @property
    def until(self) -> float | None:
        """The instant at which the present cooldown ends; None when there is none."""
        return self.ends_at if self.ends_at > self._clock() else None

    @property
    def reason(self) -> str | None:
        """The reason for the present cooldown; None when there is none."""
        return self._reason if self.ends_at > self._clock() else None

    @property
    def awaits_check(self) -> bool:
        """Whether the present cooldown waits for a check, which may end or renew it."""
        return self._checked and self.until is not None

    def rate_limited(self, retry_after: float | None, reason: str = "rate limited") -> None:
        """Begins a cooldown because the candidate answered 429.

        Args:
            retry_after: The seconds that it asked for. None, or nothing above zero, means a growing cooldown.
            reason: A text for people.
        """
        if retry_after is not None and retry_after > 0:
            self._begin(min(retry_after, self._settings.named_max), reason)
        elif self.until is None:
            # Calls that were under way together fail together: only the first of them is news.
            self._begin(self._next, reason)
            self._next = min(self._next * 2, self._settings.growing_max)
            self.grown = True

    def long(self, reason: str) -> None:
        """Begins a long cooldown because the quota is spent, access is refused, or the model is unknown."""
        self._begin(self._settings.long, reason)

    def until_checked(self, reason: str) -> None:
        """Begins a long cooldown because the credentials were refused, in a call or in a check.

        It ends by itself if no check follows, so that no candidate is left alone for ever.
        """
        self._begin(self._settings.long, reason)
        self._checked = True

    def resume(self, until: float, reason: str) -> None:
        """Begins a cooldown until an instant that is known from an earlier attempt."""
        self._begin(until - self._clock(), reason)

    def succeeded(self) -> None:
        """Records that a call succeeded. One that began before the cooldown does not end it."""
        if self.until is None:
            self._next = self._settings.first
            self.grown = False

    def clear(self) -> None:
        """Ends the cooldown because of a passed check, a new configuration or an operator."""
        self.ends_at = _NEVER
        self._checked = False
        self._next = self._settings.first
        self.grown = False

    def _begin(self, seconds: float, reason: str) -> None:
        until = self._clock() + seconds
        if until > self.ends_at:
            self._checked = False
            self.ends_at, self._reason = until, reason
