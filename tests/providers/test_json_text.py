"""Tests of JSON text that comes in pieces: it is what the whole of it would have been."""

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ringmain_server.providers.json_reader import read_exactly, written
from ringmain_server.providers.json_text import JsonText
from ringmain_server.text.surrogates import Cut

_STRINGS = st.text(max_size=6) | st.sampled_from(["🙂", "é\n", '"', "\\", "\\u0041", "/"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_STRINGS, inner, max_size=3),
    max_leaves=8,
)


def pieces(text: str, cuts: list[int]) -> list[str]:
    """A text cut at some places."""
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(edges)]


def streamed(*told: str) -> str:
    """What pieces amount to."""
    text = JsonText()
    return "".join([*map(text.feed, told), text.end()])


@given(
    _VALUES,
    st.booleans(),
    st.sampled_from([None, 1, "\t"]),
    st.sampled_from([(",", ":"), (" , ", "  :\n")]),
    st.lists(st.integers(0, 200), max_size=6),
)
@example("\\u0041", True, None, (",", ":"), [2, 3, 4])
def test_pieces_are_written_as_the_whole(
    value: object, escapes: bool, indent: int | str | None, between: tuple[str, str], cuts: list[int]
) -> None:
    """Whatever white space and escapes a model writes, and wherever it is cut, the text is the same."""
    text = json.dumps(value, ensure_ascii=escapes, indent=indent, separators=between)
    assert streamed(*pieces(text, cuts)) == written(read_exactly(text.encode()), spaced=True)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.50", "1.5"),
        ("1E2", "100.0"),
        ("-0", "0"),
        ("NaN", "null"),
        ('"a\\/b\\u00e9\\ud83d\\ude42"', '"a/bé🙂"'),
        ('"\\ud83d"', '"\ufffd"'),
        ('"\\\\ud83d"', '"\\\\ud83d"'),
        (" [ ] ", "[]"),
        ("{ }", "{}"),
        ("", ""),
    ],
)
def test_values(text: str, whole: str) -> None:
    """Numbers and escapes have one form, piece by piece or at once."""
    assert streamed(text) == streamed(*text) == whole


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ('{"a": 1 2}', '{"a": 1 2}'),
        ('{"a":1}{"b":2}', '{"a": 1} {"b":2}'),
        ('{"a":tru , "b"', '{"a": tru , "b"'),
        ('{"a":"b\\x", "c"', '{"a": "b\\x", "c"'),
        ('{"a":"b\\u12zz", "c":1}', '{"a": "b\\u12zz", "c":1}'),
        ('{"a":"cut', '{"a": "cut'),
        ('{"a":"cut\\u12', '{"a": "cut\\u12'),
        ('{"a":"cut\\ud83d', '{"a": "cut\\ud83d'),
        ("{'a': 1}", "{'a': 1}"),
        ("plain words", "plain words"),
        ('{"a":"line\nbreak"}', '{"a": "line\nbreak"}'),
    ],
)
def test_what_is_no_json(text: str, passed_on: str) -> None:
    """What a model writes wrongly is passed on, and never becomes something else that is right."""
    assert streamed(text) == streamed(*text) == passed_on


def test_characters_that_are_cut() -> None:
    """A character in two pieces is whole again, in and out of escapes."""
    first, second = Cut.of(b'{"a":"\xed\xa0\xbd'), Cut.of(b'\xed\xb9\x82"}')
    assert streamed(first, second) == '{"a": "🙂"}'
    assert streamed(first) == '{"a": "\ufffd'
