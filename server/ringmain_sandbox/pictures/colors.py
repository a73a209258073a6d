"""Sandbox, pure: colors and their names."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple


class Color(NamedTuple):
    """A color as red, green and blue, 0 to 255 each."""

    red: int
    green: int
    blue: int


def _color(code: int) -> Color:
    return Color(code >> 16, code >> 8 & 255, code & 255)


COLORS: Mapping[str, Color] = MappingProxyType(
    {
        name: _color(code)
        for name, code in {
            "red": 0xE02020,
            "green": 0x1FA046,
            "blue": 0x2050D8,
            "yellow": 0xFFD91E,
            "orange": 0xFF8C1A,
            "purple": 0x8030B0,
            "violet": 0x8F4FE0,
            "pink": 0xFF7FB4,
            "brown": 0x85522B,
            "black": 0x101010,
            "white": 0xFFFFFF,
            "grey": 0x808080,
            "gray": 0x808080,
            "cyan": 0x12CFE0,
            "turquoise": 0x30C8B8,
            "teal": 0x118080,
            "magenta": 0xE020C0,
            "lime": 0x9AE620,
            "olive": 0x808020,
            "navy": 0x101C60,
            "maroon": 0x801424,
            "crimson": 0xC8143C,
            "scarlet": 0xF0280F,
            "coral": 0xFF7F50,
            "salmon": 0xFA8072,
            "gold": 0xE8B923,
            "golden": 0xE8B923,
            "silver": 0xC0C0C8,
            "beige": 0xF1E6CC,
            "cream": 0xFFF6DC,
            "ivory": 0xFFFFF0,
            "tan": 0xD2B48C,
            "indigo": 0x4B2090,
            "lavender": 0xC9B8F0,
            "mint": 0xA8EFC8,
            "amber": 0xFFBF10,
            "khaki": 0xC8BD80,
            "azure": 0x3F9CF5,
            "bronze": 0xB07A3A,
            "copper": 0xB87333,
        }.items()
    }
)
"""The colors by name."""

SHADES: Mapping[str, float] = MappingProxyType({"light": 0.5, "pale": 0.6, "dark": -0.45, "deep": -0.35})
"""The shade that a word gives a color, above zero for a lighter one."""

_NEVER_GUESSED = frozenset({"black", "gray", "golden"})


def shaded(color: Color, shade: float) -> Color:
    """Returns a lighter or darker color.

    Args:
        color: The color to begin with.
        shade: From -1 for black to 1 for white.
    """
    goal = 255 if shade > 0 else 0
    return Color(*(round(value + (goal - value) * abs(shade)) for value in color))


def distance(one: Color, other: Color) -> float:
    """Returns how different two colors are, from 0 to 441."""
    return float(sum((left - right) ** 2 for left, right in zip(one, other, strict=True)) ** 0.5)


def name(color: Color) -> str:
    """Returns the name of the nearest color that has one."""
    return min(COLORS, key=lambda known: distance(COLORS[known], color))


def choose(rng: Random, apart_from: tuple[Color, ...], shade: float = 0.0) -> Color:
    """Chooses a color that differs from others, as far as that is possible.

    Args:
        rng: Chooses the color.
        apart_from: The other colors.
        shade: As in `shaded`.
    """
    names = [one for one in COLORS if one not in _NEVER_GUESSED]
    tried = [shaded(COLORS[one], shade) for one in rng.sample(names, 12)]
    return max(tried, key=lambda one: min((distance(one, other) for other in apart_from), default=0.0))
