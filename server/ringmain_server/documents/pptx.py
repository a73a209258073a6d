"""Documents: reads PPTX with python-pptx: a slide is a page, its title a heading, its notes a quotation."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ringmain_server.documents import markdown
from ringmain_server.documents.archive import UNREADABLE, broken, check_archive
from ringmain_server.documents.content import Block, PageContent, Picture, Text
from ringmain_server.documents.docx import joined
from ringmain_server.documents.html import not_drawn
from ringmain_server.documents.limits import DOCUMENT_LIMITS
from ringmain_server.documents.opening import Opening, checked
from ringmain_server.documents.pictures import Pictures
from ringmain_server.documents.reader import library
from ringmain_server.media.detect import PPTX
from ringmain_server.media.limits import refuse

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

_DEEPEST_GROUP = 20
_MOST_SHAPES = 20_000
_MOST_PLACEHOLDERS = 10_000
"""The most placeholders of a slide, times those of its layout."""
_INDENT = "    "
_ROW_HEIGHT = 180_000
"""English Metric Units (half a centimeter) within which shapes stand beside each other."""


class PptxDocument:
    """A PPTX; see `Document`."""

    def __init__(self, opening: Opening, presentation: "Presentation") -> None:
        self._opening = opening
        self._presentation = presentation
        self.mime_type = PPTX
        self.page_count = len(presentation.slides)

    def page(self, number: int) -> PageContent:
        """Reads a slide; see `Document.page`."""
        index = checked(number, self.page_count)
        try:
            blocks = list(_slide(self._presentation.slides[index], Pictures(self._opening.limits)))
        except (KeyError, ValueError, AttributeError, IndexError, TypeError, RecursionError) as exc:
            problem = f"whose slide {number} is broken"
            raise refuse(self._opening.field, PPTX, problem, "whole slides") from exc
        return PageContent(number, joined(blocks))

    def page_image(self, number: int) -> Picture:
        """Raises MediaInvalid: a PPTX cannot be drawn; see `Document.page_image`."""
        checked(number, self.page_count)
        raise not_drawn(self._opening)

    def close(self) -> None:
        """Does nothing; see `Document.close`."""


def _slide(slide: "Slide", pictures: Pictures) -> Iterator[Block]:
    _check_shapes(slide)
    title = slide.shapes.title
    if title is not None and title.has_text_frame and title.text_frame.text.strip():
        yield Text(markdown.heading(markdown.escaped(title.text_frame.text), 1))
    for shape in _ordered(slide.shapes, 0):
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape, pictures)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        lines = notes.text.strip().splitlines()
        yield Text("\n".join(["> **Notes:**", *(f"> {markdown.escaped(line)}" for line in lines)]))


def _check_shapes(slide: "Slide") -> None:
    """Bounds the placeholders: the library searches for each among those of the layout several times."""
    placeholders, of_layout = (
        len(one._element.xpath(".//p:nvPr/p:ph")) for one in (slide, slide.slide_layout)
    )
    if placeholders * (of_layout + 1) > _MOST_PLACEHOLDERS:
        raise ValueError(f"{placeholders} placeholders, and {of_layout} of the layout")
    shapes = len(slide._element.xpath(".//p:cNvPr"))
    if shapes > _MOST_SHAPES:
        raise ValueError(f"{shapes} shapes")


def _ordered(shapes: Any, depth: int) -> Iterator[Any]:
    """Yields shapes in reading order: from top to bottom, then from left to right; groups are opened."""
    from pptx.shapes.group import GroupShape

    for shape in sorted(shapes, key=lambda one: ((one.top or 0) // _ROW_HEIGHT, one.left or 0)):
        if isinstance(shape, GroupShape) and depth < _DEEPEST_GROUP:
            yield from _ordered(shape.shapes, depth + 1)
        else:
            yield shape


def _shape(shape: Any, pictures: Pictures) -> Iterator[Block]:
    if shape.has_table:
        yield Text(markdown.table(_rows(shape.table)))
    elif shape.has_chart:
        yield Text(_chart(shape.chart))
    elif relation := _picture_relation(shape):
        part = shape.part.related_part(relation)
        alt = shape._element._nvXxPr.cNvPr.get("descr", "")
        block = pictures.block(part.blob, alt)
        if block is not None:
            yield block
    elif shape.has_text_frame:
        yield from (Text(text) for text in _paragraphs(shape))


def _picture_relation(shape: Any) -> str:
    """Returns the relationship of a shape's picture, empty for none: a picture may fill any shape."""
    blips = shape._element.xpath(".//a:blip/@r:embed")
    return str(blips[0]) if blips else ""


def _rows(table: Any) -> list[list[str]]:
    """Returns a table's rows, by cells: the library counts all rows whenever it is asked for one."""
    return [
        [_cell(cell) for cell in cells]
        for _, cells in groupby(table.iter_cells(), key=lambda cell: cell._tc.getparent())
    ]


def _cell(cell: Any) -> str:
    return "" if cell.is_spanned else markdown.escaped(cell.text_frame.text)


def _paragraphs(shape: Any) -> Iterator[str]:
    """Yields the paragraphs of a shape; those of a placeholder for content are items of a list, as shown."""
    is_list = shape.is_placeholder and _is_body(shape)
    for paragraph in shape.text_frame.paragraphs:
        runs = "".join(_run(run) for run in paragraph.runs) or markdown.escaped(paragraph.text)
        text = " ".join(runs.split())
        if text and (is_list or paragraph.level):
            yield f"{_INDENT * paragraph.level}- {text}"
        elif text:
            yield markdown.paragraph(text)


def _is_body(shape: Any) -> bool:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return shape.placeholder_format.type in {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT}


def _run(run: Any) -> str:
    text = markdown.emphasized(
        markdown.escaped(run.text), bold=bool(run.font.bold), italic=bool(run.font.italic)
    )
    address = run.hyperlink.address
    return f"[{text}]({address})" if address and text.strip() else text


def _chart(chart: Any) -> str:
    """Formats a chart's numbers as a table: a row for each category, a column for each series."""
    if _point_count(chart) > DOCUMENT_LIMITS.max_points:
        return f"*[a chart of more than {DOCUMENT_LIMITS.max_points} points]*"
    plot = chart.plots[0]
    series = list(plot.series)
    head = ["", *(markdown.escaped(one.name or "") for one in series)]
    values = [list(one.values) for one in series]
    rows = [
        [markdown.escaped(str(category)), *(_value(column, at) for column in values)]
        for at, category in enumerate(plot.categories)
    ]
    return markdown.table([head, *rows])


def _point_count(chart: Any) -> int:
    """Returns how many points a chart announces; the library searches for each, whether it exists or not."""
    return sum(int(count) for count in chart._chartSpace.xpath(".//c:ptCount/@val"))


def _value(column: list[float | None], at: int) -> str:
    value = column[at] if at < len(column) else None
    return "" if value is None else f"{value:g}"


def build(opening: Opening) -> PptxDocument:
    """Opens a PPTX.

    Raises:
        MediaInvalid: It is broken, a bomb, empty, or has too many slides.
        ReaderMissing: The extra is not installed.
    """
    pptx, lxml = library("pptx", "PPTX"), library("lxml.etree", "PPTX")
    check_archive(opening)
    try:
        presentation: Presentation = pptx.Presentation(opening.source.file())
        count = len(presentation.slides)
    except (*UNREADABLE, lxml.LxmlError, KeyError, AttributeError, IndexError, TypeError) as exc:
        raise broken(opening) from exc
    most = opening.limits.max_pages
    if not count:
        raise refuse(opening.field, PPTX, "without a slide", "at least one slide")
    if count > most:
        raise refuse(opening.field, PPTX, f"of {count} slides", f"at most {most} slides")
    return PptxDocument(opening, presentation)
