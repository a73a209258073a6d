"""Sandbox, pure: shapes as polygons around a center, with a radius of 1; y grows downwards."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ringmain_sandbox.pictures.colors import COLORS, Color

Point = tuple[float, float]
Outline = Sequence[Point]


@dataclass(frozen=True, slots=True)
class Part:
    """A polygon of a shape.

    Attributes:
        outline: The corners.
        color: The polygon's own color; None for that of the shape.
        shade: The shade of that color, above zero for a lighter one.
        hole: Whether the background shows through.
    """

    outline: Outline
    color: Color | None = None
    shade: float = 0.0
    hole: bool = False


def _round(radius: float = 1.0, at: Point = (0.0, 0.0), tall: float = 1.0) -> Outline:
    turns = [math.tau * step / 72 for step in range(72)]
    return [(at[0] + radius * math.cos(turn), at[1] + radius * tall * math.sin(turn)) for turn in turns]


def _regular(corners: int, radius: float = 1.0, at: Point = (0.0, 0.0)) -> Outline:
    turns = [math.tau * step / corners - math.pi / 2 for step in range(corners)]
    return [(at[0] + radius * math.cos(turn), at[1] + radius * math.sin(turn)) for turn in turns]


def _star(tips: int, inner: float) -> Outline:
    turns = [math.pi * step / tips - math.pi / 2 for step in range(2 * tips)]
    radii = [inner if step % 2 else 1.0 for step in range(2 * tips)]
    return [(r * math.cos(turn), r * math.sin(turn)) for r, turn in zip(radii, turns, strict=True)]


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _heart() -> Outline:
    turns = [math.tau * step / 72 for step in range(72)]
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16,
        )
        for t in turns
    ]


def _petals() -> list[Part]:
    around = [math.tau * step / 6 for step in range(6)]
    petals = [Part(_round(0.42, (0.58 * math.cos(turn), 0.58 * math.sin(turn)))) for turn in around]
    return [*petals, Part(_round(0.34), COLORS["gold"])]


def _head(ear: Outline) -> list[Part]:
    """Returns an animal's head, with ears of this outline on both sides."""
    mirrored = [(-x, y) for x, y in ear]
    eyes = [Part(_round(0.1, (x, -0.02)), COLORS["black"]) for x in (-0.32, 0.32)]
    nose = Part([(-0.13, 0.38), (0.13, 0.38), (0.0, 0.55)], COLORS["black"])
    return [Part(ear), Part(mirrored), Part(_round(0.78, (0.0, 0.18), 0.95)), *eyes, nose]


_BROWN, _GREEN = COLORS["brown"], COLORS["green"]
_POINTED = [(-0.76, -0.98), (-0.7, 0.1), (-0.1, -0.45)]
_CROSS = [(-0.33, -1.0), (0.33, -1.0), (0.33, -0.33), (1.0, -0.33), (1.0, 0.33), (0.33, 0.33)]

PARTS: Mapping[str, Sequence[Part]] = MappingProxyType(
    {
        "circle": [Part(_round())],
        "square": [Part(_box(-0.86, -0.86, 0.86, 0.86))],
        "rectangle": [Part(_box(-1.0, -0.6, 1.0, 0.6))],
        "triangle": [Part([(0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)])],
        "diamond": [Part([(0.0, -1.0), (0.72, 0.0), (0.0, 1.0), (-0.72, 0.0)])],
        "pentagon": [Part(_regular(5))],
        "hexagon": [Part(_regular(6))],
        "octagon": [Part(_regular(8))],
        "star": [Part(_star(5, 0.42))],
        "heart": [Part(_heart())],
        "ring": [Part(_round()), Part(_round(0.6), hole=True)],
        "cross": [Part([*_CROSS, *((-x, -y) for x, y in _CROSS)])],
        "oval": [Part(_round(tall=0.62))],
        "stripe": [Part(_box(-1.3, -0.16, 1.3, 0.16))],
        "sun": [Part(_star(14, 0.72)), Part(_round(0.6), shade=0.25)],
        "moon": [Part(_round()), Part(_round(0.85, (0.45, -0.2)), hole=True)],
        "cloud": [Part(_round(0.5, (x, y))) for x, y in ((-0.5, 0.1), (0.0, -0.15), (0.5, 0.1))],
        "tree": [Part(_box(-0.13, 0.3, 0.13, 1.0), _BROWN), Part(_round(0.66, (0.0, -0.34)))],
        "flower": _petals(),
        "house": [
            Part(_box(-0.75, -0.15, 0.75, 0.95)),
            Part([(0.0, -1.0), (0.98, -0.12), (-0.98, -0.12)], shade=-0.4),
            Part(_box(-0.17, 0.4, 0.17, 0.95), _BROWN),
        ],
        "mountain": [
            Part([(0.0, -0.9), (1.1, 0.9), (-1.1, 0.9)]),
            Part([(0.0, -0.9), (0.28, -0.44), (-0.28, -0.44)], COLORS["white"]),
        ],
        "fish": [
            Part([(0.45, 0.0), (1.05, -0.5), (1.05, 0.5)], shade=-0.2),
            Part(_round(0.75, (-0.15, 0.0), 0.6)),
            Part(_round(0.08, (-0.55, -0.1)), COLORS["black"]),
        ],
        "boat": [
            Part([(-0.05, -1.0), (-0.05, 0.25), (0.75, 0.25)], COLORS["white"], -0.1),
            Part([(-0.95, 0.35), (0.95, 0.35), (0.55, 0.9), (-0.55, 0.9)]),
        ],
        "fox": [*_head(_POINTED), Part(_round(0.2, (0.0, 0.72), 0.7), COLORS["white"])],
        "cat": _head(_POINTED),
        "bear": _head(_round(0.3, (-0.6, -0.5))),
        "rabbit": _head(_round(0.2, (-0.35, -0.6), 2.2)),
        "blob": [Part([(x * (1 + 0.12 * math.sin(5 * x + 3 * y)), y) for x, y in _round(0.9)])],
    }
)
"""The polygons of each kind of shape, those behind first."""

NATURAL: Mapping[str, str] = MappingProxyType(
    {
        "sun": "yellow",
        "moon": "ivory",
        "cloud": "white",
        "tree": "green",
        "heart": "red",
        "fox": "orange",
        "bear": "brown",
        "rabbit": "beige",
        "cat": "grey",
        "mountain": "grey",
        "star": "gold",
        "flower": "pink",
        "boat": "brown",
        "fish": "coral",
    }
)
"""The color of each kind of shape where the prompt names none."""

_ALIKE = {
    "ball": "circle",
    "dot": "circle",
    "disc": "circle",
    "disk": "circle",
    "sphere": "circle",
    "bubble": "circle",
    "planet": "circle",
    "balloon": "circle",
    "box": "square",
    "cube": "square",
    "rhombus": "diamond",
    "donut": "ring",
    "ellipse": "oval",
    "egg": "oval",
    "bar": "stripe",
    "line": "stripe",
    "plus": "cross",
    "crescent": "moon",
    "hill": "mountain",
    "pyramid": "triangle",
    "rose": "flower",
    "tulip": "flower",
    "daisy": "flower",
    "cottage": "house",
    "cabin": "house",
    "ship": "boat",
    "kitten": "cat",
    "bunny": "rabbit",
}
_PLURALS = {
    "foxes": "fox",
    "boxes": "square",
    "crosses": "cross",
    "daisies": "flower",
    "bunnies": "rabbit",
    "fishes": "fish",
}
_NAMED = PARTS.keys() - {"blob"}


def kind(word: str) -> tuple[str, bool] | None:
    """Returns the kind of shape that a word means, and whether it is a plural; None for another word."""
    if word in _PLURALS:
        return _PLURALS[word], True
    for several, found in ((False, word), (True, word.removesuffix("s"))):
        meant = _ALIKE.get(found, found)
        if meant in _NAMED:
            return meant, several
    return None
