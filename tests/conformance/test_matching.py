"""What is observed is compared with what is expected."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.matching import differences

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=4,
)


@settings(max_examples=50)
@given(PLAIN)
def test_what_is_equal_matches(value: Any) -> None:
    """Every plain value matches itself."""
    assert not list(differences(value, json.loads(json.dumps(value))))


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"at_least": 3}, 3),
        ({"at_most": 3}, 2.5),
        ({"between": [1, 3]}, 3),
        ({"one_of": [None, "x"]}, None),
        ({"contains": "ell"}, "hello"),
        ({"contains": {"id": 2}}, [{"id": 1}, {"id": 2, "name": "x"}]),
        ({"lacks": ["elk", "x"]}, "hello"),
        ({"matches": "^h.*o$"}, "hello"),
        ({"absent": True}, None),
        ({"absent": False}, 0),
        ({"a": {"absent": True}}, {}),
        ([{"a": 1}, 2], [{"a": 1, "b": 1}, 2]),
    ],
)
def test_matches(expected: Any, observed: Any) -> None:
    """What is not named does not count, and each operator takes what it says."""
    assert not list(differences(expected, observed))


@pytest.mark.parametrize(
    ("expected", "observed", "said"),
    [
        (1, 2, "it is 2, not 1"),
        (1, True, "it is True, not 1"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b is 2, not 1"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b is 2, not 1"),
        ({"a": 1}, {}, "a is None, not 1"),
        ({"a": 1}, "text", "it is 'text', not {'a': 1}"),
        ([1], [1, 2], "it is [1, 2], not [1]"),
        ({"at_least": 3}, 2, "it is 2, not at_least 3"),
        ({"at_most": 3}, None, "it is None, not at_most 3"),
        ({"between": [1, 3]}, 4, "it is 4, not between [1, 3]"),
        ({"one_of": [1]}, 2, "it is 2, not one_of [1]"),
        ({"contains": "x"}, "hello", "it is 'hello', not contains 'x'"),
        ({"contains": 1}, "1", "it is '1', not contains 1"),
        ({"contains": 1}, None, "it is None, not contains 1"),
        ({"lacks": ["x", "ell"]}, "hello", "it is 'hello', not lacks ['x', 'ell']"),
        ({"matches": "x"}, 1, "it is 1, not matches 'x'"),
        ({"absent": True}, 1, "it is 1, not absent True"),
    ],
)
def test_says_what_differs(expected: Any, observed: Any, said: str) -> None:
    """A difference is one sentence with the place, what is there, and what should be."""
    assert list(differences(expected, observed)) == [said]


def test_long_values_are_cut() -> None:
    """A sentence stays readable when a value is long."""
    [said] = differences("x" * 1000, "y" * 1000)
    assert len(said) < 300
    assert "1002 characters" in said
