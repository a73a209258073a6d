"""Media: enlarges and converts images without a model. Blocks: call it through `runner.py`.

upscale(data, factor, method=…, mime_type=…, field=…) -> Prepared
convert(data, mime_type, field=…) -> Prepared
"""

from typing import Literal

from ringmain_server.errors import InvalidField
from ringmain_server.media.encode import write
from ringmain_server.media.limits import READ_LIMITS, ReadLimits, names, refuse
from ringmain_server.media.pixels import decoded
from ringmain_server.media.plan import WRITABLE
from ringmain_server.media.prepare import Prepared
from ringmain_server.media.probe import Probe, probe
from ringmain_server.media.work import checkpoint

OUTPUT_TYPES = ("image/png", "image/jpeg", "image/webp")
"""The media types that a caller may ask for."""

FACTORS = range(2, 9)
Method = Literal["lanczos", "bicubic"]


def upscale(
    data: bytes,
    factor: int,
    *,
    field: str,
    method: Method = "lanczos",
    mime_type: str = "",
    read: ReadLimits = READ_LIMITS,
) -> Prepared:
    """Enlarges an image by a whole factor.

    Args:
        data: The file; of an animation, the first frame is used.
        factor: One of `FACTORS`.
        field: The path of the field that holds the image, for errors.
        method: The filter that makes new pixels.
        mime_type: One of `OUTPUT_TYPES`. Empty means the image's own, or JPEG where that cannot be written.
        read: The gateway's limits, which apply to the enlarged image as well, except for bytes.

    Raises:
        InvalidField: The factor is none of `FACTORS`.
        MediaInvalid: The image cannot be read, or becomes too large; the wanted type cannot be made.
    """
    if factor not in FACTORS:
        raise InvalidField.at("factor", f"is {factor}: must be {FACTORS[0]} to {FACTORS[-1]}")
    found = probe(data, field=field, limits=read)
    _check_growth(found, factor, field, read)
    target = _target(found, mime_type)
    image = decoded(data, found.mime_type, field)
    checkpoint()
    from PIL.Image import Resampling

    filters = {"lanczos": Resampling.LANCZOS, "bicubic": Resampling.BICUBIC}
    size = (image.width * factor, image.height * factor)
    large = image.resize(size, filters[method])
    checkpoint()
    return Prepared(write(large, target), target, *size, (f"enlarged {factor} times",))


def _check_growth(found: Probe, factor: int, field: str, read: ReadLimits) -> None:
    most = max(found.width, found.height) * factor
    if found.pixel_count * factor * factor > read.max_pixels or most > read.max_side:
        enlarged = f"{found.width * factor}x{found.height * factor}"
        size = f"of {found.width}x{found.height} pixels, {enlarged} enlarged"
        allowed = f"at most {read.max_pixels} pixels in all and {read.max_side} on a side"
        raise refuse(field, found.mime_type, size, allowed)


def convert(data: bytes, mime_type: str, *, field: str, read: ReadLimits = READ_LIMITS) -> Prepared:
    """Converts an image to another format; returns the same bytes where it has that format already.

    Args:
        data: The file; of an animation, the first frame is used.
        mime_type: One of `OUTPUT_TYPES`. Where it has no transparency, the background becomes white.
        field: The path of the field that holds the image, for errors.
        read: The gateway's limits for any image.

    Raises:
        MediaInvalid: The image cannot be read; the wanted type cannot be made.
    """
    found = probe(data, field=field, limits=read)
    target = _target(found, mime_type)
    if target == found.mime_type:
        return Prepared(data, target, found.width, found.height)
    image = decoded(data, found.mime_type, field)
    checkpoint()
    words = f"converted from {names((found.mime_type,))}"
    return Prepared(write(image, target), target, *image.size, (words,))


def _target(found: Probe, wanted: str) -> str:
    if not wanted:
        return found.mime_type if found.mime_type in WRITABLE else "image/jpeg"
    if wanted not in OUTPUT_TYPES:
        raise refuse("mime_type", wanted, "which is not made here", names(OUTPUT_TYPES))
    return wanted
