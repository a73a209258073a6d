"""Media, structure: PNG and APNG (https://www.w3.org/TR/png-3/).

Compressed chunks beside the pixels (texts, the color profile) are inflated up to their limit. The unpacked
size of the pixels is known from the header: deflate packs at most to about a thousandth, so too few packed
bytes mean a cut file, and far too many mean a stream that goes on behind the picture.
"""

import struct
from collections.abc import Iterator

from ringmain_server.media.structure import tiff
from ringmain_server.media.structure.budget import Beyond, Budget, inflated_size

_MOST_TEXT = _MOST_PROFILE = 1024 * 1024
"""Bytes unpacked; Pillow's own limit for both."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_BEST_RATIO = 1040
"""The best ratio of deflate is 1,032 (https://www.zlib.net/zlib_tech.html)."""
_SLACK = 64 * 1024


def check(data: bytes, budget: Budget) -> None:
    """Checks every chunk.

    Raises:
        Beyond: Something is beyond a limit.
    """
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    budget.area(width, height, "a picture")
    bits = depth * _CHANNELS.get(color, 4)
    pixels = _PackedPixels(_raw(width, height, bits))
    for name, body in _chunks(data, budget):
        if name in {b"IDAT", b"fdAT"}:
            pixels.add(len(body))
        elif name == b"fcTL":
            wide, high = _frame(body, width, height, budget)
            pixels.close()
            pixels = _PackedPixels(_raw(wide, high, bits), is_first=pixels.is_first and not pixels.packed)
        elif name == b"acTL":
            _announced(body, width, height, budget)
        elif name == b"tEXt":
            budget.metadata(len(body), "a text", _MOST_TEXT)
        elif name in _PACKED:
            _text(name, bytes(body), budget)
        elif name == b"eXIf":
            tiff.check_exif(bytes(body), budget)
    pixels.close()
    if not budget.frames:
        budget.frame(width, height)


class _PackedPixels:
    """Counts the packed bytes of one picture.

    Args:
        raw: Its bytes when they are unpacked.
        is_first: Whether it is the first picture, without which nothing can be shown.
    """

    def __init__(self, raw: int, *, is_first: bool = True) -> None:
        self._raw = raw
        self._most = 2 * raw + _SLACK
        self.is_first = is_first
        self.packed = 0

    def add(self, size: int) -> None:
        """Adds packed bytes."""
        self.packed += size
        if self.packed > self._most:
            raise Beyond(f"with {self.packed} bytes of packed pixels", f"at most {self._most} for their size")

    def close(self) -> None:
        """Checks at its end that the picture has enough bytes."""
        if self.is_first and self.packed and self.packed * _BEST_RATIO < self._raw:
            raise Beyond("broken or cut short", "a whole file")


def _raw(width: int, height: int, bits: int) -> int:
    """Returns the bytes of unpacked pixels, including each row's filter."""
    return ((width * bits + 7) // 8 + 1) * height


def _chunks(data: bytes, budget: Budget) -> Iterator[tuple[bytes, memoryview]]:
    """Yields the chunks up to IEND, each with its name and the part of its body that is there."""
    at, view = 8, memoryview(data)
    while at + 8 <= len(data):
        budget.pieces()
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IEND":
            return
        yield name, view[at + 8 : at + 8 + length]
        at += 12 + length


def _frame(body: memoryview, width: int, height: int, budget: Budget) -> tuple[int, int]:
    """Returns a frame's size and checks that it lies within the image; each costs a decoder a canvas."""
    wide, high, left, top = struct.unpack_from(">IIII", body, 4)
    if left + wide > width or top + high > height:
        found = f"with a frame of {wide}x{high} pixels at {left},{top}"
        raise Beyond(found, f"frames within its {width}x{height} pixels")
    budget.frame(width, height)
    if budget.frames > 1:
        budget.moving()
    return wide, high


def _announced(body: memoryview, width: int, height: int, budget: Budget) -> None:
    (count,) = struct.unpack_from(">I", body)
    limits = budget.limits
    if count > limits.max_frames:
        raise Beyond(f"of more than {limits.max_frames} frames", f"at most {limits.max_frames} frames")
    if count > 1:
        budget.moving()
    if count * width * height > limits.max_total_pixels:
        found = f"with {count * width * height} pixels in all its frames"
        raise Beyond(found, f"at most {limits.max_total_pixels} pixels in all frames")


def _text(name: bytes, body: bytes, budget: Budget) -> None:
    """Checks the unpacked size of a compressed chunk."""
    what, most = _PACKED[name], _MOST_PROFILE if name == b"iCCP" else _MOST_TEXT
    _, _, rest = body.partition(b"\0")
    if name == b"iTXt":
        if rest[:1] != b"\1":
            budget.metadata(len(rest), "a text", _MOST_TEXT)
            return
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    budget.metadata(inflated_size(rest, most), what, most)


_PACKED = {b"zTXt": "a packed text", b"iTXt": "a packed text", b"iCCP": "a color profile"}
