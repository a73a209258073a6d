"""How fast and how reliable a candidate was."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.latency import (
    ACCURACY,
    LONGEST,
    SHORTEST,
    RecentAttempts,
    joint_quantile,
)

from tests.fakes.clock import FakeClock


@given(
    st.lists(st.floats(SHORTEST, LONGEST), min_size=1, max_size=100),
    st.floats(0, 1),
)
def test_a_quantile_is_right_within_its_accuracy(values: list[float], q: float) -> None:
    """It is within 5 % of the exact nearest-rank quantile."""
    latency = RecentAttempts(FakeClock())
    for value in values:
        latency.succeeded(value)
    exact = sorted(values)[max(math.ceil(q * len(values)), 1) - 1]
    assert latency.quantile(q) == pytest.approx(exact, rel=ACCURACY * 1.001)


@pytest.mark.parametrize(("seconds", "nearest"), [(0.0, SHORTEST), (-1.0, SHORTEST), (1e9, LONGEST)])
def test_what_is_out_of_range_counts_as_the_nearest(seconds: float, nearest: float) -> None:
    """Nothing is lost and nothing breaks, and no value is told beyond the bounds' accuracy."""
    latency = RecentAttempts(FakeClock())
    latency.succeeded(seconds)
    assert latency.quantile(0.5) == pytest.approx(nearest, rel=3 * ACCURACY)


def test_nothing_is_known_before_and_a_minute_after() -> None:
    """A minute without news leaves no opinion."""
    clock = FakeClock()
    latency = RecentAttempts(clock)
    assert latency.quantile(0.5) is None
    latency.succeeded(2)
    clock.advance(49)
    assert latency.quantile(0.5) == pytest.approx(2, rel=ACCURACY)
    clock.advance(11)
    assert latency.quantile(0.5) is None


def test_the_median_moves_with_what_is_new() -> None:
    """What was slow a minute ago and is fast now is fast."""
    clock = FakeClock()
    latency = RecentAttempts(clock)
    for second in range(120):
        latency.succeeded(8.0 if second < 60 else 0.25)
        clock.advance(1)
    assert latency.quantile(0.5) == pytest.approx(0.25, rel=ACCURACY)
    assert latency.quantile(1.0) == pytest.approx(0.25, rel=ACCURACY)


def test_failures_are_of_the_last_minute() -> None:
    """Two of four attempts failed, whose requests were in order; a minute later nothing is known."""
    clock = FakeClock()
    recent = RecentAttempts(clock)
    assert (recent.failed_count, recent.count) == (0, 0)
    recent.succeeded(0.5)
    for failed in (True, False, True):
        recent.ended(failed=failed)
    assert (recent.failed_count, recent.count) == (2, 4)
    assert recent.quantile(1.0) == pytest.approx(0.5, rel=ACCURACY)
    clock.advance(60)
    assert (recent.failed_count, recent.count) == (0, 0)


def test_joint_quantile_is_of_all_together() -> None:
    """The median over several is that of all their observations, not the middle of their medians."""
    clock = FakeClock()
    many, few, none = RecentAttempts(clock), RecentAttempts(clock), RecentAttempts(clock)
    for _ in range(9):
        many.succeeded(0.1)
    few.succeeded(10.0)
    median = joint_quantile([many, few, none], 0.5)
    assert median == pytest.approx(0.1, rel=ACCURACY)
    assert joint_quantile([none], 0.5) is None
    assert joint_quantile([], 0.5) is None
