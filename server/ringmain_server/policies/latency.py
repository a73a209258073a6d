"""Room 3, pure: how fast and how reliable a candidate was in the last minute.

The quantiles are those of a histogram with logarithmic buckets, which bounds the relative error of each
(Masson, Rim and Lee, "DDSketch", VLDB 2019, https://arxiv.org/abs/1908.10693): with buckets that end at
powers of g = (1 + a) / (1 - a), the middle 2 g^i / (g + 1) of a bucket is within a of all that is in it.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ringmain_server.policies import Clock
from ringmain_server.policies.window import SlidingCounts

SHORTEST, LONGEST = 0.001, 1000.0
"""Seconds that are told apart; what is outside counts as the nearest."""
ACCURACY = 0.05
"""The relative error of a quantile."""
SPAN = 60.0
"""Seconds that are looked back on."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_SCALE = 1 / math.log(_GAMMA)
_LOWEST = math.ceil(math.log(SHORTEST) * _SCALE)
_BUCKETS = math.ceil(math.log(LONGEST) * _SCALE) - _LOWEST + 1
_SLICES = 6


class Latency:
    """The latencies of the last minute.

    Args:
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._counts = SlidingCounts(_BUCKETS, SPAN, clock, _SLICES)

    def observe(self, seconds: float) -> None:
        """Records how long something took. A time-out is recorded too, or silence would look fast."""
        if seconds <= SHORTEST:
            self._counts.add(0)
        elif seconds >= LONGEST:
            self._counts.add(_BUCKETS - 1)
        else:
            self._counts.add(math.ceil(math.log(seconds) * _SCALE) - _LOWEST)

    def quantile(self, q: float) -> float | None:
        """The latency in seconds that a share `q` did not exceed, None when nothing was recorded lately.

        Args:
            q: 0 to 1: 0.5 is the median.
        """
        return _quantile(self._counts.sums, q)


def joint_quantile(latencies: Iterable[Latency], q: float) -> float | None:
    """The quantile of all that was recorded by several, as if by one; see `Latency.quantile`."""
    sums = [0] * _BUCKETS
    for latency in latencies:
        sums = [total + count for total, count in zip(sums, latency._counts.sums, strict=True)]
    return _quantile(sums, q)


def _quantile(sums: Sequence[int], q: float) -> float | None:
    below = list(accumulate(sums))
    if not below[-1]:
        return None
    # The nearest-rank definition: the smallest value with at least q of all values at or below it.
    bucket = bisect_left(below, max(1, math.ceil(q * below[-1])))
    return float(2 * _GAMMA ** (bucket + _LOWEST) / (_GAMMA + 1))


class FailureRate:
    """The share of failed attempts in the last minute.

    Args:
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._counts = SlidingCounts(2, SPAN, clock, _SLICES)

    def observe(self, *, failed: bool) -> None:
        """Records how an attempt ended."""
        self._counts.add(failed)

    @property
    def attempts(self) -> int:
        """How many attempts ended."""
        return sum(self._counts.sums)

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return self._counts.sums[1]

    @property
    def rate(self) -> float | None:
        """0 to 1, None when no attempt ended lately."""
        good, bad = self._counts.sums
        return bad / (good + bad) if good + bad else None
