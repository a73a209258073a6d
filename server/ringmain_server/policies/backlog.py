"""Room 1, pure: since when a call has waited to be taken, found from how many came and how many were taken.

gRPC hands calls to the event loop one by one and in their order, without saying when each came. A busy loop
takes them later than they come, so that they wait where neither the log nor a limit sees them. What can be
counted is how many calls have come so far, at some cost, and how many were taken. Counted now and then, the
first makes a curve; the n-th call that is taken came when the curve passed n.

Calls that gRPC itself refuses, such as those without a path, are counted as come and are never taken. So the
two counts are set equal whenever nothing can be waiting: when no call was taken for a while although the loop
had turns to take one. No call is held to have come before that, whatever the counts say.
"""

from collections import deque
from collections.abc import Callable

from ringmain_server.policies import Clock

UNSUSPICIOUS = 0.05
"""Seconds without a pause after which calls may be waiting; shorter waits are not seen."""

_BETWEEN_COUNTS = 0.05
_SHARE = 0.002
"""The part of the time that counting may take."""
_TRUSTED = 10.0
"""Seconds for which two counts that were set equal are held to be."""
_CERTAINLY_QUIET = 0.1
"""Seconds without a call after which nothing waits, though more were counted than taken."""


class Backlog:
    """Estimates when calls came.

    Args:
        clock: Seconds on any monotonic clock.
        count: How many calls have come so far, None when nobody knows.
    """

    def __init__(self, clock: Clock, count: Callable[[], int | None]) -> None:
        self._clock = clock
        self._count = count
        self._taken = 0
        self._never_taken = 0
        self._busy_since: float | None = None
        self._curve: deque[tuple[float, int]] = deque()
        self._count_from = 0.0
        self._equal_at = clock()

    def taken(self, now: float) -> float:
        """A call is taken; returns when it came, not later than now.

        Args:
            now: The clock's time.
        """
        if self._busy_since is None:
            self._busy_since = now
            self._curve.append((now, self._taken + self._never_taken))
        self._taken += 1
        if now - self._busy_since < UNSUSPICIOUS:
            return now
        return self._came(self._taken + self._never_taken, now)

    def quiet(self, now: float, seconds: float) -> bool:
        """No call was taken for a while, although the loop had its turns.

        Args:
            now: The clock's time.
            seconds: How long.

        Returns:
            Whether nothing waits; else the same is to be asked again.
        """
        doubtful = len(self._curve) > 1 or now - self._equal_at > _TRUSTED
        if doubtful and not self._settle(now, certain=seconds >= _CERTAINLY_QUIET):
            return False
        self._busy_since = None
        self._curve.clear()
        return True

    def _settle(self, now: float, *, certain: bool) -> bool:
        """Sets the counts equal, if they are or if they must be."""
        come = self._counted(now)
        if come is not None:
            never_taken = come - self._taken
            if never_taken != self._never_taken and not certain:
                return False
            self._never_taken = never_taken
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
            return now  # came after the last count, or nobody counts
        (before, fewer), (after, more) = curve[0], curve[1]
        part = max(number - fewer, 0) / (more - fewer) if more > fewer else 1.0
        return before + (after - before) * part

    def _counted(self, now: float) -> int | None:
        come = self._count()
        self._count_from = now + max(_BETWEEN_COUNTS, (self._clock() - now) / _SHARE)
        return come
