"""Counts of what happened lately."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.window import SlidingCounts

from tests.fakes.clock import FakeClock

STEPS = st.lists(st.tuples(st.floats(0, 40), st.integers(0, 2)), max_size=60)


@given(STEPS)
def test_young_things_count_and_old_ones_do_not(steps: list[tuple[float, int]]) -> None:
    """What is older than the span never counts, what is younger than the span less a slice always does."""
    clock = FakeClock()
    counts = SlidingCounts(3, span=30, clock=clock, slices=10)
    happened: list[tuple[float, int]] = []
    for pause, kind in steps:
        clock.advance(pause)
        counts.add(kind)
        happened.append((clock(), kind))
        surely = Counter(kind for at, kind in happened if clock() - at <= 26.9)
        perhaps = Counter(kind for at, kind in happened if clock() - at <= 30.1)
        assert all(surely[kind] <= counts.sums[kind] <= perhaps[kind] for kind in range(3))


def test_time_alone_lets_counts_fall_out() -> None:
    """Nobody has to add anything for old counts to go."""
    clock = FakeClock()
    counts = SlidingCounts(1, span=10, clock=clock)
    counts.add(0)
    clock.advance(8)
    assert list(counts.sums) == [1]
    clock.advance(2)
    assert list(counts.sums) == [0]


def test_clearing_forgets_everything() -> None:
    """After clear nothing counts, and counting goes on."""
    clock = FakeClock()
    counts = SlidingCounts(2, span=10, clock=clock)
    for _ in range(3):
        counts.add(1)
        clock.advance(2)
    counts.clear()
    assert list(counts.sums) == [0, 0]
    counts.add(0)
    clock.advance(5)
    assert list(counts.sums) == [1, 0]


def test_a_clock_that_steps_back_does_no_harm() -> None:
    """A reading from before counts as the latest slice."""
    clock = FakeClock()
    counts = SlidingCounts(1, span=10, clock=clock)
    counts.add(0)
    clock.advance(-5)
    counts.add(0)
    assert list(counts.sums) == [2]
