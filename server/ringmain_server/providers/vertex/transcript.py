"""Room 4, pure: reads a transcript from JSON that is still being written.

    {"language": "en", "segments": [{"start": 0.0, "end": 2.1, "text": "Good morning."}, …]}

A segment is returned as soon as its object is closed. The text of an open segment is returned as it grows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ringmain_server.providers import numbers
from ringmain_server.providers.json_reader import NotJson, read

_SEGMENT_DEPTH = 2
"""The number of open objects within a segment."""
_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)')
_HALF_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{0,3}$|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?$")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\uffef]"
)
"""Characters of scripts without spaces between words. Korean has spaces."""


class NoTranscript(ValueError):
    """The model wrote something that is not a transcript."""


@dataclass(frozen=True, slots=True)
class TranscribedSegment:
    """A stretch of speech.

    Attributes:
        text: The words.
        start: Seconds from the beginning; None if the model does not say.
        end: Seconds from the beginning; None if the model does not say.
    """

    text: str
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class TranscriptUpdate:
    """The result of one piece of JSON: more text, and possibly the segment that it completes."""

    delta: str
    segment: TranscribedSegment | None = None


class TranscriptScanner:
    """Reads one transcript, piece by piece."""

    __slots__ = ("_depth", "_escaped", "_in_string", "_open", "_said", "_whole", "language", "text")

    def __init__(self) -> None:
        self._whole: list[str] = []
        self._open: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._said = ""
        self.text = ""
        self.language = ""

    def feed(self, piece: str) -> Sequence[TranscriptUpdate]:
        """Returns the results of a piece.

        Raises:
            NoTranscript: A segment is malformed.
        """
        self._whole.append(piece)
        found: list[TranscriptUpdate] = []
        start = 0
        # Braces are counted by hand, because no JSON parser reads a document that is not finished.
        for at, character in enumerate(piece):
            if self._step(character):
                self._open.append(piece[start : at + 1])
                if character == "}":
                    found.append(self._close())
                else:
                    # A segment begins; text before it does not matter.
                    self._open = ["{"]
                start = at + 1
        # A segment is still open: its text is returned as far as it is certain.
        if self._depth == _SEGMENT_DEPTH:
            self._open.append(piece[start:])
            if delta := self._more(_partial("".join(self._open))):
                found.append(TranscriptUpdate(delta))
        return found

    def end(self) -> str:
        """Returns the whole text.

        Raises:
            NoTranscript: The model did not write a transcript.
        """
        try:
            found = read("".join(self._whole))
            segments = found["segments"]
            language = found.get("language", "")
        except (NotJson, KeyError, TypeError, AttributeError) as exc:
            raise NoTranscript from exc
        if not isinstance(segments, list):
            raise NoTranscript
        self.language = language if isinstance(language, str) else ""
        return self.text

    def _step(self, character: str) -> bool:
        """Whether a character opens or closes a segment."""
        if self._in_string:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._in_string = False
            return False
        if character == '"':
            self._in_string = True
        elif character == "{":
            self._depth += 1
            return self._depth == _SEGMENT_DEPTH
        elif character == "}":
            self._depth -= 1
            return self._depth == _SEGMENT_DEPTH - 1
        return False

    def _close(self) -> TranscriptUpdate:
        segment = _segment("".join(self._open))
        delta = self._more(segment.text)
        self.text += self._said
        self._open, self._said = [], ""
        return TranscriptUpdate(delta, segment)

    def _more(self, text: str) -> str:
        """Returns the part of a segment's text that has not been returned yet."""
        text = text.lstrip()
        if not text:
            return ""
        whole = _space(self.text, text) + text
        # The final text may differ from the partial one, for instance without its trailing spaces; what has
        # been returned cannot be taken back.
        delta = whole[len(self._said) :] if whole.startswith(self._said) else ""
        self._said += delta
        return delta


def _space(before: str, after: str) -> str:
    """Returns the separator between two segments of the whole text."""
    if not before or before[-1].isspace() or _UNSPACED.match(before[-1]) or _UNSPACED.match(after[0]):
        return ""
    return " "


def _partial(written: str) -> str:
    """Returns the text of an unfinished segment, without a half-written character."""
    found = _TEXT.search(written)
    if found is None:
        return ""
    text = _HALF_ESCAPE.sub("", found[1])
    try:
        decoded = read(f'"{text}"')
    except NotJson:
        return ""
    return str(decoded).rstrip()


def _segment(written: str) -> TranscribedSegment:
    try:
        found = read(written)
    except NotJson as exc:
        raise NoTranscript from exc
    text = found.get("text")
    if not isinstance(text, str):
        raise NoTranscript
    return TranscribedSegment(
        text.strip(), numbers.seconds(found.get("start")), numbers.seconds(found.get("end"))
    )
