"""Policies, pure: a limit on the calls that run at once, which adapts to their latency.

The rule is that of Netflix's `Gradient2Limit` (https://github.com/Netflix/concurrency-limits). While calls
take as long as they usually do, the limit grows by a small headroom. When they take longer, calls queue at
the provider, and the limit shrinks by the ratio. With `long` the usual latency and `short` the latest,

    gradient = clamp(tolerance · long / short, 0.5, 1)
    limit    = limit + smoothing · (limit · gradient + headroom - limit)

Dropped calls shrink the limit by a factor, as in TCP's multiplicative decrease. The limit takes a step in
each interval, not with each call, because two answers of a model differ in latency by their lengths, not by
the load.
"""

from dataclasses import dataclass

from ringmain_server.policies import Clock

_LEAST_GRADIENT = 0.5
_USUAL_IS_STALE = 2.0
_DECAY = 0.95


@dataclass(frozen=True, slots=True)
class ConcurrencySettings:
    """Settings for how many calls may run at once.

    Attributes:
        limit: The fixed limit, or the first one when it is adaptive.
        adaptive: Whether the limit follows latency.
        minimum: The least that an adaptive limit may be.
        maximum: The most that an adaptive limit may be.
        tolerance: The multiple of the usual latency that is still no sign of load.
        headroom: The number of calls that may queue at the provider.
        smoothing: The weight of each step, 0 to 1.
        dropped_factor: The factor by which the limit shrinks in an interval with dropped calls.
        interval: The least seconds between steps.
        min_samples: The fewest calls between steps.
        memory: The number of steps over which the usual latency is averaged.
    """

    limit: int = 100
    adaptive: bool = True
    minimum: int = 4
    maximum: int = 1000
    tolerance: float = 1.5
    headroom: float = 4.0
    smoothing: float = 0.2
    dropped_factor: float = 0.9
    interval: float = 1.0
    min_samples: int = 10
    memory: int = 600


class ConcurrencyLimit:
    """A limit on concurrent calls, which counts those that run.

    Args:
        clock: Seconds on any monotonic clock.
        settings: The limit and its bounds.

    Attributes:
        limit: The present limit.
        in_flight: The number of calls that run.
    """

    def __init__(
        self,
        clock: Clock,
        settings: ConcurrencySettings = ConcurrencySettings(),
    ) -> None:
        self._clock = clock
        self._settings = settings
        # Plain attributes, since every call reads them several times.
        self.limit = settings.limit
        self.in_flight = 0
        self._exact = float(settings.limit)
        self._usual = 0.0
        self._steps = 0
        self._step_at = clock() + settings.interval
        self._peak = 0
        self._samples = 0
        self._sum = 0.0
        self._dropped = False

    def acquire(self) -> bool:
        """Whether one more call may run. If so, it counts until its `release`."""
        if self.in_flight >= self.limit:
            return False
        self.in_flight = in_flight = self.in_flight + 1
        self._peak = max(self._peak, in_flight)
        return True

    def release(self, latency: float | None, *, dropped: bool = False) -> None:
        """Records that a call ended.

        Args:
            latency: The seconds that it took; None for a call that says nothing about the load, because it
                was cancelled or failed early.
            dropped: Whether it was lost to overload: refused as one too many, or timed out.
        """
        assert self.in_flight > 0, "released more often than acquired"
        self.in_flight -= 1
        if not self._settings.adaptive:
            return
        if dropped:
            self._dropped = True
        elif latency is not None:
            self._samples += 1
            self._sum += latency
        known = self._dropped or self._samples >= self._settings.min_samples
        if known and self._clock() >= self._step_at:
            self._step()

    def _step(self) -> None:
        if self._dropped:
            self._move(self._exact * self._settings.dropped_factor)
        else:
            self._follow(self._sum / self._samples)
        self._begin_interval()

    def _follow(self, short: float) -> None:
        long = self._learn(short)
        if self._peak < self._exact / 2:
            return  # the limit was not felt, so latency says nothing about it
        settings = self._settings
        ratio = settings.tolerance * long / short if short > 0 else 1.0
        gradient = max(_LEAST_GRADIENT, min(1.0, ratio))
        aim = self._exact * gradient + settings.headroom
        self._move(self._exact + settings.smoothing * (aim - self._exact))

    def _learn(self, short: float) -> float:
        """Updates and returns the usual latency: a mean at first, then a moving one.

        It falls fast after an overload, whose latencies were not usual.
        """
        self._steps += 1
        weight = max(1 / self._steps, 2 / (self._settings.memory + 1))
        self._usual += weight * (short - self._usual)
        if self._usual > _USUAL_IS_STALE * short:
            self._usual *= _DECAY
        return self._usual

    def _move(self, limit: float) -> None:
        self._exact = max(self._settings.minimum, min(limit, self._settings.maximum))
        self.limit = int(self._exact)

    def _begin_interval(self) -> None:
        self._step_at = self._clock() + self._settings.interval
        self._peak = self.in_flight
        self._samples = 0
        self._sum = 0.0
        self._dropped = False
