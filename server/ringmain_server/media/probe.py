"""Media: reads the type and size of an image file before anything of it is decoded.

    probe(data, field=…, limits=…, allowed=…) -> Probe

Sizes of PNG, JPEG, GIF, WebP and BMP are read here (`header.py`); those of TIFF, AVIF and HEIC by Pillow,
which reads only their headers. Before that, every frame, page and part is held to the limits (`structure/`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from ringmain_server.media.detect import describe, detect
from ringmain_server.media.header import Header, is_readable, read_header
from ringmain_server.media.limits import IMAGE_TYPES, READ_LIMITS, ReadLimits, names, refuse, size_words
from ringmain_server.media.pillow import frame_count, opened
from ringmain_server.media.structure import check_structure


@dataclass(frozen=True, slots=True)
class Probe:
    """The type and size of an image file.

    Attributes:
        mime_type: The type, from its bytes, whatever its name or its sender says.
        width: In pixels, as stored: before EXIF's orientation is applied.
        height: In pixels, as stored.
        frame_count: At least 1.
        byte_count: The size of the file.
    """

    mime_type: str
    width: int
    height: int
    frame_count: int
    byte_count: int

    @property
    def pixel_count(self) -> int:
        """Width times height."""
        return self.width * self.height


def probe(
    data: bytes,
    *,
    field: str,
    limits: ReadLimits = READ_LIMITS,
    allowed: Collection[str] = IMAGE_TYPES,
) -> Probe:
    """Reads the type and size of an image file from its bytes; nothing is decoded.

    Args:
        data: The file.
        field: The path of the field that holds it, for the error.
        limits: The limits beyond which it is refused.
        allowed: The media types that are accepted.

    Raises:
        MediaInvalid: It is no image, of another type, cut within its header, or beyond a limit.
    """
    if not data:
        raise refuse(field, describe(data), "not an image", names(allowed))
    if len(data) > limits.max_bytes:
        problem = f"of {size_words(len(data))}"
        raise refuse(field, describe(data), problem, f"at most {size_words(limits.max_bytes)}")
    mime_type = detect(data)
    if mime_type not in allowed or mime_type not in IMAGE_TYPES:
        problem = "which is not taken here" if mime_type.startswith("image/") else "not an image"
        raise refuse(field, describe(data), problem, names(allowed))
    header = _header(data, mime_type, field, limits)
    _check(header, mime_type, field, limits)
    return Probe(mime_type, header.width, header.height, header.frame_count, len(data))


def _header(data: bytes, mime_type: str, field: str, limits: ReadLimits) -> Header:
    """Checks the whole file against the limits, then reads its header: no library opens it before."""
    check_structure(data, mime_type, limits, field=field)
    if not is_readable(mime_type):
        with opened(data, mime_type, field) as image:
            return Header(image.width, image.height, frame_count(image))
    header = read_header(data, mime_type, max_frames=limits.max_frames)
    if header is None:
        raise refuse(field, mime_type, "broken or cut short", "a whole file")
    return header


def _check(header: Header, mime_type: str, field: str, limits: ReadLimits) -> None:
    size = f"of {header.width}x{header.height} pixels"
    if max(header.width, header.height) > limits.max_side:
        raise refuse(field, mime_type, size, f"at most {limits.max_side} pixels on a side")
    if header.width * header.height > limits.max_pixels:
        allowed = f"at most {limits.max_pixels} pixels in all"
        raise refuse(field, mime_type, f"{size} ({header.width * header.height})", allowed)
    if header.frame_count > limits.max_frames:
        found = f"of more than {limits.max_frames} frames"
        raise refuse(field, mime_type, found, f"at most {limits.max_frames} frames")
