"""Sandbox: describes a picture by its colors alone. Everything here blocks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringmain_sandbox.pictures.colors import Color, name

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 64
"""The pixels of a side of the small copy that is looked at."""
_FLAG = 0.5
_MOST = 4
"""The most colors that are named."""
_LEAST = 0.08
"""The share of a picture from which a color is named."""


@dataclass(frozen=True, slots=True)
class Look:
    """The description of a picture.

    Attributes:
        labels: Words, the most certain ones first.
        scores: The probability of each category, from 0 to 1.
    """

    labels: tuple[str, ...]
    scores: dict[str, float]

    @property
    def flagged(self) -> dict[str, bool]:
        """Whether each category is likely."""
        return {category: score >= _FLAG for category, score in self.scores.items()}


def look(image: "Image") -> Look:
    """Returns labels and ratings of a picture, which play with its colors and judge nothing.

    Violence is the share of red, sexual that of the tones of skin, hate that of black, and self-harm half of
    the share of dark pixels.

    Args:
        image: RGB or RGBA.
    """
    pixels = _pixels(image)
    shares = _shares(pixels)
    light = sum(sum(pixel) for pixel in pixels) / (len(pixels) * 3 * 255)
    spread = sum(max(pixel) - min(pixel) for pixel in pixels) / (len(pixels) * 255)
    colors = sorted(shares, key=lambda one: -shares[one])[:_MOST]
    labels = [one for one in colors if shares[one] >= _LEAST]
    labels.append("bright" if light > 0.66 else "dark" if light < 0.33 else "medium brightness")
    labels.append("colourful" if spread > 0.25 else "muted" if spread > 0.06 else "greyscale")
    labels.append(_format(image))
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        labels.append("transparent")
    red, skin = sum(map(_is_red, pixels)), sum(map(_is_skin, pixels))
    black, dark = sum(max(pixel) < 40 for pixel in pixels), sum(max(pixel) < 96 for pixel in pixels)
    counts = {"sexual": skin, "violence": red, "hate": black, "self-harm": dark / 2}
    return Look(tuple(labels), {kind: round(count / len(pixels), 4) for kind, count in counts.items()})


def _pixels(image: "Image") -> list[Color]:
    from PIL.Image import Resampling

    data = image.convert("RGB").resize((_SIDE, _SIDE), Resampling.BOX).tobytes()
    return [Color(*data[at : at + 3]) for at in range(0, len(data), 3)]


def _shares(pixels: list[Color]) -> dict[str, float]:
    found: dict[str, float] = {}
    names: dict[Color, str] = {}
    for pixel in pixels:
        coarse = Color(*(value & 0xF0 | 8 for value in pixel))
        label = names.get(coarse) or names.setdefault(coarse, name(coarse))
        found[label] = found.get(label, 0.0) + 1 / len(pixels)
    return found


def _format(image: "Image") -> str:
    ratio = image.width / image.height
    return "landscape format" if ratio > 1.1 else "portrait format" if ratio < 0.9 else "square format"


def _is_red(pixel: Color) -> bool:
    return pixel.red > 110 and pixel.red > 2 * pixel.green and pixel.red > 2 * pixel.blue


def _is_skin(pixel: Color) -> bool:
    red, green, blue = pixel
    return red > 95 and red > green > blue > 40 and 15 < red - green < 80 and green - blue < 60
