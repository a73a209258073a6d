"""Fakes: images that are small files and would take a decoder's memory or time, for every type that is read.

`BOMBS` has them by media type and name. Each is made here, from its format's specification; most are smaller
than a few hundred kilobytes.
"""

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

from tests.fakes import pictures

LARGE = 20_000
"""Pixels of a side: two of them make 400 million."""

Bombs = Mapping[str, Callable[[], bytes]]


# GIF


def gif(frames: Sequence[bytes], screen: tuple[int, int] = (32, 32)) -> bytes:
    """A GIF of these blocks."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"".join(frames) + b";"


def gif_frame(width: int, height: int, at: tuple[int, int] = (0, 0), disposal: int = -1) -> bytes:
    """A frame, with a disposal unless that is below zero."""
    control = b"" if disposal < 0 else b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2 | 1, 1, 0, 0)
    return control + b"," + struct.pack("<HHHHB", *at, width, height, 0) + b"\x02\x02\x44\x01\0"


def _disposed(way: int) -> bytes:
    return gif([gif_frame(LARGE, LARGE, disposal=way)])


_DOT = gif_frame(1, 1)
GIF: Bombs = {
    **{f"frame, disposal {way}": partial(_disposed, way) for way in (-1, 0, 1, 2, 3)},
    "second frame": lambda: gif([_DOT, gif_frame(LARGE, LARGE, disposal=3)]),
    "last frame of many": lambda: gif([_DOT] * 500 + [gif_frame(LARGE, LARGE)]),
    "frame far out": lambda: gif([_DOT, gif_frame(1, 1, (LARGE, LARGE))]),
    "screen": lambda: gif([_DOT], (65_535, 65_535)),
    "screen within a side": lambda: gif([_DOT], (30_000, 30_000)),
    "frames": lambda: gif([_DOT] * 5_000),
    "frames together": lambda: gif([gif_frame(4_000, 3_900)] * 100),
    "two large frames": lambda: gif([gif_frame(7_000, 7_000)] * 2),
    "blocks of one byte": lambda: gif([_DOT[:-1] + b"\1\0" * 300_000 + b"\0"]),
    "comments": lambda: gif([b"!\xfe\x01x\0" * 40_000, _DOT]),
    "comment in pieces": lambda: gif([b"!\xfe" + b"\x01x" * 190_000 + b"\0", _DOT]),
    "comment, large": lambda: gif([b"!\xfe" + (b"\xff" + b"x" * 255) * 80_000 + b"\0", _DOT]),
    "frame behind what is no block": lambda: gif([_DOT, b"\0\x55", gif_frame(LARGE, LARGE)]),
    "no blocks": lambda: gif([_DOT, bytes(100_000)]),
}


# PNG and APNG


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    *chunks: bytes, size: tuple[int, int] = (32, 32), pixels: bytes | None = None, depth: int = 8
) -> bytes:
    """A gray PNG with these chunks before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, 0, 0, 0, 0))
    packed = zlib.compress(b"\0" * 33 * 32) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", packed) + chunk(b"IEND")


@cache
def packed(size: int) -> bytes:
    """So many zeros, packed."""
    machine, block = zlib.compressobj(9), b"\0" * 1_000_000
    return b"".join(machine.compress(block) for _ in range(size // len(block))) + machine.flush()


def frame_control(number: int, width: int, height: int, at: tuple[int, int] = (0, 0)) -> bytes:
    """The header of a frame of an APNG."""
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, *at, 1, 10, 2, 0))


def animated_png(*chunks: bytes, announced: int = 2, size: tuple[int, int] = (32, 32)) -> bytes:
    """An APNG whose further frames are these chunks."""
    head = chunk(b"acTL", struct.pack(">II", announced, 0)) + frame_control(0, *size)
    whole = png(head, size=size, pixels=zlib.compress(b"\0" * (size[0] + 1) * size[1]))
    return whole[:-12] + b"".join(chunks) + chunk(b"IEND")


def _frames(count: int, width: int, height: int) -> bytes:
    data = zlib.compress(b"\0" * 33 * 32)
    return b"".join(
        frame_control(2 * number + 1, width, height)
        + chunk(b"fdAT", struct.pack(">I", 2 * number + 2) + data)
        for number in range(count)
    )


PNG: Bombs = {
    "header": lambda: png(size=(30_000, 30_000)),
    "header, a long side": lambda: png(size=(50_000, 10)),
    "header, largest": lambda: png(size=(2**31 - 1, 2**31 - 1)),
    "pixels that are not there": lambda: png(size=(8_000, 8_000)),
    "pixels behind the picture": lambda: png(pixels=packed(100_000_000)),
    "zTXt": lambda: png(chunk(b"zTXt", b"Comment\0\0" + packed(20_000_000))),
    "iTXt": lambda: png(chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed(20_000_000))),
    "iCCP": lambda: png(chunk(b"iCCP", b"profile\0\0" + packed(20_000_000))),
    "many zTXt": lambda: png(chunk(b"zTXt", b"Comment\0\0" + packed(1_000_000)) * 200),
    "zTXt behind the pixels": lambda: (
        png()[:-12] + chunk(b"zTXt", b"Comment\0\0" + packed(20_000_000)) + chunk(b"IEND")
    ),
    "chunks": lambda: png(chunk(b"tEXt") * 50_000),
    "EXIF of very many values": lambda: png(chunk(b"eXIf", exif_of_values())),
    "EXIF in a circle": lambda: png(chunk(b"eXIf", exif_in_a_circle())),
    "EXIF, large": lambda: png(chunk(b"eXIf", b"II*\0" + bytes(2_000_000))),
    "APNG, announced": lambda: animated_png(announced=2**31),
    "APNG, frames": lambda: animated_png(_frames(3_000, 1, 1)),
    "APNG, frame beyond": lambda: animated_png(frame_control(1, LARGE, LARGE)),
    "APNG, two large frames": lambda: animated_png(_frames(1, 1, 1), size=(5_000, 5_000)),
    "APNG, frame far out": lambda: animated_png(frame_control(1, 1, 1, (2**31 - 5, 2**31 - 5))),
    "APNG, frames together": lambda: animated_png(_frames(900, 1, 1), announced=900, size=(2_000, 2_000)),
    "APNG, fdAT": lambda: animated_png(frame_control(1, 32, 32) + chunk(b"fdAT", bytes(4)) * 50_000),
    "APNG, fdAT behind the frame": lambda: animated_png(
        frame_control(1, 32, 32) + chunk(b"fdAT", bytes([0, 0, 0, 2]) + packed(100_000_000))
    ),
}


# JPEG and MPO


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def start_of_frame(width: int, height: int, marker: int = 0xC0) -> bytes:
    """The start of a frame of three components."""
    return segment(marker, struct.pack(">BHHB", 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0")


def scan(components: bytes = b"\1\0") -> bytes:
    """A scan over one component, with a byte of its pixels."""
    return segment(0xDA, bytes([len(components) // 2]) + components + b"\1\x3f\0") + b"\x7f"


def jpeg(*segments: bytes) -> bytes:
    """A JPEG of these segments."""
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xd9"


def multi_picture(*further: bytes, count: int = 0) -> bytes:
    """An MPO: a small JPEG, and further ones behind it."""
    first, places, at = pictures.of_kind("image/jpeg"), [(0, 0)], 0
    number = len(further) + 1
    length = 8 + 2 + 2 * 12 + 4 + 16 * number
    base = 2 + 4 + 4  # where the index begins, from which places are counted
    end = len(first) + length + 8 - base
    for one in further:
        places.append((len(one), end + at))
        at += len(one)
    entries = b"".join(struct.pack("<IIIHH", 0, size, place, 0, 0) for size, place in places)
    tags = struct.pack("<HHHII", 2, 0xB001, 4, 1, count or number)
    tags += struct.pack("<HHII", 0xB002, 7, len(entries), 38)
    index = segment(0xE2, b"MPF\0" + b"II*\0\x08\0\0\0" + tags + bytes(4) + entries)
    return first[:2] + index + first[2:] + b"".join(further)


_TRUE = start_of_frame(32, 32)
_VALUES = 20_000


def exif_of_values() -> bytes:
    """EXIF of a few hundred kilobytes, whose fields would become millions of numbers."""
    fields = b"".join(struct.pack("<HHII", 0x9000 + at, 3, 300_000, 200) for at in range(8))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 8) + fields + bytes(4) + bytes(600_200)


def exif_in_a_circle() -> bytes:
    """EXIF whose directory follows itself."""
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x0100, 4, 1, 1, 8)


def _of_frame(marker: int) -> bytes:
    return jpeg(start_of_frame(LARGE, LARGE, marker), scan())


JPEG: Bombs = {
    **{
        f"start of frame {marker:02x}": partial(_of_frame, marker)
        for marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
    },
    "long side": lambda: jpeg(start_of_frame(65_000, 10), scan()),
    "second start of frame": lambda: jpeg(_TRUE, start_of_frame(LARGE, LARGE), scan()),
    "start of frame behind a scan": lambda: jpeg(_TRUE, scan(), start_of_frame(LARGE, LARGE), scan()),
    "scans": lambda: jpeg(start_of_frame(4_000, 4_000, 0xC2), scan() * 5_000),
    "scans of a large picture": lambda: jpeg(start_of_frame(8_000, 8_000, 0xC2), scan() * 60),
    "baseline scans": lambda: jpeg(start_of_frame(4_000, 4_000), scan() * 5_000),
    "filled scans": lambda: jpeg(start_of_frame(4_000, 4_000, 0xC2), (scan() + b"\xff") * 5_000),
    "hardly a byte": lambda: jpeg(start_of_frame(7_900, 7_900, 0xC2), scan() * 10),
    "hardly a byte, arithmetic": lambda: jpeg(start_of_frame(7_900, 7_900, 0xC9), scan()),
    "notes of Photoshop": lambda: jpeg(
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5_000) * 30, _TRUE, scan()
    ),
    "filling": lambda: jpeg(b"\xff" * 10_000_000, start_of_frame(LARGE, LARGE), scan()),
    "bare markers": lambda: jpeg(b"\xff\xd0" * 5_000_000, _TRUE, scan()),
    "segments": lambda: jpeg(segment(0xEF, b"") * 50_000, _TRUE, scan()),
    "profile": lambda: jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000)) * 100, _TRUE, scan()),
    "EXIF, large": lambda: jpeg(segment(0xE1, b"Exif\0\0II*\0" + bytes(60_000)) * 30, _TRUE, scan()),
    "EXIF in a circle": lambda: jpeg(segment(0xE1, b"Exif\0\0" + exif_in_a_circle()), _TRUE, scan()),
    "MPO": lambda: multi_picture(jpeg(start_of_frame(LARGE, LARGE), scan())),
    "MPO, last of many": lambda: multi_picture(
        *[jpeg(_TRUE, scan())] * 50, jpeg(start_of_frame(LARGE, LARGE), scan())
    ),
    "MPO, announced": lambda: multi_picture(count=2**31),
}


# WebP


def riff(name: bytes, body: bytes) -> bytes:
    """A chunk of a WebP."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def sides(width: int, height: int) -> bytes:
    """A size as the container spells it."""
    return (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def extended(width: int, height: int, flags: int = 0) -> bytes:
    """The header of the extended layout."""
    return riff(b"VP8X", bytes([flags, 0, 0, 0]) + sides(width, height))


def lossy(width: int, height: int) -> bytes:
    """A coded picture's beginning."""
    return riff(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(20))


def lossless(width: int, height: int) -> bytes:
    """A coded picture's beginning."""
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(20))


def webp_frame(width: int, height: int, inner: bytes, at: tuple[int, int] = (0, 0)) -> bytes:
    """A frame of an animation."""
    left, top = (side.to_bytes(3, "little") for side in at)
    return riff(b"ANMF", left + top + sides(width, height) + bytes(4) + inner)


def moving(*frames: bytes, canvas: tuple[int, int] = (32, 32)) -> bytes:
    """An animation."""
    return webp(extended(*canvas, 0x02), riff(b"ANIM", bytes(6)), *frames)


_SMALL = webp_frame(32, 32, lossless(32, 32))
WEBP: Bombs = {
    "lossy, hardly a byte": lambda: webp(lossy(7_900, 7_900)),
    "canvas": lambda: webp(extended(16_384, 16_384), lossy(32, 32)),
    "largest canvas": lambda: webp(extended(1 << 24, 1 << 24), lossy(32, 32)),
    "lossy": lambda: webp(lossy(16_000, 16_000)),
    "lossless": lambda: webp(lossless(16_000, 16_000)),
    "lossy in a small canvas": lambda: webp(extended(32, 32), lossy(16_000, 16_000)),
    "lossless in a small canvas": lambda: webp(extended(32, 32), lossless(16_000, 16_000)),
    "with transparency": lambda: webp(extended(32, 32, 0x10), riff(b"ALPH", b"\1"), lossy(16_000, 16_000)),
    "picture of another size": lambda: webp(extended(32, 32), lossy(5_000, 5_000)),
    "second picture": lambda: webp(extended(32, 32), lossy(32, 32), lossy(16_000, 16_000)),
    "frame": lambda: moving(webp_frame(16_384, 16_384, lossy(16_383, 16_383))),
    "frame beyond the canvas": lambda: moving(webp_frame(5_000, 5_000, lossy(5_000, 5_000))),
    "frame far out": lambda: moving(webp_frame(32, 32, lossless(32, 32), (1 << 23, 1 << 23))),
    "picture larger than its frame": lambda: moving(_SMALL, webp_frame(32, 32, lossy(16_000, 16_000))),
    "lossless larger than its frame": lambda: moving(_SMALL, webp_frame(32, 32, lossless(16_000, 16_000))),
    "frames": lambda: moving(*[_SMALL] * 3_000),
    "frames together": lambda: moving(*[_SMALL] * 300, canvas=(4_000, 3_900)),
    "large canvas of one frame": lambda: moving(
        webp_frame(7_900, 7_900, lossless(7_900, 7_900)), canvas=(7_900, 7_900)
    ),
    "large canvas of small frames": lambda: moving(_SMALL, _SMALL, canvas=(7_900, 7_900)),
    "frames within frames": lambda: moving(webp_frame(32, 32, webp_frame(32, 32, lossless(32, 32)))),
    "chunks": lambda: webp(extended(32, 32), riff(b"JUNK", b"") * 50_000, lossy(32, 32)),
    "EXIF in a circle": lambda: webp(extended(32, 32, 8), lossy(32, 32), riff(b"EXIF", exif_in_a_circle())),
    "EXIF of very many values": lambda: webp(
        extended(32, 32, 8), lossy(32, 32), riff(b"EXIF", exif_of_values())
    ),
}


# BMP


def bitmap(
    width: int,
    height: int,
    *,
    bits: int = 24,
    compression: int = 0,
    header: int = 40,
    pixels: bytes = b"\0" * 64,
) -> bytes:
    """A bitmap, most of which is missing."""
    body = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    body += bytes(header - 40)
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + len(pixels), 0, 0, 14 + len(body)) + body + pixels


def old_bitmap(width: int, height: int) -> bytes:
    """A bitmap of OS/2."""
    body = struct.pack("<IHHHH", 12, width, height, 1, 24)
    return b"BM" + struct.pack("<IHHI", 90, 0, 0, 26) + body + bytes(64)


BMP: Bombs = {
    **{
        f"header of {size}": partial(bitmap, LARGE, LARGE, header=size) for size in (40, 52, 56, 64, 108, 124)
    },
    "upside down": lambda: bitmap(LARGE, -LARGE),
    "least height": lambda: bitmap(1, -(2**31)),
    "largest": lambda: bitmap(2**31 - 1, 2**31 - 1),
    "of OS/2": lambda: old_bitmap(65_535, 65_535),
    "within the limit, not there": lambda: bitmap(8_000, 8_000),
    "of OS/2, not there": lambda: old_bitmap(8_000, 8_000),
    "one bit, not there": lambda: bitmap(30_000, 2_000, bits=1),
    "runs": lambda: bitmap(8_000, 8_000, bits=8, compression=1, pixels=bytes(1024) + b"\1\0\0\0" * 4_000),
    "short runs": lambda: bitmap(
        8_000, 8_000, bits=4, compression=2, pixels=bytes(1024) + b"\1\0\0\0" * 4_000
    ),
    "jumps": lambda: bitmap(8_000, 8_000, bits=8, compression=1, pixels=bytes(1024) + b"\0\2\xff\xff" * 400),
    "jumps to nowhere": lambda: bitmap(
        1_900, 1_900, bits=8, compression=1, pixels=bytes(1024) + b"\0\2\0\0" * 500_000
    ),
    "header of a million bytes": lambda: bitmap(8, 8, header=1_000_000),
}


# TIFF

Tag = tuple[int, int, int, int]
"""Number, type, count, and value or place."""


def directory(tags: Sequence[Tag], following: int = 0, order: str = "<") -> bytes:
    """A directory of a TIFF."""
    body = b"".join(struct.pack(f"{order}HHII", *tag) for tag in sorted(tags))
    return struct.pack(f"{order}H", len(tags)) + body + struct.pack(f"{order}I", following)


def page(width: int, height: int, *more: Tag) -> list[Tag]:
    """The tags of a page of gray."""
    own = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    place = [(259, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, height), (279, 4, 1, 64)]
    given = {tag[0] for tag in more}
    return [*(tag for tag in (*own, *place) if tag[0] not in given), *more]


def tiff(*pages: Sequence[Tag], last: int = 0, data: bytes = bytes(1100)) -> bytes:
    """A TIFF of these pages; the data stand at 8."""
    at, parts = 8 + len(data), []
    for number, tags in enumerate(pages):
        size = 6 + 12 * len(tags)
        following = last if number == len(pages) - 1 else at + size
        parts.append(directory(tags, following))
        at += size
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + b"".join(parts)


_PAGE = page(32, 32)
_CIRCLE = 8 + 1100


def _in_jpeg(width: int, height: int, *tags: Tag) -> bytes:
    return tiff(
        page(32, 32, (259, 3, 1, 7), *tags), data=jpeg(start_of_frame(width, height), scan()).ljust(1100)
    )


def _hardly_a_byte(compression: int) -> bytes:
    return tiff(page(7_800, 7_800, (258, 3, 1, 16), (277, 3, 1, 4), (262, 3, 1, 2), (259, 3, 1, compression)))


TIFF: Bombs = {
    "page": lambda: tiff(page(60_000, 60_000)),
    "page within a side": lambda: tiff(page(LARGE, LARGE)),
    "second page": lambda: tiff(_PAGE, page(LARGE, LARGE)),
    "last of many pages": lambda: tiff(*[_PAGE] * 500, page(LARGE, LARGE)),
    "pages": lambda: tiff(*[_PAGE] * 3_000),
    "pages together": lambda: tiff(*[page(8_000, 8_000)] * 900),
    "page in a circle": lambda: tiff(_PAGE, last=_CIRCLE),
    "pages in a circle": lambda: tiff(_PAGE, _PAGE, _PAGE, last=_CIRCLE + 6 + 12 * len(_PAGE)),
    "tags": lambda: tiff(*[[*_PAGE, *((60_000 + at, 1, 1, 0) for at in range(5_000))]] * 8),
    "strips": lambda: tiff(page(32, 32, (273, 4, 2**30, 8))),
    "tiles": lambda: tiff(page(32, 32, (324, 4, 2**31, 8), (322, 3, 1, 16), (323, 3, 1, 16))),
    "tile": lambda: tiff(page(32, 32, (322, 4, 1, LARGE), (323, 4, 1, LARGE), (324, 4, 1, 8))),
    "tile within the limit": lambda: tiff(
        page(32, 32, (322, 4, 1, 8_000), (323, 4, 1, 8_000), (324, 4, 1, 8), (259, 3, 1, 8))
    ),
    "picture within a page": lambda: tiff(
        [*_PAGE, (330, 4, 1, 8)], data=directory(page(LARGE, LARGE)).ljust(1100)
    ),
    "directory within itself": lambda: tiff(
        [*_PAGE, (330, 4, 1, 8)],
        data=b"".join(directory([(330, 4, 1, 8 + 18 * at)]) for at in range(1, 40)).ljust(1100),
    ),
    "field of very many values": lambda: tiff([*_PAGE, (65_000, 3, 300_000, 8)], data=bytes(600_000)),
    "JPEG of another size": lambda: _in_jpeg(LARGE, LARGE),
    "JPEG of another size, within the limit": lambda: _in_jpeg(7_000, 7_000),
    "JPEG of the old kind": lambda: _in_jpeg(7_000, 7_000, (259, 3, 1, 6), (513, 4, 1, 8)),
    "deflate": lambda: tiff(page(LARGE, LARGE, (259, 3, 1, 8)), data=packed(1_000_000)),
    "LZW": lambda: tiff(page(LARGE, LARGE, (259, 3, 1, 5))),
    **{
        f"compression {way}, hardly a byte": partial(_hardly_a_byte, way)
        for way in (1, 5, 8, 32_773, 32_946, 34_925, 50_000)
    },
    "PackBits": lambda: tiff(_PAGE, page(LARGE, LARGE, (259, 3, 1, 32_773)), data=b"\x81\0" * 2_000),
}


# AVIF and HEIC


def box(name: bytes, *bodies: bytes) -> bytes:
    """A box."""
    body = b"".join(bodies)
    return struct.pack(">I", 8 + len(body)) + name + body


def full(name: bytes, *bodies: bytes, version: int = 0) -> bytes:
    """A box with a version."""
    return box(name, bytes([version, 0, 0, 0]), *bodies)


def spatial(width: int, height: int) -> bytes:
    """The property of a picture's size."""
    return full(b"ispe", struct.pack(">II", width, height))


def properties(*found: bytes) -> bytes:
    """The properties of all items."""
    return box(b"iprp", box(b"ipco", *found))


def sequence_header(width: int, height: int) -> bytes:
    """AV1's unit with the sequence header of a still picture."""
    bits = f"{0:03b}11{0:05b}{15:04b}{15:04b}{width - 1:016b}{height - 1:016b}".ljust(80, "0")
    return b"\x0a\x0a" + int(bits, 2).to_bytes(10, "big")


def items(kind: bytes, data: bytes, *, count: int = 0, within: bool = True) -> tuple[bytes, ...]:
    """One item with its bytes."""
    listed = full(b"infe", struct.pack(">HH", 1, 0), kind, b"\0", version=2)
    places = struct.pack(">BBH HHHH II", 0x44, 0, count or 1, 1, int(within), 0, 1, 0, len(data))
    return (
        full(b"iinf", struct.pack(">H", count or 1), listed),
        full(b"iloc", places, version=1),
        box(b"idat", data),
    )


def heif(brand: bytes, *boxes: bytes) -> bytes:
    """A file of this brand whose `meta` box holds these."""
    return box(b"ftyp", brand, bytes(4), brand, b"mif1") + full(b"meta", *boxes)


def movie(brand: bytes, samples: int, width: int, height: int) -> bytes:
    """A sequence of pictures."""
    header = full(b"tkhd", bytes(72), struct.pack(">II", width << 16, height << 16))
    table = box(b"stbl", full(b"stsz", struct.pack(">II", 1, samples)))
    return box(b"ftyp", brand, bytes(4), brand) + box(
        b"moov", box(b"trak", header, box(b"mdia", box(b"minf", table)))
    )


def nested(depth: int) -> bytes:
    """Boxes within boxes."""
    found = b""
    for _ in range(depth):
        found = box(b"iprp", found)
    return found


def heif_bombs(brand: bytes) -> Bombs:
    """What both formats share."""
    small = properties(spatial(32, 32))
    return {
        "picture": lambda: heif(brand, properties(spatial(LARGE, LARGE))),
        "picture, largest": lambda: heif(brand, properties(spatial(2**32 - 1, 2**32 - 1))),
        "second picture": lambda: heif(brand, properties(spatial(32, 32), spatial(LARGE, LARGE))),
        "grid": lambda: heif(
            brand, small, *items(b"grid", bytes([0, 0, 255, 255]) + struct.pack(">HH", LARGE, LARGE))
        ),
        "large grid": lambda: heif(
            brand, small, *items(b"grid", bytes([0, 1, 255, 255]) + struct.pack(">II", 2**31, 2**31))
        ),
        "overlay": lambda: heif(
            brand, small, *items(b"iovl", bytes(10) + struct.pack(">HH", LARGE, LARGE) + bytes(9))
        ),
        "items": lambda: heif(brand, small, *items(b"av01", b"", count=60_000)),
        "boxes": lambda: heif(brand, small, box(b"free") * 50_000),
        "nesting": lambda: heif(brand, nested(500)),
        "EXIF in a circle": lambda: heif(brand, small, *items(b"Exif", bytes(4) + exif_in_a_circle())),
    }


AVIF: Bombs = {
    **heif_bombs(b"avif"),
    "coded picture": lambda: heif(
        b"avif", properties(spatial(32, 32)), *items(b"av01", sequence_header(60_000, 60_000))
    ),
    "configured picture": lambda: heif(
        b"avif", properties(spatial(32, 32), box(b"av1C", b"\x81\0\0\0" + sequence_header(LARGE, LARGE)))
    ),
    "track": lambda: movie(b"avis", 2, LARGE, LARGE),
    "samples": lambda: movie(b"avis", 2**31, 32, 32),
    "samples together": lambda: movie(b"avis", 900, 4_000, 3_900),
    "two large samples": lambda: movie(b"avis", 2, 7_900, 7_900),
}

BOMBS: Mapping[str, Bombs] = {
    "image/gif": GIF,
    "image/png": PNG,
    "image/jpeg": JPEG,
    "image/webp": WEBP,
    "image/bmp": BMP,
    "image/tiff": TIFF,
    "image/avif": AVIF,
    "image/heic": heif_bombs(b"heic"),
    "image/heif": heif_bombs(b"mif1"),
}
