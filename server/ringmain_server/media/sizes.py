"""Media, pure: chooses the nearest size or aspect ratio that a model lists.

choose(offered, size="1024x1500", aspect_ratio="") -> Choice("1024x1536", "size 1024x1500 is not …")
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ringmain_server.errors import InvalidField

_SIZE = re.compile(r"([1-9]\d{0,4})\s*x\s*([1-9]\d{0,4})", re.IGNORECASE)
_RATIO = re.compile(r"([1-9]\d{0,4}(?:\.\d{1,3})?)\s*:\s*([1-9]\d{0,4}(?:\.\d{1,3})?)")
_SAME_SHAPE = 0.02
"""Shapes whose ratios differ by less than 2 % count as the same: sides are whole pixels."""


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """The size or ratio that a model is asked for.

    Attributes:
        value: One of those offered, as it was spelled there; empty where the caller wanted none.
        note: A note for the answer that says why it is not the one wanted; empty where it is.
    """

    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _ImageShape:
    """The shape of an image.

    Attributes:
        ratio: Width over height.
        area: In pixels; zero where only a ratio is known.
    """

    ratio: float
    area: float


def choose(offered: Sequence[str], *, size: str = "", aspect_ratio: str = "") -> SizeChoice:
    """Chooses the nearest of what a model offers: first in shape, then in area.

    Args:
        offered: Sizes such as `1024x1536`, or ratios such as `16:9`; at least one.
        size: The wanted size. Takes precedence over `aspect_ratio`.
        aspect_ratio: The wanted ratio.

    Raises:
        InvalidField: What is wanted is neither a size nor a ratio.
    """
    wanted, words = size or aspect_ratio, "size" if size else "aspect ratio"
    if not wanted:
        return SizeChoice("")
    shape = parse(size, "size") if size else parse(aspect_ratio, "aspect_ratio")
    shapes = {text: _shape(text) for text in offered}
    known = {text: found for text, found in shapes.items() if found}
    best = min(known, key=lambda text: _distance(shape, known[text]))
    if _is_met(shape, known[best], wanted, best):
        return SizeChoice(best)
    return SizeChoice(best, f"{words} {wanted} is not among the model's: drawn at the nearest, {best}")


def parse(text: str, field: str) -> _ImageShape:
    """Parses a wanted size or ratio.

    Raises:
        InvalidField: It is neither.
    """
    pattern, example = (_SIZE, "1024x1536") if field == "size" else (_RATIO, "16:9")
    shape = _shape(text) if pattern.fullmatch(text.strip()) else None
    if shape is None:
        raise InvalidField.at(f"image_config.{field}", f"is {text[:40]!r}: must be such as {example}")
    return shape


def _shape(text: str) -> _ImageShape | None:
    if found := _SIZE.fullmatch(text.strip()):
        width, height = map(int, found.groups())
        return _ImageShape(width / height, width * height)
    if found := _RATIO.fullmatch(text.strip()):
        width_part, height_part = map(float, found.groups())
        return _ImageShape(width_part / height_part, 0.0)
    return None


def _distance(wanted: _ImageShape, offered: _ImageShape) -> tuple[float, float, float]:
    """Returns how far an offer differs in shape, in area where both have one, and prefers larger areas."""
    shape = abs(math.log(wanted.ratio / offered.ratio))
    shape = 0.0 if shape < _SAME_SHAPE else shape
    area = abs(math.log(wanted.area / offered.area)) if wanted.area and offered.area else 0.0
    return round(shape, 6), area, -offered.area


def _is_met(wanted: _ImageShape, offered: _ImageShape, text: str, best: str) -> bool:
    if text.strip().lower() == best.lower():
        return True
    same_area = not (wanted.area and offered.area) or wanted.area == offered.area
    return (
        same_area
        and abs(math.log(wanted.ratio / offered.ratio)) < _SAME_SHAPE
        and not (wanted.area and not offered.area)
    )
