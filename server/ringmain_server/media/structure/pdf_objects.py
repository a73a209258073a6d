"""Media, structure, pure: finds the objects of a PDF by their keywords (ISO 32000-1, section 7.3).

A reader uses the cross-reference table, which may lie. Here every object in the file counts, whether the
table knows it or not, and so do those in object streams.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ringmain_server.media.structure import pdf_filters

_HEAD = re.compile(rb"(\d{1,10})[\s\x00]+\d{1,5}[\s\x00]+\Z")
_LONGEST_DICTIONARY = 1024 * 1024
_STEP = 8 * 1024
"""Bytes that are unpacked at a time: a stream that is packed too well is noticed after so many."""
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_REFERENCE = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+R(?![A-Za-z])")
_NAMED = re.compile(rb"/([^\s/<>\[\](){}%]+)\s*(\d{1,10})\s+\d{1,5}\s+R(?![A-Za-z])")
_NUMBERS = re.compile(rb"\d{1,10}")

Data = bytes | mmap.mmap


@dataclass(slots=True)
class Object:
    """An object of a PDF.

    Attributes:
        number: The number by which others refer to it.
        text: Its dictionary or other value without its stream; names have no escapes.
        stream: The start of its stream; zero for none.
        end: The latest possible end of its stream.
    """

    number: int
    text: bytes
    stream: int = 0
    end: int = 0

    def has(self, pattern: "re.Pattern[bytes]") -> bool:
        """Whether its text matches a pattern."""
        return pattern.search(self.text) is not None


@dataclass(slots=True)
class Objects:
    """The objects of a file by number; where several have the same number, all of them.

    Attributes:
        by_number: The objects.
        count: The number of objects.
    """

    by_number: dict[int, list[Object]] = field(default_factory=dict)
    count: int = 0

    def add(self, found: Object) -> None:
        """Adds an object."""
        self.count += 1
        self.by_number.setdefault(found.number, []).append(found)

    def all(self) -> Iterator[Object]:
        """Yields every object."""
        for same in self.by_number.values():
            yield from same

    def resolved(self, number: int) -> list[Object]:
        """Returns the objects with a number."""
        return self.by_number.get(number, [])

    def value(self, text: bytes, key: bytes) -> bytes:
        """Returns the text behind a key in a dictionary; where it is a reference, the object's text."""
        at = _key(text, key)
        if at < 0:
            return b""
        reference = _REFERENCE.match(text, at)
        if reference is None:
            return text[at:]
        return b"\n".join(one.text for one in self.resolved(int(reference[1])))

    def number(self, text: bytes, key: bytes) -> int:
        """Returns the whole number behind a key, zero where there is none."""
        found = _NUMBERS.match(self.value(text, key).lstrip(b"+ \t\r\n"))
        return int(found[0]) if found else 0


def _key(text: bytes, key: bytes) -> int:
    """Returns the position behind a key and the space that follows it; negative where it is missing."""
    at = -1
    while (at := text.find(b"/" + key, at + 1)) >= 0:
        end = at + 1 + len(key)
        if end >= len(text) or text[end : end + 1] in b" \t\r\n\x0c\x00/<[(%0123456789+-.":
            while end < len(text) and text[end : end + 1] in b" \t\r\n\x0c\x00":
                end += 1
            return end
    return -1


def scan(data: Data) -> Iterator[Object]:
    """Yields the objects that stand in the file, in their order."""
    heads = _heads(data)
    current = next(heads, None)
    while current is not None:
        number, start = current
        current = next(heads, None)
        end = len(data) if current is None else current[1]
        yield _object(data, number, start, end)


def _heads(data: Data) -> Iterator[tuple[int, int]]:
    """Yields the number of each object and the start of its content."""
    at = -1
    while (at := data.find(b"obj", at + 1)) >= 0:
        head = _HEAD.search(data[max(at - 24, 0) : at])
        if head:
            yield int(head[1]), at + 3


def _object(data: Data, number: int, start: int, end: int) -> Object:
    most = min(end, start + _LONGEST_DICTIONARY)
    # Whichever comes first decides: `stream` may also be a word within a later object.
    stream, over = data.find(b"stream", start, most), data.find(b"endobj", start, most)
    if over >= 0 and (stream < 0 or over < stream):
        return Object(number, _plain(data[start:over]))
    if stream < 0:
        return Object(number, _plain(data[start:most]))
    begin = stream + 6
    begin += (
        2 if data[begin : begin + 2] == b"\r\n" else 1 if data[begin : begin + 1] in (b"\n", b"\r") else 0
    )
    return Object(number, _plain(data[start:stream]), begin, end)


def _plain(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text) if b"#" in text else text


def pieces(data: Data, start: int, end: int | None = None, step: int = _STEP) -> Iterator[bytes]:
    """Yields the file from a place on in pieces. A filter finds the end of its stream itself."""
    end = len(data) if end is None else end
    while start < end:
        yield data[start : min(start + step, end)]
        start += step


def within(text: bytes, first: int) -> Iterator[Object]:
    """Yields the objects in an object stream."""
    numbers = [int(found) for found in _NUMBERS.findall(text[:first])]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
    ends = [first + place for _, place in pairs[1:]] + [len(text)]
    for (number, place), end in zip(pairs, ends, strict=False):
        yield Object(number, _plain(text[first + place : max(end, first + place)]))


def filters(objects: Objects, found: Object) -> list[bytes]:
    """Returns the filters of a stream, in their order."""
    value = objects.value(found.text, b"Filter")
    if not value.startswith(b"["):
        value = value[:40]
    else:
        value = value[: value.find(b"]") + 1]
        for reference in _REFERENCE.findall(value):
            value += b"".join(one.text for one in objects.resolved(int(reference)))
    return pdf_filters.NAMES.findall(value)


def references(text: bytes) -> list[int]:
    """Returns the numbers that a text refers to."""
    return [int(number) for number in _REFERENCE.findall(text)]


def named(text: bytes) -> list[tuple[bytes, int]]:
    """Returns the names in a text that refer to an object, each with the object's number."""
    return [(name, int(number)) for name, number in _NAMED.findall(text)]
