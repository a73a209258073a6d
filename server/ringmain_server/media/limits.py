"""Media, pure: limits for media, and the error that refuses a medium.

* `ReadLimits`: the gateway's limits for any image; checked before anything is decoded.
* `ModelLimits`: the limits of one model; images are changed until they fit.
* `refuse(…)`: a MediaInvalid that names the type found, the problem and what is allowed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ringmain_server.errors import MediaInvalid, Violation

MIB = 1024 * 1024

IMAGE_TYPES = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "image/avif",
    "image/heic",
    "image/heif",
)
"""The types that can be read; the last two need a library of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """The gateway's limits for any image. A file beyond them is refused before it is decoded.

    Attributes:
        max_bytes: Bytes of the file.
        max_pixels: Width times height of a frame; each pixel takes 4 bytes once decoded.
        max_side: Pixels of width or height.
        max_frames: Frames of an animation, or pages of a TIFF.
        max_total_pixels: Pixels of all frames or pages together, and of all passes of a decoder over them.
        max_pieces: Chunks, segments, boxes and directory entries in a file.
        max_metadata_bytes: Bytes of all texts and profiles in a file, unpacked.
    """

    max_bytes: int = 32 * MIB
    max_pixels: int = 64_000_000
    max_side: int = 32_768
    max_frames: int = 1_000
    max_total_pixels: int = 1_000_000_000
    max_pieces: int = 20_000
    max_metadata_bytes: int = 8 * MIB


READ_LIMITS = ReadLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """The limits of a model for images. Zero or empty means that there is no such limit.

    Attributes:
        mime_types: The media types of images that the model takes, preferred ones first.
        animated_types: Those that it takes with several frames; of others it gets the first frame.
        max_width: In pixels.
        max_height: In pixels.
        max_long_side: Pixels of the longer side.
        max_pixels: Width times height.
        max_bytes: Bytes of the file.
    """

    mime_types: tuple[str, ...] = ("image/png", "image/jpeg", "image/webp", "image/gif")
    animated_types: frozenset[str] = frozenset()
    max_width: int = 0
    max_height: int = 0
    max_long_side: int = 0
    max_pixels: int = 0
    max_bytes: int = 0


ANY_IMAGE = ModelLimits()
"""Limits of a model that nothing is known about: the usual types, of any size."""


def refuse(field: str, found: str, problem: str, allowed: str) -> MediaInvalid:
    """Returns the error for a medium that is not accepted.

    Args:
        field: The path of the field in the request, such as `images[0].data`.
        found: The type found in the bytes.
        problem: The problem, with the figure found.
        allowed: The types that would be accepted, or the limit.
    """
    return MediaInvalid([Violation(field, f"is {found}, {problem}; allowed: {allowed}")])


def names(mime_types: Iterable[str]) -> str:
    """Lists media types in words, such as `PNG, JPEG or WebP`."""
    words = [_NAMES.get(mime_type, mime_type) for mime_type in mime_types]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


_NAMES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
    "image/heic": "HEIC",
    "image/heif": "HEIF",
}


def size_words(byte_count: int) -> str:
    """Formats a size for people, such as `20 MiB`."""
    if byte_count >= MIB:
        return f"{byte_count / MIB:.4g} MiB"
    return f"{byte_count / 1024:.4g} KiB" if byte_count >= 1024 else f"{byte_count} bytes"
