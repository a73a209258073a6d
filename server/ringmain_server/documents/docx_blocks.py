"""Documents: turns the parts of a DOCX into blocks. Elements: ECMA-376, part 1, section 17."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ringmain_server.documents import markdown
from ringmain_server.documents.content import Block, Text
from ringmain_server.documents.docx_lists import Lists
from ringmain_server.documents.pictures import Pictures

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.parts.document import DocumentPart
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_V = "{urn:schemas-microsoft-com:vml}"
_PROPERTIES = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Elements that are not text: deleted and moved text, properties, and the fallback copy of a drawing.
_SKIPPED = frozenset({f"{W}del", f"{W}moveFrom", f"{W}rPr", f"{W}pPr", f"{W}instrText", _FALLBACK})
_WRAPPERS = frozenset({f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"})
_DEEPEST_TABLE = 8
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Run:
    """Text with the same formatting."""

    text: str
    bold: bool = False
    italic: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, named by its relationship."""

    relation: str
    alt: str


@dataclass(frozen=True, slots=True)
class TextBox:
    """A text box, which is placed behind the paragraph that holds it."""

    element: Any


@dataclass(frozen=True, slots=True)
class PageBreak:
    """The end of a page."""


Inline = Run | Drawing | TextBox | PageBreak


@dataclass(frozen=True, slots=True)
class BlockItem:
    """A table, or the part of a paragraph that is on one page.

    Attributes:
        inlines: The content of a paragraph.
        prefix: The Markdown that makes a paragraph a heading or a list item.
        table: The element of a table.
    """

    inlines: tuple[Inline, ...] = ()
    prefix: str = ""
    table: Any = None


@dataclass(slots=True)
class _Pages:
    """The pages so far; empty pages are dropped."""

    pages: list[list[BlockItem]] = field(default_factory=lambda: [[]])

    def add(self, item: BlockItem) -> None:
        self.pages[-1].append(item)

    def turn(self) -> None:
        if self.pages[-1]:
            self.pages.append([])


def walk(document: "WordDocument") -> list[list[BlockItem]]:
    """Returns the items of a document's body by page, at least one page. Pictures are not read yet."""
    pages, lists = _Pages(), Lists(document)
    relations = document.part.rels
    links = {key: relation.target_ref for key, relation in relations.items() if relation.is_external}
    for element in _children(document.element.body):
        if element.tag == f"{W}tbl":
            pages.add(BlockItem(table=element))
        elif element.tag == f"{W}p":
            _paragraph(element, pages, lists, links)
    if not pages.pages[-1] and len(pages.pages) > 1:
        pages.pages.pop()
    return pages.pages


def _children(element: "_Element") -> "Iterator[_Element]":
    """Yields an element's children; a wrapper is replaced by its own children."""
    for child in element:
        if child.tag in _WRAPPERS:
            yield from _children(child)
        else:
            yield child


def _paragraph(element: "_Element", pages: _Pages, lists: Lists, links: dict[str, str]) -> None:
    if element.find(f"{W}pPr/{W}pageBreakBefore") is not None:
        pages.turn()
    prefix, current = lists.prefix(element), list[Inline]()
    for inline in inlines(element, links):
        if not isinstance(inline, PageBreak):
            current.append(inline)
            continue
        if _holds(current):
            pages.add(BlockItem(tuple(current), prefix))
            prefix, current = "", []
        pages.turn()
    if _holds(current):
        pages.add(BlockItem(tuple(current), prefix))
    # The properties of a section stand in its last paragraph.
    section = element.find(f"{W}pPr/{W}sectPr")
    kind = None if section is None else section.find(f"{W}type")
    if section is not None and (kind is None or kind.get(f"{W}val") not in {"continuous", "nextColumn"}):
        pages.turn()


def _holds(found: list[Inline]) -> bool:
    return any(not isinstance(inline, Run) or inline.text.strip() for inline in found)


def inlines(element: "_Element", links: dict[str, str], formatting: Run | None = None) -> Iterator[Inline]:
    """Yields the content of a paragraph in its order."""
    formatting = formatting or Run("")
    for child in element:
        if child.tag in _SKIPPED or not isinstance(child.tag, str):
            continue
        if child.tag == f"{W}r":
            style = child.find(f"{W}rPr")
            inner = Run("", _is_on(style, "b"), _is_on(style, "i"), formatting.address)
            yield from inlines(child, links, inner)
        elif child.tag == f"{W}hyperlink":
            address = links.get(child.get(f"{_R}id", ""), "")
            yield from inlines(child, links, Run("", address=address))
        elif child.tag in {f"{W}drawing", f"{W}pict", f"{W}object"}:
            yield from _drawn(child)
        elif child.tag in {f"{W}br", f"{W}lastRenderedPageBreak"}:
            yield _break(child)
        else:
            text = _text(child)
            if text:
                yield Run(text, formatting.bold, formatting.italic, formatting.address)
            yield from inlines(child, links, formatting)


def _is_on(style: "_Element | None", name: str) -> bool:
    found = None if style is None else style.find(f"{W}{name}")
    return found is not None and found.get(f"{W}val") not in {"0", "false", "off"}


def _break(element: "_Element") -> Inline:
    if element.tag == f"{W}lastRenderedPageBreak" or element.get(f"{W}type") == "page":
        return PageBreak()
    return Run("\n")


def _text(element: "_Element") -> str:
    if element.tag in {f"{W}t", f"{_M}t"}:
        return element.text or ""
    return {f"{W}tab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}.get(str(element.tag), "")


def _drawn(element: "_Element") -> Iterator[Inline]:
    """Yields the pictures and text boxes in a drawing, without duplicates."""
    properties = element.find(f".//{_PROPERTIES}")
    alt = "" if properties is None else properties.get("descr") or properties.get("title") or ""
    for found in _outermost(element):
        relation = found.get(f"{_R}embed") or found.get(f"{_R}id")
        if found.tag == f"{W}txbxContent":
            yield TextBox(found)
        elif relation:
            yield Drawing(relation, alt)


def _outermost(element: "_Element") -> "Iterator[_Element]":
    """Yields the elements that a drawing shows, each once; the content of a text box comes with the box."""
    for child in element:
        if child.tag in {f"{_A}blip", f"{_V}imagedata", f"{W}txbxContent"}:
            yield child
        if child.tag not in {f"{W}txbxContent", _FALLBACK}:
            yield from _outermost(child)


class Renderer:
    """Turns items into blocks.

    Args:
        part: The document's own part, which finds pictures by their relationship.
        pictures: Counts the pictures of the page.
    """

    def __init__(self, part: "DocumentPart", pictures: Pictures) -> None:
        self._part = part
        self._pictures = pictures

    def blocks(self, item: BlockItem) -> Iterator[Block]:
        """Yields the blocks of an item, with pictures where they stand."""
        if item.table is not None:
            later: list[Block] = []
            yield Text(markdown.table(self._rows(item.table, later, 0)))
            yield from later
            return
        yield from self._flow(item.inlines, item.prefix)

    def _flow(self, found: tuple[Inline, ...], prefix: str = "") -> Iterator[Block]:
        runs, behind = list[Run](), list[Any]()
        for inline in found:
            if isinstance(inline, Run):
                runs.append(inline)
            elif isinstance(inline, TextBox):
                behind.append(inline.element)
            elif isinstance(inline, Drawing) and (block := self._picture(inline)):
                yield Text(_line(runs, prefix))
                runs, prefix = [], ""
                yield block
        yield Text(_line(runs, prefix))
        for element in behind:
            for paragraph in _paragraphs(element):
                yield from self._flow(tuple(inlines(paragraph, {})))

    def _picture(self, drawing: Drawing) -> Block | None:
        part = self._part.related_parts.get(drawing.relation)
        return self._pictures.block(part.blob, drawing.alt) if part is not None else None

    def _rows(self, table: "_Element", later: list[Block], depth: int) -> list[list[str]]:
        rows = []
        for row in (child for child in _children(table) if child.tag == f"{W}tr"):
            cells: list[str] = []
            for cell in (child for child in _children(row) if child.tag == f"{W}tc"):
                wide, goes_on = _span(cell)
                cells += ["" if goes_on else self._cell(cell, later, depth), *[""] * (wide - 1)]
            rows.append(cells)
        return rows

    def _cell(self, cell: "_Element", later: list[Block], depth: int) -> str:
        """Returns a cell's text; pictures in it go behind the table, a table in it becomes lines."""
        texts: list[str] = []
        for child in _children(cell):
            if child.tag == f"{W}p":
                found = list(self._flow(tuple(inlines(child, {}))))
                texts += [block.markdown for block in found if isinstance(block, Text)]
                later += [block for block in found if not isinstance(block, Text)]
            elif child.tag == f"{W}tbl" and depth < _DEEPEST_TABLE:
                inner = self._rows(child, later, depth + 1)
                texts += [" / ".join(filter(None, map(markdown.cell_text, row))) for row in inner]
        return "\n".join(filter(None, texts))


def _paragraphs(box: "_Element") -> "Iterator[_Element]":
    """Yields the paragraphs of a text box, except those of boxes inside, which their own paragraph brings."""
    for child in box:
        if child.tag == f"{W}p":
            yield child
        else:
            yield from _paragraphs(child)


def _span(cell: "_Element") -> tuple[int, bool]:
    """Returns how many columns a cell takes, and whether it continues the one above."""
    wide, merge = cell.find(f"{W}tcPr/{W}gridSpan"), cell.find(f"{W}tcPr/{W}vMerge")
    count = 1 if wide is None else min(max(int(wide.get(f"{W}val", "1")), 1), 100)
    return count, merge is not None and merge.get(f"{W}val") != "restart"


def _line(runs: list[Run], prefix: str) -> str:
    """Formats a paragraph as Markdown; neighboring runs with the same formatting are merged."""
    merged: list[Run] = []
    for run in runs:
        if merged and replace(merged[-1], text="") == replace(run, text=""):
            merged[-1] = replace(run, text=merged[-1].text + run.text)
        else:
            merged.append(run)
    is_heading = prefix.startswith("#")
    text = "".join(_marked(run, plain=is_heading) for run in merged).strip().replace("\t", " ")
    if not text:
        return ""
    if is_heading:
        return markdown.heading(text, min(len(prefix.strip()), _LEVELS))
    return prefix + text.replace("\n", "  \n") if prefix else markdown.paragraph(text.replace("\n", "  \n"))


def _marked(run: Run, *, plain: bool) -> str:
    text = markdown.escaped(run.text)
    if not plain:
        text = markdown.emphasized(text, bold=run.bold, italic=run.italic)
    return f"[{text}]({run.address})" if run.address and text.strip() else text
