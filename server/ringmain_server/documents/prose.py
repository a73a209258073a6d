"""Documents, pure: turns lines of a PDF into Markdown: headings, lists and paragraphs.

Headings are recognized by their size, lists by their bullets. A line continues the paragraph before it where
it
stands close below it in the same size.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ringmain_server.documents import markdown
from ringmain_server.documents.boxes import Box, Segment, around

_LEVELS = ((1.7, 1), (1.35, 2), (1.12, 3))
"""The ratio to the size of the text from which on a heading has each level."""
_LONGEST_HEADING = 200
_BOLD_WORDS = 12
_CLOSE = 0.9
"""Empty height that separates paragraphs, in sizes of the font."""
_BULLET = re.compile(r"^[•◦▪▫●○■□‣⁃∙·–—*-]\s+")  # noqa: RUF001 - they look alike
_BARE_BULLET = re.compile(r"^[•◦▪▫●○■□‣⁃∙·]$")  # noqa: RUF001
_NUMBER = re.compile(r"^(\d{1,3})[.)]\s+")
_HYPHEN = "\ufffe"
"""PDFium's character for a hyphen that divides a word at a line's end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of Markdown and its place on the page."""

    markdown: str
    box: Box


@dataclass(slots=True)
class _Open:
    """A paragraph or list item that may go on."""

    text: str
    last: Segment
    box: Box
    prefix: str = ""
    indent: float = 0.0


def pieces(segments: Sequence[Segment], body: float) -> Iterator[Piece]:
    """Yields lines in reading order as Markdown.

    Args:
        segments: The lines.
        body: The size of the document's text, in points.
    """
    current: _Open | None = None
    for segment in segments:
        level = _level(segment, body)
        if current and not level and _goes_on(current, segment):
            _append(current, segment)
            continue
        if current:
            if level and current.prefix == "#" * level + " " and _is_close(current, segment):
                _append(current, segment)
                continue
            yield _closed(current)
        current = _opened(segment, level)
    if current:
        yield _closed(current)


def _level(segment: Segment, body: float) -> int:
    """Returns the level of a heading, 0 for text."""
    text = segment.text
    if len(text) > _LONGEST_HEADING or not any(map(str.isalpha, text)):
        return 0
    for ratio, level in _LEVELS:
        if segment.size >= ratio * body:
            return level
    return 4 if segment.is_bold and _is_title(segment) else 0


def _is_title(segment: Segment) -> bool:
    text = segment.text
    return len(segment.words) <= _BOLD_WORDS and not text.endswith((".", ",", ";")) and not _marked(text)


def _marked(text: str) -> bool:
    return bool(_BULLET.match(text) or _NUMBER.match(text))


def _is_close(current: _Open, segment: Segment) -> bool:
    gap = segment.box.top - current.last.box.bottom
    return -segment.size < gap < _CLOSE * segment.size


def _goes_on(current: _Open, segment: Segment) -> bool:
    same_size = abs(current.last.size - segment.size) < 0.1 * segment.size
    starts_anew = _marked(segment.text) or current.prefix.startswith("#")
    outdented = current.prefix and segment.left < current.indent + 1.0 and not _beside(current, segment)
    return same_size and not starts_anew and not outdented and _is_close(current, segment)


def _beside(current: _Open, segment: Segment) -> bool:
    """Whether a segment stands at the same height as the last: a bullet and its text may be apart."""
    return abs(current.last.box.middle - segment.box.middle) < segment.size / 2


def _opened(segment: Segment, level: int) -> _Open:
    text = segment.text
    if level:
        return _Open(text, segment, segment.box, "#" * level + " ")
    if _BARE_BULLET.match(text):
        return _Open("", segment, segment.box, "- ", segment.left)
    if found := _BULLET.match(text):
        return _Open(text[found.end() :], segment, segment.box, "- ", segment.left)
    if number := _NUMBER.match(text):
        return _Open(text[number.end() :], segment, segment.box, f"{number[1]}. ", segment.left)
    return _Open(text, segment, segment.box)


def _append(current: _Open, segment: Segment) -> None:
    current.text = f"{current.text.removesuffix(_HYPHEN)}{_joint(current.text)}{segment.text}"
    current.last = segment
    current.box = around([current.box, segment.box])


def _joint(text: str) -> str:
    return "" if not text or text.endswith(_HYPHEN) else " "


def _closed(current: _Open) -> Piece:
    text = markdown.escaped(current.text.replace(_HYPHEN, "-"))
    if current.prefix.startswith("#"):
        return Piece(markdown.heading(text, len(current.prefix) - 1), current.box)
    return Piece(current.prefix + (text if current.prefix else markdown.paragraph(text)), current.box)
