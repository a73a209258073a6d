"""Media, structure: WebP (https://developers.google.com/speed/webp/docs/riff_container).

A frame states its size two or three times: in the container, and in the header of its coded picture. libwebp
refuses frames whose sizes differ, but only after it has reserved the canvas.
"""

import struct
from collections.abc import Iterator

from ringmain_server.media.structure import tiff
from ringmain_server.media.structure.budget import Beyond, Budget

_MOST_PROFILE = 4 * 1024 * 1024
_LARGE = 1_000_000
_BEST_RATIO = 2048
"""Pixels per byte of a lossy picture: each block of 256 has two modes, at least a bit together."""
_PICTURES = (b"VP8 ", b"VP8L")


def check(data: bytes, budget: Budget) -> None:
    """Checks the canvas, each frame, and each coded picture.

    Raises:
        Beyond: Something is beyond a limit.
    """
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    canvas: tuple[int, int] | None = None
    for name, start, stop in _chunks(data, 12, end, budget):
        if name == b"VP8X" and canvas is None:
            canvas = _sides(data, start + 4)
            budget.area(*canvas, "a canvas")
        elif name == b"ANMF":
            _frame(data, start, stop, canvas or (0, 0), budget)
        elif name in _PICTURES:
            size = _coded(data, name, start)
            budget.frame(*size)
            _same(size, canvas)
            if name == b"VP8 " and size[0] * size[1] > max(_LARGE, _BEST_RATIO * (stop - start)):
                raise Beyond("broken or cut short", "a whole file")
        elif name == b"ICCP" and stop - start > _MOST_PROFILE:
            budget.metadata(stop - start, "a color profile", _MOST_PROFILE)
        elif name == b"EXIF":
            tiff.check_exif(data[start:stop].removeprefix(b"Exif\0\0"), budget)


def _chunks(data: bytes, at: int, end: int, budget: Budget) -> Iterator[tuple[bytes, int, int]]:
    """Yields the chunks in a range, each with its name and the range of its body."""
    while at + 8 <= end:
        budget.pieces()
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at + 8, min(at + 8 + length, end)
        at += 8 + length + length % 2


def _frame(data: bytes, start: int, stop: int, canvas: tuple[int, int], budget: Budget) -> None:
    left, top = (2 * int.from_bytes(data[start + at : start + at + 3], "little") for at in (0, 3))
    size = _sides(data, start + 6)
    budget.area(*size, "a frame")
    if left + size[0] > canvas[0] or top + size[1] > canvas[1]:
        found = f"with a frame of {size[0]}x{size[1]} pixels at {left},{top}"
        raise Beyond(found, f"frames within its {canvas[0]}x{canvas[1]} pixels")
    budget.moving()
    budget.frame(*canvas)
    for name, inner, _ in _chunks(data, start + 16, stop, budget):
        if name in _PICTURES:
            _same(_coded(data, name, inner), size)
        elif name == b"ANMF":
            raise Beyond("with a frame within a frame", "frames beside each other")


def _sides(data: bytes, at: int) -> tuple[int, int]:
    width, height = (int.from_bytes(data[at + place : at + place + 3], "little") + 1 for place in (0, 3))
    return width, height


def _coded(data: bytes, name: bytes, start: int) -> tuple[int, int]:
    """Reads the size in a coded picture's own header."""
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, start + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, start + 6)
    return width & 0x3FFF, height & 0x3FFF


def _same(size: tuple[int, int], announced: tuple[int, int] | None) -> None:
    if announced is not None and size != announced:
        found = "with a picture of {}x{} pixels where {}x{} are announced".format(*size, *announced)
        raise Beyond(found, "pictures of the size that is announced")
