"""Media, pure: removes the metadata from an image file without touching its pixels.

EXIF with its location, XMP, IPTC, comments, texts, thumbnails and any bytes behind the image's end are
removed. Parts that say what the pixels mean (color profile, gamma, transparency, animation) stay. Layouts:
see
`header.py`; JPEG's application segments: https://exiftool.org/TagNames/JPEG.html.
"""

from collections.abc import Callable, Iterator

from ringmain_server.media.header import gif_blocks, riff_chunks

Keep = tuple[int, int]
"""A range of bytes to keep: start and end."""

# APP0 (JFIF) and APP14 (the meaning of Adobe's colors) stay; of APP2, only the color profile does.
_JPEG_APPS = range(0xE0, 0xF0)
_JPEG_COMMENT, _JPEG_SCAN, _JPEG_END = 0xFE, 0xDA, 0xD9
_PNG_KEPT = frozenset(
    b"gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI pHYs tRNS bKGD hIST sPLT acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_EXIF_XMP = 0x08 | 0x04
_GIF_COMMENT, _GIF_TEXT, _GIF_APPLICATION = 0xFE, 0x01, 0xFF
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def can_strip(mime_type: str) -> bool:
    """Whether files of this type can be stripped without decoding them."""
    return mime_type in _STRIPPERS


def strip(data: bytes, mime_type: str) -> bytes:
    """Returns the file without its metadata.

    Args:
        data: A file whose header was read.
        mime_type: Its type, one that `can_strip` accepts.

    Returns:
        The same object when there was nothing to remove, otherwise one copy.
    """
    return _STRIPPERS[mime_type](data)


def _kept(data: bytes, ranges: Iterator[Keep]) -> bytes:
    merged: list[list[int]] = []
    for start, end in ranges:
        if merged and merged[-1][1] == start:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    if merged == [[0, len(data)]]:
        return data
    view = memoryview(data)
    return b"".join([view[start:end] for start, end in merged])


def _jpeg(data: bytes) -> bytes:
    return _kept(data, _jpeg_ranges(data))


def _jpeg_ranges(data: bytes) -> Iterator[Keep]:
    yield 0, 2
    at = 2
    while at + 2 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker == _JPEG_END:
            yield at, at + 2
            return
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _JPEG_SCAN:
            end = _scan_end(data, end)
        if _is_kept_segment(data, at, marker):
            yield at, min(end, len(data))
        at = end


def _is_kept_segment(data: bytes, at: int, marker: int) -> bool:
    if marker == _JPEG_COMMENT:
        return False
    if marker not in _JPEG_APPS:
        return True
    return marker in {0xE0, 0xEE} or (marker == 0xE2 and data[at + 4 : at + 16] == b"ICC_PROFILE\x00")


def _scan_end(data: bytes, at: int) -> int:
    """Finds the end of coded pixels: the first marker except restarts (a literal FF is followed by 00)."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        follows = data[at + 1]
        if follows not in {0x00, 0xFF} and not 0xD0 <= follows <= 0xD7:
            return at
        at += 1 if follows == 0xFF else 2


def _png(data: bytes) -> bytes:
    return _kept(data, _png_ranges(data))


def _png_ranges(data: bytes) -> Iterator[Keep]:
    yield 0, 8
    at = 8
    while at + 8 <= len(data):
        name = data[at + 4 : at + 8]
        end = min(at + 12 + int.from_bytes(data[at : at + 4], "big"), len(data))
        if name in _PNG_KEPT or not name[0] & 0x20:  # an uppercase letter marks a chunk that decoders need
            yield at, end
        if name == b"IEND":
            return
        at = end


def _webp(data: bytes) -> bytes:
    kept = _kept(data, _webp_ranges(data))
    if kept is data:
        return data
    # The RIFF header states the file's size, and VP8X's flags say which metadata chunks follow.
    if kept[12:16] != b"VP8X":
        return kept[:4] + (len(kept) - 8).to_bytes(4, "little") + kept[8:]
    flags = kept[20] & ~_WEBP_EXIF_XMP
    size = (len(kept) - 8).to_bytes(4, "little")
    return b"".join([kept[:4], size, kept[8:20], bytes([flags]), memoryview(kept)[21:]])


def _webp_ranges(data: bytes) -> Iterator[Keep]:
    yield 0, 12
    for name, start, end in riff_chunks(data):
        if name in _WEBP_KEPT:
            yield start, end


def _gif(data: bytes) -> bytes:
    return _kept(data, _gif_ranges(data))


def _gif_ranges(data: bytes) -> Iterator[Keep]:
    end = 0
    for kind, start, stop in gif_blocks(data):
        if not end:
            yield 0, start
        end = stop
        loops = kind == _GIF_APPLICATION and data[start + 3 : start + 14] in _GIF_LOOPS
        if loops or kind not in {_GIF_COMMENT, _GIF_TEXT, _GIF_APPLICATION}:
            yield start, stop
    yield end, min(end + 1, len(data))  # the trailer


def _nothing(data: bytes) -> bytes:
    return data  # a bitmap has no room for metadata


_STRIPPERS: dict[str, Callable[[bytes], bytes]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/bmp": _nothing,
}
