"""Policies, pure: a circuit breaker (docs/reliability.md).

pybreaker (https://github.com/danielfm/pybreaker) keeps the state, counts consecutive failures and makes the
transitions; the pattern is Michael Nygard's, "Release It!". This module adds what pybreaker lacks:

* a failure rate: a listener counts the results of the last seconds, and opens the circuit;
* a bound on probes: half-open, pybreaker admits every call, and here one at a time holds a permit;
* results that come late or say nothing: each permit carries the generation that it was given in, every
  change begins another generation, and only results of the present one reach pybreaker;
* a clock of our own and a growing span: pybreaker asks the wall clock, and only inside an open circuit,
  through which no call is ever sent here.

docs/decisions/0033-pybreaker-and-our-breaker.md has the reasons.
"""

import enum
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pybreaker

from ringmain_server.policies import Clock
from ringmain_server.policies.window import SlidingCounts

_SUCCESS, _FAILURE = 0, 1


class BreakerState(enum.Enum):
    """The three states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One call at a time may pass; its result decides."""


OnChange = Callable[[BreakerState, BreakerState, str], None]
"""Called with each change: the old state, the new state, and the reason."""

_STATES = {
    pybreaker.STATE_CLOSED: BreakerState.CLOSED,
    pybreaker.STATE_OPEN: BreakerState.OPEN,
    pybreaker.STATE_HALF_OPEN: BreakerState.HALF_OPEN,
}


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Settings for when a breaker opens, and for how long.

    Attributes:
        window: Seconds of the past from which the failure rate is computed.
        min_calls: The rate is ignored while the window has fewer calls.
        failure_rate: The share of failures that opens it, 0 to 1.
        consecutive_failures: The number of failures in a row that opens it whatever the rate.
        open_for: Seconds until the first probe. Each failed probe doubles them.
        open_max: The most seconds until a probe.
        enabled: Whether failures may open it. `trip` always does.
    """

    window: float = 30.0
    min_calls: int = 10
    failure_rate: float = 0.5
    consecutive_failures: int = 5
    open_for: float = 10.0
    open_max: float = 120.0
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class BreakerPermit:
    """Permission for one call. The caller gives it back once, with the result.

    Attributes:
        generation: The breaker's generation in which it was given.
        probe: Whether its result decides a half-open breaker.
    """

    generation: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a candidate.

    Attributes:
        at: The time on the breaker's clock.
        reason: What happened.
    """

    at: float
    reason: str


class Breaker:
    """A circuit breaker, which decides whether a candidate may be called.

    Args:
        clock: Seconds on any monotonic clock.
        settings: When it opens and for how long.
        on_change: Called with each change, once it is complete.

    Attributes:
        state: The present state. An open breaker becomes half-open by admitting a probe.
    """

    def __init__(
        self,
        clock: Clock,
        settings: BreakerSettings = BreakerSettings(),
        on_change: OnChange | None = None,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._on_change = on_change
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._rate = _FailureRate(settings, clock)
        self.state = BreakerState.CLOSED
        self._changed_at = clock()
        self._open_span = settings.open_for
        self._opens_until = 0.0
        self._permit = BreakerPermit(0)
        self._probing = False
        self._last_failure: Failure | None = None

    @property
    def admits(self) -> bool:
        """Whether `admit` would give a permit now."""
        if self.state is BreakerState.CLOSED:
            return True
        if self.state is BreakerState.OPEN:
            return self._clock() >= self._opens_until
        return not self._probing

    @property
    def opens_until(self) -> float | None:
        """The instant from which an open breaker admits a probe; None when it is not open."""
        return self._opens_until if self.state is BreakerState.OPEN else None

    @property
    def changed_at(self) -> float:
        """The instant of the last change, or of the start."""
        return self._changed_at

    @property
    def last_failure(self) -> Failure | None:
        """The last failure; None when there was none."""
        return self._last_failure

    def admit(self) -> BreakerPermit | None:
        """Returns a permit for one call, or None when the call must not be made."""
        if self.state is BreakerState.CLOSED:
            return self._permit
        if not self.admits:
            return None
        if self.state is BreakerState.OPEN:
            self._circuit().half_open()
            self._follow("time for a probe")
        # Each probe has a generation of its own: the result of an earlier one comes too late.
        self._permit = BreakerPermit(self._permit.generation + 1, probe=True)
        self._probing = True
        return self._permit

    def succeeded(self, permit: BreakerPermit) -> None:
        """Records that the call got a complete answer."""
        if permit.generation != self._permit.generation:
            return
        if self.state is BreakerState.CLOSED:
            # All that a closed circuit does with a success, and nearly every call is one.
            self._storage.reset_counter()
            self._rate.add_success()
            return
        self._circuit().call(_succeed)
        self._follow("the probe succeeded")

    def failed(self, permit: BreakerPermit, reason: str) -> None:
        """Records that the candidate failed the call."""
        if permit.generation != self._permit.generation:
            return
        self._last_failure = Failure(self._clock(), reason)
        try:
            self._circuit().call(_fail)
        except _CallFailed as exc:
            # The traceback and pybreaker's frames refer to each other, and to every frame up to here.
            exc.__traceback__ = None
        self._follow(reason)

    def neutral(self, permit: BreakerPermit) -> None:
        """Records that the call says nothing about the candidate: it was cancelled, or the caller's fault."""
        if permit.probe and permit.generation == self._permit.generation:
            self._begin_generation()

    def trip(self, reason: str = "tripped") -> None:
        """Opens the breaker now, unless it is open."""
        if self.state is not BreakerState.OPEN:
            self._circuit().open()
            self._follow(reason)

    def reset(self, reason: str = "restored") -> None:
        """Closes the breaker and forgets its counts; calls that are under way no longer count."""
        if self.state is BreakerState.CLOSED:
            self._begin_generation()
            self._storage.reset_counter()
            self._rate.clear()
        else:
            self._circuit().close()
            self._follow(reason)

    def _circuit(self) -> pybreaker.CircuitBreaker:
        """Returns pybreaker's circuit, made for one use: all that it knows is in its storage.

        A circuit and its state refer to each other. One that was kept would stay in memory, until a full
        garbage collection, when its candidate is forgotten.
        """
        settings = self._settings
        return pybreaker.CircuitBreaker(
            fail_max=settings.consecutive_failures if settings.enabled else sys.maxsize,
            listeners=[self._rate],
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )

    def _follow(self, reason: str) -> None:
        """Takes over the state that the circuit is in now.

        pybreaker calls its listeners before its storage has the new state and while it holds its lock. So
        the storage is read afterwards, and `on_change` sees a breaker whose change is complete.
        """
        old, new = self.state, _STATES[self._storage.state]
        if old is new:
            return
        self.state, self._changed_at = new, self._clock()
        self._begin_generation()
        if new is BreakerState.OPEN:
            self._opens_until = self._changed_at + self._open_span
            self._open_span = min(self._open_span * 2, self._settings.open_max)
        elif new is BreakerState.CLOSED:
            self._open_span = self._settings.open_for
            self._rate.clear()
        if self._on_change is not None:
            self._on_change(old, new, reason)

    def _begin_generation(self) -> None:
        self._permit = BreakerPermit(self._permit.generation + 1)
        self._probing = False


class _FailureRate(pybreaker.CircuitBreakerListener):
    """Opens a circuit when too many of the last seconds' calls failed.

    Attributes:
        add_success: Counts a successful call. A closed breaker calls this itself. Successes that pybreaker
            hears of close the circuit, which clears the counts, so that `CircuitBreakerListener.success`
            need not count them.
    """

    def __init__(self, settings: BreakerSettings, clock: Clock) -> None:
        self._settings = settings
        self._lately = SlidingCounts(2, settings.window, clock)
        self.add_success = partial(self._lately.add, _SUCCESS)

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        """Counts a failed call, and opens the circuit if the rate is too high."""
        self._lately.add(_FAILURE)
        if self._settings.enabled and self._is_exceeded():
            cb.open()

    def clear(self) -> None:
        """Forgets all calls."""
        self._lately.clear()

    def _is_exceeded(self) -> bool:
        successes, failures = self._lately.sums
        calls = successes + failures
        return calls >= self._settings.min_calls and failures >= self._settings.failure_rate * calls


class _CallFailed(Exception):
    """Tells pybreaker of a failure."""


def _succeed() -> None:
    return None


def _fail() -> None:
    raise _CallFailed
