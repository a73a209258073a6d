"""Policies, pure: the waits before retries, and a bound on the number of retries.

The waits grow exponentially with full jitter: a uniformly random part of a window that doubles
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

import random
from dataclasses import dataclass
from functools import partial

from ringmain_server.policies import Clock
from ringmain_server.policies.window import SlidingCounts

_REQUEST, _RETRY = 0, 1
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class BackoffSettings:
    """Settings for how the waits grow.

    Attributes:
        initial: The most seconds of the first wait.
        maximum: The most seconds of any wait.
        base: The factor by which the most seconds of a wait grow from one to the next.
    """

    initial: float = 0.25
    maximum: float = 8.0
    base: float = 2.0


class Backoff:
    """A series of waits before retries.

    Args:
        rng: The source of the jitter.
        settings: How the waits grow.
    """

    def __init__(
        self,
        rng: random.Random,
        settings: BackoffSettings = BackoffSettings(),
    ) -> None:
        self._rng = rng
        self._settings = settings

    def delay(self, retry: int) -> float:
        """Returns how many seconds to wait before a retry.

        Args:
            retry: 1 for the first retry, 2 for the second and so on.
        """
        return self._rng.uniform(0.0, self._window(retry))

    def _window(self, retry: int) -> float:
        """Returns the most seconds that this retry may wait."""
        settings = self._settings
        try:
            return min(settings.initial * settings.base ** (retry - 1), settings.maximum)
        except OverflowError:  # a float cannot hold the power of a late retry
            return settings.maximum


@dataclass(frozen=True, slots=True)
class RetryBudgetSettings:
    """Settings for how many retries there may be.

    Attributes:
        share: The retries in the window, as a share of the requests in it.
        min_per_second: Retries that are allowed without any traffic, so that a quiet gateway can retry.
        window: The length of the window in seconds.
    """

    share: float = 0.2
    min_per_second: float = 1.0
    window: float = 10.0


class RetryBudget:
    """A bound that keeps retries a small share of the requests, so that an outage is never multiplied.

    The idea and its three settings are those of Finagle's `RetryBudget`
    (https://twitter.github.io/finagle/guide/Clients.html#retries).

    Args:
        clock: Seconds on any monotonic clock.
        settings: How many retries there may be.

    Attributes:
        request: Counts a first attempt.
    """

    def __init__(
        self,
        clock: Clock,
        settings: RetryBudgetSettings = RetryBudgetSettings(),
    ) -> None:
        self._share = settings.share
        self._minimum = settings.min_per_second * settings.window
        self._lately = SlidingCounts(2, settings.window, clock)
        self.request = partial(self._lately.add, _REQUEST)

    def take(self) -> bool:
        """Whether one more retry is allowed; if so, counts it."""
        requests, retries = self._lately.sums
        if retries + 1 > self._share * requests + self._minimum + _ROUNDING:
            return False
        self._lately.add(_RETRY)
        return True
