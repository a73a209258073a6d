"""Sandbox: changes pictures as described, with Pillow. Everything here blocks.

Pixels that a change does not concern stay as they are: those that the mask covers or that lie within the
borders.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from ringmain_sandbox.pictures import style
from ringmain_sandbox.pictures.colors import choose
from ringmain_sandbox.pictures.paint import Detail, caption, paint
from ringmain_sandbox.pictures.scene import read_scene
from ringmain_sandbox.pictures.sizes import LONGEST, Size
from ringmain_sandbox.refusal import bad_request

if TYPE_CHECKING:
    from PIL.Image import Image

_CANVAS = 3 * LONGEST
"""The most pixels of a side after drawing beyond the border."""


@dataclass(frozen=True, slots=True)
class Brush:
    """The input of every change.

    Attributes:
        prompt: The description of the change.
        unwanted: The description of what must not be drawn.
        rng: Chooses what the prompt leaves open.
        detail: The amount of detail.
        checkpoint: Raises when nobody waits for the picture any more.
    """

    prompt: str
    unwanted: str
    rng: Random
    detail: Detail
    checkpoint: Callable[[], None]

    def picture(self, size: Size, *, transparent: bool = False) -> "Image":
        """Draws a picture of the prompt."""
        scene = read_scene(self.prompt, self.unwanted)
        return paint(scene, size, self.rng, self.detail, checkpoint=self.checkpoint, transparent=transparent)


def inpaint(image: "Image", mask: "Image", brush: Brush) -> "Image":
    """Redraws where the mask is transparent.

    Raises:
        RefusedError: The mask is of another size, or has no transparent pixels.
    """
    from PIL import Image, ImageChops

    if mask.size != image.size:
        raise bad_request("mask must have the same size as the image.", "mask")
    clear = ImageChops.invert(mask.getchannel("A")) if mask.mode == "RGBA" else None
    box = None if clear is None else clear.getbbox()
    if clear is None or box is None:
        raise bad_request("mask must have transparent pixels.", "mask")
    drawn = brush.picture(Size(box[2] - box[0], box[3] - box[1])).convert(image.mode)
    layer = Image.new(image.mode, image.size)
    layer.paste(drawn, box[:2])
    return Image.composite(layer, image, clear)


def outpaint(image: "Image", margins: Sequence[int], brush: Brush) -> "Image":
    """Draws beyond the borders.

    Args:
        image: The picture, which stays as it is.
        margins: Pixels beyond left, top, right and bottom.
        brush: The prompt and the choices.

    Raises:
        RefusedError: The result would be too large.
    """
    left, top, right, bottom = margins
    size = Size(image.width + left + right, image.height + top + bottom)
    if max(size) > _CANVAS:
        raise bad_request(f"The image would be larger than {_CANVAS} pixels a side.", "outpaint")
    canvas = brush.picture(size).convert(image.mode)
    caption(canvas, brush.prompt)
    canvas.paste(image, (left, top))
    return canvas


def restyle(image: "Image", models: Sequence["Image"], brush: Brush) -> "Image":
    """Redraws in the colors of other pictures, and in the styles and colors that the prompt names."""
    changed = image.convert("RGB")
    for model in models:
        changed = style.like(changed, model.convert("RGB"))
    styles = style.named(re.findall(r"\w+", brush.prompt.casefold()))
    for one in styles:
        changed = style.styled(changed, one)
    colors = read_scene(brush.prompt, brush.unwanted).colors
    if colors or not (styles or models):
        changed = style.tinted(changed, colors or (choose(brush.rng, ()),))
    if image.mode == "RGBA":
        changed.putalpha(image.getchannel("A"))
    return changed


def draw_on(image: "Image", brush: Brush) -> "Image":
    """Draws what the prompt names onto a picture."""
    from PIL import Image

    drawn = brush.picture(Size(*image.size), transparent=True)
    changed = Image.alpha_composite(image.convert("RGBA"), drawn)
    return changed if image.mode == "RGBA" else changed.convert("RGB")
