"""Room 4, pure: writes JSON text that comes in pieces as `json_reader.written` writes the whole of it.

Whole answers hold the arguments of a call as an object, streams as the text that the model wrote. Both give
the same text if the white space, the escapes and the numbers of the latter are rewritten, which needs no more
than the word at hand. What is no JSON, as a model may write, is passed on from there as it is.
"""

import re

from ringmain_server.providers.json_reader import NotJson, read_exactly, written
from ringmain_server.text.surrogates import Joiner

_BLANK = " \t\r\n"
_WORD = re.compile(r'[ \t\r\n]+|[{}\[\],:"]|[^ \t\r\n{}\[\],:"]+')
_CONTENT = re.compile(r'(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*+', re.DOTALL)
"""Matches the content of a string as far as its escapes are complete."""
_HALF = re.compile(r"(?:^|[^\\])(?:\\\\)*+(\\u[dD][89abAB][0-9a-fA-F]{2})\Z", re.DOTALL)
"""Matches the first half of a surrogate pair at the end of a string's content."""
_ESCAPE_AT_MOST = 5
"""Characters of the longest escape that is not complete."""
_SPACED = {",": ", ", ":": ": "}
_OPENS, _CLOSES = frozenset("{["), frozenset("}]")


class JsonText:
    """One JSON document, with a space after each comma and colon."""

    __slots__ = ("_held", "_is_after_value", "_is_raw", "_is_string", "_joiner")

    def __init__(self) -> None:
        self._joiner = Joiner()
        self._held = ""
        self._is_string = False
        self._is_after_value = False
        self._is_raw = False

    def feed(self, piece: str) -> str:
        """Adds a piece and returns what is certain now."""
        text = self._held + self._joiner.feed(piece)
        self._held = ""
        found: list[str] = []
        at = 0
        while at < len(text):
            if self._is_raw:
                found.append(text[at:])
                break
            at = self._string(text, at, found) if self._is_string else self._outside(text, at, found)
        return "".join(found)

    def end(self) -> str:
        """Returns what still waited for more."""
        held, self._held = self._held + self._joiner.end(), ""
        return held if self._is_string or self._is_raw or not held else self._value(held)

    def _string(self, text: str, at: int, found: list[str]) -> int:
        """Reads the content of a string from a place on, and returns the place behind it."""
        match = _CONTENT.match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] == '"':
            found += (_rewritten(text[at:end]), '"')
            self._is_string, self._is_after_value = False, True
            return end + 1
        if len(text) - end > _ESCAPE_AT_MOST:
            self._is_raw = True  # what begins there is no escape
            found.append(text[at:end])
            return end
        if half := _HALF.search(text[at:end]):
            end = at + half.start(1)
        found.append(_rewritten(text[at:end]))
        self._held = text[end:]
        return len(text)

    def _outside(self, text: str, at: int, found: list[str]) -> int:
        """Reads one word or sign from a place on, and returns the place behind it."""
        match = _WORD.match(text, at)
        assert match, "every character begins a word"
        word = match[0]
        if word[0] in _BLANK:
            return match.end()
        if word in _SPACED or word in _CLOSES:
            found.append(_SPACED.get(word, word))
            self._is_after_value = word in _CLOSES
        elif self._is_after_value:
            # Without a comma between them, two values would become one.
            self._is_raw = True
            found.append(" ")
            return at
        elif word == '"' or word in _OPENS:
            self._is_string = word == '"'
            found.append(word)
        elif match.end() == len(text):
            self._held = word
        else:
            found.append(self._value(word))
            self._is_after_value = True
        return match.end()

    def _value(self, word: str) -> str:
        try:
            return written(read_exactly(word.encode()))
        except NotJson:
            self._is_raw = True
            return word


def _rewritten(content: str) -> str:
    """Returns the content of a string with the fewest escapes."""
    if "\\" not in content:
        return content
    try:
        return written(read_exactly(f'"{content}"'.encode()))[1:-1]
    except NotJson:
        return content
