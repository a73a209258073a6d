"""Media: prepares an image for the model that gets it. Blocks: call it through `runner.py`.

    prepare(data, limits, field=…, read=…) -> Prepared

In this order: the file's type and size are read and checked; a plan is made; a file that fits is sent as it
is, without metadata and without being decoded; any other is decoded no larger than needed, scaled, turned as
EXIF says, converted to a type that the model takes, and written within its limit of bytes.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ringmain_server.media.animation import rescaled_animation
from ringmain_server.media.encode import write_within
from ringmain_server.media.limits import READ_LIMITS, ModelLimits, ReadLimits, names, refuse
from ringmain_server.media.pillow import opened
from ringmain_server.media.pixels import has_alpha, is_opaque, swaps_sides, turn_of, upright
from ringmain_server.media.plan import WRITABLE, ImageProperties, Plan, Size, plan, target_type
from ringmain_server.media.probe import Probe, probe
from ringmain_server.media.strip import can_strip, strip

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image that a model takes.

    Attributes:
        data: The file; the same object that came in when nothing was changed.
        mime_type: The type of the file.
        width: In pixels, as it is seen.
        height: In pixels, as it is seen.
        changes: The changes in words, such as `scaled from 4000x3000`.
    """

    data: bytes
    mime_type: str
    width: int
    height: int
    changes: tuple[str, ...] = ()


def prepare(data: bytes, limits: ModelLimits, *, field: str, read: ReadLimits = READ_LIMITS) -> Prepared:
    """Converts an image to a form that a model takes.

    Args:
        data: The file.
        limits: The model's limits.
        field: The path of the field that holds it, for errors.
        read: The gateway's limits for any image.

    Raises:
        MediaInvalid: It cannot be read, exceeds a limit, or cannot be made to fit.
    """
    found = probe(data, field=field, limits=read)
    with opened(data, found.mime_type, field) as image:
        turn = turn_of(image, data)
        source = _source(image, found, turn)
        planned = plan(source, _written_by_us(limits, source, field))
        if planned.is_untouched and can_strip(found.mime_type):
            return _as_it_is(data, source)
        if planned.is_animated:
            moving = rescaled_animation(image, planned, limits.max_bytes, max_pixels=read.max_pixels)
            if moving is not None:
                return Prepared(moving, planned.mime_type, *planned.size, _changes(source, planned))
            planned = replace(planned, is_animated=False)
        pixels = upright(image, data, planned.size, turn)
        return _written(pixels, planned, source, limits, field)


def _source(image: "Image", found: Probe, turn: int) -> ImageProperties:
    size = (found.height, found.width) if swaps_sides(turn) else (found.width, found.height)
    animated = found.frame_count > 1
    return ImageProperties(found.mime_type, size, found.byte_count, turn > 1, has_alpha(image), animated)


def _written_by_us(limits: ModelLimits, source: ImageProperties, field: str) -> ModelLimits:
    """Returns the limits with only the types that can be written: HEIC, for one, can only be read."""
    written = tuple(mime_type for mime_type in limits.mime_types if mime_type in WRITABLE)
    if not written:
        allowed = names(limits.mime_types) if limits.mime_types else "no images"
        raise refuse(field, source.mime_type, "which cannot be converted to what the model takes", allowed)
    return replace(limits, mime_types=written)


def _as_it_is(data: bytes, source: ImageProperties) -> Prepared:
    bare = strip(data, source.mime_type)
    changes = () if bare is data else ("metadata removed",)
    return Prepared(bare, source.mime_type, *source.size, changes)


def _written(
    pixels: "Image", planned: Plan, source: ImageProperties, limits: ModelLimits, field: str
) -> Prepared:
    mime_type = planned.mime_type
    if pixels.mode == "RGBA" and is_opaque(pixels):
        # Without transparency, a smaller type such as JPEG may do.
        pixels = pixels.convert("RGB")
        mime_type = target_type(replace(source, has_alpha=False), limits.mime_types)
    data, size = write_within(pixels, mime_type, limits.max_bytes, field)
    return Prepared(data, mime_type, *size, _changes(source, planned, mime_type, size))


def _changes(
    source: ImageProperties, planned: Plan, mime_type: str = "", size: Size | None = None
) -> tuple[str, ...]:
    """Describes the changes in words."""
    changes = []
    if (mime_type or planned.mime_type) != source.mime_type:
        changes.append(f"converted from {names((source.mime_type,))}")
    if (size or planned.size) != source.size:
        changes.append("scaled from {}x{}".format(*source.size))
    if source.is_turned:
        changes.append("turned upright")
    if source.is_animated and not planned.is_animated:
        changes.append("first frame taken")
    return tuple(changes)
