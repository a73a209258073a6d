"""Room 4, pure: reads the JSON that providers send, as leniently as their own SDKs do.

orjson reads what is well formed, fast. What it refuses is read once more as Python's `json` reads it, on
which the official SDKs rest: a byte order mark, UTF-16, halves of surrogate pairs (allowed by
https://www.rfc-editor.org/rfc/rfc8259#section-8.2), `NaN` and `Infinity`, numbers of any size. Bytes that are
no UTF-8 become U+FFFD. No string that comes out holds half a character (see `halves.py`).
"""

import json
import math
import re
from typing import Any

import orjson

from ringmain_server.text.surrogates import Cut

_BOM = b"\xef\xbb\xbf"
_DIGITS = 308
"""Digits of a whole number beyond which it is read as infinite, as JavaScript does."""
_LONG = re.compile(rb"\d{19}")
"""A number that may be beyond 64 bits."""
_BEGINNING = re.compile(r"\s*[\[{\"0-9tfnNI-]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Halves of surrogate pairs may be in a document, written as an escape or as bytes."""
_ODD = re.compile("[\ud800-\udfff\U0010ff80-\U0010ffff]")
"""What stands in a string for half a character or for a byte that is no UTF-8."""
_MARK = 0x10FF00
"""A byte that is no UTF-8 is read as this plus the byte: code points that nobody uses."""
_MARKS = re.compile(rb"\xf4\x8f[\xbe\xbf][\x80-\xbf]")
_MARKED = 10_000
"""Most bytes that are no UTF-8: a document with more is none, and would take long to read."""
_WINDOW = 16 << 10
"""Bytes that are decoded at a time."""
_CHARACTER = 4
"""Bytes of the longest character."""
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class NotJson(ValueError):
    """It cannot be read as JSON, however leniently."""


class Odd(dict[str, Any]):
    """A document of which a string begins or ends within a character."""


def read(data: bytes | memoryview | str) -> Any:
    """What a JSON document holds.

    Raises:
        NotJson: It is none, or is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass  # its error keeps the document, so that nothing may be chained to it
    return _leniently(data)


def read_exactly(data: bytes) -> Any:
    """As `read`, with whole numbers beyond 64 bits as they are: for what is written on as JSON.

    Raises:
        NotJson: As `read`.
    """
    return read(data) if _LONG.search(data) is None else _leniently(data)


def read_again(text: str) -> Any:
    """What JSON text of an earlier answer holds, in values that any JSON writer takes.

    Raises:
        NotJson: As `read`.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    return orjson.loads(written(_leniently(text)))


def written(value: object, *, spaced: bool = False) -> str:
    """What was read as JSON text again: valid JSON, whatever numbers are in it.

    Args:
        value: What `read` gave, or a part of it.
        spaced: Whether a space follows commas and colons.

    Raises:
        RecursionError: It is nested too deeply.
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
    if failed:  # outside of the clause, for that error keeps the document, too
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
    """A document's text, and whether bytes that are no UTF-8 are marked in it; None if too many are."""
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        return _wide(data, encoding), False
    data = data.removeprefix(_BOM)
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        pass
    if _MARKS.search(data) is not None:
        return data.decode("utf-8", "replace"), False  # the marks are in use
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
        window = data[at : at + _WINDOW]  # an error keeps a copy of what was decoded
        try:
            found.append(window.decode())
            at += len(window)
            continue
        except UnicodeDecodeError as exc:
            bad = exc.start
        found.append(window[:bad].decode())
        at += bad
        if bad and len(window) == _WINDOW and bad > _WINDOW - _CHARACTER:
            continue  # the window may have cut a character
        if (left := left - 1) < 0:
            return None
        half = data[at : at + 3]
        is_half = _SURROGATE.match(half) is not None
        found.append(half.decode("utf-8", "surrogatepass") if is_half else chr(_MARK + data[at]))
        at += 3 if is_half else 1
    return "".join(found)


class _Strings:
    """Mends every string of a document.

    Args:
        marked: Whether marks stand in it for bytes.

    Attributes:
        cut: Whether one begins or ends within a character.
    """

    def __init__(self, *, marked: bool) -> None:
        self._marked = marked
        self.cut = False

    def of(self, value: Any) -> Any:
        """A value with valid strings."""
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


def _finite(value: object) -> object:
    """A value with null for every number that JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {name: _finite(item) for name, item in value.items()} if isinstance(value, dict) else value
