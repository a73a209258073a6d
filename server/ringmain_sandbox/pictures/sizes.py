"""Sandbox, pure: the sizes of pictures."""

import re
from typing import NamedTuple

from ringmain_sandbox.refusal import bad_request

SHORTEST, LONGEST = 16, 4096
"""The least and the most pixels of a side."""
_USUAL = 1024
_STEP = 16
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_RATIO = re.compile(r"(\d{1,4}):(\d{1,4})")


class Size(NamedTuple):
    """A size in pixels."""

    width: int
    height: int


def wanted(size: str, aspect_ratio: str) -> Size:
    """Returns the size of a picture.

    Args:
        size: Such as `1024x1536`. The picture gets the nearest size that the sandbox has, in the same
            proportions.
        aspect_ratio: Such as `16:9`, for a picture of about a megapixel. It is ignored if there is a size.

    Raises:
        RefusedError: The size is no size, or the ratio is no ratio.
    """
    if size and size != "auto":
        return _clipped(*_pair(_SIZE, size, "size"))
    if not aspect_ratio:
        return Size(_USUAL, _USUAL)
    width, height = _pair(_RATIO, aspect_ratio, "aspect_ratio")
    scale = _USUAL / (width * height) ** 0.5
    return _clipped(*(round(side * scale / _STEP) * _STEP for side in (width, height)))


def _pair(pattern: re.Pattern[str], text: str, param: str) -> tuple[int, int]:
    found = pattern.fullmatch(text)
    if found is None or not (int(found[1]) and int(found[2])):
        raise bad_request(f"Invalid value {text!r} for {param}.", param)
    return int(found[1]), int(found[2])


def _clipped(width: int, height: int) -> Size:
    width, height = max(width, 1), max(height, 1)
    scale = min(LONGEST / max(width, height), 1.0)
    scale = max(scale, SHORTEST / min(width, height)) if min(width, height) < SHORTEST else scale
    sides = (min(max(round(side * scale), SHORTEST), LONGEST) for side in (width, height))
    return Size(*sides)
