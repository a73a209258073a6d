"""Room 4, pure: sizes and ratios, fitted to what a service offers."""

import math
from collections.abc import Sequence

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.media.sizes import choose

Size = tuple[int, int]


def _wanted_ratio(config: ImageConfig) -> float | None:
    """Width over height, None where the caller leaves it to the model. An exact size wins."""
    text = config.size.replace("x", ":") or config.aspect_ratio
    if not text:
        return None
    width, height = map(int, text.split(":"))
    return width / height


def nearest(config: ImageConfig, offered: Sequence[str]) -> str:
    """The ratio or size of those offered that is nearest to what is wanted; empty where nothing is."""
    return choose(offered, size=config.size, aspect_ratio=config.aspect_ratio).value


def fitted_size(config: ImageConfig, *, step: int, least: int, most: int, area: int) -> Size | None:
    """A size of the wanted ratio within a service's limits, None where the caller leaves it to the model.

    Args:
        config: What is wanted.
        step: Both sides are multiples of it.
        least: The shortest side.
        most: The longest side.
        area: Pixels of an image where only the ratio is wanted.
    """
    ratio = _wanted_ratio(config)
    if ratio is None:
        return None
    if config.size:
        width, height = map(float, config.size.split("x"))
    else:
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
    shrink = min(1.0, most / max(width, height))
    return _stepped(width * shrink, step, least, most), _stepped(height * shrink, step, least, most)


def _stepped(side: float, step: int, least: int, most: int) -> int:
    return min(max(round(side / step) * step, least), most)
