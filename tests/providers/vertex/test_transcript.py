"""Tests of transcripts that are read while they are written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain_server.providers.vertex.transcript import NoTranscript, TranscribedSegment, TranscriptScanner

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
SECONDS = st.one_of(st.none(), st.floats(0, 1000, allow_nan=False))
SEGMENTS = st.lists(st.tuples(WORDS, SECONDS, SECONDS), max_size=5)


@settings(max_examples=200)
@given(segments=SEGMENTS, size=st.integers(1, 9), ascii_only=st.booleans())
def test_any_transcript(
    segments: list[tuple[str, float | None, float | None]], size: int, ascii_only: bool
) -> None:
    """However it is cut, deltas add up to the text, and every segment comes once, whole and in order."""
    document = {
        "language": "en",
        "segments": [{"start": start, "end": end, "text": text} for text, start, end in segments],
    }
    written = json.dumps(document, ensure_ascii=ascii_only)
    scanner = TranscriptScanner()
    found = [heard for at in range(0, len(written), size) for heard in scanner.feed(written[at : at + size])]
    assert scanner.end() == "".join(heard.delta for heard in found)
    assert scanner.language == "en"
    assert [heard.segment for heard in found if heard.segment is not None] == [
        TranscribedSegment(text.strip(), start, end) for text, start, end in segments
    ]
    assert "".join(scanner.text.split()) == "".join("".join(text.split()) for text, _, _ in segments)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [("One.", "Two.", "One. Two."), ("你好。", "再见。", "你好。再见。"), ("안녕.", "네.", "안녕. 네.")],
)
def test_spaces(first: str, second: str, text: str) -> None:
    """Segments are joined as their script joins words."""
    scanner = TranscriptScanner()
    scanner.feed(json.dumps({"segments": [{"text": first}, {"text": second}]}))
    assert scanner.end() == text


@pytest.mark.parametrize("written", ["", "[]", "{}", '{"segments": 5}', '{"segments": [', "null"])
def test_no_transcript(written: str) -> None:
    """What is no transcript is told from one that is silent."""
    scanner = TranscriptScanner()
    scanner.feed(written)
    with pytest.raises(NoTranscript):
        scanner.end()


@pytest.mark.parametrize("written", ['{"segments": [{"text": 5}]}', '{"segments": [{oops}]}'])
def test_no_segment(written: str) -> None:
    """A segment that is none is told at once."""
    with pytest.raises(NoTranscript):
        TranscriptScanner().feed(written)


@pytest.mark.parametrize("words", ["One\ttwo", "One \\q two"])
def test_a_text_that_is_no_json(words: str) -> None:
    """What cannot be read is not told in part; the segment's end shows that there is no transcript."""
    scanner = TranscriptScanner()
    assert not scanner.feed('{"segments": [{"text": "' + words)
    with pytest.raises(NoTranscript):
        scanner.feed('"}]}')


def test_an_odd_language() -> None:
    """A language that is no text is none."""
    scanner = TranscriptScanner()
    scanner.feed('{"language": 5, "segments": []}')
    assert (scanner.end(), scanner.language) == ("", "")
