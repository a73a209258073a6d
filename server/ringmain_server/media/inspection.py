"""Media, outside the rooms: what an image file holds, without a model. Blocks: call it by `runner.py`.

inspect_image(data, field=…, location=…) -> Inspection
"""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ringmain_server.media.exif import exif_fields
from ringmain_server.media.hashes import dominant_colours, perceptual_hash
from ringmain_server.media.limits import READ_LIMITS, ReadLimits
from ringmain_server.media.pillow import opened
from ringmain_server.media.pixels import has_alpha, is_opaque, swaps_sides, turn_of, upright
from ringmain_server.media.probe import probe

if TYPE_CHECKING:
    from PIL.Image import Image

_ENOUGH = 512
"""Pixels of the longer side that hash and colours are taken from."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an image file holds. Named as the fields of InspectImageResponse are.

    Attributes:
        mime_type: From its bytes.
        width: In pixels, as stored.
        height: In pixels, as stored.
        frame_count: At least 1.
        has_alpha: Whether a pixel of its first frame is transparent.
        sha256: Of its bytes, in hexadecimal.
        perceptual_hash: Of its pixels as they are seen, in hexadecimal; see `hashes.py`.
        dominant_colors: `#rrggbb`, commonest first, at most 5.
        exif: Fields by name, as text.
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
    """What an image file holds.

    Args:
        data: The file.
        field: The path of the field that holds it, for errors.
        location: Whether EXIF may tell where it was taken.
        read: What the gateway reads at all.

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
        dominant_colours(pixels),
        exif,
    )


def _small(image: "Image", data: bytes, turn: int) -> "Image":
    """The image as it is seen, at a size that is enough to look at."""
    image.draft(None, (_ENOUGH, _ENOUGH))
    ratio = min(1.0, _ENOUGH / max(image.size))
    width, height = (max(round(side * ratio), 1) for side in image.size)
    size = (height, width) if swaps_sides(turn) else (width, height)
    return upright(image, data, size, turn)
