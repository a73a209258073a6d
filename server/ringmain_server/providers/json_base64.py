"""Room 4, pure: handles large bytes in JSON documents without a second copy of the document.

JSON has no bytes, so images travel as base64 in strings. Such a string is called a blob here:

* Outgoing: `Base64(data)` takes the string's place in a body; `pieces(render(body))` renders the document
  piece by piece.
* Incoming: `BlobCutter` decodes the strings of one name while they arrive, and leaves their numbers in the
  document.

A blob may have any number of megabytes; rendering or reading it needs only a few kilobytes beyond the bytes
themselves.
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
"""Most bytes of a blob that is rendered together with the document."""
_PIECE = 48 << 10
"""Bytes rendered at a time; a multiple of three, so that base64 can be cut there."""


@dataclass(frozen=True, slots=True)
class Base64:
    """Bytes that a body shows as base64.

    Attributes:
        data: The bytes.
        prefix: The beginning of the string, such as `data:image/png;base64,`.
    """

    data: bytes
    prefix: str = ""

    @property
    def text(self) -> str:
        """The whole string."""
        return self.prefix + base64.b64encode(self.data).decode()

    @property
    def length(self) -> int:
        """Characters of the string."""
        return len(self.prefix) + (len(self.data) + 2) // 3 * 4

    def pieces(self) -> Iterator[bytes]:
        """Yields the string piece by piece."""
        yield self.prefix.encode()
        view = memoryview(self.data)
        for start in range(0, len(view), _PIECE):
            yield binascii.b2a_base64(view[start : start + _PIECE], newline=False)


def render(body: object) -> Sequence[bytes | Base64]:
    """Returns a JSON document cut at its large blobs, each of which stands between two pieces of text."""
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
    """Returns the size of a rendered document in bytes."""
    return sum(one.length if isinstance(one, Base64) else len(one) for one in rendered)


def pieces(rendered: Sequence[bytes | Base64]) -> Iterator[bytes]:
    """Yields the bytes of a rendered document piece by piece."""
    for one in rendered:
        if isinstance(one, Base64):
            yield from one.pieces()
        else:
            yield one


def plain(body: Any) -> Any:
    """Returns a body with a string for each blob, for clients that cannot render it piece by piece."""
    if isinstance(body, Base64):
        return body.text
    if isinstance(body, Mapping):
        return {key: plain(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [plain(value) for value in body]
    return body


class Skeleton(bytes):
    """A JSON document whose blobs were cut out; each is replaced by its number, as a string.

    Attributes:
        blobs: The bytes of each blob; None for one that is not base64.
    """

    blobs: list[bytes | None]

    @classmethod
    def of(cls, document: bytes, name: str) -> "Skeleton":
        """Returns a document without its blobs, which may already have been cut out."""
        if isinstance(document, Skeleton):
            return document
        cutter = BlobCutter(name)
        return cutter.end(cutter.feed(document))

    def json(self) -> object:
        """Parses the document.

        Raises:
            NotJson: The document is not JSON.
        """
        return read(memoryview(self))  # the parser accepts no subclass of bytes

    def blob(self, number: object) -> bytes | None:
        """Returns the bytes for a value of the document, each only once, so that they are not kept twice."""
        return take(self.blobs, number)


def take(blobs: list[bytes | None], number: object) -> bytes | None:
    """Returns the bytes of the blob with this number, and removes them from the list."""
    if not isinstance(number, str) or not number.isdecimal() or len(number) > _DIGITS:
        return None
    if int(number) >= len(blobs):
        return None
    index = int(number)
    found, blobs[index] = blobs[index], None
    return found


class BlobCutter:
    """Cuts the blobs of one name out of documents, wherever the network cut them.

    Args:
        name: The name of the blobs' field, such as `b64_json`.
        limit: Most bytes of all blobs together; 0 for no limit.
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
        """Returns the bytes that do not belong to a blob.

        Raises:
            BlobTooLarge: All blobs together exceed the limit.
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
        """Returns the skeleton of a complete document.

        Args:
            document: The bytes that `feed` returned for it.
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
        # The read may end within a blob's name: that end is held back until the next read.
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
        """Decodes a piece of a blob, except for up to three characters that wait for the next piece."""
        if self._rest:
            text = memoryview(self._rest + bytes(text))
        # Four characters of base64 are three bytes, and the network cuts them anywhere.
        whole = len(text) - len(text) % 4
        self._rest = bytes(text[whole:])
        self._decode(text[:whole])

    def _unescaped(self, text: bytes) -> bytes:
        """Returns a piece of a blob without its escapes.

        Base64 needs none, but PHP escapes slashes, and MIME breaks lines.
        """
        text = self._escape + text
        whole = len(text) - text.endswith(b"\\")
        self._escape, text = text[whole:], text[:whole]
        return text.replace(b"\\/", b"/").replace(b"\\r", b"").replace(b"\\n", b"")

    def _decode(self, text: memoryview) -> None:
        try:
            bits = binascii.a2b_base64(text, strict_mode=True) if len(text) else b""
        except binascii.Error:
            # The document goes on and may hold good blobs, so only this one becomes None.
            self._broken = True
            return
        self._size += len(bits)
        if self._limit and self._size > self._limit:
            raise BlobTooLarge(f"strings of more than {self._limit} bytes")
        self._bits.write(bits)

    def _close(self) -> None:
        self._broken |= bool(self._rest or self._escape)
        # `getvalue` shares the buffer's bytes without a copy.
        self.blobs.append(None if self._broken else self._bits.getvalue())
        self._inside, self._broken, self._rest, self._escape = False, False, b"", b""
        self._bits = io.BytesIO()


class BlobTooLarge(ValueError):
    """The blobs of a document exceed the limit."""


_DIGITS = 9
"""Most digits of a blob's number."""
_LONGEST = 64
"""Bytes of the longest incomplete beginning of a blob at the end of a read."""
