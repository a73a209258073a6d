"""Documents, pure: puts a page's rows in reading order: columns of text, and tables without ruling lines.

Rows belong to one band as long as a gap runs through all of them from top to bottom. A band whose sides hold
sentences is read column by column; one whose sides hold few words in aligned rows is a table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ringmain_server.documents.boxes import Row, Segment, Stretch, without

_GAP = 0.9
"""The least width of a gap between columns, in sizes of the font."""
_FEWEST_ROWS = 3
_SENTENCE = 3.5
"""The average number of words per line from which a column is text rather than cells."""
_MOST_COLUMNS_OF_TEXT = 4
_FILLED = 0.6
"""The share of a table's rows that have more than one filled cell."""


@dataclass(frozen=True, slots=True)
class TextLines:
    """Lines that are read one after the other."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """A table: rows of cells."""

    rows: tuple[tuple[str, ...], ...]
    segments: tuple[Segment, ...]


Region = TextLines | Cells


def regions(rows: Sequence[Row]) -> Iterator[Region]:
    """Yields the regions of a page, or of a column of it, in reading order."""
    edges = [(segment.left, segment.right) for row in rows for segment in row]
    if not edges:
        return
    left, right = min(edge[0] for edge in edges), max(edge[1] for edge in edges)
    far = [_distance(upper, lower) > _FAR for upper, lower in pairwise(rows)]
    plain: list[Segment] = []
    at = 0
    while at < len(rows):
        # A band that cannot be split into columns or cells gives its first row to the plain lines, and the
        # search goes on at the next row.
        band, gaps = _band(rows[at:], far[at:], left, right)
        found = list(_split(band, gaps)) if gaps else []
        if found:
            if plain:
                yield TextLines(tuple(plain))
                plain = []
            yield from found
            at += len(band)
        else:
            plain += rows[at]
            at += 1
    if plain:
        yield TextLines(tuple(plain))


def _band(
    rows: Sequence[Row], far: Sequence[bool], left: float, right: float
) -> tuple[Sequence[Row], list[float]]:
    """Returns the longest band that begins here and the places of its gaps; no gaps where there is no band.

    Args:
        rows: The rows from here on.
        far: For each row, whether the next is far below it.
        left: The left edge of the region.
        right: The right edge of the region.
    """
    free: list[Stretch] = [(left, right)]
    last, gaps = 0, []
    for at, row in enumerate(rows):
        free = without(free, row)
        if not free or (at and far[at - 1]):
            break
        inner = [(start, end) for start, end in free if start > left and end < right]
        found = [(start + end) / 2 for start, end in inner if _is_gap(rows[: at + 1], start, end)]
        if found:
            last, gaps = at + 1, found
    return rows[:last], gaps


_FAR = 4.0
"""Empty height that ends a band, in sizes of the font."""


def _distance(upper: Row, lower: Row) -> float:
    """Returns the empty height between two rows, in sizes of the font."""
    size = max(segment.size for segment in lower)
    return (min(s.box.top for s in lower) - max(s.box.bottom for s in upper)) / max(size, 1.0)


def _is_gap(rows: Sequence[Row], start: float, end: float) -> bool:
    """Whether a free stretch separates content that several rows have on both of its sides."""
    if end - start < _GAP * median(segment.size for row in rows for segment in row):
        return False
    before = sum(any(segment.right <= start for segment in row) for row in rows)
    after = sum(any(segment.left >= end for segment in row) for row in rows)
    return min(before, after) >= min(_FEWEST_ROWS, max(len(rows), 2))


def _split(band: Sequence[Row], gaps: Sequence[float]) -> Iterator[Region]:
    parts = [_between(band, low, high) for low, high in _stripes(gaps)]
    if len(parts) <= _MOST_COLUMNS_OF_TEXT and all(_is_text(part) for part in parts):
        for part in parts:
            yield from regions(part)
        return
    filled = sum(sum(bool(cell) for cell in _cells(row, gaps)) > 1 for row in band)
    if filled >= _FILLED * len(band):
        yield Cells(_merged([_cells(row, gaps) for row in band]), tuple(s for row in band for s in row))
        return
    text_like = [part for part in parts if _is_text(part)]
    if len(text_like) >= len(parts) - 1 and len(parts) <= _MOST_COLUMNS_OF_TEXT:
        for part in parts:
            yield from regions(part)


def _stripes(gaps: Sequence[float]) -> list[tuple[float, float]]:
    edges = [float("-inf"), *gaps, float("inf")]
    return list(pairwise(edges))


def _between(band: Sequence[Row], low: float, high: float) -> list[Row]:
    found = [tuple(s for s in row if low <= (s.left + s.right) / 2 < high) for row in band]
    return [row for row in found if row]


def _is_text(rows: Sequence[Row]) -> bool:
    """Whether a column holds sentences: many words in most of its lines."""
    counts = [sum(len(segment.words) for segment in row) for row in rows]
    return len(rows) >= _FEWEST_ROWS and sum(counts) / len(counts) >= _SENTENCE


def _cells(row: Row, gaps: Sequence[float]) -> tuple[str, ...]:
    return tuple(
        " ".join(s.text for s in row if low <= (s.left + s.right) / 2 < high) for low, high in _stripes(gaps)
    )


def _merged(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Merges each row whose first cell is empty into the row before it."""
    merged: list[tuple[str, ...]] = []
    for row in rows:
        if merged and not row[0] and sum(bool(cell) for cell in row) < len(row) - 1:
            pairs = zip(merged[-1], row, strict=True)
            merged[-1] = tuple(f"{above}\n{cell}".strip() for above, cell in pairs)
        else:
            merged.append(row)
    return tuple(merged)
