"""Media: writes images as files, without metadata, within a number of bytes.

    write(image, mime_type) -> bytes                     once, in good quality
    write_within(image, mime_type, …) -> (bytes, size)   in lower quality, then smaller, until it fits

A color profile is kept, since it says what the pixels mean.
"""

import io
import math
import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from ringmain_server.media.limits import refuse, size_words
from ringmain_server.media.pillow import pillow_format
from ringmain_server.media.pixels import flattened, resized
from ringmain_server.media.plan import Size, scaled
from ringmain_server.media.work import checkpoint

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 90
_POORER = (80, 65, 50)
_LOSSY = frozenset({"image/jpeg", "image/webp", "image/avif"})
_OPAQUE_ONLY = frozenset({"image/jpeg", "image/bmp"})
_SHRINK = 0.75
_SMALLEST = 16
"""Pixels of the longer side below which an image is not scaled down further."""

# zlib's fastest level: the next ones take up to twice the time to save a tenth of the bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    "image/png": {"compress_level": 1},
    "image/jpeg": {"quality": QUALITY},
    "image/webp": {"quality": QUALITY, "method": 1},
    "image/avif": {"quality": QUALITY, "speed": 9},
    "image/tiff": {"compression": "tiff_adobe_deflate"},
}


def write(image: "Image", mime_type: str, *, quality: int = QUALITY) -> bytes:
    """Writes an image of mode L, RGB or RGBA as a file.

    Args:
        image: The image; it is flattened on white where the format has no transparency.
        mime_type: One of `plan.WRITABLE`.
        quality: 1 to 100, for JPEG, WebP and AVIF.
    """
    ready = flattened(image) if mime_type in _OPAQUE_ONLY else image
    profile = ready.info.get("icc_profile", b"") if ready.mode != "L" else b""
    # Otherwise Pillow may write metadata of the original: comments, resolution, an animation's timing.
    ready.info = {"icc_profile": profile} if profile else {}
    options = {**_OPTIONS.get(mime_type, {}), "icc_profile": profile}
    if mime_type in _LOSSY:
        options["quality"] = quality
    with _file(mime_type) as out:
        ready.save(out, pillow_format(mime_type), **options)
        out.seek(0)
        return out.read()


def _file(mime_type: str) -> BinaryIO:
    """Returns a file to write to; Pillow writes a JPEG into a real file without the interpreter's lock.

    Into any other object it writes with the lock held, and the event loop would wait for milliseconds.
    """
    if mime_type != "image/jpeg":
        return io.BytesIO()
    in_memory: Callable[[str], int] | None = getattr(os, "memfd_create", None)  # on Linux only
    if in_memory:
        return os.fdopen(in_memory("image"), "w+b")
    return tempfile.TemporaryFile()


def write_within(image: "Image", mime_type: str, max_bytes: int, field: str) -> tuple[bytes, Size]:
    """Writes an image as a file of at most so many bytes: first in lower quality, then smaller.

    Args:
        image: See `write`.
        mime_type: See `write`.
        max_bytes: Zero means that any size will do.
        field: The path of the field, for the error.

    Returns:
        The file, and the image's size in pixels.

    Raises:
        MediaInvalid: Not even a thumbnail fits.
    """
    while True:
        for quality in (QUALITY, *_POORER) if mime_type in _LOSSY else (QUALITY,):
            checkpoint()
            data = write(image, mime_type, quality=quality)
            if not max_bytes or len(data) <= max_bytes:
                return data, image.size
        if max(image.size) <= _SMALLEST:
            problem = f"which takes {size_words(len(data))} even when scaled down"
            raise refuse(field, mime_type, problem, f"at most {size_words(max_bytes)}")
        image = resized(image, scaled(image.size, _shrink(max_bytes, len(data))))


def _shrink(wanted: int, found: int) -> float:
    """Returns the factor for an image's sides: as the bytes require, a little less, never a tiny step."""
    return min(_SHRINK, max(math.sqrt(wanted / found) * 0.95, 0.1))
