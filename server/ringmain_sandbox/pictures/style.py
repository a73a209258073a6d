"""Sandbox: gives pictures another style, with Pillow. Everything here blocks."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ringmain_sandbox.pictures.colors import Color, shaded

if TYPE_CHECKING:
    from PIL.Image import Image


def _sketch(image: "Image") -> "Image":
    from PIL import ImageFilter, ImageOps

    edges = ImageOps.grayscale(image).filter(ImageFilter.FIND_EDGES)
    return ImageOps.invert(ImageOps.autocontrast(edges)).convert("RGB")


def _grey(image: "Image") -> "Image":
    return image.convert("L").convert("RGB")


def _sepia(image: "Image") -> "Image":
    return tinted(image, (Color(112, 66, 20),))


def _poster(image: "Image") -> "Image":
    from PIL import ImageOps

    return ImageOps.posterize(image, 2)


def _negative(image: "Image") -> "Image":
    from PIL import ImageOps

    return ImageOps.invert(image)


def _mosaic(image: "Image") -> "Image":
    from PIL.Image import Resampling

    cell = max(min(image.size) // 32, 2)
    small = image.resize((max(image.width // cell, 1), max(image.height // cell, 1)), Resampling.BOX)
    return small.resize(image.size, Resampling.NEAREST)


def _painted(image: "Image") -> "Image":
    from PIL import ImageFilter

    return image.filter(ImageFilter.ModeFilter(9))


def _soft(image: "Image") -> "Image":
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(max(min(image.size) / 160, 1)))


def _vivid(image: "Image") -> "Image":
    from PIL import ImageEnhance

    return ImageEnhance.Color(image).enhance(1.6)


_STYLES: Mapping[str, Callable[["Image"], "Image"]] = MappingProxyType(
    {
        **dict.fromkeys(("sketch", "pencil", "drawing", "etching", "ink"), _sketch),
        **dict.fromkeys(("noir", "monochrome", "grayscale", "greyscale", "charcoal"), _grey),
        **dict.fromkeys(("sepia", "vintage", "old"), _sepia),
        **dict.fromkeys(("poster", "pop", "comic", "cartoon"), _poster),
        **dict.fromkeys(("negative", "inverted"), _negative),
        **dict.fromkeys(("mosaic", "pixel", "pixels", "pixelated", "lego"), _mosaic),
        **dict.fromkeys(("oil", "painting", "impressionist"), _painted),
        **dict.fromkeys(("watercolour", "watercolor", "soft", "dreamy", "blurred"), _soft),
        **dict.fromkeys(("vivid", "vibrant", "neon"), _vivid),
    }
)


def named(words: list[str]) -> list[Callable[["Image"], "Image"]]:
    """Returns the styles that words name, each once."""
    return list(dict.fromkeys(_STYLES[word] for word in words if word in _STYLES))


def styled(image: "Image", style: Callable[["Image"], "Image"]) -> "Image":
    """Returns a picture in a style. Transparent pixels stay transparent."""
    changed = style(image.convert("RGB"))
    if image.mode == "RGBA":
        changed.putalpha(image.getchannel("A"))
    return changed


def tinted(image: "Image", colors: tuple[Color, ...]) -> "Image":
    """Returns a picture in the tones of a few colors, from dark to light.

    Args:
        image: RGB.
        colors: At least one.
    """
    from PIL import ImageOps

    ordered = sorted(colors, key=sum)
    dark, light = shaded(ordered[0], -0.8), shaded(ordered[-1], 0.75)
    middle = ordered[len(ordered) // 2]
    return ImageOps.colorize(ImageOps.grayscale(image), black=dark, mid=middle, white=light)


def like(image: "Image", model: "Image") -> "Image":
    """Returns a picture with the colors of another one: its mean and spread in each channel.

    https://www.cs.tau.ac.il/~turkel/imagepapers/ColorTransfer.pdf, in RGB.

    Args:
        image: RGB.
        model: RGB.
    """
    from PIL import ImageStat

    own, wanted = ImageStat.Stat(image), ImageStat.Stat(model)
    table: list[int] = []
    for channel in range(3):
        scale = wanted.stddev[channel] / max(own.stddev[channel], 1.0)
        shift = wanted.mean[channel] - own.mean[channel] * scale
        table += [min(max(round(value * scale + shift), 0), 255) for value in range(256)]
    return image.point(table)
