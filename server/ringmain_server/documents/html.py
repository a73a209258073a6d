"""Documents: HTML by BeautifulSoup and markdownify, one page of text with the pictures that it holds itself.

Scripts, styles and what is not seen are left out. Nothing is fetched: of a picture at an address, what the
page says of it is told.
"""

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ringmain_server.documents.content import Block, PageContent, Picture, Text
from ringmain_server.documents.html_tree import converter, replace
from ringmain_server.documents.limits import HTML, DocumentLimits
from ringmain_server.documents.opening import Opening, checked
from ringmain_server.documents.pictures import Pictures
from ringmain_server.documents.reader import library
from ringmain_server.media.limits import refuse, size_words
from ringmain_server.media.structure.budget import Beyond
from ringmain_server.media.structure.html import check

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_UNSEEN = [
    "script", "style", "noscript", "template", "head", "iframe", "object", "embed", "svg", "canvas", "audio",
    "video", "form", "input", "button", "select", "textarea", "nav", "math",
]  # fmt: skip
_INDENTED = ["blockquote", "li", "dd"]
_MOST_LINES = 3_000_000
"""Lines of a page times the depth of its quotes and lists."""
_SPACE = re.compile(r"\n{3,}")
_BESIDE = re.compile(r"^ +(?=\*\[)|(?<=\]\*) +$", re.MULTILINE)
"""Space beside a note at the beginning or end of a line."""
_MARK = re.compile(r"\ufdd0(\d+)\ufdd1")
"""Where a picture stands: between two characters that no text may hold (Unicode, section 23.7)."""


class HtmlDocument:
    """See `Document`."""

    def __init__(self, opening: Opening, blocks: tuple[Block, ...]) -> None:
        self._opening = opening
        self._blocks = blocks
        self.mime_type = HTML
        self.page_count = 1

    def page(self, number: int) -> PageContent:
        """See `Document.page`."""
        checked(number, self.page_count)
        return PageContent(number, self._blocks)

    def page_image(self, number: int) -> Picture:
        """See `Document.page_image`."""
        checked(number, self.page_count)
        raise not_drawn(self._opening)

    def close(self) -> None:
        """See `Document.close`."""


def not_drawn(opening: Opening) -> Exception:
    """The error for pages that cannot be made a picture of."""
    problem = "which has no pages to be shown as pictures: read it as TEXT_AND_IMAGES"
    return refuse(opening.field, opening.mime_type, problem, "PDF or images with PAGE_AS_IMAGE")


def build(opening: Opening) -> HtmlDocument:
    """Opens an HTML file.

    Raises:
        MediaInvalid: It is too large, or nested too deeply.
        ReaderMissing: The extra is not installed.
    """
    limits = opening.limits
    if opening.source.size > limits.max_html_bytes:
        allowed = f"at most {size_words(limits.max_html_bytes)}"
        raise refuse(opening.field, HTML, f"of {size_words(opening.source.size)}", allowed)
    data = opening.source.whole()
    check_html(data, limits, field=opening.field)
    bs4, markdownify = library("bs4", "HTML"), library("markdownify", "HTML")
    library("lxml.html", "HTML")
    soup: BeautifulSoup = bs4.BeautifulSoup(data, "lxml")
    _check_nesting(soup, opening)
    _check_lines(soup, data.count(b"\n"), opening)
    notes = soup.find_all(string=lambda text: isinstance(text, bs4.Comment | bs4.Doctype))
    replace([(element, None) for element in (*soup.find_all(_UNSEEN), *notes)])
    found = _take_pictures(soup, Pictures(limits))
    text = converter(markdownify).convert_soup(soup)
    return HtmlDocument(opening, _blocks(text, found))


def check_html(data: bytes, limits: DocumentLimits, *, field: str) -> None:
    """Refuses HTML that would become a tree too large or too deep, before there is one.

    Raises:
        MediaInvalid: It would.
    """
    try:
        check(
            data,
            max_elements=limits.max_elements,
            max_attributes=limits.max_attributes,
            max_nesting=limits.max_nesting,
            max_spanned=limits.max_spanned,
        )
    except Beyond as exc:
        raise refuse(field, HTML, exc.problem, exc.allowed) from None


def _check_nesting(soup: "BeautifulSoup", opening: Opening) -> None:
    """Goes down without recursion, which is what deep nesting would exhaust."""
    most, level = opening.limits.max_nesting, [soup.contents]
    depth = 0
    while level:
        depth += 1
        if depth > most:
            problem = f"nested more than {most} elements deep"
            raise refuse(opening.field, HTML, problem, f"at most {most}")
        level = [child.contents for nodes in level for child in nodes if hasattr(child, "contents")]


def _check_lines(soup: "BeautifulSoup", lines: int, opening: Opening) -> None:
    """Each line of a quote or an item is written anew, and longer, for each that it is in."""
    depths: dict[int, int] = {}
    for element in soup.find_all(_INDENTED):
        depths[id(element)] = 1 + depths.get(id(element.find_parent(_INDENTED)), 0)
    if depths and max(depths.values()) * (lines + len(soup.find_all(True))) > _MOST_LINES:
        problem = "with too many lines within nested quotes and lists"
        raise refuse(opening.field, HTML, problem, f"at most {_MOST_LINES} in all")


def _take_pictures(soup: "BeautifulSoup", pictures: Pictures) -> list[Block | None]:
    """Replaces each picture by a mark with its number."""
    elements = soup.find_all("img")
    found = [_picture(element, pictures) for element in elements]
    replace([(element, f"\ufdd0{number}\ufdd1") for number, element in enumerate(elements)])
    return found


def _picture(element: "Tag", pictures: Pictures) -> Block | None:
    address, alt = str(element.get("src") or ""), str(element.get("alt") or "")
    if address[:5].lower() == "data:":
        data = _data(address)
        return pictures.block(data, alt) if data else None
    return Text(f"*[picture: {' '.join(alt.split())}]*") if alt.strip() else None


def _data(address: str) -> bytes:
    """The bytes within a `data:` address (RFC 2397); none where they make no sense."""
    head, _, body = address.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body))
    except binascii.Error:
        return b""


def _blocks(text: str, found: list[Block | None]) -> tuple[Block, ...]:
    """Text and pictures in their order; notes of pictures are part of the text."""
    blocks: list[Block] = []
    pieces = _MARK.split(_notes(text, found))
    for index, piece in enumerate(pieces):
        if index % 2:
            block = found[int(piece)]
            if block is not None:
                blocks.append(block)
            continue
        bare = _BESIDE.sub("", _SPACE.sub("\n\n", piece)).strip()
        if bare:
            blocks.append(Text(bare))
    return tuple(blocks)


def _notes(text: str, found: list[Block | None]) -> str:
    """The text with the marks of real pictures alone."""

    def told(mark: re.Match[str]) -> str:
        number = int(mark[1])
        block = found[number] if number < len(found) else None
        if isinstance(block, Picture):
            return mark[0]
        return f" {block.markdown} " if block else ""

    return _MARK.sub(told, text)
