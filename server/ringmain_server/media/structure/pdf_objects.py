"""Media, structure, pure: the objects of a PDF, found by their words (ISO 32000-1, section 7.3).

A reader goes by the table of references, which may lie; here, every object in the file counts, whether the
table knows it or not, and those in object streams as well.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ringmain_server.media.structure import pdf_filters

_HEAD = re.compile(rb"(\d{1,10})[\s\x00]+\d{1,5}[\s\x00]+\Z")
_LONGEST_DICTIONARY = 1024 * 1024
_STEP = 8 * 1024
"""Bytes that are unpacked at a time: so soon a stream that is packed too well is noticed."""
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_REFERENCE = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+R(?![A-Za-z])")
_NAMED = re.compile(rb"/([^\s/<>\[\](){}%]+)\s*(\d{1,10})\s+\d{1,5}\s+R(?![A-Za-z])")
_NUMBERS = re.compile(rb"\d{1,10}")

Data = bytes | mmap.mmap


@dataclass(slots=True)
class Object:
    """An object.

    Attributes:
        number: By which others refer to it.
        text: Its dictionary or whatever it is, without its stream; names without escapes.
        stream: Where its stream begins; zero for none.
        end: Where it ends at the latest.
    """

    number: int
    text: bytes
    stream: int = 0
    end: int = 0

    def has(self, pattern: "re.Pattern[bytes]") -> bool:
        """Whether its text has something."""
        return pattern.search(self.text) is not None


@dataclass(slots=True)
class Objects:
    """The objects of a file, by number; where several have one, all of them.

    Attributes:
        by_number: The objects.
        count: How many there are.
    """

    by_number: dict[int, list[Object]] = field(default_factory=dict)
    count: int = 0

    def add(self, found: Object) -> None:
        """One more."""
        self.count += 1
        self.by_number.setdefault(found.number, []).append(found)

    def all(self) -> Iterator[Object]:
        """Every object."""
        for same in self.by_number.values():
            yield from same

    def resolved(self, number: int) -> list[Object]:
        """The objects of a number."""
        return self.by_number.get(number, [])

    def value(self, text: bytes, key: bytes) -> bytes:
        """What follows a key in a dictionary's text: where it is a reference, what it refers to."""
        at = _key(text, key)
        if at < 0:
            return b""
        reference = _REFERENCE.match(text, at)
        if reference is None:
            return text[at:]
        return b"\n".join(one.text for one in self.resolved(int(reference[1])))

    def number(self, text: bytes, key: bytes) -> int:
        """A whole number, zero where there is none."""
        found = _NUMBERS.match(self.value(text, key).lstrip(b"+ \t\r\n"))
        return int(found[0]) if found else 0


def _key(text: bytes, key: bytes) -> int:
    """Behind a key and the space that follows it, or below zero."""
    at = -1
    while (at := text.find(b"/" + key, at + 1)) >= 0:
        end = at + 1 + len(key)
        if end >= len(text) or text[end : end + 1] in b" \t\r\n\x0c\x00/<[(%0123456789+-.":
            while end < len(text) and text[end : end + 1] in b" \t\r\n\x0c\x00":
                end += 1
            return end
    return -1


def scan(data: Data) -> Iterator[Object]:
    """The objects that stand in the file, in their order."""
    heads = _heads(data)
    current = next(heads, None)
    while current is not None:
        number, start = current
        current = next(heads, None)
        end = len(data) if current is None else current[1]
        yield _object(data, number, start, end)


def _heads(data: Data) -> Iterator[tuple[int, int]]:
    """Numbers, and where what they name begins."""
    at = -1
    while (at := data.find(b"obj", at + 1)) >= 0:
        head = _HEAD.search(data[max(at - 24, 0) : at])
        if head:
            yield int(head[1]), at + 3


def _object(data: Data, number: int, start: int, end: int) -> Object:
    most = min(end, start + _LONGEST_DICTIONARY)
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
    """The file from a place on: a filter knows where its stream ends, whatever the dictionary says."""
    end = len(data) if end is None else end
    while start < end:
        yield data[start : min(start + step, end)]
        start += step


def within(text: bytes, first: int) -> Iterator[Object]:
    """The objects in an object stream."""
    numbers = [int(found) for found in _NUMBERS.findall(text[:first])]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
    ends = [first + place for _, place in pairs[1:]] + [len(text)]
    for (number, place), end in zip(pairs, ends, strict=False):
        yield Object(number, _plain(text[first + place : max(end, first + place)]))


def filters(objects: Objects, found: Object) -> list[bytes]:
    """The filters of a stream, in their order."""
    value = objects.value(found.text, b"Filter")
    if not value.startswith(b"["):
        value = value[:40]
    else:
        value = value[: value.find(b"]") + 1]
        for reference in _REFERENCE.findall(value):
            value += b"".join(one.text for one in objects.resolved(int(reference)))
    return pdf_filters.NAMES.findall(value)


def references(text: bytes) -> list[int]:
    """The numbers that some text refers to."""
    return [int(number) for number in _REFERENCE.findall(text)]


def named(text: bytes) -> list[tuple[bytes, int]]:
    """The names in some text that refer to an object, with its number."""
    return [(name, int(number)) for name, number in _NAMED.findall(text)]
