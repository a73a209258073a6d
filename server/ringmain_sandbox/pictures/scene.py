"""Sandbox, pure: reads from a prompt what to draw.

It understands colors with their shades, numbers, shapes, and backgrounds: `three red circles on light blue`,
`a fox and two trees on a dark green background`. A blob takes color and number of a word that it does not
understand. Words are read one after the other; `_Reader` keeps a color and a number that have no shape yet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ringmain_sandbox.pictures.colors import COLORS, SHADES, Color, shaded
from ringmain_sandbox.pictures.shapes import NATURAL, kind

MOST = 60
"""The most shapes of one kind."""
_WORD = re.compile(r"[^\W\d_]+|\d+")
_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "a": 1,
        "an": 1,
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
        "dozen": 12,
        "twenty": 20,
        "pair": 2,
        "couple": 2,
        "few": 3,
        "several": 5,
        "many": 12,
    }
)
_SEVERAL = 3
"""The number that a plural without a number means."""
_ON = frozenset({"on", "onto", "upon", "against", "over", "in", "before", "above"})
_BEHIND = frozenset({"background", "backdrop", "canvas", "ground"})
_PLACES: Mapping[str, Color] = MappingProxyType(
    {
        "sky": Color(150, 205, 245),
        "night": Color(16, 22, 60),
        "space": Color(10, 10, 28),
        "sea": Color(30, 110, 170),
        "ocean": Color(20, 90, 150),
        "lake": Color(70, 140, 190),
        "snow": Color(238, 244, 250),
        "grass": Color(110, 180, 80),
        "meadow": Color(130, 190, 95),
        "forest": Color(40, 90, 55),
        "desert": Color(230, 200, 140),
        "sand": Color(235, 215, 165),
        "beach": Color(240, 220, 170),
        "sunset": Color(245, 150, 95),
        "sunrise": Color(250, 190, 140),
    }
)
_SMALL = frozenset({"of", "and", "the", "with", "at", "to", "by", "is", "are", "or", "for", "from", "as"})


@dataclass(frozen=True, slots=True)
class Item:
    """Shapes of one kind and color.

    Attributes:
        kind: One of `shapes.PARTS`.
        color: Their color; None where the prompt leaves it open.
        count: Their number.
    """

    kind: str
    color: Color | None
    count: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene to draw.

    Attributes:
        items: The shapes, in the order of the prompt.
        background: The color of the background; None where the prompt leaves it open.
        palette: Colors that belong to no shape.
    """

    items: tuple[Item, ...] = ()
    background: Color | None = None
    palette: tuple[Color, ...] = ()

    @property
    def colors(self) -> tuple[Color, ...]:
        """Every color that the prompt names."""
        own = tuple(item.color for item in self.items if item.color is not None)
        return (*own, *self.palette, *(() if self.background is None else (self.background,)))


def read_scene(prompt: str, unwanted: str = "") -> Scene:
    """Reads from a prompt what to draw.

    Args:
        prompt: The description.
        unwanted: A second description. The shapes and colors that it names are left out.
    """
    reader = _Reader()
    for word in _WORD.findall(prompt.casefold()):
        reader.word(word)
    scene = reader.scene()
    return _without(scene, read_scene(unwanted)) if unwanted else scene


def _without(scene: Scene, unwanted: Scene) -> Scene:
    kinds, colors = {item.kind for item in unwanted.items}, set(unwanted.colors)
    items = [
        Item(item.kind, None if item.color in colors else item.color, item.count)
        for item in scene.items
        if item.kind not in kinds
    ]
    background = None if scene.background in colors else scene.background
    return Scene(tuple(items), background, tuple(one for one in scene.palette if one not in colors))


@dataclass(slots=True)
class _Reader:
    """The state of reading a prompt."""

    items: list[Item] = field(default_factory=list)
    background: Color | None = None
    palette: list[Color] = field(default_factory=list)
    count: int | None = None
    shade: float = 0.0
    colors: list[Color] = field(default_factory=list)
    unknown: bool = False
    after_on: bool = False

    def word(self, word: str) -> None:
        found = kind(word)
        if word.isdecimal():
            self.count = min(int(word[:6]), MOST)
        elif word in _NUMBERS:
            self.count = _NUMBERS[word]
        elif word in SHADES:
            self.shade = SHADES[word]
        elif word in COLORS:
            self.colors.append(shaded(COLORS[word], self.shade))
            self.shade = 0.0
        elif found is not None:
            self._shape(*found)
        elif word in _ON:
            self._close()
            self.after_on = True
        elif word in _BEHIND or word in _PLACES:
            self._place(word)
        elif word not in _SMALL:
            self.unknown = True

    def scene(self) -> Scene:
        if self.after_on and self.colors and not self.unknown:
            self.background = self.colors.pop()
        self._close()
        return Scene(tuple(self.items), self.background, tuple(self.palette))

    def _shape(self, found: str, several: bool) -> None:
        count = self.count if self.count is not None else _SEVERAL if several else 1
        colors: list[Color | None] = list(self.colors)
        if not colors:
            colors = [COLORS[NATURAL[found]] if found in NATURAL else None]
        # A number is of all colors together, a plural without one of each.
        each = count if self.count is None else max(count // len(colors), 1)
        self.items += [Item(found, color, each) for color in colors if count]
        self._reset()

    def _place(self, word: str) -> None:
        if self.colors:
            self.background = self.colors.pop()
        elif word in _PLACES:
            self.background = _PLACES[word]
        self._close()

    def _close(self) -> None:
        """Gives a color and a number that have no shape to a blob, or to the palette."""
        if self.unknown and self.colors:
            self.items.append(Item("blob", self.colors.pop(), self.count or 1))
        self.palette += self.colors
        self._reset()

    def _reset(self) -> None:
        self.count, self.shade, self.colors, self.unknown, self.after_on = None, 0.0, [], False, False
