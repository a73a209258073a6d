"""Documents, pure: arranges a page's words, lines and pictures as blocks in reading order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ringmain_server.documents import markdown
from ringmain_server.documents.boxes import Box, Word, around, rows_of
from ringmain_server.documents.columns import Cells, regions
from ringmain_server.documents.content import Block, Text
from ringmain_server.documents.prose import Piece, pieces
from ringmain_server.documents.ruled import Grid, grids

_USUAL_SIZE = 11.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture's block and its place on the page."""

    block: Block
    box: Box


def body_size(words: Iterable[Word]) -> float:
    """Returns the font size, in points, of most characters."""
    counts: Counter[float] = Counter()
    for word in words:
        counts[round(word.size * 2) / 2] += len(word.text)
    return counts.most_common(1)[0][0] if counts else _USUAL_SIZE


def page_blocks(
    words: Sequence[Word], boxes: Sequence[Box], pictures: Sequence[Placed], body: float
) -> tuple[Block, ...]:
    """Returns a page's blocks in reading order.

    Args:
        words: The words, in any order.
        boxes: Everything drawn with straight edges, such as the ruling lines of tables.
        pictures: The pictures.
        body: The size of the document's text, in points.
    """
    tables = grids(boxes, words)
    free = [word for word in words if not any(grid.holds(word) for grid in tables)]
    placed = _with_tables(list(_text_pieces(free, body)), tables, words)
    return _joined(_with_pictures(placed, pictures))


def _text_pieces(words: Sequence[Word], body: float) -> Iterator[Piece]:
    for region in regions(rows_of(words)):
        if isinstance(region, Cells):
            text = markdown.table([[markdown.escaped(cell) for cell in row] for row in region.rows])
            yield Piece(text, around([segment.box for segment in region.segments]))
        else:
            yield from pieces(region.segments, body)


def _with_tables(found: list[Piece], tables: Sequence[Grid], words: Sequence[Word]) -> list[Piece]:
    for grid in tables:
        cells = grid.cells([word for word in words if grid.holds(word)])
        text = markdown.table([[markdown.escaped(cell) for cell in row] for row in cells])
        found.insert(_place(found, grid.box), Piece(text, grid.box))
    return found


def _with_pictures(found: list[Piece], pictures: Sequence[Placed]) -> list[Piece | Placed]:
    mixed: list[Piece | Placed] = [*found]
    for picture in sorted(pictures, key=lambda picture: (picture.box.top, picture.box.left)):
        mixed.insert(_place(mixed, picture.box), picture)
    return mixed


def _place(found: Sequence[Piece | Placed], box: Box) -> int:
    """Returns the index of something in reading order: behind the last piece above it in its own column."""
    beside = [(at, one.box) for at, one in enumerate(found) if _overlap(one.box, box)]
    above = [at for at, other in beside if other.middle < box.middle]
    if above:
        return above[-1] + 1
    if beside:
        return beside[0][0]
    return sum(one.box.middle < box.middle for one in found)


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right


def _joined(mixed: Sequence[Piece | Placed]) -> tuple[Block, ...]:
    """Joins neighboring pieces of text; items of a list follow each other without a blank line."""
    blocks: list[Block] = []
    for one in mixed:
        if isinstance(one, Placed):
            blocks.append(one.block)
        elif blocks and isinstance(last := blocks[-1], Text):
            tight = _is_item(last.markdown.rpartition("\n")[2]) and _is_item(one.markdown)
            between = "\n" if tight else "\n\n"
            blocks[-1] = Text(last.markdown + between + one.markdown)
        elif one.markdown:
            blocks.append(Text(one.markdown))
    return tuple(blocks)


def _is_item(line: str) -> bool:
    return line.startswith("- ") or line.partition(". ")[0].isdigit()
