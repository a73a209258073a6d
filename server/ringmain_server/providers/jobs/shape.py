"""Room 4, pure: sizes and ratios, fitted to what a service offers."""

import math
from collections.abc import Iterable, Sequence

from ringmain.v1.image_service_pb2 import ImageConfig

Size = tuple[int, int]


def wanted_ratio(config: ImageConfig) -> float | None:
    """Width over height, None where the caller leaves it to the model. An exact size wins."""
    text = config.size.replace("x", ":") or config.aspect_ratio
    if not text:
        return None
    width, height = map(int, text.split(":"))
    return width / height


def nearest_ratio(config: ImageConfig, offered: Sequence[str]) -> str:
    """The ratio of those offered that is nearest to what is wanted; empty where nothing is.

    Near is meant as a factor, so that twice too wide is as far as twice too high.
    """
    wanted = wanted_ratio(config)
    if wanted is None:
        return ""
    return min(offered, key=lambda ratio: abs(math.log(_value(ratio) / wanted)))


def fitted_size(config: ImageConfig, *, step: int, least: int, most: int, area: int) -> Size | None:
    """A size of the wanted ratio within a service's limits, None where the caller leaves it to the model.

    Args:
        config: What is wanted.
        step: Both sides are multiples of it.
        least: The shortest side.
        most: The longest side.
        area: Pixels of an image where only the ratio is wanted.
    """
    ratio = wanted_ratio(config)
    if ratio is None:
        return None
    if config.size:
        width, height = map(float, config.size.split("x"))
    else:
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
    shrink = min(1.0, most / max(width, height))
    return _stepped(width * shrink, step, least, most), _stepped(height * shrink, step, least, most)


def nearest_size(config: ImageConfig, offered: Iterable[Size]) -> Size | None:
    """The size of those offered that is nearest in ratio, then in area; None where nothing is wanted."""
    ratio = wanted_ratio(config)
    if ratio is None:
        return None
    area = math.prod(map(int, config.size.split("x"))) if config.size else 0

    def far(size: Size) -> tuple[float, float]:
        width, height = size
        off = abs(math.log(width / height / ratio))
        return round(off, 2), abs(math.log(width * height / area)) if area else -width * height

    return min(offered, key=far)


def _stepped(side: float, step: int, least: int, most: int) -> int:
    return min(max(round(side / step) * step, least), most)


def _value(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return int(width) / int(height)
