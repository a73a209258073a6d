"""Room 4, pure: reads the JSON that providers send, as leniently as their own SDKs do.

orjson reads well-formed documents fast. Documents that it refuses are read again as Python's `json` reads
them, on which the official SDKs are built: with a byte order mark, in UTF-16, with halves of surrogate pairs
(allowed by https://www.rfc-editor.org/rfc/rfc8259#section-8.2), with `NaN` and `Infinity`, and with numbers
of any size. Invalid UTF-8 becomes U+FFFD. No returned string holds half a character (see
`text/surrogates.py`).
"""

import json
import math
import re
from typing import Any

import orjson

from ringmain_server.text.surrogates import Cut

_BOM = b"\xef\xbb\xbf"
_DIGITS = 308
"""Most digits of a whole number; a longer one is read as infinite, as in JavaScript."""
_LONG = re.compile(rb"\d{19}")
"""Matches numbers that may exceed 64 bits."""
_LEAST, _MOST = -(2**63), 2**64 - 1
"""The whole numbers that orjson writes."""
_BEGINNING = re.compile(r"\s*[\[{\"0-9tfnNI-]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Matches possible halves of surrogate pairs, written as escapes or as bytes."""
_ODD = re.compile("[\ud800-\udfff\U0010ff80-\U0010ffff]")
"""Matches half a character, or the mark of an invalid byte, in a string."""
_MARK = 0x10FF00
"""An invalid byte is read as this number plus the byte, which gives code points that nobody uses."""
_MARKS = re.compile(rb"\xf4\x8f[\xbe\xbf][\x80-\xbf]")
_MARKED = 10_000
"""Most invalid bytes; a document with more is no document, and would be slow to read."""
_WINDOW = 16 << 10
"""Bytes that are decoded at a time."""
_CHARACTER = 4
"""Bytes of the longest character."""
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class NotJson(ValueError):
    """The data cannot be read as JSON, however leniently."""


class Odd(dict[str, Any]):
    """A document with a string that begins or ends within a character."""


def read(data: bytes | memoryview | str) -> Any:
    """Returns the content of a JSON document.

    Raises:
        NotJson: The data is not JSON, or is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass  # the error refers to the whole document, so no exception may be chained to it
    return _leniently(data)


def read_exactly(data: bytes) -> Any:
    """Reads as `read` does, but keeps whole numbers beyond 64 bits exact, for data that becomes JSON again.

    Raises:
        NotJson: As `read`.
    """
    return read(data) if _LONG.search(data) is None else _leniently(data)


def read_again(text: str) -> Any:
    """Returns the content of JSON text from an earlier answer, in values that any JSON writer accepts.

    Whole numbers beyond 64 bits become text instead of being rounded.

    Raises:
        NotJson: As `read`.
    """
    if _LONG.search(text.encode()) is None:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
    found = _leniently(text)
    try:
        again = written(_fitting(found))
    except RecursionError:
        raise NotJson("what came is nested too deeply") from None
    return orjson.loads(again)


def written(value: object, *, spaced: bool = False) -> str:
    """Writes a value that was read as valid JSON text, whatever numbers it holds.

    Args:
        value: The result of `read`, or a part of it.
        spaced: Whether a space follows commas and colons.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    separators = (", ", ": ") if spaced else (",", ":")
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=separators)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=separators)


def _leniently(data: bytes | memoryview | str) -> Any:
    text, marked = (data, False) if isinstance(data, str) else _text(bytes(data))
    if text is None or _BEGINNING.match(text) is None:
        raise NotJson("what came is no JSON")
    found, failed = None, False
    try:
        found = json.loads(text, parse_int=_whole_number)
    except (ValueError, RecursionError):
        failed = True
    if failed:  # outside the clause, because that error refers to the document, too
        raise NotJson("what came is no JSON")
    if marked or _HALF.search(text) is not None:
        strings = _Strings(marked=marked)
        found = strings.of(found)
        if strings.cut and isinstance(found, dict):
            found = Odd(found)
    return found


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def _text(data: bytes) -> tuple[str | None, bool]:
    """Returns a document's text, and whether it has marks for invalid bytes; no text if they are too many."""
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        return _wide(data, encoding), False
    data = data.removeprefix(_BOM)
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        pass
    if _MARKS.search(data) is not None:
        return data.decode("utf-8", "replace"), False  # the document itself uses the code points of the marks
    return _with_marks(data), True


def _wide(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(encoding, "replace")


def _with_marks(data: bytes) -> str | None:
    found: list[str] = []
    at, left = 0, _MARKED
    while at < len(data):
        window = data[at : at + _WINDOW]  # an error copies what was decoded, so this must be small
        try:
            found.append(window.decode())
            at += len(window)
            continue
        except UnicodeDecodeError as exc:
            bad = exc.start
        found.append(window[:bad].decode())
        at += bad
        if bad and len(window) == _WINDOW and bad > _WINDOW - _CHARACTER:
            continue  # the end of the window may have cut a character
        if (left := left - 1) < 0:
            return None
        # Half a surrogate pair, encoded as if it were a character, takes three bytes.
        half = data[at : at + 3]
        is_half = _SURROGATE.match(half) is not None
        found.append(half.decode("utf-8", "surrogatepass") if is_half else chr(_MARK + data[at]))
        at += 3 if is_half else 1
    return "".join(found)


class _Strings:
    """Repairs every string of a document.

    Args:
        marked: Whether the document has marks for invalid bytes.

    Attributes:
        cut: Whether a string begins or ends within a character.
    """

    def __init__(self, *, marked: bool) -> None:
        self._marked = marked
        self.cut = False

    def of(self, value: Any) -> Any:
        """Returns a value with valid strings."""
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            return {str(self._string(name)): self.of(item) for name, item in value.items()}
        return value

    def _string(self, text: str) -> str:
        if text.isascii() or _ODD.search(text) is None:
            return text
        raw = text.encode("utf-8", "surrogatepass")
        if self._marked:
            raw = _MARKS.sub(_byte, raw)
        found = Cut.of(raw)
        self.cut = self.cut or isinstance(found, Cut)
        return found


def _byte(mark: re.Match[bytes]) -> bytes:
    return bytes((ord(mark[0].decode()) - _MARK,))


def _fitting(value: object) -> object:
    """Returns a value with text for every whole number that does not fit 64 bits."""
    if type(value) is int and not _LEAST <= value <= _MOST:
        return str(value)
    if isinstance(value, list):
        return [_fitting(item) for item in value]
    return {name: _fitting(item) for name, item in value.items()} if isinstance(value, dict) else value


def _finite(value: object) -> object:
    """Returns a value with null for every number that JSON cannot express."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {name: _finite(item) for name, item in value.items()} if isinstance(value, dict) else value
