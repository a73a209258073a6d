"""Documents, pure: finds tables with ruling lines.

Lines that touch form a grid; a grid of at least two rows and two columns that holds words is a table.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ringmain_server.documents.boxes import Box, Word, rows_of

THIN = 3.0
"""Points: a rectangle that is no wider is a line."""
_TOUCH = 3.0
"""Points within which lines meet."""
_SHORTEST = 8.0
_MOST_LINES = 1_500


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of a table: the positions of its columns and its rows."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]

    @property
    def box(self) -> Box:
        """The rectangle around the table."""
        return Box(self.columns[0], self.rows[0], self.columns[-1], self.rows[-1])

    def holds(self, word: Word) -> bool:
        """Whether a word stands within the table."""
        across, box = (word.box.left + word.box.right) / 2, self.box
        return box.left <= across <= box.right and box.top <= word.box.middle <= box.bottom

    def cells(self, words: Sequence[Word]) -> list[list[str]]:
        """Returns the text of each cell, made of the words within it."""
        held: dict[tuple[int, int], list[Word]] = {}
        for word in words:
            row = bisect_right(self.rows, word.box.middle) - 1
            column = bisect_right(self.columns, (word.box.left + word.box.right) / 2) - 1
            place = (min(row, len(self.rows) - 2), min(column, len(self.columns) - 2))
            held.setdefault(place, []).append(word)
        return [
            [_text(held.get((row, column), [])) for column in range(len(self.columns) - 1)]
            for row in range(len(self.rows) - 1)
        ]


def _text(words: Sequence[Word]) -> str:
    return "\n".join(" ".join(segment.text for segment in row) for row in rows_of(words))


def grids(boxes: Sequence[Box], words: Sequence[Word]) -> list[Grid]:
    """Finds the tables among a page's lines and rectangles.

    Args:
        boxes: Everything drawn with straight edges.
        words: The words of the page.
    """
    lines = [line for box in boxes for line in _edges(box)][:_MOST_LINES]
    found = [_grid(group) for group in _touching(lines)]
    return [grid for grid in found if grid and sum(map(grid.holds, words)) > 1]


def _edges(box: Box) -> list[Box]:
    """Returns the lines of a rectangle: a thin one is a line itself, a larger one has four."""
    if box.right - box.left <= THIN or box.bottom - box.top <= THIN:
        return [box] if max(box.right - box.left, box.bottom - box.top) >= _SHORTEST else []
    return [
        Box(box.left, box.top, box.right, box.top),
        Box(box.left, box.bottom, box.right, box.bottom),
        Box(box.left, box.top, box.left, box.bottom),
        Box(box.right, box.top, box.right, box.bottom),
    ]


def _touching(lines: Sequence[Box]) -> list[list[Box]]:
    """Groups lines that touch, directly or through others."""
    groups: list[tuple[Box, list[Box]]] = []
    for line in sorted(lines, key=lambda line: (line.top, line.left)):
        around, members, apart = line, [line], []
        for box, group in groups:
            if _meet(box, around) and any(_meet(line, other) for other in group):
                members += group
                around = _union(box, around)
            else:
                apart.append((box, group))
        groups = [*apart, (around, members)]
    return [members for _, members in groups]


def _meet(a: Box, b: Box) -> bool:
    across = a.left <= b.right + _TOUCH and b.left <= a.right + _TOUCH
    return across and a.top <= b.bottom + _TOUCH and b.top <= a.bottom + _TOUCH


def _union(a: Box, b: Box) -> Box:
    return Box(min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom))


def _grid(lines: Sequence[Box]) -> Grid | None:
    upright = [line for line in lines if line.right - line.left <= THIN < line.bottom - line.top]
    level = [line for line in lines if line.bottom - line.top <= THIN < line.right - line.left]
    columns = _positions([(line.left + line.right) / 2 for line in upright])
    rows = _positions([line.middle for line in level])
    return Grid(columns, rows) if len(columns) > 2 and len(rows) > 2 else None


def _positions(values: Sequence[float]) -> tuple[float, ...]:
    """Returns distinct positions: near ones count as one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _TOUCH:
            found.append(value)
    return tuple(found)
