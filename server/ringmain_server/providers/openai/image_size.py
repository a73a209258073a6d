"""Media, pure: chooses the size that an image model is asked for.

`sizes.py` chooses among sizes that a model lists; this module also handles models that take any size within
bounds.
"""

import math

from ringmain_server.catalog.limits import ImageLimits
from ringmain_server.media.plan import Size
from ringmain_server.media.sizes import SizeChoice, choose, parse

_USUAL_AREA = 1024 * 1024
"""Pixels of an image for which only an aspect ratio is given."""


def fit(limits: ImageLimits, *, size: str = "", aspect_ratio: str = "") -> SizeChoice:
    """Chooses the size that a model is asked for; empty where the caller wants none in particular.

    Args:
        limits: The model's limits.
        size: The wanted size, such as `1024x1536`. Takes precedence over `aspect_ratio`.
        aspect_ratio: The wanted ratio, such as `16:9`.

    Raises:
        InvalidField: The wanted size or ratio is malformed.
    """
    if not (size or aspect_ratio):
        return SizeChoice("")
    if not limits.step:
        return (
            choose(limits.sizes, size=size, aspect_ratio=aspect_ratio) if limits.sizes else SizeChoice(size)
        )
    if not size:
        return SizeChoice(_text(_bounded(_of_ratio(parse(aspect_ratio, "aspect_ratio").ratio), limits)))
    shape = parse(size, "size")
    wanted = (round(math.sqrt(shape.area * shape.ratio)), round(math.sqrt(shape.area / shape.ratio)))
    best = _text(_bounded(wanted, limits))
    if best == _text(wanted):
        return SizeChoice(best)
    return SizeChoice(best, f"size {_text(wanted)} is not among the model's: drawn at the nearest, {best}")


def free_size(aspect_ratio: str, step: int) -> Size:
    """Returns a size of this shape and about a megapixel, for models that take any multiple of a step."""
    width, height = _of_ratio(parse(aspect_ratio, "aspect_ratio").ratio)
    return max(round(width / step), 1) * step, max(round(height / step), 1) * step


def _of_ratio(ratio: float) -> Size:
    return round(math.sqrt(_USUAL_AREA * ratio)), round(math.sqrt(_USUAL_AREA / ratio))


def _bounded(wanted: Size, limits: ImageLimits) -> Size:
    """Returns the nearest size that the model takes: adjusts its shape, then its area, then its steps."""
    long, short = float(max(wanted)), float(min(wanted))
    if limits.max_ratio and long / short > limits.max_ratio:
        area = long * short
        long, short = math.sqrt(area * limits.max_ratio), math.sqrt(area / limits.max_ratio)
    if limits.min_pixels and long * short < limits.min_pixels:
        long, short = _scaled(long, short, math.sqrt(limits.min_pixels / (long * short)))
    shrink = 1.0
    if limits.max_pixels:
        shrink = min(shrink, math.sqrt(limits.max_pixels / (long * short)))
    if limits.max_side:
        shrink = min(shrink, limits.max_side / long)
    long, short = _scaled(long, short, shrink)
    sides = _stepped(long, short, limits)
    return sides if wanted[0] >= wanted[1] else sides[::-1]


def _scaled(long: float, short: float, factor: float) -> tuple[float, float]:
    return long * factor, short * factor


def _stepped(long: float, short: float, limits: ImageLimits) -> Size:
    """Rounds sides to multiples of the step: the nearest pair that keeps every bound."""
    step = limits.step
    near = [
        (a * step, b * step)
        for a in range(max(int(long / step) - 1, 1), int(long / step) + 3)
        for b in range(max(int(short / step) - 1, 1), int(short / step) + 3)
    ]
    kept = [pair for pair in near if _is_within(pair, limits)]
    return min(kept or near, key=lambda pair: abs(pair[0] - long) + abs(pair[1] - short))


def _is_within(pair: Size, limits: ImageLimits) -> bool:
    area, long, short = pair[0] * pair[1], max(pair), min(pair)
    return (
        (not limits.max_ratio or long <= short * limits.max_ratio)
        and (not limits.max_side or long <= limits.max_side)
        and (not limits.max_pixels or area <= limits.max_pixels)
        and area >= limits.min_pixels
    )


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
