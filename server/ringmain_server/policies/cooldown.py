"""Room 3, pure: a candidate is left alone until a time, because it said so (laws, section 1)."""

import math
from dataclasses import dataclass

from ringmain_server.policies import Clock


@dataclass(frozen=True, slots=True)
class CooldownSettings:
    """How long a candidate is left alone, in seconds.

    Attributes:
        first: After a rate limit that named no time. Each further one doubles it,
        growing_max: up to this, until a call succeeds.
        named_max: The longest time that a provider may name.
        long: After a spent quota, refused access or an unknown model; after refused credentials from the
            latest check on that found them refused.
    """

    first: float = 1.0
    growing_max: float = 60.0
    named_max: float = 600.0
    long: float = 300.0


_NEVER = -math.inf


class Cooldown:
    """Until when a candidate is left alone. A hold is never shortened by a later one.

    Args:
        clock: Seconds on any monotonic clock.
        settings: How long the holds are.

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
        """The instant it ends, None when the candidate is not held."""
        return self.ends_at if self.ends_at > self._clock() else None

    @property
    def reason(self) -> str | None:
        """Why the candidate is held, None when it is not."""
        return self._reason if self.ends_at > self._clock() else None

    @property
    def awaits_check(self) -> bool:
        """Whether the candidate is held for what a check finds out, which may end the hold or renew it."""
        return self._checked and self.until is not None

    def rate_limited(self, retry_after: float | None, reason: str = "rate limited") -> None:
        """The candidate answered 429.

        Args:
            retry_after: Seconds that it asked for; None, or nothing above zero, for a growing hold.
            reason: For people.
        """
        if retry_after is not None and retry_after > 0:
            self._begin(min(retry_after, self._settings.named_max), reason)
        elif self.until is None:
            # Calls that were under way together fail together: only the first of them is news.
            self._begin(self._next, reason)
            self._next = min(self._next * 2, self._settings.growing_max)
            self.grown = True

    def long(self, reason: str) -> None:
        """The quota is spent, access refused, or the model unknown."""
        self._begin(self._settings.long, reason)

    def until_checked(self, reason: str) -> None:
        """The credentials were refused, in a call or in a check.

        Where nobody asks again, the hold ends by itself: no hold is for ever.
        """
        self._begin(self._settings.long, reason)
        self._checked = True

    def resume(self, until: float, reason: str) -> None:
        """Holds until an instant that is known from before."""
        self._begin(until - self._clock(), reason)

    def succeeded(self) -> None:
        """A call succeeded. One that began before the hold does not end it."""
        if self.until is None:
            self._next = self._settings.first
            self.grown = False

    def clear(self) -> None:
        """Ends the hold: a check passed, the configuration changed, or an operator said so."""
        self.ends_at = _NEVER
        self._checked = False
        self._next = self._settings.first
        self.grown = False

    def _begin(self, seconds: float, reason: str) -> None:
        until = self._clock() + seconds
        if until > self.ends_at:
            self._checked = False
            self.ends_at, self._reason = until, reason
