"""JSON of providers is read as leniently as their own SDKs read it, and what comes out is always valid."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.providers.json_reader import NotJson, Odd, read, read_again, read_exactly, written
from ringmain_server.text.surrogates import Cut

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(alphabet="aé🙂\ud83d\ude42\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a\ud83d"), inner, max_size=3),
    max_leaves=8,
)


def whole(value: Any) -> Any:
    """What stands for a value where no string holds half a character."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [whole(item) for item in value]
    return {whole(name): whole(item) for name, item in value.items()} if isinstance(value, dict) else value


@given(DOCUMENTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le"]), st.booleans())
def test_what_pythons_reader_reads_is_read(document: Any, encoding: str, escaped: bool) -> None:
    """Any document of Python's own writer is read, and none of its strings holds half a character."""
    text = json.dumps(document, ensure_ascii=escaped)
    found = read(text.encode(encoding, "surrogatepass"))
    assert json.dumps(found) == json.dumps(whole(json.loads(text)))
    json.dumps(found, ensure_ascii=False).encode()


@given(st.binary(max_size=60))
def test_any_bytes_end(raw: bytes) -> None:
    """Of any bytes either a document comes or an error that keeps nothing of them."""
    try:
        found, kept = read(raw), None
    except NotJson as exc:
        found, kept = None, exc.__context__
    assert kept is None
    json.dumps(found, ensure_ascii=False).encode()


@given(
    st.text("aé你🙂", min_size=1),
    st.lists(
        st.tuples(st.integers(0, 99), st.integers(0x80, 0xFF).filter(lambda byte: byte != 0xED)), max_size=9
    ),
)
def test_bytes_that_are_no_utf8_are_replaced(text: str, odd: list[tuple[int, int]]) -> None:
    """Every byte that belongs to no character becomes U+FFFD, as every decoder has it.

    What 0xED begins may be half of a surrogate pair, for which there is one U+FFFD.
    """
    raw = bytearray(text.encode())
    for at, byte in odd:
        raw.insert(at % (len(raw) + 1), byte)
    found = read(b'{"a":"' + bytes(raw) + b'"}')["a"]
    assert found == bytes(raw).decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"a":-Infinity,"b":1}', {"a": -math.inf, "b": 1}),
        (b'{"a":1e400}', {"a": math.inf}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": math.inf}),
        (b'{"a":1,"a":NaN,"a":2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":"\\ud83d\\ude42"}', {"a": "🙂"}),
        (b'{"a":"\\ude42\\ud83d"}', {"a": "\ufffd\ufffd"}),
        (b'{"a":"\xed\xa0\xbd\xed\xb9\x82"}', {"a": "🙂"}),
        (b'{"\\ud83d":"x\xffy\\ud83dz"}', {"\ufffd": "x\ufffdy\ufffdz"}),
        (b'{"a":"\xff\xf4\x8f\xbe\x80"}', {"a": "\ufffd\U0010ff80"}),
    ],
)
def test_what_sdks_read(raw: bytes, found: object) -> None:
    """Infinities, huge numbers, byte order marks, repeated names and odd characters are read."""
    assert read(raw) == found


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}x",
        b"<html>",
        b'"\x01"',
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 3000,
        b'"' + b"\xff" * 20_000 + b'"',
        b"\xff\xfe",
    ],
)
def test_what_nobody_reads(raw: bytes) -> None:
    """What is no JSON, or none that can be held, is an error and no crash."""
    with pytest.raises(NotJson):
        read(raw)


def test_a_window_cuts_no_character() -> None:
    """A document is decoded bit by bit around its odd bytes, and no bit cuts a character."""
    for shift in range(8):
        text = "x" * shift + "你🙂" * 6000
        raw = b'"' + text.encode() + b"\xff" + text.encode() + b'"'
        assert read(raw) == f"{text}\ufffd{text}"


def test_documents_with_cut_strings_are_known() -> None:
    """Whether a string begins or ends within a character can be told from the document."""
    assert isinstance(read(b'{"a":["\\ud83d"]}'), Odd)
    assert isinstance(read(b'{"a":["x\xf0\x9f"]}'), Odd)
    assert not isinstance(read(b'{"a":"x\\ud83dy"}'), Odd)
    cut = read(b'{"a":"x\xf0\x9f"}')["a"]
    assert isinstance(cut, Cut)
    assert cut.raw == b"x\xf0\x9f"


def test_whole_numbers_stay_exact() -> None:
    """What is written on as JSON keeps whole numbers of any size."""
    raw = b'{"a":123456789012345678901234567890}'
    assert written(read_exactly(raw)) == raw.decode()
    assert read_exactly(b'{"a":1}') == {"a": 1}


@given(DOCUMENTS)
def test_what_is_written_is_json(document: Any) -> None:
    """What was read becomes valid JSON, with null for what JSON has no number for."""
    found = read(json.dumps(document).encode())
    orjson.loads(written(found, spaced=True))
    orjson.dumps(read_again(json.dumps(document)))


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ('{"a": 18446744073709551615, "b": [-9223372036854775808]}', {"a": 2**64 - 1, "b": [-(2**63)]}),
        ('{"a": 18446744073709551616}', {"a": "18446744073709551616"}),
        ('[{"a": [-123456789012345678901234567890]}]', [{"a": ["-123456789012345678901234567890"]}]),
        ('{"a": 1e400}', {"a": None}),
    ],
)
def test_what_is_read_again_is_never_rounded(text: str, again: Any) -> None:
    """A whole number that no writer of JSON has becomes text; one without a value is null."""
    assert read_again(text) == again
    orjson.dumps(again)
