"""Room 3, pure: a circuit breaker (laws, section 2).

pybreaker (https://github.com/danielfm/pybreaker) keeps the state and makes the transitions; the pattern is
Michael Nygard's, "Release It!". What it leaves open is decided here:

* it counts consecutive failures: its storage is replaced by one that also knows the rate of the last seconds;
* half-open it admits everybody: here one probe at a time holds a permit;
* it knows no outcome but success and failure: a neutral one never reaches it;
* it takes any result at any time: each permit carries the generation that it was given in, every change
  begins another generation, and only results of the present one count;
* it looks at the wall clock: that is asked only inside an open circuit, where nothing is ever sent through
  here, because the time to stay open is kept on our own clock.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

import pybreaker

from ringmain_server.policies import Clock
from ringmain_server.policies.window import SlidingCounts

_SUCCESS, _FAILURE = 0, 1


class BreakerState(enum.Enum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One call may pass; its result decides."""


OnChange = Callable[[BreakerState, BreakerState, str], None]
"""Hears of each change: from, to, and why."""

_STATES = {
    pybreaker.STATE_CLOSED: BreakerState.CLOSED,
    pybreaker.STATE_OPEN: BreakerState.OPEN,
    pybreaker.STATE_HALF_OPEN: BreakerState.HALF_OPEN,
}


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a breaker opens, and for how long.

    Attributes:
        window: Seconds of the past that the rate is of.
        min_calls: The rate says nothing of fewer calls than these.
        failure_rate: The share of failures that opens it, 0 to 1.
        consecutive_failures: As many failures in a row open it whatever the rate.
        open_for: Seconds until the first probe. Each failed probe doubles them,
        open_max: up to these.
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
class Permit:
    """Leave for one call. Every permit is given back once, by its result.

    Attributes:
        generation: The breaker's generation that it was given in.
        probe: Whether its result decides a half-open breaker.
    """

    generation: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """What last failed.

    Attributes:
        at: When, on the breaker's clock.
        reason: What happened.
    """

    at: float
    reason: str


class Breaker:
    """Decides whether a candidate is called.

    Args:
        clock: Seconds on any monotonic clock.
        settings: When it opens and for how long.
        on_change: Hears of each change, once it is complete.
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
        self._record = _Record(settings, clock)
        self._state = BreakerState.CLOSED
        self._changed_at = clock()
        self._open_span = settings.open_for
        self._opens_until = 0.0
        self._permit = Permit(0)
        self._probing = False
        self._last_failure: Failure | None = None

    @property
    def state(self) -> BreakerState:
        """Closed, open or half-open. An open one becomes half-open by admitting a probe."""
        return self._state

    @property
    def admits(self) -> bool:
        """Whether `admit` would give a permit now."""
        if self._state is BreakerState.CLOSED:
            return True
        if self._state is BreakerState.OPEN:
            return self._clock() >= self._opens_until
        return not self._probing

    @property
    def opens_until(self) -> float | None:
        """The instant from which an open breaker admits a probe, None when it is not open."""
        return self._opens_until if self._state is BreakerState.OPEN else None

    @property
    def changed_at(self) -> float:
        """The instant of the last change, or of the beginning."""
        return self._changed_at

    @property
    def last_failure(self) -> Failure | None:
        """What last failed, None when nothing did."""
        return self._last_failure

    def admit(self) -> Permit | None:
        """Leave for one call, or None when it must not be made."""
        if self._state is BreakerState.CLOSED:
            return self._permit
        if not self.admits:
            return None
        if self._state is BreakerState.OPEN:
            self._circuit().half_open()
            self._settle("time for a probe")
        # Each probe has a generation of its own: what an earlier one still has to say is late.
        self._permit = Permit(self._permit.generation + 1, probe=True)
        self._probing = True
        return self._permit

    def succeeded(self, permit: Permit) -> None:
        """The call was answered whole."""
        if permit.generation != self._permit.generation:
            return
        if self._state is BreakerState.CLOSED:
            # All that a closed circuit does of a success, which nearly every call is.
            self._record.reset_counter()
            return
        self._circuit().call(_succeed)
        self._settle("the probe succeeded")

    def failed(self, permit: Permit, reason: str) -> None:
        """The candidate failed the call."""
        if permit.generation != self._permit.generation:
            return
        self._last_failure = Failure(self._clock(), reason)
        try:
            self._circuit().call(_fail)
        except _CallFailed as exc:
            # pybreaker's frames hold the exception that holds them, and whoever called up to here.
            exc.__traceback__ = None
        self._settle(reason)

    def neutral(self, permit: Permit) -> None:
        """The call says nothing about the candidate: cancelled, or the caller's own fault."""
        if permit.probe and permit.generation == self._permit.generation:
            self._begin_generation()

    def trip(self, reason: str = "tripped") -> None:
        """Opens it now, unless it is open."""
        if self._state is not BreakerState.OPEN:
            self._circuit().open()
            self._settle(reason)

    def reset(self, reason: str = "restored") -> None:
        """Closes it and forgets what was counted; calls that are under way no longer count."""
        if self._state is BreakerState.CLOSED:
            self._begin_generation()
            self._record.clear()
        else:
            self._circuit().close()
            self._settle(reason)

    def _circuit(self) -> pybreaker.CircuitBreaker:
        """What makes the transitions. It is made when it is needed, for all that it knows is on record.

        Kept, it and its state would hold each other, and stay when the candidate is forgotten.
        """
        return pybreaker.CircuitBreaker(fail_max=1, state_storage=self._record, throw_new_error_on_trip=False)

    def _settle(self, reason: str) -> None:
        """Follows the circuit where it went."""
        old, new = self._state, _STATES[self._record.state]
        if old is new:
            return
        self._state, self._changed_at = new, self._clock()
        self._begin_generation()
        if new is BreakerState.OPEN:
            self._opens_until = self._changed_at + self._open_span
            self._open_span = min(self._open_span * 2, self._settings.open_max)
        elif new is BreakerState.CLOSED:
            self._open_span = self._settings.open_for
            self._record.clear()
        if self._on_change is not None:
            self._on_change(old, new, reason)

    def _begin_generation(self) -> None:
        self._permit = Permit(self._permit.generation + 1)
        self._probing = False


class _Record(pybreaker.CircuitMemoryStorage):
    """What pybreaker counts with: it opens when `counter` reaches its `fail_max`, which is 1."""

    def __init__(self, settings: BreakerSettings, clock: Clock) -> None:
        super().__init__(pybreaker.STATE_CLOSED)
        self._settings = settings
        self._lately = SlidingCounts(2, settings.window, clock)
        self._consecutive = 0

    def increment_counter(self) -> None:
        """A call failed."""
        self._lately.add(_FAILURE)
        self._consecutive += 1

    def reset_counter(self) -> None:
        """A call succeeded."""
        self._lately.add(_SUCCESS)
        self._consecutive = 0

    @property
    def counter(self) -> int:
        """1 when the circuit has to open."""
        return int(self._settings.enabled and (self._too_many_in_a_row() or self._too_many_lately()))

    def clear(self) -> None:
        """Forgets all calls."""
        self._lately.clear()
        self._consecutive = 0

    def _too_many_in_a_row(self) -> bool:
        return self._consecutive >= self._settings.consecutive_failures

    def _too_many_lately(self) -> bool:
        successes, failures = self._lately.sums
        calls = successes + failures
        return calls >= self._settings.min_calls and failures >= self._settings.failure_rate * calls


class _CallFailed(Exception):
    """Tells pybreaker of a failure."""


def _succeed() -> None:
    return None


def _fail() -> None:
    raise _CallFailed
