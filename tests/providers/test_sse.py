"""Tests of the server-sent events decoder: the bytes decide, never where the network cut them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.providers.sse import EventTooLarge, SseDecoder

_DATA = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)
_NOISE = st.sampled_from([": ping", "event: message", "id: 7", "retry: 10", "unknown", "", "data", ":"])


def feed(stream: bytes, *cuts: int) -> list[bytes]:
    """The events of a stream that arrives cut at these positions."""
    decoder = SseDecoder()
    found = []
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        found += decoder.feed(stream[start:end])
    return found


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream of events in any layout, and the data it carries."""
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines: list[str] = []
    expected = []
    for values in draw(st.lists(st.lists(_DATA, min_size=1, max_size=3), max_size=6)):
        lines += [line for line in draw(st.lists(_NOISE, max_size=2)) if line not in ("data", "")]
        lines += [draw(st.sampled_from(["data: ", "data:"])) + _escaped(value) for value in values]
        lines.append("")
        lines += [""] * draw(st.integers(0, 1))
        expected.append("\n".join(map(_escaped, values)).encode())
    bom = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return bom + "".join(line + line_end for line in lines).encode(), expected


def _escaped(value: str) -> str:
    # One leading space after the colon is not part of the value, so that a value must not begin with one.
    return value.lstrip(" ")


@given(streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cutting_gives_the_same_events(stream: tuple[bytes, list[bytes]], cuts: list[int]) -> None:
    """However the network cuts a stream, whatever ends its lines, the events are the same."""
    raw, expected = stream
    assert feed(raw, *cuts) == expected


@given(streams())
def test_byte_by_byte_gives_the_same_events(stream: tuple[bytes, list[bytes]]) -> None:
    """A stream that arrives one byte at a time has the same events."""
    raw, expected = stream
    assert feed(raw, *range(len(raw))) == expected


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_any_bytes_decode_alike_however_cut(raw: bytes, cuts: list[int]) -> None:
    """Even nonsense decodes to the same events however it is cut."""
    assert feed(raw, *cuts) == feed(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data\n\n", [b""]),
        (b"data\ndata\n\n", [b"\n"]),
        (b": comment\n\n", []),
        (b"event: x\ndata: a\nid: 1\n\n", [b"a"]),
        (b"data: a\r\rdata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\n\n\n\n", [b"a"]),
        (b"data: a\n", []),
        (b"datax: a\n\n", []),
        (b"{}", []),
        (b"", []),
    ],
)
def test_the_rules_of_the_format(raw: bytes, expected: list[bytes]) -> None:
    """Fields, comments, blank lines and line ends mean what the standard says."""
    assert feed(raw) == expected


def test_a_carriage_return_ends_an_event_at_once() -> None:
    """An event that ends in carriage returns is not held back until the next byte comes."""
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\r") == [b"a"]
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"") == []
    assert decoder.feed(b"data: b\r\r") == [b"b"]


def test_nothing_is_lost_when_nothing_comes() -> None:
    """An empty read between a carriage return and its line feed changes nothing."""
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\n\r\n") == [b"a"]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_an_event_beyond_the_limit_is_refused_however_it_comes(line_end: bytes, pieces: int) -> None:
    """An event of exactly the limit passes, one byte more does not, whole or in pieces."""
    for size, fits in ((32, True), (33, False)):
        raw = b"data: " + b"x" * size + line_end * 2
        decoder = SseDecoder(limit=32)
        step = -(-len(raw) // pieces)
        found: list[bytes] = []
        if fits:
            for start in range(0, len(raw), step):
                found += decoder.feed(raw[start : start + step])
            assert found == [b"x" * size]
        else:
            with pytest.raises(EventTooLarge):
                for start in range(0, len(raw), step):
                    found += decoder.feed(raw[start : start + step])
            assert not found


def test_many_small_events_beyond_the_limit_together_pass() -> None:
    """The limit is on one event, not on what one read brings."""
    assert SseDecoder(limit=8).feed(b"data: abc\n\n" * 20) == [b"abc"] * 20
    with pytest.raises(EventTooLarge):
        SseDecoder(limit=8).feed(b"data: abc\n\n" * 20 + b"data: 123456789\n\n")


def test_a_line_without_end_is_refused() -> None:
    """A line that never ends does not grow in memory beyond the limit."""
    decoder = SseDecoder(limit=1000)
    with pytest.raises(EventTooLarge):
        for _ in range(20):
            decoder.feed(b"x" * 100)
