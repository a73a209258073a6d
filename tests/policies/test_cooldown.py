"""A candidate that is left alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.policies.cooldown import Cooldown, CooldownSettings

from tests.fakes.clock import FakeClock


def test_nobody_is_held_at_first() -> None:
    """A new candidate may be called."""
    cooldown = Cooldown(FakeClock())
    assert (cooldown.until, cooldown.reason) == (None, None)


def test_a_named_time_is_kept() -> None:
    """Held until the instant that the provider named, and not longer."""
    clock = FakeClock(100)
    cooldown = Cooldown(clock)
    cooldown.rate_limited(7.5, "answered 429")
    assert (cooldown.until, cooldown.reason) == (107.5, "answered 429")
    clock.advance(7.5)
    assert (cooldown.until, cooldown.reason) == (None, None)


def test_a_named_time_has_a_bound() -> None:
    """A provider cannot send itself away for a day."""
    cooldown = Cooldown(FakeClock(0))
    cooldown.rate_limited(86400)
    assert cooldown.until == 600


@pytest.mark.parametrize("named", [None, 0.0, -3.0, math.nan])
def test_without_a_time_the_cooldown_grows(named: float | None) -> None:
    """1, 2, 4 … 60 s; a success begins at 1 again."""
    clock = FakeClock()
    cooldown = Cooldown(clock)
    spans = []
    for _ in range(8):
        cooldown.rate_limited(named)
        assert cooldown.until is not None
        spans.append(cooldown.until - clock())
        clock.now = cooldown.until
    assert spans == [1, 2, 4, 8, 16, 32, 60, 60]
    cooldown.succeeded()
    cooldown.rate_limited(named)
    assert cooldown.until == clock() + 1


def test_calls_that_fail_together_grow_it_once() -> None:
    """Ten calls under way, ten times 429: one step."""
    clock = FakeClock(0)
    cooldown = Cooldown(clock)
    for _ in range(10):
        cooldown.rate_limited(None)
    assert cooldown.until == 1
    clock.advance(1)
    cooldown.rate_limited(None)
    assert cooldown.until == 3


def test_a_late_success_ends_nothing() -> None:
    """A call that began before the cooldown neither ends it nor its growth."""
    clock = FakeClock(0)
    cooldown = Cooldown(clock)
    cooldown.rate_limited(None)
    cooldown.succeeded()
    assert cooldown.until == 1
    clock.advance(1)
    cooldown.rate_limited(None)
    assert cooldown.until == 3


def test_long_cooldowns() -> None:
    """A spent quota begins minutes of cooldown, and so does each check with refused credentials."""
    clock = FakeClock(0)
    cooldown = Cooldown(clock, CooldownSettings(long=200))
    cooldown.long("quota spent")
    assert (cooldown.until, cooldown.reason) == (200, "quota spent")
    assert not cooldown.awaits_check
    clock.advance(50)
    cooldown.until_checked("answered 401")
    assert (cooldown.until, cooldown.reason, cooldown.awaits_check) == (250, "answered 401", True)
    clock.advance(50)
    cooldown.until_checked("answered 401")
    assert (cooldown.until, cooldown.awaits_check) == (300, True)
    cooldown.clear()
    assert (cooldown.until, cooldown.reason, cooldown.awaits_check) == (None, None, False)


def test_no_cooldown_is_for_ever() -> None:
    """Where nobody asks again, also refused credentials are left alone for a time only."""
    clock = FakeClock(0)
    cooldown = Cooldown(clock, CooldownSettings(long=200))
    cooldown.until_checked("answered 401")
    clock.advance(201)
    assert (cooldown.until, cooldown.awaits_check) == (None, False)


@given(st.lists(st.sampled_from(["short", "named", "long"]), min_size=1), st.floats(0, 50))
def test_no_cooldown_shortens_another(kinds: list[str], pause: float) -> None:
    """The end only ever moves away while the candidate is held."""
    clock = FakeClock()
    cooldown = Cooldown(clock)
    end = 0.0
    for kind in kinds:
        if kind == "short":
            cooldown.rate_limited(None)
        elif kind == "named":
            cooldown.rate_limited(30)
        else:
            cooldown.long("quota spent")
        assert cooldown.until is not None
        assert cooldown.until >= end
        end = cooldown.until
        clock.advance(pause)
