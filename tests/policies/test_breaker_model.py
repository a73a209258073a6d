"""The breaker against a plain model of the laws, in any order of events (hypothesis, stateful)."""

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule
from ringmain_server.policies.breaker import Breaker, BreakerPermit, BreakerSettings, BreakerState

from tests.fakes.clock import FakeClock

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
SETTINGS = BreakerSettings(
    window=10, min_calls=6, failure_rate=0.5, consecutive_failures=4, open_for=4, open_max=15
)


class Model:
    """What the laws say, with no thought of speed: whole lists, recounted each time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.state = CLOSED
        self.calls: list[tuple[float, bool]] = []
        self.era = 0
        """Everything that a call belongs to ends with the era."""
        self.until = 0.0
        self.failed_probes = 0
        self.probing = False

    def admit(self) -> tuple[int, bool] | None:
        """The era of the call, and whether it probes."""
        if self.state is CLOSED:
            return self.era, False
        due = self.state is HALF_OPEN or self.clock() >= self.until
        if self.probing or not due:
            return None
        self.state, self.probing = HALF_OPEN, True
        self.era += 1
        return self.era, True

    def ended(self, era: int, succeeded: bool | None) -> None:
        if era != self.era:
            return
        if self.state is HALF_OPEN:
            self._probed(succeeded)
        elif succeeded is not None:
            self.calls.append((self.clock(), succeeded))
            if not succeeded and self._too_many():
                self.open()

    def open(self) -> None:
        self.state = OPEN
        span = min(SETTINGS.open_for * 2**self.failed_probes, SETTINGS.open_max)
        self.until = self.clock() + span
        self.failed_probes += 1
        self._next_era()

    def close(self) -> None:
        self.state, self.failed_probes = CLOSED, 0
        self._next_era()

    def _probed(self, succeeded: bool | None) -> None:
        if succeeded is None:
            self._next_era()
        elif succeeded:
            self.close()
        else:
            self.open()

    def _next_era(self) -> None:
        self.era += 1
        self.probing = False
        self.calls = []

    def _too_many(self) -> bool:
        row = [succeeded for _, succeeded in self.calls[-SETTINGS.consecutive_failures :]]
        if len(row) == SETTINGS.consecutive_failures and not any(row):
            return True
        oldest = math.floor(self.clock()) - 9  # the window slides by whole seconds
        lately = [succeeded for at, succeeded in self.calls if math.floor(at) >= oldest]
        failures = lately.count(False)
        return len(lately) >= SETTINGS.min_calls and failures / len(lately) >= SETTINGS.failure_rate


class BreakerFollowsTheLaws(RuleBasedStateMachine):
    """Calls begin and end in any order while time passes and operators interfere."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.changes: list[tuple[BreakerState, BreakerState]] = []
        self.breaker = Breaker(self.clock, SETTINGS, lambda old, new, _: self.changes.append((old, new)))
        self.model = Model(self.clock)

    @rule(target=running, count=st.integers(1, 6))
    def begin(self, count: int) -> object:
        """As many calls ask as given; those admitted run."""
        begun = []
        for _ in range(count):
            permit, expected = self.breaker.admit(), self.model.admit()
            assert (permit is None) == (expected is None)
            if permit is not None and expected is not None:
                assert permit.probe == expected[1]
                begun.append((permit, expected[0]))
        return multiple(*begun)

    @rule(call=running)
    def succeed(self, call: tuple[BreakerPermit, int]) -> None:
        """One ends well; some twice, which a late one may."""
        self.breaker.succeeded(call[0])
        self.model.ended(call[1], succeeded=True)

    @rule(call=running)
    def fail(self, call: tuple[BreakerPermit, int]) -> None:
        """One fails."""
        self.breaker.failed(call[0], "failed")
        self.model.ended(call[1], succeeded=False)

    @rule(call=running)
    def cancel(self, call: tuple[BreakerPermit, int]) -> None:
        """One says nothing about the candidate."""
        self.breaker.neutral(call[0])
        self.model.ended(call[1], succeeded=None)

    @rule(outcomes=st.lists(st.booleans(), min_size=1, max_size=8))
    def run(self, outcomes: list[bool]) -> None:
        """Calls that begin and end at once, so that rates are reached often."""
        for succeeded in outcomes:
            permit, expected = self.breaker.admit(), self.model.admit()
            assert (permit is None) == (expected is None)
            if permit is None or expected is None:
                return
            if succeeded:
                self.breaker.succeeded(permit)
            else:
                self.breaker.failed(permit, "failed")
            self.model.ended(expected[0], succeeded)

    @rule(seconds=st.sampled_from([0.25, 1.0, 3.0, 4.0, 8.0, 16.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule()
    @precondition(lambda self: self.model.state is not OPEN)
    def trip(self) -> None:
        """An operator opens it."""
        self.breaker.trip()
        self.model.open()

    @rule()
    def reset(self) -> None:
        """An operator closes it."""
        self.breaker.reset()
        self.model.close()

    @invariant()
    def agrees(self) -> None:
        """State, time and willingness are the model's."""
        model, breaker = self.model, self.breaker
        assert breaker.state is model.state
        assert breaker.opens_until == (model.until if model.state is OPEN else None)
        due = model.state is CLOSED or (model.state is HALF_OPEN and not model.probing)
        assert breaker.admits == (due or (model.state is OPEN and self.clock() >= model.until))

    @invariant()
    def changes_are_a_chain(self) -> None:
        """Every change was heard: each begins where the one before ended, the last in the present state."""
        states = [CLOSED, *(new for _, new in self.changes)]
        assert [old for old, _ in self.changes] == states[:-1]
        assert states[-1] is self.breaker.state
        assert all(old is not new for old, new in self.changes)


TestBreakerFollowsTheLaws = BreakerFollowsTheLaws.TestCase
TestBreakerFollowsTheLaws.settings = settings(max_examples=100, stateful_step_count=40)
