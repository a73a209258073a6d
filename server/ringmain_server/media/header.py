"""Media, pure: reads the size and the number of frames of an image from its headers; nothing is decoded.

Layouts: PNG https://www.w3.org/TR/png-3/ (IHDR, acTL), GIF https://www.w3.org/Graphics/GIF/spec-gif89a.txt,
JPEG https://www.w3.org/Graphics/JPEG/itu-t81.pdf (annex B), WebP
https://developers.google.com/speed/webp/docs/riff_container, BMP
https://learn.microsoft.com/windows/win32/gdi/bitmap-storage.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Start-of-frame markers; C4, C8 and CC in the same range have other meanings.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM, the restarts, and the start of the image.
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_GIF_IMAGE, _GIF_EXTENSION = 0x2C, 0x21


@dataclass(frozen=True, slots=True)
class Header:
    """The size and the number of frames that an image's header announces.

    Attributes:
        width: In pixels, as stored.
        height: In pixels, as stored.
        frame_count: At least 1.
    """

    width: int
    height: int
    frame_count: int = 1


def read_header(data: bytes, mime_type: str, *, max_frames: int) -> Header | None:
    """Reads the header of an image of a known type.

    Args:
        data: The file.
        mime_type: Its type, from its signature.
        max_frames: Frames are counted no further than one beyond this.

    Returns:
        The header; None where it is cut, makes no sense, or is of a type that this module does not read.
    """
    reader = _READERS.get(mime_type)
    if reader is None:
        return None
    try:
        header = reader(data, max_frames)
    except (struct.error, IndexError):
        return None
    return header if header and header.width > 0 and header.height > 0 else None


def is_readable(mime_type: str) -> bool:
    """Whether this module reads headers of this type."""
    return mime_type in _READERS


def _png(data: bytes, _max_frames: int) -> Header | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    at = 33  # behind the signature (8 bytes) and the IHDR chunk (25)
    while data[at + 4 : at + 8] not in (b"IDAT", b""):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"acTL":
            return Header(width, height, max(struct.unpack_from(">I", data, at + 8)[0], 1))
        at += 12 + length
    return Header(width, height)


def png_has(data: bytes, wanted: bytes) -> bool:
    """Whether a PNG has a chunk of this name."""
    at = 8
    while at + 8 <= len(data):
        if data[at + 4 : at + 8] == wanted:
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def _jpeg(data: bytes, _max_frames: int) -> Header | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _JPEG_BARE:  # fill bytes may stand before a marker
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Header(width, height)
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    return None


def _gif(data: bytes, max_frames: int) -> Header | None:
    width, height = struct.unpack_from("<HH", data, 6)
    count = 0
    for kind, _, _ in gif_blocks(data):
        count += kind == _GIF_IMAGE
        if count > max_frames:
            break
    return Header(width, height, count) if count else None


def gif_blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yields the blocks of a GIF after its header, each with its kind, its start and its end.

    An image's kind is 0x2C, an extension's its own label, such as 0xFE. A block that is cut is the last.
    """
    at = 13 + _gif_table(data[10])
    while at < len(data) and data[at] in (_GIF_IMAGE, _GIF_EXTENSION):
        start = at
        if data[at] == _GIF_IMAGE:
            kind = _GIF_IMAGE
            at += 11 + _gif_table(data[at + 9]) if at + 9 < len(data) else 11
        else:
            kind = data[at + 1] if at + 1 < len(data) else 0
            at += 2
        while at < len(data) and data[at]:  # sub-blocks: a length, then so many bytes; zero ends them
            at += 1 + data[at]
        at += 1
        yield kind, start, min(at, len(data))


def _gif_table(flags: int) -> int:
    """Returns the bytes of the color table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes, _max_frames: int) -> Header | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        frames = sum(name == b"ANMF" for name, _, _ in riff_chunks(data))
        return Header(width, height, max(frames, 1)) if len(data) >= 30 else None
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return Header(width & 0x3FFF, height & 0x3FFF)
    return None


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields the chunks of a RIFF file, each with its name, its start and its end, padding included."""
    at, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = min(at + 8 + length + length % 2, len(data))
        yield data[at : at + 4], at, stop
        at = stop


def _bmp(data: bytes, _max_frames: int) -> Header | None:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        return Header(width, height)
    width, height = struct.unpack_from("<ii", data, 18)
    return Header(width, abs(height))


_READERS: dict[str, Callable[[bytes, int], Header | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
    "image/bmp": _bmp,
}
