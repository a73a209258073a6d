"""Media: inspects an image file without a model. Blocks: call it through `runner.py`.

inspect_image(data, field=…, location=…) -> Inspection
"""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ringmain_server.media.exif import exif_fields
from ringmain_server.media.hashes import dominant_colors, perceptual_hash
from ringmain_server.media.limits import READ_LIMITS, ReadLimits
from ringmain_server.media.pillow import opened
from ringmain_server.media.pixels import has_alpha, is_opaque, swaps_sides, turn_of, upright
from ringmain_server.media.probe import probe

if TYPE_CHECKING:
    from PIL.Image import Image

_ENOUGH = 512
"""Pixels of the longer side of the image that hash and colors are computed from."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The properties of an image file, named like the fields of InspectImageResponse.

    Attributes:
        mime_type: The type, from its bytes.
        width: In pixels, as stored.
        height: In pixels, as stored.
        frame_count: At least 1.
        has_alpha: Whether a pixel of the first frame is transparent.
        sha256: The digest of its bytes, in hexadecimal.
        perceptual_hash: The hash of its pixels as they are seen, in hexadecimal; see `hashes.py`.
        dominant_colors: `#rrggbb`, most common first, at most 5.
        exif: EXIF's fields by name, as text.
    """

    mime_type: str
    width: int
    height: int
    frame_count: int
    has_alpha: bool
    sha256: str
    perceptual_hash: str
    dominant_colors: list[str]
    exif: dict[str, str] = field(default_factory=dict)


def inspect_image(
    data: bytes, *, field: str, location: bool = False, read: ReadLimits = READ_LIMITS
) -> Inspection:
    """Inspects an image file.

    Args:
        data: The file.
        field: The path of the field that holds it, for errors.
        location: Whether to include EXIF's fields about where the picture was taken.
        read: The gateway's limits for any image.

    Raises:
        MediaInvalid: It cannot be read, or exceeds a limit.
    """
    found = probe(data, field=field, limits=read)
    with opened(data, found.mime_type, field) as image:
        transparent = has_alpha(image)
        exif = exif_fields(image, location=location)
        pixels = _small(image, data, turn_of(image, data))
    return Inspection(
        found.mime_type,
        found.width,
        found.height,
        found.frame_count,
        transparent and pixels.mode == "RGBA" and not is_opaque(pixels),
        hashlib.sha256(data).hexdigest(),
        perceptual_hash(pixels),
        dominant_colors(pixels),
        exif,
    )


def _small(image: "Image", data: bytes, turn: int) -> "Image":
    """Decodes the image upright, at a size that is enough for hash and colors."""
    image.draft(None, (_ENOUGH, _ENOUGH))
    ratio = min(1.0, _ENOUGH / max(image.size))
    width, height = (max(round(side * ratio), 1) for side in image.size)
    size = (height, width) if swaps_sides(turn) else (width, height)
    return upright(image, data, size, turn)
