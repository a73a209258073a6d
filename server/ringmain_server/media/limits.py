"""Media, outside the rooms, pure: how large media may be, and the one way in which media is refused.

* `ReadLimits`: what the gateway reads at all, whoever asks; checked before anything is decoded.
* `ModelLimits`: what one model takes; images are changed until they fit.
* `refuse(…)`: a MediaInvalid that tells the type found, what is wrong with it and what is allowed.
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
"""What can be read, the last two with a library of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """What is read at all. A file beyond it is refused before it is decoded.

    Attributes:
        max_bytes: Of the file.
        max_pixels: Width times height of a frame: 4 bytes each once decoded.
        max_side: Pixels of width or height.
        max_frames: Of an animation, or pages of a TIFF.
        max_total_pixels: Of all frames or pages together, and of all passes of a decoder over them.
        max_pieces: Chunks, segments, boxes and entries of directories in a file.
        max_metadata_bytes: Of texts and profiles within a file together, unpacked.
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
    """What a model takes. Zero or nothing means that there is no such limit.

    Attributes:
        mime_types: The media types of images that it takes, best first where it matters not.
        animated_types: Those of them that it takes with several frames; of others it gets the first frame.
        max_width: In pixels.
        max_height: In pixels.
        max_long_side: In pixels, of the longer of both.
        max_pixels: Width times height.
        max_bytes: Of the file.
    """

    mime_types: tuple[str, ...] = ("image/png", "image/jpeg", "image/webp", "image/gif")
    animated_types: frozenset[str] = frozenset()
    max_width: int = 0
    max_height: int = 0
    max_long_side: int = 0
    max_pixels: int = 0
    max_bytes: int = 0


ANY_IMAGE = ModelLimits()
"""Of a model of which nothing is known: the usual types, of any size."""


def refuse(field: str, found: str, problem: str, allowed: str) -> MediaInvalid:
    """The error for media that is not taken.

    Args:
        field: The path of the field in the request, such as `images[0].data`.
        found: The type found in the bytes.
        problem: What is wrong, with the figure found.
        allowed: What would be taken: types, or the limit.
    """
    return MediaInvalid([Violation(field, f"is {found}, {problem}; allowed: {allowed}")])


def names(mime_types: Iterable[str]) -> str:
    """Media types as words, such as `PNG, JPEG or WebP`."""
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
    """A size for people, such as `20 MiB`."""
    if byte_count >= MIB:
        return f"{byte_count / MIB:.4g} MiB"
    return f"{byte_count / 1024:.4g} KiB" if byte_count >= 1024 else f"{byte_count} bytes"
