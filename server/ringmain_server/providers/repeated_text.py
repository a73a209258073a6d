"""Room 4, pure: reads the events of a stream that repeat one another in everything but their text.

Most servers write every event of a stream with the same bytes around its text. Once such an event is known,
the next one is recognized by these bytes and only its text is parsed. The result is the same as that of
parsing the whole: a string in a JSON document can be any other string without changing the rest of it.
"""

import re
from collections.abc import Callable

import orjson

_TEXT = r'"(?:%s)"\s{0,8}:\s{0,8}"'
"""Matches the beginning of a text, in a field of one of some names."""
_NO_EVENT = b"\0"
"""No event begins or ends with this."""
_PROBE = "a text in place of the event's own"
_TRIES = 4
"""Events of a stream that may be learned. Some servers write random padding into each."""
_LARGEST = 16 << 10
"""Most bytes of an event that is learned, since it is kept."""


def text_in(*names: str) -> re.Pattern[bytes]:
    """Returns a pattern that matches the beginning of a text in a field of one of these names."""
    return re.compile((_TEXT % "|".join(names)).encode())


class RepeatedText:
    """The bytes around the text of a stream's events.

    Args:
        text: Matches the beginning of the text in an event; see `text_in`.
        is_only: Whether a document tells nothing but this text.
    """

    __slots__ = ("_after", "_before", "_is_only", "_start", "_stop", "_text", "_tries")

    def __init__(self, text: re.Pattern[bytes], is_only: Callable[[object, str], bool]) -> None:
        self._text = text
        self._is_only = is_only
        self.forget()

    def forget(self) -> None:
        """Forgets the event that was learned, so that others can be."""
        self._before = self._after = _NO_EVENT
        self._start = self._stop = 0
        self._tries = _TRIES

    def read(self, data: bytes) -> str | None:
        """Returns the text of an event that repeats the one learned; None for any other event."""
        if data.startswith(self._before) and data.endswith(self._after):
            try:
                text: str = orjson.loads(data[self._start : self._stop])
            except orjson.JSONDecodeError:
                return None  # what is no string, or must be read leniently
            return text
        return None

    def learn(self, data: bytes) -> bool:
        """Takes a parsed event as the pattern for those that follow, if it tells nothing but a text.

        Returns:
            Whether the event is the pattern now.
        """
        if not self._tries or len(data) > _LARGEST:
            return False
        self._tries -= 1
        found = self._text.search(data)
        if found is None:
            return False
        before = data[: found.end()]
        after = data[data.find(b'"', found.end()) :]
        try:
            document = orjson.loads(before + _PROBE.encode() + after)
        except orjson.JSONDecodeError:
            return False
        if not self._is_only(document, _PROBE):
            return False
        self._before, self._after = before, after
        # With the quotes around the text.
        self._start, self._stop = len(before) - 1, 1 - len(after)
        return True
