"""The breaker, example by example. `test_breaker_model.py` holds it against a model."""

import time_machine
from ringmain_server.policies.breaker import Breaker, BreakerPermit, BreakerSettings, BreakerState, Failure

from tests.fakes.clock import FakeClock

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def admitted(breaker: Breaker) -> BreakerPermit:
    """Leave for a call that must get it."""
    permit = breaker.admit()
    assert permit is not None
    return permit


def fail(breaker: Breaker, times: int = 1) -> None:
    """Calls that fail, one after another."""
    for _ in range(times):
        breaker.failed(admitted(breaker), "answered 503")


def succeed(breaker: Breaker, times: int = 1) -> None:
    """Calls that succeed, one after another."""
    for _ in range(times):
        breaker.succeeded(admitted(breaker))


def test_it_opens_on_failures_in_a_row() -> None:
    """Five failures in a row open it, however few the calls; a success between begins the row again."""
    breaker = Breaker(FakeClock())
    fail(breaker, 4)
    succeed(breaker)
    fail(breaker, 4)
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN
    assert breaker.admit() is None


def test_it_opens_on_the_rate_of_enough_calls() -> None:
    """Half of ten calls failed: open; half of nine says nothing yet."""
    breaker = Breaker(FakeClock())
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    fail(breaker)
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN


def test_old_calls_leave_the_rate() -> None:
    """What is older than the window counts no more."""
    clock = FakeClock()
    breaker = Breaker(clock)
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    clock.advance(30)
    fail(breaker, 2)
    assert breaker.state is CLOSED


def test_it_says_when_it_next_admits() -> None:
    """An open breaker names the instant of its first probe; any other names none."""
    clock = FakeClock(50)
    breaker = Breaker(clock)
    assert (breaker.opens_until, breaker.admits, breaker.changed_at) == (None, True, 50)
    clock.advance(10)
    fail(breaker, 5)
    assert (breaker.opens_until, breaker.admits, breaker.changed_at) == (70, False, 60)
    clock.advance(10)
    assert (breaker.opens_until, breaker.admits, breaker.state) == (70, True, OPEN)
    admitted(breaker)
    assert (breaker.opens_until, breaker.admits, breaker.changed_at) == (None, False, 70)


def test_half_open_lets_one_probe_through() -> None:
    """After its time exactly one call is admitted until that one ends; its success closes it."""
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 5)
    clock.advance(9.9)
    assert breaker.admit() is None
    clock.advance(0.1)
    probe = admitted(breaker)
    assert probe.probe
    assert breaker.state is HALF_OPEN
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert breaker.state is CLOSED
    assert not admitted(breaker).probe


def test_each_failed_probe_doubles_the_time_up_to_the_longest() -> None:
    """10, 20, 40, 80, 120, 120 s; a success begins at 10 again."""
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 5)
    spans = []
    for _ in range(6):
        until = breaker.opens_until
        assert until is not None
        spans.append(until - clock())
        clock.now = until
        fail(breaker)
    assert spans == [10, 20, 40, 80, 120, 120]
    clock.advance(120)
    succeed(breaker)
    fail(breaker, 5)
    assert breaker.opens_until == clock() + 10


def test_a_neutral_probe_frees_the_slot() -> None:
    """A cancelled probe decides nothing: the next call probes."""
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 5)
    clock.advance(10)
    first = admitted(breaker)
    breaker.neutral(first)
    assert (breaker.state, breaker.admits) == (HALF_OPEN, True)
    second = admitted(breaker)
    assert second.probe
    breaker.neutral(first)
    breaker.failed(first, "late")
    assert (breaker.state, breaker.admit()) == (HALF_OPEN, None)
    breaker.succeeded(second)
    assert breaker.state is CLOSED


def test_neutral_outcomes_count_for_neither_side() -> None:
    """They neither end a row of failures nor thin out the rate."""
    breaker = Breaker(FakeClock())
    fail(breaker, 4)
    for _ in range(100):
        breaker.neutral(admitted(breaker))
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN


def test_late_results_change_nothing() -> None:
    """A call from before it opened can neither close it, nor open it again, nor be its last failure."""
    clock = FakeClock()
    breaker = Breaker(clock)
    late = [admitted(breaker) for _ in range(8)]
    fail(breaker, 5)
    breaker.succeeded(late[0])
    breaker.failed(late[1], "late")
    clock.advance(10)
    probe = admitted(breaker)
    breaker.succeeded(late[2])
    breaker.failed(late[3], "late")
    breaker.neutral(late[4])
    assert (breaker.state, breaker.admits) == (HALF_OPEN, False)
    breaker.succeeded(probe)
    for permit in late[5:]:
        breaker.failed(permit, "late")
    fail(breaker, 4)
    assert breaker.state is CLOSED
    assert breaker.last_failure == Failure(clock(), "answered 503")


def test_it_closes_with_a_clean_slate() -> None:
    """Failures from before it opened do not count after it closed."""
    clock = FakeClock()
    breaker = Breaker(clock, BreakerSettings(open_for=1))
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    fail(breaker, 2)
    clock.advance(1)
    succeed(breaker)
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    assert breaker.state is CLOSED


def test_an_operator_trips_and_restores_it() -> None:
    """Trip opens and reset closes, at any time; what ran meanwhile is late."""
    clock = FakeClock()
    breaker = Breaker(clock, BreakerSettings(enabled=False))
    running = admitted(breaker)
    breaker.trip()
    clock.advance(3)
    breaker.trip()
    assert (breaker.state, breaker.opens_until) == (OPEN, clock() + 7)
    breaker.reset()
    breaker.failed(running, "late")
    assert (breaker.state, breaker.last_failure) == (CLOSED, None)
    breaker.trip()
    clock.advance(10)
    admitted(breaker)
    breaker.trip()
    assert breaker.state is OPEN


def test_restoring_a_closed_one_forgets_its_failures() -> None:
    """Also a closed breaker begins anew, and calls from before no longer count."""
    breaker = Breaker(FakeClock())
    late = admitted(breaker)
    fail(breaker, 4)
    breaker.reset()
    breaker.failed(late, "late")
    fail(breaker, 4)
    assert breaker.state is CLOSED


def test_a_disabled_one_never_opens_by_itself() -> None:
    """Failures are remembered, and calls pass."""
    breaker = Breaker(FakeClock(7), BreakerSettings(enabled=False))
    fail(breaker, 100)
    assert breaker.state is CLOSED
    assert breaker.last_failure == Failure(7, "answered 503")


def test_each_change_is_heard_once_it_is_complete() -> None:
    """The listener hears from, to and why, and sees the breaker as it is from then on."""
    clock = FakeClock()
    heard: list[tuple[BreakerState, BreakerState, str]] = []

    def listen(old: BreakerState, new: BreakerState, reason: str) -> None:
        assert breaker.state is new
        assert (breaker.opens_until is not None) == (new is OPEN)
        heard.append((old, new, reason))

    breaker = Breaker(clock, on_change=listen)
    fail(breaker, 5)
    clock.advance(10)
    fail(breaker)
    clock.advance(20)
    succeed(breaker)
    breaker.reset()
    breaker.trip("check failed")
    breaker.reset("restored by an operator")
    assert heard == [
        (CLOSED, OPEN, "answered 503"),
        (OPEN, HALF_OPEN, "time for a probe"),
        (HALF_OPEN, OPEN, "answered 503"),
        (OPEN, HALF_OPEN, "time for a probe"),
        (HALF_OPEN, CLOSED, "the probe succeeded"),
        (CLOSED, OPEN, "check failed"),
        (OPEN, CLOSED, "restored by an operator"),
    ]


def test_the_wall_clock_does_not_matter() -> None:
    """Only the given clock decides, wherever the wall clock jumps."""
    clock = FakeClock()
    breaker = Breaker(clock)
    with time_machine.travel("2030-01-01", tick=False):
        fail(breaker, 5)
    with time_machine.travel("2040-01-01", tick=False):
        assert breaker.admit() is None
    with time_machine.travel("2020-01-01", tick=False):
        clock.advance(10)
        succeed(breaker)
    assert breaker.state is CLOSED
