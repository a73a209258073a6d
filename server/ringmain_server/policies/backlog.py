"""Policies, pure: estimates when a call arrived, from how many arrived and how many were accepted.

gRPC hands calls to the event loop one by one and in order, without saying when each arrived. A busy loop
accepts them later than they arrive, so that they wait where neither the log nor a limit sees them. Two
numbers can be counted: how many calls have arrived, at some cost, and how many were accepted. Counts of the
arrivals over time make a curve, and the n-th accepted call arrived when the curve passed n.

gRPC refuses some calls itself, such as those without a path. They count as arrived and are never accepted. So
the two counts are set equal whenever nothing can be waiting: when no call was accepted for a while although
the loop had turns to accept one. No call is assumed to have arrived before that, whatever the counts say.
"""

from collections import deque
from collections.abc import Callable

from ringmain_server.policies import Clock

UNSUSPICIOUS = 0.05
"""Seconds of work without a pause after which calls may be waiting. Shorter waits are not seen."""

_BETWEEN_COUNTS = 0.05
_SHARE = 0.002
"""The share of the time that counting may take."""
_TRUSTED = 10.0
"""Seconds for which the counts are trusted after they were set equal."""
_CERTAINLY_QUIET = 0.1
"""Seconds without a call after which nothing waits, even if more calls were counted than accepted."""


class Backlog:
    """An estimate of when calls arrived.

    Args:
        clock: Seconds on any monotonic clock.
        count: Returns how many calls have arrived so far; None when that is not known.
    """

    def __init__(self, clock: Clock, count: Callable[[], int | None]) -> None:
        self._clock = clock
        self._count = count
        self._accepted = 0
        self._never_accepted = 0
        self._busy_since: float | None = None
        self._curve: deque[tuple[float, int]] = deque()
        self._count_from = 0.0
        self._equal_at = clock()

    def accepted(self, now: float) -> float:
        """Records that a call is accepted, and returns when it arrived.

        Args:
            now: The clock's time.

        Returns:
            A time of the clock, not later than now.
        """
        if self._busy_since is None:
            self._busy_since = now
            self._curve.append((now, self._accepted + self._never_accepted))
        self._accepted += 1
        if now - self._busy_since < UNSUSPICIOUS:
            return now
        return self._came(self._accepted + self._never_accepted, now)

    def quiet(self, now: float, seconds: float) -> bool:
        """Records that no call was accepted for a while, although the loop had turns to accept one.

        Args:
            now: The clock's time.
            seconds: The length of that while.

        Returns:
            Whether nothing waits. If not, this is to be called again.
        """
        doubtful = len(self._curve) > 1 or now - self._equal_at > _TRUSTED
        if doubtful and not self._equalize(now, certain=seconds >= _CERTAINLY_QUIET):
            return False
        self._busy_since = None
        self._curve.clear()
        return True

    def _equalize(self, now: float, *, certain: bool) -> bool:
        """Sets the counts equal if nothing can be waiting, and returns whether it did."""
        come = self._counted(now)
        if come is not None:
            never_accepted = come - self._accepted
            if never_accepted != self._never_accepted and not certain:
                return False
            self._never_accepted = never_accepted
        self._equal_at = now
        return True

    def _came(self, number: int, now: float) -> float:
        if now >= self._count_from:
            come = self._counted(now)
            if come is not None:
                self._curve.append((now, come))
        curve = self._curve
        while len(curve) > 1 and curve[1][1] < number:
            curve.popleft()
        if len(curve) == 1:
            return now  # it arrived after the last count, or nothing is counted
        (before, fewer), (after, more) = curve[0], curve[1]
        part = max(number - fewer, 0) / (more - fewer) if more > fewer else 1.0
        return before + (after - before) * part

    def _counted(self, now: float) -> int | None:
        come = self._count()
        self._count_from = now + max(_BETWEEN_COUNTS, (self._clock() - now) / _SHARE)
        return come
