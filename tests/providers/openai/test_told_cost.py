"""Tests of costs that providers tell: in which forms, and which are not the whole."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.catalog.prices import MOST_NANO
from ringmain_server.providers.openai.told_cost import FIELDS, told_cost

OPENROUTER = {"is_byok": False, "cost_details": {"upstream_inference_cost": 0.5}}


@pytest.mark.parametrize(
    ("counts", "nano"),
    [
        ({"cost_in_usd_ticks": 200_000_000}, 20_000_000),
        ({"cost_in_usd_ticks": 0}, 0),
        ({"cost_in_usd_ticks": 15}, 2),
        ({"cost_in_usd_ticks": 25}, 2),
        ({"cost_in_usd_ticks": 1.5}, None),
        ({"cost_in_usd_ticks": True}, None),
        ({"cost": 0.1, **OPENROUTER}, 100_000_000),
        ({"cost": 1e-9, **OPENROUTER}, 1),
        ({"cost": 0.1, **OPENROUTER, "is_byok": True}, 600_000_000),
        ({"cost": 0.1, "cost_details": None, "is_byok": True}, None),
        ({"cost": "0.1", **OPENROUTER}, None),
        ({"cost": -1, **OPENROUTER}, None),
        ({"cost": 1e11, **OPENROUTER}, None),
        ({"cost": 0.1}, None),
        ({"cost": {"total_cost": 0.05178}}, 51_780_000),
        ({"cost": {"currency": "USD", "total_cost": 2}}, 2_000_000_000),
        ({"cost": {"currency": "EUR", "total_cost": 2}}, None),
        ({"cost": {"request_cost": 0.008}}, None),
        ({"cost": None}, None),
        ({}, None),
        (None, None),
        ([1], None),
    ],
)
def test_forms(counts: object, nano: int | None) -> None:
    """Each form is read in its unit; what is not the whole cost, or not surely in US dollars, is none."""
    assert told_cost(counts) == nano


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["total_cost", "currency", "upstream_inference_cost"]), inner, max_size=3
    ),
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "is_byok", "cost_details"]), _ANYTHING))
def test_any_usage_has_a_possible_cost_or_none(counts: dict[str, Any]) -> None:
    """Whatever a server writes, a cost is one that the contract can hold."""
    found = told_cost(counts)
    assert found is None or 0 <= found <= MOST_NANO
