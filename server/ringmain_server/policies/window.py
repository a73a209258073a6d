"""Policies, pure: counts of recent events, in bounded memory.

The time is cut into slices. The counts of a slice fall out together, so that counting costs a fraction of a
microsecond however many events there are.
"""

from collections.abc import Sequence

from ringmain_server.policies import Clock


class SlidingCounts:
    """The number of events of each kind in a sliding window.

    An event older than the window never counts; one younger than the window less one slice always does.

    Args:
        kinds: The number of kinds. They are numbered from 0.
        span: The length of the window in seconds.
        clock: Seconds on any monotonic clock.
        slices: The number of slices that the window is cut into.
    """

    __slots__ = ("_clock", "_kinds", "_newest", "_ring", "_slice", "_sums", "_width")

    def __init__(self, kinds: int, span: float, clock: Clock, slices: int = 10) -> None:
        self._kinds = kinds
        self._clock = clock
        self._width = span / slices
        # A slice in which nothing happened, which most are, is None: there may be thousands of counts.
        self._ring: list[list[int] | None] = [None] * slices
        self._sums = [0] * kinds
        self._slice = int(clock() / self._width)
        self._newest: list[int] | None = None

    def add(self, kind: int) -> None:
        """Counts one event of a kind, now."""
        now = int(self._clock() / self._width)
        if now > self._slice:
            self._slide(now)
        newest = self._newest
        if newest is None:
            newest = self._newest = self._ring[self._slice % len(self._ring)] = [0] * self._kinds
        newest[kind] += 1
        self._sums[kind] += 1

    @property
    def sums(self) -> Sequence[int]:
        """The count of each kind. Valid until the next call."""
        now = int(self._clock() / self._width)
        if now > self._slice:
            self._slide(now)
        return self._sums

    def clear(self) -> None:
        """Forgets everything."""
        self._ring = [None] * len(self._ring)
        self._newest = None
        self._sums = [0] * self._kinds

    def _slide(self, now: int) -> None:
        slices = len(self._ring)
        for number in range(max(self._slice, now - slices) + 1, now + 1):
            fallen = self._ring[number % slices]
            if fallen is not None:
                self._sums = [total - gone for total, gone in zip(self._sums, fallen, strict=True)]
                self._ring[number % slices] = None
        self._slice = now
        self._newest = None
