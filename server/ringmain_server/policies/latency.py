"""Policies, pure: the latency and the failures of a candidate in the last minute.

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
"""The range of seconds that are told apart. A latency outside counts as the nearest bound."""
ACCURACY = 0.05
"""The relative error of a quantile."""
SPAN = 60.0
"""The seconds of the past that count."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_SCALE = 1 / math.log(_GAMMA)
_LOWEST = math.ceil(math.log(SHORTEST) * _SCALE)
_BUCKETS = math.ceil(math.log(LONGEST) * _SCALE) - _LOWEST + 1
_SLICES = 6
# The histogram's window has two more counts, so that an attempt is counted once.
_FAILED, _REFUSED = _BUCKETS, _BUCKETS + 1


class RecentAttempts:
    """The attempts of the last minute: how long those that succeeded took, and how many failed.

    Args:
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._counts = SlidingCounts(_BUCKETS + 2, SPAN, clock, _SLICES)

    def succeeded(self, seconds: float) -> None:
        """Records how long an attempt took that succeeded."""
        if seconds <= SHORTEST:
            self._counts.add(0)
        elif seconds >= LONGEST:
            self._counts.add(_BUCKETS - 1)
        else:
            self._counts.add(math.ceil(math.log(seconds) * _SCALE) - _LOWEST)

    def ended(self, *, failed: bool) -> None:
        """Records an attempt without an answer.

        Args:
            failed: Whether the candidate failed, as opposed to a request that it rightly refused.
        """
        self._counts.add(_FAILED if failed else _REFUSED)

    def quantile(self, q: float) -> float | None:
        """Returns the latency in seconds that a share `q` of the answers did not exceed; None without any.

        Args:
            q: 0 to 1: 0.5 is the median.
        """
        return _quantile(self._counts.sums[:_BUCKETS], q)

    @property
    def count(self) -> int:
        """The number of attempts that ended."""
        return sum(self._counts.sums)

    @property
    def failed_count(self) -> int:
        """The number of attempts in which the candidate failed."""
        return self._counts.sums[_FAILED]


def joint_quantile(several: Iterable[RecentAttempts], q: float) -> float | None:
    """Returns the quantile over the attempts at several candidates; see `RecentAttempts.quantile`."""
    sums = [0] * _BUCKETS
    for recent in several:
        sums = [total + count for total, count in zip(sums, recent._counts.sums[:_BUCKETS], strict=True)]
    return _quantile(sums, q)


def _quantile(sums: Sequence[int], q: float) -> float | None:
    below = list(accumulate(sums))
    if not below[-1]:
        return None
    # The nearest-rank definition: the smallest value with at least q of all values at or below it.
    bucket = bisect_left(below, max(1, math.ceil(q * below[-1])))
    return float(2 * _GAMMA ** (bucket + _LOWEST) / (_GAMMA + 1))
