"""Waits before retries, and how many there may be."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.backoff import Backoff, BackoffSettings, RetryBudget, RetryBudgetSettings

from tests.fakes.clock import FakeClock


@given(retry=st.integers(1, 5000), seed=st.integers())
def test_a_wait_stays_in_its_window(retry: int, seed: int) -> None:
    """The n-th wait is between nothing and initial · base^(n-1), never above the maximum."""
    delay = Backoff(random.Random(seed), BackoffSettings(0.5, 20, 3)).delay(retry)
    assert 0 <= delay <= min(0.5 * 3 ** min(retry - 1, 50), 20)


def test_the_jitter_is_full() -> None:
    """The waits fill the whole window evenly."""
    backoff = Backoff(random.Random(1))
    waits = [backoff.delay(3) for _ in range(2000)]
    assert min(waits) < 0.02
    assert max(waits) > 0.98
    assert sum(waits) / len(waits) == pytest.approx(0.5, abs=0.03)


def test_the_same_randomness_gives_the_same_waits() -> None:
    """Nothing is drawn from elsewhere."""
    first, second = (Backoff(random.Random(7)) for _ in range(2))
    assert [first.delay(n) for n in (1, 2, 3)] == [second.delay(n) for n in (1, 2, 3)]


def test_an_idle_gateway_may_retry_a_little() -> None:
    """Without traffic there are as many retries as the minimum allows, and as many in the next window."""
    clock = FakeClock()
    budget = RetryBudget(clock, RetryBudgetSettings(min_per_second=0.5, window=10))
    assert [budget.take() for _ in range(7)] == [True] * 5 + [False] * 2
    clock.advance(10)
    assert budget.take()


@given(requests=st.integers(0, 400), share=st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0]))
def test_retries_are_a_share_of_the_requests(requests: int, share: float) -> None:
    """An outage is multiplied by one and the share, and not by more."""
    budget = RetryBudget(FakeClock(), RetryBudgetSettings(share=share, min_per_second=0))
    for _ in range(requests):
        budget.request()
    taken = sum(budget.take() for _ in range(requests + 1))
    assert taken == int(share * requests + 1e-9)


def test_old_requests_earn_no_retries() -> None:
    """What happened before the window neither earns nor spends."""
    clock = FakeClock()
    budget = RetryBudget(clock, RetryBudgetSettings(min_per_second=0))
    for _ in range(100):
        budget.request()
    clock.advance(10)
    assert not budget.take()
