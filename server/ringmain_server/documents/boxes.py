"""Documents, pure: groups the words of a page into rows and segments by their places.

Coordinates are in points (1/72 inch) from the page's upper left corner, x to the right and y down.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle. It is a tuple, like a word, since a page has a thousand of them."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """The vertical middle."""
        return (self.top + self.bottom) / 2


class Word(NamedTuple):
    """Characters without a space between them.

    Attributes:
        text: The characters.
        box: The place on the page.
        size: The size of the font.
        is_bold: Whether the font is bold.
    """

    text: str
    box: Box
    size: float
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighboring words of a line, without a wide gap between them.

    Attributes:
        words: The words from left to right.
        box: The rectangle around all of them.
        size: The median size of the font.
        is_bold: Whether all words are bold.
    """

    words: tuple[Word, ...]
    box: Box
    size: float
    is_bold: bool

    @property
    def left(self) -> float:
        """The left edge."""
        return self.box.left

    @property
    def right(self) -> float:
        """The right edge."""
        return self.box.right

    @property
    def text(self) -> str:
        """The words, with spaces between them."""
        return " ".join(word.text for word in self.words)


def around(boxes: Sequence[Box]) -> Box:
    """Returns the rectangle around others."""
    if len(boxes) == 1:
        return boxes[0]
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def segment_of(words: Sequence[Word]) -> Segment:
    """Makes a segment of words, which go from left to right."""
    sizes = sorted(word.size for word in words)
    box = around([word.box for word in words])
    return Segment(tuple(words), box, sizes[len(sizes) // 2], all(word.is_bold for word in words))


Row = tuple[Segment, ...]
"""Segments at the same height, from left to right."""

_WIDE_GAP = 1.2
"""A gap wider than this, in sizes of the font, separates columns or cells."""
_AFTER_A_MARK = 4.0
"""The same for the text of a list item, which may stand further from its mark."""
MARK = re.compile(r"^(?:[•◦▪▫●○■□‣⁃∙·–—*-]|\d{1,3}[.)])$")  # noqa: RUF001 - they look alike
"""Matches a word that marks an item of a list."""


def rows_of(words: Iterable[Word]) -> list[Row]:
    """Groups words by their height, from top to bottom, and splits each row at its wide gaps."""
    rows: list[list[Word]] = []
    heights: list[Box] = []
    for word in sorted(words, key=lambda word: (word.box.middle, word.box.left)):
        # Words come sorted by their middle, so a word belongs to the last row or begins a new one.
        if rows and _is_beside(heights[-1], word.box):
            rows[-1].append(word)
            last = heights[-1]
            heights[-1] = Box(0, min(last.top, word.box.top), 0, max(last.bottom, word.box.bottom))
        else:
            rows.append([word])
            heights.append(word.box)
    return [_segments(sorted(row, key=lambda word: word.box.left)) for row in rows]


def _is_beside(row: Box, word: Box) -> bool:
    """Whether a word stands at the height of a row: the middle of the smaller one is within the other."""
    smaller, larger = (row, word) if row.bottom - row.top < word.bottom - word.top else (word, row)
    inner = (smaller.bottom - smaller.top) / 4
    return larger.top < smaller.middle < larger.bottom and smaller.middle + inner < larger.bottom + inner


def _segments(words: Sequence[Word]) -> Row:
    groups: list[list[Word]] = [[words[0]]]
    for before, word in pairwise(words):
        widest = _AFTER_A_MARK if len(groups[-1]) == 1 and MARK.match(before.text) else _WIDE_GAP
        if word.box.left - before.box.right > widest * max(before.size, word.size):
            groups.append([word])
        else:
            groups[-1].append(word)
    return tuple(map(segment_of, groups))


Stretch = tuple[float, float]
"""A horizontal range: its left and its right end."""


def without(free: Sequence[Stretch], row: Row) -> list[Stretch]:
    """Returns the parts of some stretches that stay free when a row is placed over them."""
    left = list(free)
    for segment in row:
        left = [piece for stretch in left for piece in _cut(stretch, segment.left, segment.right)]
    return left


def _cut(stretch: Stretch, start: float, end: float) -> list[Stretch]:
    low, high = stretch
    if end <= low or start >= high:
        return [stretch]
    return [piece for piece in ((low, start), (end, high)) if piece[0] < piece[1]]
