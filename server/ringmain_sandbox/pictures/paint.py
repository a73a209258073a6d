"""Sandbox: paints scenes with Pillow. Everything here blocks, so it runs in a thread.

The same scene, size and random choices give the same pixels. Shapes have one flat color each, so that tests
can check pixels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from random import Random
from typing import TYPE_CHECKING

from ringmain_sandbox.pictures.colors import Color, choose, distance, shaded
from ringmain_sandbox.pictures.scene import Scene
from ringmain_sandbox.pictures.shapes import PARTS, Part
from ringmain_sandbox.pictures.sizes import Size

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_PIXELS = 1 << 24
"""The most pixels that are painted, before they are reduced for smooth edges."""
_SHARE = 0.36
"""The radius of a shape, as a share of its cell's side."""
_JITTER = 0.1
_NEAR = 110.0
"""Colors that differ less than this can hardly be told apart."""
_MARK = "sandbox"
_PATTERN = ("circle", "triangle", "diamond", "hexagon", "ring", "stripe", "oval")


@dataclass(frozen=True, slots=True)
class Detail:
    """The amount of detail.

    Attributes:
        scale: The factor by which the picture is painted larger, for smooth edges.
        lines: The number of faint lines across the background.
    """

    scale: int
    lines: int


DETAILS = {"low": Detail(1, 0), "medium": Detail(2, 24), "high": Detail(3, 96)}
"""The detail of each quality."""


def paint(
    scene: Scene,
    size: Size,
    rng: Random,
    detail: Detail,
    *,
    checkpoint: Callable[[], None],
    transparent: bool = False,
) -> "Image":
    """Paints a scene, in RGB, or in RGBA where it is transparent.

    Args:
        scene: The shapes and their background.
        size: The size in pixels.
        rng: Chooses what the scene leaves open.
        detail: The amount of detail.
        checkpoint: Raises when nobody waits for the picture any more.
        transparent: Whether there is no background.
    """
    from PIL import Image, ImageDraw

    scale = max(min(detail.scale, int(sqrt(_PIXELS / (size.width * size.height)))), 1)
    large = Size(size.width * scale, size.height * scale)
    shapes = list(_colored(scene, rng))
    background = scene.background or _background(scene, shapes, rng)
    mode, fill = ("RGBA", (*background, 0)) if transparent else ("RGB", background)
    image = Image.new(mode, large, fill)
    draw = ImageDraw.Draw(image)
    if not transparent:
        _lines(draw, large, background, rng, detail.lines)
    if not shapes:
        _pattern(draw, large, scene.palette, background, rng)
    _ribbons(draw, large, scene.palette if shapes else (), rng)
    hole = (*background, 0) if transparent else background
    for shape, spot in zip(shapes, _spots(len(shapes), large, rng), strict=True):
        _shape(draw, shape, spot, hole)
    checkpoint()
    return image if scale == 1 else image.reduce(scale)


def caption(image: "Image", prompt: str, *, strip: bool = True) -> None:
    """Writes the prompt and the sandbox's name small at the bottom.

    Args:
        image: The picture, which is changed.
        prompt: The prompt. It is cut where there is no room for it.
        strip: Whether the words stand on a strip of their own.
    """
    from PIL import ImageDraw, ImageFont

    height = max(image.height // 32, 9)
    if image.height < 4 * height:
        return
    font = ImageFont.load_default(height * 0.68)
    draw = ImageDraw.Draw(image)
    words = _fitting(" ".join(prompt.split()), image.width - height, font.getlength)
    top = image.height - height
    if strip:
        draw.rectangle((0, top, image.width, image.height), fill=(24, 24, 28))
    ink = (236, 236, 236) if strip else (110, 110, 110)
    draw.text((height / 2, top + height / 2), words, fill=ink, font=font, anchor="lm")


def _fitting(prompt: str, width: float, length: Callable[[str], float]) -> str:
    """Returns as much of the prompt as fits beside the sandbox's name."""
    words = f"{prompt} · {_MARK}" if prompt else _MARK
    while length(words) > width and prompt:
        prompt = prompt[: min(len(prompt) - 1, int(len(prompt) * 0.9))]
        words = f"{prompt}… · {_MARK}" if prompt else _MARK
    return words


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape with its color."""

    kind: str
    color: Color


@dataclass(frozen=True, slots=True)
class _Spot:
    """The place of a shape, in pixels."""

    x: float
    y: float
    radius: float


def _colored(scene: Scene, rng: Random) -> Iterator[_Shape]:
    taken = scene.colors
    for item in scene.items:
        color = item.color or choose(rng, taken)
        yield from (_Shape(item.kind, color) for _ in range(item.count))


def _background(scene: Scene, shapes: Sequence[_Shape], rng: Random) -> Color:
    """Chooses a quiet color from which every shape differs."""
    colors = (*{shape.color for shape in shapes}, *scene.palette)
    found = choose(rng, colors, 0.72)
    lost = any(distance(found, color) < _NEAR for color in colors)
    return choose(rng, colors, -0.6) if lost else found


def _spots(count: int, size: Size, rng: Random) -> Iterator[_Spot]:
    """Yields a place for each shape: the cells of a grid over the picture, each a little moved."""
    columns = max(min(round(sqrt(count * size.width / size.height)), count), 1)
    rows = ceil(count / columns)
    room = size.height * 0.94  # above the caption
    width, height = size.width / columns, room / max(rows, 1)
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        left = (size.width - in_row * width) / 2
        least = min(width, height)
        yield _Spot(
            left + (column + 0.5) * width + rng.uniform(-_JITTER, _JITTER) * least,
            (row + 0.5) * height + rng.uniform(-_JITTER, _JITTER) * least,
            _SHARE * least,
        )


def _shape(draw: "ImageDraw", shape: _Shape, spot: _Spot, hole: tuple[int, ...]) -> None:
    for part in PARTS[shape.kind]:
        points = [(spot.x + x * spot.radius, spot.y + y * spot.radius) for x, y in part.outline]
        draw.polygon(points, fill=hole if part.hole else _ink(part, shape.color))


def _ink(part: Part, color: Color) -> Color:
    return shaded(part.color or color, part.shade)


def _lines(draw: "ImageDraw", size: Size, background: Color, rng: Random, count: int) -> None:
    """Draws lines that are hardly lighter or darker than the background."""
    for _ in range(count):
        ends = [(rng.uniform(0, size.width), rng.uniform(0, size.height)) for _ in range(2)]
        ink = shaded(background, rng.choice((-0.04, 0.04)))
        draw.line(ends, fill=ink, width=max(size.width // 256, 1))


def _ribbons(draw: "ImageDraw", size: Size, palette: Sequence[Color], rng: Random) -> None:
    """Draws ribbons in the colors that belong to no shape."""
    for color in palette:
        top, width = rng.uniform(0.05, 0.85) * size.height, 0.06 * size.height
        tilt = rng.uniform(-0.15, 0.15) * size.height
        right = top + tilt
        corners = [(0, top), (size.width, right), (size.width, right + width), (0, top + width)]
        draw.polygon(corners, fill=color)


def _pattern(draw: "ImageDraw", size: Size, palette: Sequence[Color], background: Color, rng: Random) -> None:
    """Draws a pattern for a prompt that names no shape, in its colors if it names any."""
    inks = list(palette) or [choose(rng, (background,), rng.uniform(-0.2, 0.3)) for _ in range(4)]
    count = rng.randint(14, 26)
    radius = 0.6 * sqrt(size.width * size.height / count)
    for index in range(count):
        spot = _Spot(rng.uniform(0, size.width), rng.uniform(0, size.height), radius * rng.uniform(0.3, 1.0))
        _shape(draw, _Shape(rng.choice(_PATTERN), inks[index % len(inks)]), spot, background)
