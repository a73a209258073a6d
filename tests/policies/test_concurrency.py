"""How many calls may run at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.concurrency import ConcurrencyLimit, ConcurrencySettings

from tests.fakes.clock import FakeClock


def load(limit: ConcurrencyLimit, clock: FakeClock, latency: float, *, dropped: bool = False) -> None:
    """One interval with as many calls as the limit lets in."""
    running = 0
    while limit.acquire():
        running += 1
    clock.advance(1)
    for _ in range(running):
        limit.release(latency, dropped=dropped)


def test_calls_beyond_the_limit_are_refused() -> None:
    """As many as the limit says run; one that ended makes room for another."""
    limit = ConcurrencyLimit(FakeClock(), ConcurrencySettings(limit=2, adaptive=False))
    assert [limit.acquire() for _ in range(3)] == [True, True, False]
    assert limit.in_flight == 2
    limit.release(0.1)
    assert limit.in_flight == 1
    assert limit.acquire()


def test_a_fixed_limit_stays() -> None:
    """Neither latency nor drops move it."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=20, adaptive=False))
    for latency in (1, 100, 0.1):
        load(limit, clock, latency, dropped=latency == 100)
    assert limit.limit == 20


def test_steady_latency_lets_it_grow_to_its_bound() -> None:
    """While calls take as long as ever and fill the limit, it grows, but not beyond the maximum."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=20, maximum=50))
    load(limit, clock, 1)
    assert limit.limit == 20  # 20.8
    for _ in range(60):
        load(limit, clock, 1)
    assert limit.limit == 50


def test_rising_latency_shrinks_it() -> None:
    """Calls that take five times as long queue somewhere: the limit goes down, but not below the minimum."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=100, minimum=10, headroom=0))
    for _ in range(100):
        load(limit, clock, 1)
    for _ in range(5):
        load(limit, clock, 5)
    assert 50 < limit.limit < 75
    for _ in range(60):
        load(limit, clock, 50)
    assert limit.limit == 10


def test_it_recovers_with_latency() -> None:
    """When calls are as fast as before the limit grows again, also after a long overload."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=100, minimum=10))
    for _ in range(50):
        load(limit, clock, 1)
    for _ in range(20):
        load(limit, clock, 10)
    low = limit.limit
    for _ in range(100):
        load(limit, clock, 1)
    assert limit.limit > low + 50


def test_it_forgets_a_slow_past() -> None:
    """After a long slow time and a minute of fast answers, slow ones are a sign of load again."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=20, maximum=20))
    for latency, intervals in ((10, 300), (1, 60)):
        for _ in range(intervals):
            load(limit, clock, latency)
    assert limit.limit == 20
    for _ in range(5):
        load(limit, clock, 6)
    assert limit.limit < 20


def test_drops_shrink_it_once_for_each_interval() -> None:
    """However many calls were dropped together, it is one step of a tenth."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=100))
    load(limit, clock, 1, dropped=True)
    assert limit.limit == 90


def test_an_idle_candidate_keeps_its_limit() -> None:
    """Fewer calls than half of the limit say nothing about it, whatever their latency."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=100))
    for latency in range(1, 100):
        assert limit.acquire()
        clock.advance(1)
        limit.release(latency)
    assert limit.limit == 100


def test_cancelled_calls_are_no_samples() -> None:
    """A call without a latency frees its place and says nothing."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=20))
    for _ in range(20):
        assert limit.acquire()
    clock.advance(5)
    for _ in range(20):
        limit.release(None)
    assert (limit.limit, limit.in_flight) == (20, 0)


def test_answers_in_no_time_are_no_division_by_zero() -> None:
    """A latency of zero counts as no load."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=20))
    for _ in range(10):
        load(limit, clock, 0)
    assert limit.limit > 20


def test_releasing_what_was_not_acquired_is_a_fault() -> None:
    """A place given back twice would let too many in."""
    limit = ConcurrencyLimit(FakeClock())
    with pytest.raises(AssertionError):
        limit.release(1)


CALLS = st.tuples(st.floats(0, 3), st.none() | st.floats(0, 1000), st.booleans())


@given(st.lists(CALLS, max_size=80), st.integers(2, 30))
def test_the_limit_stays_in_its_bounds(calls: list[tuple[float, float | None, bool]], running: int) -> None:
    """Whatever happens, the limit is between its bounds and never exceeded by a new call."""
    clock = FakeClock()
    limit = ConcurrencyLimit(clock, ConcurrencySettings(limit=12, minimum=5, maximum=20, min_samples=2))
    in_flight = 0
    for pause, latency, dropped in calls:
        while in_flight < running and limit.acquire():
            in_flight += 1
            assert limit.in_flight == in_flight <= limit.limit
        clock.advance(pause)
        if in_flight:
            limit.release(latency, dropped=dropped)
            in_flight -= 1
        assert 5 <= limit.limit <= 20
