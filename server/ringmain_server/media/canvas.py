"""Media: canvases and masks for models that change images. Blocks: call it through `runner.py`.

    outpaint(data, Margins(…), field=…) -> Outpaint       a larger canvas, and the mask of what to draw
    mask_for(mask, (width, height), field=…) -> bytes     a caller's mask in the form that the model takes

A mask is a PNG in one of two forms: `alpha`, whose transparent pixels are redrawn (the contract's own, and
https://platform.openai.com/docs/api-reference/images/createEdit); `luminance`, whose white pixels are
(https://platform.stability.ai/docs/api-reference, Imagen).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ringmain_server.errors import InvalidField
from ringmain_server.media.encode import write
from ringmain_server.media.limits import READ_LIMITS, ReadLimits, refuse
from ringmain_server.media.pixels import decoded
from ringmain_server.media.plan import Size
from ringmain_server.media.probe import probe
from ringmain_server.media.work import checkpoint

if TYPE_CHECKING:
    from PIL.Image import Image

MaskForm = Literal["alpha", "luminance"]


@dataclass(frozen=True, slots=True)
class EditForm:
    """The form in which a model is told where to change an image.

    Attributes:
        mask: The form of a mask.
        outpaints: Whether the model takes margins. If not, it gets a larger canvas and a mask of the area
            beyond the border.
    """

    mask: MaskForm = "alpha"
    outpaints: bool = False


BY_TRANSPARENCY = EditForm()


@dataclass(frozen=True, slots=True)
class Margins:
    """Distances beyond an image's border, in pixels, as in the contract."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True)
class Outpaint:
    """A canvas to draw on.

    Attributes:
        image: A PNG: the image, surrounded by transparent pixels.
        mask: A PNG of the same size that marks what to draw.
        width: The width of both, in pixels.
        height: The height of both, in pixels.
    """

    image: bytes
    mask: bytes
    width: int
    height: int


def outpaint(
    data: bytes, margins: Margins, *, field: str, form: MaskForm = "alpha", read: ReadLimits = READ_LIMITS
) -> Outpaint:
    """Makes the canvas and the mask with which a model that takes masks draws beyond an image's border.

    Args:
        data: The image's file.
        margins: At least one must be above zero, and none below.
        field: The path of the field that holds the image, for errors.
        form: The form of the mask.
        read: The gateway's limits, which apply to the image and to the canvas.

    Raises:
        InvalidField: A margin is below zero, or all are zero.
        MediaInvalid: The image cannot be read, or the canvas becomes too large.
    """
    _check_margins(margins)
    found = probe(data, field=field, limits=read)
    image = decoded(data, found.mime_type, field)
    size = (image.width + margins.left + margins.right, image.height + margins.top + margins.bottom)
    if size[0] * size[1] > read.max_pixels or max(size) > read.max_side:
        problem = "of {}x{} pixels with its margins".format(*size)
        allowed = f"at most {read.max_pixels} pixels in all and {read.max_side} on a side"
        raise refuse(field, found.mime_type, problem, allowed)
    checkpoint()
    import PIL.Image

    at = (margins.left, margins.top)
    canvas = PIL.Image.new("RGBA", size, (0, 0, 0, 0))
    canvas.paste(image.convert("RGBA"), at)
    redrawn = PIL.Image.new("L", size, 255)
    redrawn.paste(0, (*at, at[0] + image.width, at[1] + image.height))
    return Outpaint(write(canvas, "image/png"), _mask_file(redrawn, form), *size)


def _check_margins(margins: Margins) -> None:
    sides = {name: getattr(margins, name) for name in ("left", "top", "right", "bottom")}
    for name, side in sides.items():
        if side < 0:
            raise InvalidField.at(f"outpaint.{name}", f"is {side}: must not be below 0")
    if not any(sides.values()):
        raise InvalidField.at("outpaint", "has no margin above 0")


def mask_for(
    mask: bytes, size: Size, *, field: str, form: MaskForm = "alpha", read: ReadLimits = READ_LIMITS
) -> bytes:
    """Scales a caller's mask to the size of the image and converts it to the form that the model takes.

    Args:
        mask: An image whose transparent pixels mark what is redrawn.
        size: The size of the image.
        field: The path of the field that holds the mask, for errors.
        form: The form that the model takes.
        read: The gateway's limits for any image.

    Returns:
        A PNG without half-transparent pixels.

    Raises:
        MediaInvalid: The mask cannot be read, or no pixel of it is transparent.
    """
    found = probe(mask, field=field, limits=read)
    pixels = decoded(mask, found.mime_type, field)
    if pixels.mode != "RGBA" or not any(pixels.getchannel("A").histogram()[: _HALF + 1]):
        problem = "without transparent pixels, so that nothing would be redrawn"
        raise refuse(field, found.mime_type, problem, "a mask whose transparent pixels mark what to redraw")
    from PIL.Image import Resampling

    alpha = pixels.getchannel("A").resize(size, Resampling.BILINEAR)
    return _mask_file(alpha.point([255 if value <= _HALF else 0 for value in range(256)]), form)


_HALF = 127


def _mask_file(redrawn: "Image", form: MaskForm) -> bytes:
    """Writes a mask from an image of mode L that is white where the model draws."""
    if form == "luminance":
        return write(redrawn, "image/png")
    import PIL.Image

    mask = PIL.Image.new("RGBA", redrawn.size, (0, 0, 0, 255))
    mask.putalpha(redrawn.point([255 - value for value in range(256)]))
    return write(mask, "image/png")
