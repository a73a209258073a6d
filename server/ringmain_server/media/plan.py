"""Media, pure: plans how an image must change before a model takes it.

    plan(source, limits) -> Plan        `plan.is_untouched`: the bytes may be sent as they are

Sizes are of the image as it is seen, after EXIF's orientation.
"""

import math
from dataclasses import dataclass

from ringmain_server.media.limits import ModelLimits

Size = tuple[int, int]
"""Width and height, in pixels."""

# The types that can be written, in order of preference: for transparent pictures, photos and graphics.
_TRANSPARENT = ("image/png", "image/webp", "image/gif", "image/avif")
_PHOTO = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/bmp", "image/tiff")
_GRAPHIC = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/bmp", "image/tiff")
WRITABLE = frozenset(_PHOTO)
"""The media types that can be written."""

_LOSSY = frozenset({"image/jpeg", "image/webp", "image/avif", "image/heic", "image/heif"})
_PHOTO_BYTES_PER_PIXEL = 1.0
"""A lossless file with more bytes per pixel holds a photo, which is slow and large as a PNG."""


@dataclass(frozen=True, slots=True)
class ImageProperties:
    """The properties of an image that are known before it is decoded.

    Attributes:
        mime_type: The type of the file.
        size: The size as it is seen.
        byte_count: The size of the file.
        is_turned: Whether EXIF's orientation must be applied.
        has_alpha: Whether it may be transparent.
        is_animated: Whether it has several frames.
    """

    mime_type: str
    size: Size
    byte_count: int
    is_turned: bool = False
    has_alpha: bool = False
    is_animated: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that an image needs.

    Attributes:
        mime_type: The type to write.
        size: The size to scale to.
        is_untouched: Whether the file fits as it is, except for metadata.
        is_animated: Whether all frames are sent.
    """

    mime_type: str
    size: Size
    is_untouched: bool
    is_animated: bool


def plan(source: ImageProperties, limits: ModelLimits) -> Plan:
    """Plans how to change an image for a model, which must take at least one type that can be written."""
    size = fit(source.size, limits)
    animated = source.is_animated and source.mime_type in limits.animated_types
    fits = (
        source.mime_type in limits.mime_types
        and size == source.size
        and not source.is_turned
        and animated == source.is_animated
        and (not limits.max_bytes or source.byte_count <= limits.max_bytes)
    )
    mime_type = source.mime_type if fits or animated else target_type(source, limits.mime_types)
    return Plan(mime_type, size, fits, animated)


def fit(size: Size, limits: ModelLimits) -> Size:
    """Returns the largest size of the same shape within a model's limits; at least a pixel, never larger."""
    width, height = size
    ratios = [1.0]
    if limits.max_width:
        ratios.append(limits.max_width / width)
    if limits.max_height:
        ratios.append(limits.max_height / height)
    if limits.max_long_side:
        ratios.append(limits.max_long_side / max(size))
    if limits.max_pixels:
        ratios.append(math.sqrt(limits.max_pixels / (width * height)))
    ratio = min(ratios)
    return size if ratio == 1.0 else scaled(size, ratio, limits.max_pixels)


def scaled(size: Size, ratio: float, max_pixels: int = 0) -> Size:
    """Multiplies a size by a ratio: rounds it, but down where rounding up would exceed `max_pixels`."""
    width, height = (max(round(side * ratio), 1) for side in size)
    if max_pixels and width * height > max_pixels:
        width, height = (max(math.floor(side * ratio), 1) for side in size)
    if max_pixels and width * height > max_pixels:  # a side was raised to one pixel
        return (min(width, max_pixels), 1) if width > height else (1, min(height, max_pixels))
    return width, height


def target_type(source: ImageProperties, taken: tuple[str, ...]) -> str:
    """Chooses the type to write among those taken: one that can hold the picture; empty for none."""
    photo = source.mime_type in _LOSSY or _is_photo(source)
    usual = _PHOTO if photo else _GRAPHIC
    order = (*_TRANSPARENT, *usual) if source.has_alpha else usual
    return next((mime_type for mime_type in order if mime_type in taken), "")


def _is_photo(source: ImageProperties) -> bool:
    return source.byte_count > _PHOTO_BYTES_PER_PIXEL * source.size[0] * source.size[1]
