"""Room 4, pure: large bytes in JSON documents, without a whole copy of the document.

JSON has no bytes, so images travel as base64 in strings. Such a string is a leaf here:

* Out: `Base64(data)` stands in a body where the string belongs; `pieces(body)` renders the document bit by
  bit.
* In: `LeafCutter` decodes the strings of one name while they come in and leaves their number in the document.

A leaf may be any number of megabytes; what is rendered or held beside the bytes themselves is a few
kilobytes.
"""

import base64
import binascii
import io
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ringmain_server.providers.json_reader import read

SMALL = 64 << 10
"""Bytes up to which a leaf is rendered with the document."""
_PIECE = 48 << 10
"""Bytes rendered at a time: a multiple of three, so that base64 can be cut there."""


@dataclass(frozen=True, slots=True)
class Base64:
    """Bytes where a body wants them as base64.

    Attributes:
        data: The bytes.
        prefix: What stands in front of them in the string, such as `data:image/png;base64,`.
    """

    data: bytes
    prefix: str = ""

    @property
    def text(self) -> str:
        """The string, whole."""
        return self.prefix + base64.b64encode(self.data).decode()

    @property
    def length(self) -> int:
        """Characters of the string."""
        return len(self.prefix) + (len(self.data) + 2) // 3 * 4

    def pieces(self) -> Iterator[bytes]:
        """The string bit by bit."""
        yield self.prefix.encode()
        view = memoryview(self.data)
        for start in range(0, len(view), _PIECE):
            yield binascii.b2a_base64(view[start : start + _PIECE], newline=False)


def render(body: object) -> Sequence[bytes | Base64]:
    """A JSON document cut where its large leaves are; each stands between two pieces of text."""
    mark = ""
    found: list[Base64] = []

    def default(value: object) -> str:
        nonlocal mark
        if not isinstance(value, Base64):
            raise TypeError(f"{type(value).__name__} is no JSON")
        if len(value.data) <= SMALL:
            return value.text
        mark = mark or secrets.token_hex(16)
        found.append(value)
        return mark

    document = orjson.dumps(body, default, orjson.OPT_PASSTHROUGH_DATACLASS)
    if not found:
        return (document,)
    texts = document.split(mark.encode())
    cut: list[bytes | Base64] = [texts[0]]
    for blob, text in zip(found, texts[1:], strict=True):
        cut += (blob, text)
    return cut


def size(rendered: Sequence[bytes | Base64]) -> int:
    """Bytes of a rendered document."""
    return sum(one.length if isinstance(one, Base64) else len(one) for one in rendered)


def pieces(rendered: Sequence[bytes | Base64]) -> Iterator[bytes]:
    """The bytes of a rendered document, bit by bit."""
    for one in rendered:
        if isinstance(one, Base64):
            yield from one.pieces()
        else:
            yield one


def plain(body: Any) -> Any:
    """A body with every leaf as its string, for those who cannot render it bit by bit."""
    if isinstance(body, Base64):
        return body.text
    if isinstance(body, Mapping):
        return {key: plain(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [plain(value) for value in body]
    return body


class Skeleton(bytes):
    """A JSON document whose leaves were cut out: in each one's place is its number, as a string.

    Attributes:
        leaves: The bytes of each, None for one that is no base64.
    """

    blobs: list[bytes | None]

    @classmethod
    def of(cls, document: bytes, name: str) -> "Skeleton":
        """A document without its leaves, which may be cut out already."""
        if isinstance(document, Skeleton):
            return document
        cutter = BlobCutter(name)
        return cutter.end(cutter.feed(document))

    def json(self) -> object:
        """The document.

        Raises:
            NotJson: It is none.
        """
        return read(memoryview(self))  # takes no subclass of bytes

    def blob(self, number: object) -> bytes | None:
        """The bytes for what stands in the document; each is given once, so that it is not kept twice."""
        return take(self.blobs, number)


def take(blobs: list[bytes | None], number: object) -> bytes | None:
    """The bytes of the leaf with this number, which are let go of."""
    if not isinstance(number, str) or not number.isdecimal() or len(number) > _DIGITS:
        return None
    if int(number) >= len(blobs):
        return None
    index = int(number)
    found, blobs[index] = blobs[index], None
    return found


class BlobCutter:
    """Cuts the leaves of one name out of documents, wherever the network cut them.

    Args:
        name: The name under which a leaf stands, such as `b64_json`.
        limit: Most bytes of all leaves that are held at once; 0 for none.
    """

    __slots__ = (
        "_begin",
        "_bits",
        "_broken",
        "_escape",
        "_held",
        "_inside",
        "_limit",
        "_partly",
        "_rest",
        "_size",
        "blobs",
    )

    def __init__(self, name: str, limit: int = 0) -> None:
        key = f'"{name}"'.encode()
        self._begin = re.compile(re.escape(key) + rb'\s{0,8}:\s{0,8}"')
        starts = [re.escape(key[:end]) for end in range(len(key) - 1, 0, -1)]
        after = re.escape(key) + rb"\s{0,8}(?::\s{0,8})?"
        self._partly = re.compile(b"(?:" + b"|".join([after, *starts]) + rb")\Z")
        self._limit = limit
        self._held = b""
        self._inside = False
        self._broken = False
        self._rest = b""
        self._escape = b""
        self._bits = io.BytesIO()
        self._size = 0
        self.blobs: list[bytes | None] = []

    def feed(self, chunk: bytes) -> bytes:
        """What of these bytes is not within a leaf.

        Raises:
            LeafTooLarge: All leaves together exceed the limit.
        """
        if self._inside:
            view, at = memoryview(chunk), 0
        else:
            chunk = self._held + chunk if self._held else chunk
            self._held, view, at = b"", memoryview(chunk), 0
        out: list[bytes] = []
        while at < len(chunk):
            at = self._blob(chunk, view, at, out) if self._inside else self._outside(chunk, at, out)
        return out[0] if len(out) == 1 else b"".join(out)

    def end(self, document: bytes = b"") -> Skeleton:
        """The skeleton of a document that has come to its end.

        Args:
            document: What `feed` has given of it.
        """
        skeleton = Skeleton(document + self._held)
        skeleton.blobs = self.blobs
        return skeleton

    def _outside(self, chunk: bytes, at: int, out: list[bytes]) -> int:
        found = self._begin.search(chunk, at)
        if found is not None:
            out.append(chunk[at : found.end()])
            self._inside = True
            return found.end()
        partly = self._partly.search(chunk, max(at, len(chunk) - _LONGEST))
        stop = len(chunk) if partly is None else partly.start()
        self._held = chunk[stop:]
        out.append(chunk[at:stop])
        return len(chunk)

    def _blob(self, chunk: bytes, view: memoryview, at: int, out: list[bytes]) -> int:
        quote = chunk.find(b'"', at)
        stop = len(chunk) if quote < 0 else quote
        if self._escape or chunk.find(b"\\", at, stop) >= 0:
            self._add(memoryview(self._unescaped(chunk[at:stop])))
        else:
            self._add(view[at:stop])
        if quote < 0:
            return stop
        self._close()
        out.append(b'%d"' % (len(self.blobs) - 1))
        return quote + 1

    def _add(self, text: memoryview) -> None:
        """Decodes what has come of a leaf, but for up to three characters that wait for the next."""
        if self._rest:
            text = memoryview(self._rest + bytes(text))
        whole = len(text) - len(text) % 4
        self._rest = bytes(text[whole:])
        self._decode(text[:whole])

    def _unescaped(self, text: bytes) -> bytes:
        """What a piece of a leaf says in which there are escapes.

        Base64 needs none; yet PHP escapes a solidus, and MIME breaks lines.
        """
        text = self._escape + text
        whole = len(text) - text.endswith(b"\\")
        self._escape, text = text[whole:], text[:whole]
        return text.replace(b"\\/", b"/").replace(b"\\r", b"").replace(b"\\n", b"")

    def _decode(self, text: memoryview) -> None:
        try:
            bits = binascii.a2b_base64(text, strict_mode=True) if len(text) else b""
        except binascii.Error:
            self._broken = True
            return
        self._size += len(bits)
        if self._limit and self._size > self._limit:
            raise BlobTooLarge(f"strings of more than {self._limit} bytes")
        self._bits.write(bits)

    def _close(self) -> None:
        self._broken |= bool(self._rest or self._escape)
        # What the buffer holds is given away, not copied.
        self.blobs.append(None if self._broken else self._bits.getvalue())
        self._inside, self._broken, self._rest, self._escape = False, False, b"", b""
        self._bits = io.BytesIO()


class BlobTooLarge(ValueError):
    """The leaves of a document exceed the limit."""


_DIGITS = 9
"""Of the number of a leaf."""
_LONGEST = 64
"""Bytes of the longest beginning of a leaf that a read may end in."""
