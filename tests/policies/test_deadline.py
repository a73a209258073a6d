"""What an attempt may take of the time that is left."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.deadline import share

SECONDS = st.floats(0.001, 1e6)


@given(
    remaining=st.floats(-10, 1e6), attempts=st.integers(-1, 20), timeout=SECONDS, lead=st.floats(0.05, 0.95)
)
def test_no_share_exceeds_what_is_left_or_the_timeout(
    remaining: float, attempts: int, timeout: float, lead: float
) -> None:
    """A share is never negative and never more than the time left or the attempt's own timeout."""
    part = share(remaining, attempts, timeout, lead)
    assert 0 <= part <= timeout
    assert part <= max(remaining, 0)


@given(remaining=SECONDS, attempts=st.integers(2, 20), timeout=SECONDS)
def test_something_is_left_for_the_rest(remaining: float, attempts: int, timeout: float) -> None:
    """While others may follow, a third of the time at least stays for them."""
    assert remaining - share(remaining, attempts, timeout) >= remaining / 3 * 0.999


@given(remaining=SECONDS, attempts=st.integers(1, 8), timeout=SECONDS)
def test_every_attempt_has_time_and_together_they_fit(
    remaining: float, attempts: int, timeout: float
) -> None:
    """Attempts that each use all they may still fit the deadline, and none is left with nothing."""
    left = remaining
    for number in range(attempts, 0, -1):
        part = share(left, number, timeout)
        assert part > 0
        left -= part
    assert left >= -1e-6 * remaining


@given(remaining=SECONDS, timeout=SECONDS)
def test_the_last_attempt_gets_all(remaining: float, timeout: float) -> None:
    """Nothing is kept for nobody."""
    assert share(remaining, 1, timeout) == min(remaining, timeout)


def test_without_a_near_deadline_only_the_timeout_counts() -> None:
    """A distant deadline, or none, changes nothing."""
    assert share(math.inf, 3, 60) == 60
    assert share(1000, 3, 60) == 60


def test_the_preferred_candidate_has_the_most_time() -> None:
    """30 s and three attempts: 20, 6.7 and 3.3 s."""
    assert [share(30, 3, 300), share(10, 2, 300), share(10 / 3, 1, 300)] == pytest.approx(
        [20, 20 / 3, 10 / 3]
    )
