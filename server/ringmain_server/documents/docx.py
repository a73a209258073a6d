"""Documents: reads DOCX with python-docx: paragraphs, lists, tables and pictures in their order.

Pages end where Word broke them when it last saved the file, where the author did, and where a section begins:
the file itself has no others (ECMA-376, part 1, sections 17.3.1.23, 17.3.3.1, 17.3.3.13 and 17.6.22).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ringmain_server.documents.archive import UNREADABLE, broken, check_archive
from ringmain_server.documents.content import Block, PageContent, Picture, Text
from ringmain_server.documents.docx_blocks import BlockItem, Renderer, walk
from ringmain_server.documents.html import not_drawn
from ringmain_server.documents.opening import Opening, checked
from ringmain_server.documents.pictures import Pictures
from ringmain_server.documents.reader import library
from ringmain_server.media.detect import DOCX
from ringmain_server.media.limits import refuse

if TYPE_CHECKING:
    from docx.document import Document as WordDocument


class DocxDocument:
    """A DOCX; see `Document`."""

    def __init__(
        self, opening: Opening, document: "WordDocument", pages: Sequence[Sequence[BlockItem]]
    ) -> None:
        self._opening = opening
        self._document = document
        self._pages = pages
        self.mime_type = DOCX
        self.page_count = len(pages)

    def page(self, number: int) -> PageContent:
        """Reads a page; see `Document.page`."""
        items = self._pages[checked(number, self.page_count)]
        try:
            renderer = Renderer(self._document.part, Pictures(self._opening.limits))
            blocks = [block for item in items for block in renderer.blocks(item)]
        except (KeyError, ValueError, AttributeError, IndexError, RecursionError) as exc:
            problem = f"whose page {number} is broken"
            raise refuse(self._opening.field, DOCX, problem, "whole pages") from exc
        return PageContent(number, joined(blocks))

    def page_image(self, number: int) -> Picture:
        """Raises MediaInvalid: a DOCX cannot be drawn; see `Document.page_image`."""
        checked(number, self.page_count)
        raise not_drawn(self._opening)

    def close(self) -> None:
        """Does nothing; see `Document.close`."""


def joined(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Joins neighboring texts; items of a list follow each other without a blank line."""
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Text) and not block.markdown:
            continue
        if found and isinstance(block, Text) and isinstance(last := found[-1], Text):
            tight = _is_item(last.markdown.rpartition("\n")[2]) and _is_item(block.markdown)
            between = "\n" if tight else "\n\n"
            found[-1] = Text(last.markdown + between + block.markdown)
        else:
            found.append(block)
    return tuple(found)


def _is_item(line: str) -> bool:
    bare = line.lstrip()
    return bare.startswith("- ") or bare.partition(". ")[0].isdigit()


def build(opening: Opening) -> DocxDocument:
    """Opens a DOCX.

    Raises:
        MediaInvalid: It is broken, a bomb, or has too many pages.
        ReaderMissing: The extra is not installed.
    """
    docx, lxml = library("docx", "DOCX"), library("lxml.etree", "DOCX")
    check_archive(opening)
    try:
        document: WordDocument = docx.Document(opening.source.file())
        pages = walk(document)
    except (*UNREADABLE, lxml.LxmlError, KeyError, AttributeError, IndexError, TypeError) as exc:
        raise broken(opening) from exc
    most = opening.limits.max_pages
    if len(pages) > most:
        raise refuse(opening.field, DOCX, f"of {len(pages)} pages", f"at most {most} pages")
    return DocxDocument(opening, document, pages)
