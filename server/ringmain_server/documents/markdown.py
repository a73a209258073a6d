"""Documents, pure: writes Markdown (https://spec.commonmark.org/0.31.2/, with GitHub's tables)."""

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
MOST_CELLS = 1_000_000
"""The most cells of a table, once all its rows are as long as the longest."""
_BEGINNING = re.compile(r"^(\s*)(#{1,6}\s|[-+>]\s|\d{1,9}[.)]\s|={3,}|-{3,})")


def escaped(text: str) -> str:
    """Escapes text so that it is literal within a paragraph."""
    return _SPECIAL.sub(r"\\\1", text)


def paragraph(text: str) -> str:
    """Escapes the beginning of a paragraph that would be read as a heading, a list or a rule."""
    return _BEGINNING.sub(lambda found: f"{found[1]}\\{found[2]}", text)


def heading(text: str, level: int) -> str:
    """Formats a heading of level 1 to 6, on one line."""
    return f"{'#' * min(max(level, 1), 6)} {' '.join(text.split())}"


def emphasized(text: str, *, bold: bool, italic: bool) -> str:
    """Adds emphasis to text; white space around it stays outside, as Markdown requires."""
    bare = text.strip()
    if not bare or not (bold or italic):
        return text
    mark = "*" * (2 * bold + italic)
    start = text.index(bare)
    return f"{text[:start]}{mark}{bare}{mark}{text[start + len(bare) :]}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Formats a table, whose first row is its head; empty where every cell is empty.

    Args:
        rows: The rows of cells. Short rows are filled up; characters that would end a cell or a row are
            replaced.

    Raises:
        ValueError: It would have too many cells.
    """
    if not any(cell.strip() for row in rows for cell in row):
        return ""
    width = max(len(row) for row in rows)
    if width * len(rows) > MOST_CELLS:  # one long row lengthens all others
        raise ValueError(f"a table of {len(rows)} rows of {width} cells")
    lines = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([lines[0], _row(["---"] * width), *lines[1:]])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell_text(cell) for cell in cells) + " |"


def cell_text(text: str) -> str:
    """Formats a cell's text on one line."""
    lines = [" ".join(line.split()) for line in text.strip().splitlines()]
    return "<br>".join(line for line in lines if line).replace("|", "\\|")
