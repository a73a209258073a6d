"""Media: summarizes how an image looks, in a few bits and in a few colors.

The perceptual hash is the difference hash: whether each of 9x8 gray pixels is brighter than its right
neighbor (https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html).
"""

from collections import Counter
from typing import TYPE_CHECKING

from ringmain_server.media.pixels import flattened

if TYPE_CHECKING:
    from PIL.Image import Image

HASH_BITS = 64
_COLUMNS, _ROWS = 9, 8
_SAMPLE = 96
"""Pixels on a side of the sample in which colors are counted."""
_STEP = 32
"""Values of a channel that count as one color."""
_VISIBLE = 128

Color = tuple[int, int, int]


def perceptual_hash(image: "Image") -> str:
    """Returns the hash of an upright image of mode L, RGB or RGBA, as 16 hexadecimal digits."""
    from PIL.Image import Resampling

    gray = flattened(image).convert("L").resize((_COLUMNS, _ROWS), Resampling.BOX)
    values = gray.tobytes()
    bits = 0
    for at, value in enumerate(values):
        if (at + 1) % _COLUMNS:
            bits = bits << 1 | (value > values[at + 1])
    return f"{bits:0{HASH_BITS // 4}x}"


def distance(first: str, second: str) -> int:
    """Returns in how many of 64 bits two hashes differ: up to about 10 for similar images."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def dominant_colors(image: "Image", count: int = 5) -> list[str]:
    """Returns the most common colors of an image as `#rrggbb`, most common first; none if nothing is visible.

    Args:
        image: An image of mode L, RGB or RGBA. Transparent pixels do not count.
        count: The most colors to return.
    """
    from PIL.Image import Resampling

    size = (min(image.width, _SAMPLE), min(image.height, _SAMPLE))
    # The nearest pixel rather than an average, which would be a color that the image does not have.
    raw = image.resize(size, Resampling.NEAREST).convert("RGBA").tobytes()
    exact = Counter(
        (red, green, blue)
        for red, green, blue, alpha in zip(raw[::4], raw[1::4], raw[2::4], raw[3::4], strict=True)
        if alpha >= _VISIBLE
    )
    return ["#{:02x}{:02x}{:02x}".format(*color) for color in _commonest(exact, count)]


def _commonest(exact: Counter[Color], count: int) -> list[Color]:
    """Groups similar colors and returns the largest groups, each by its own most common color."""
    groups: dict[Color, Counter[Color]] = {}
    for color, times in exact.items():
        red, green, blue = (value // _STEP for value in color)
        groups.setdefault((red, green, blue), Counter())[color] = times
    largest = sorted(groups.values(), key=lambda group: -group.total())[:count]
    return [group.most_common(1)[0][0] for group in largest]
