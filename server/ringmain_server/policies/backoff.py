"""Room 3, pure: how long to wait before a retry, and how many retries there may be.

The waits grow exponentially with full jitter: a uniformly random part of a window that doubles
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). The window is tenacity's
`wait_exponential`; the jitter is drawn here because tenacity's own draws from the process's randomness.
"""

import random
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_exponential

from ringmain_server.policies import Clock
from ringmain_server.policies.window import SlidingCounts

_REQUEST, _RETRY = 0, 1
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class BackoffSettings:
    """How the waits grow.

    Attributes:
        initial: Seconds that the first wait may take at most.
        maximum: Seconds that any wait may take at most.
        base: How many times longer each may take than the one before.
    """

    initial: float = 0.25
    maximum: float = 8.0
    base: float = 2.0


class Backoff:
    """The waits before retries.

    Args:
        rng: Where the jitter comes from.
        settings: How the waits grow.
    """

    def __init__(
        self,
        rng: random.Random,
        settings: BackoffSettings = BackoffSettings(),
    ) -> None:
        self._rng = rng
        self._window = wait_exponential(
            multiplier=settings.initial, max=settings.maximum, exp_base=settings.base
        )
        self._retry = RetryCallState(Retrying(), None, (), {})

    def delay(self, retry: int) -> float:
        """Seconds to wait before a retry.

        Args:
            retry: 1 for the first retry, 2 for the second and so on.
        """
        self._retry.attempt_number = retry
        return self._rng.uniform(0.0, self._window(self._retry))


@dataclass(frozen=True, slots=True)
class RetryBudgetSettings:
    """How many retries there may be.

    Attributes:
        share: The retries in the window, as a share of the requests in it.
        min_per_second: Retries that are allowed whatever the traffic, so that a quiet gateway can retry.
        window: Seconds of the past that count.
    """

    share: float = 0.2
    min_per_second: float = 1.0
    window: float = 10.0


class RetryBudget:
    """Keeps retries a small share of the requests, so that an outage is never multiplied.

    The idea and its three settings are those of Finagle's `RetryBudget`
    (https://twitter.github.io/finagle/guide/Clients.html#retries).

    Args:
        clock: Seconds on any monotonic clock.
        settings: How many retries there may be.
    """

    def __init__(
        self,
        clock: Clock,
        settings: RetryBudgetSettings = RetryBudgetSettings(),
    ) -> None:
        self._share = settings.share
        self._minimum = settings.min_per_second * settings.window
        self._lately = SlidingCounts(2, settings.window, clock)

    def request(self) -> None:
        """A first attempt is made."""
        self._lately.add(_REQUEST)

    def take(self) -> bool:
        """Whether there may be one more retry; if so, it is counted."""
        requests, retries = self._lately.sums
        if retries + 1 > self._share * requests + self._minimum + _ROUNDING:
            return False
        self._lately.add(_RETRY)
        return True
