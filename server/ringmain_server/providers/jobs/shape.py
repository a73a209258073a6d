"""Room 4, pure: fits sizes and ratios to those that a service offers."""

import math
from collections.abc import Sequence

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.media.sizes import choose

Size = tuple[int, int]


def _wanted_ratio(config: ImageConfig) -> float | None:
    """Returns width over height; None if the caller leaves it to the model. An exact size comes first."""
    text = config.size.replace("x", ":") or config.aspect_ratio
    if not text:
        return None
    width, height = map(int, text.split(":"))
    return width / height


def nearest(config: ImageConfig, offered: Sequence[str]) -> str:
    """Returns the offered ratio or size that is nearest to the wanted one; empty if none is wanted."""
    return choose(offered, size=config.size, aspect_ratio=config.aspect_ratio).value


def nearest_size(config: ImageConfig, offered: Sequence[str]) -> str:
    """Returns the offered size that is nearest to the wanted one; the first one if none is wanted.

    Where only a ratio is wanted, the size has about as many pixels as the first one: models draw the same
    shape in several sizes, of which the largest costs many times as much.
    """
    if not config.aspect_ratio or config.size:
        return nearest(config, offered) or offered[0]
    width, height = map(int, offered[0].split("x"))
    size = fitted_size(config, step=1, least=1, most=width * height, area=width * height)
    return choose(offered, size="{}x{}".format(*size)).value if size else offered[0]


def fitted_size(config: ImageConfig, *, step: int, least: int, most: int, area: int) -> Size | None:
    """Returns a size of the wanted ratio within a service's limits; None if the caller wants none.

    Args:
        config: The caller's request.
        step: Both sides are multiples of this.
        least: The shortest side.
        most: The longest side.
        area: Pixels of the image if only a ratio is wanted.
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
