"""Documents: reads HTML with BeautifulSoup and markdownify, as one page with the pictures embedded in it.

Scripts, styles and invisible elements are left out. Nothing is fetched: for a picture at an address, its
description in the page is used.
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
"""Matches the space beside a note at the beginning or end of a line."""
_MARK = re.compile(r"\ufdd0(\d+)\ufdd1")
"""Marks the place of a picture, between two characters that no text may hold (Unicode, section 23.7)."""


class HtmlDocument:
    """An HTML page; see `Document`."""

    def __init__(self, opening: Opening, blocks: tuple[Block, ...]) -> None:
        self._opening = opening
        self._blocks = blocks
        self.mime_type = HTML
        self.page_count = 1

    def page(self, number: int) -> PageContent:
        """Returns the only page; see `Document.page`."""
        checked(number, self.page_count)
        return PageContent(number, self._blocks)

    def page_image(self, number: int) -> Picture:
        """Raises MediaInvalid: HTML cannot be drawn; see `Document.page_image`."""
        checked(number, self.page_count)
        raise not_drawn(self._opening)

    def close(self) -> None:
        """Does nothing; see `Document.close`."""


def not_drawn(opening: Opening) -> Exception:
    """Returns the error for documents whose pages cannot be drawn."""
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
    """Refuses HTML that would become too large or too deep a tree, before the tree is built.

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
    """Checks the depth of a tree level by level: recursion would itself fail on deep nesting."""
    from bs4 import Tag

    most, level = opening.limits.max_nesting, [soup.contents]
    depth = 0
    while level:
        depth += 1
        if depth > most:
            problem = f"nested more than {most} elements deep"
            raise refuse(opening.field, HTML, problem, f"at most {most}")
        level = [child.contents for nodes in level for child in nodes if isinstance(child, Tag)]


def _check_lines(soup: "BeautifulSoup", lines: int, opening: Opening) -> None:
    """Bounds the lines to write: each line of a quote or an item is rewritten for every level of nesting."""
    depths: dict[int, int] = {}
    for element in soup.find_all(_INDENTED):
        depths[id(element)] = 1 + depths.get(id(element.find_parent(_INDENTED)), 0)
    if depths and max(depths.values()) * (lines + len(soup.find_all(True))) > _MOST_LINES:
        problem = "with too many lines within nested quotes and lists"
        raise refuse(opening.field, HTML, problem, f"at most {_MOST_LINES} in all")


def _take_pictures(soup: "BeautifulSoup", pictures: Pictures) -> list[Block | None]:
    """Replaces each picture by a mark with its number, and returns the pictures."""
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
    """Decodes a `data:` address (RFC 2397); empty where it is malformed."""
    head, _, body = address.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body))
    except binascii.Error:
        return b""


def _blocks(text: str, found: list[Block | None]) -> tuple[Block, ...]:
    """Splits a text at its pictures; descriptions of pictures become part of the text."""
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
    """Replaces the marks of missing pictures by their descriptions; the marks of real pictures stay."""

    def told(mark: re.Match[str]) -> str:
        number = int(mark[1])
        block = found[number] if number < len(found) else None
        if isinstance(block, Picture):
            return mark[0]
        return f" {block.markdown} " if block else ""

    return _MARK.sub(told, text)
