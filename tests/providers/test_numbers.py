"""Numbers that providers send are checked where they come in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.providers.json_reader import read
from ringmain_server.providers.numbers import IMPOSSIBLE, logprob


@given(st.floats() | st.integers() | st.none() | st.text() | st.booleans())
def test_a_log_probability_is_never_odd(value: object) -> None:
    """Whatever stands in its place, it is finite and never above certainty."""
    assert IMPOSSIBLE <= logprob(value) <= 0


@given(st.floats(IMPOSSIBLE, 0))
def test_a_log_probability_is_kept(value: float) -> None:
    """What is one, stays as it is."""
    assert logprob(value) == value


@pytest.mark.parametrize("odd", ["-Infinity", "NaN", "-1e999", f"-{'9' * 400}", "null", '"-1"', "true", "[]"])
def test_what_is_no_number_is_not_certain(odd: str) -> None:
    """Zero is the logarithm of certainty, and so stands for nothing that is unknown."""
    assert logprob(read(odd)) == IMPOSSIBLE


@pytest.mark.parametrize("value", [1e-7, 3, math.inf])
def test_above_certainty_is_certain(value: float) -> None:
    """Servers round, and some of them upwards."""
    assert logprob(value) == 0
