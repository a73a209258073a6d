"""Media, outside the rooms: what an image looks like, in a few bits and in a few colours.

The perceptual hash is the difference hash: whether each of 9x8 grey pixels is brighter than its right
neighbour (https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html).
"""

from collections import Counter
from typing import TYPE_CHECKING

from ringmain_server.media.pixels import flattened

if TYPE_CHECKING:
    from PIL.Image import Image

HASH_BITS = 64
_COLUMNS, _ROWS = 9, 8
_SAMPLE = 96
"""Pixels on a side that colours are counted in."""
_STEP = 32
"""Values of a channel that count as one colour."""
_VISIBLE = 128

Colour = tuple[int, int, int]


def perceptual_hash(image: "Image") -> str:
    """The hash of an upright image of mode L, RGB or RGBA: 16 hexadecimal digits."""
    from PIL.Image import Resampling

    grey = flattened(image).convert("L").resize((_COLUMNS, _ROWS), Resampling.BOX)
    values = grey.tobytes()
    bits = 0
    for at, value in enumerate(values):
        if (at + 1) % _COLUMNS:
            bits = bits << 1 | (value > values[at + 1])
    return f"{bits:0{HASH_BITS // 4}x}"


def distance(first: str, second: str) -> int:
    """In how many of 64 bits two hashes differ: up to about 10 for near images."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def dominant_colours(image: "Image", count: int = 5) -> list[str]:
    """The commonest colours of an image, as `#rrggbb`, commonest first; none where nothing is visible.

    Args:
        image: Of mode L, RGB or RGBA. Transparent pixels do not count.
        count: At most this many.
    """
    from PIL.Image import Resampling

    size = (min(image.width, _SAMPLE), min(image.height, _SAMPLE))
    # The nearest pixel, not a mixture: a mixed colour is nowhere in the image.
    raw = image.resize(size, Resampling.NEAREST).convert("RGBA").tobytes()
    exact = Counter(
        (red, green, blue)
        for red, green, blue, alpha in zip(raw[::4], raw[1::4], raw[2::4], raw[3::4], strict=True)
        if alpha >= _VISIBLE
    )
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in _commonest(exact, count)]


def _commonest(exact: Counter[Colour], count: int) -> list[Colour]:
    """The commonest groups of near colours, each by its own commonest colour."""
    groups: dict[Colour, Counter[Colour]] = {}
    for colour, times in exact.items():
        red, green, blue = (value // _STEP for value in colour)
        groups.setdefault((red, green, blue), Counter())[colour] = times
    largest = sorted(groups.values(), key=lambda group: -group.total())[:count]
    return [group.most_common(1)[0][0] for group in largest]
