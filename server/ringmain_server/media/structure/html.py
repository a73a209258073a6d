"""Media, structure, pure: counts HTML before a library builds a tree of it.

Tags are counted nearly as https://html.spec.whatwg.org/multipage/parsing.html defines them: those within
comments, scripts and styles do not count; elements whose end tag may be omitted end where the next of their
kind begins. Limits that simple counts can show are checked first. Then one expression scans the file and
reads
hardly a byte twice, so that a construct that never ends costs no more than one that does.
"""

import heapq
import re
from collections.abc import Iterator

from ringmain_server.media.structure.budget import Beyond

_REST = rb"""(?:(?>[^>=]+|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+(?:>|\Z))"""
"""The rest of a tag behind its name: a `>` within a quoted value does not end it."""
_COMMENT = rb"!--(?!-?>)(?:[^-]++|-(?!-!?>)){0,100000}+"
_RAW = rb"(?i:(script|style)(?=[\s/>])(%s)(?:[^<]++|<(?!/\1))*+)" % _REST
"""Elements whose content has no tags, even for a parser of HTML 4."""
_TAG = rb"(/?[a-zA-Z][^\s/>\x00]{0,39}+)[^\s/>\x00]*+(?:>|([^>]%s))" % _REST
_TOKEN = re.compile(rb"<(?:(?=[sS])%s|%s|%s)" % (_RAW, _TAG, _COMMENT))
_RAW_REST, _NAME, _TAG_REST = 2, 3, 4
"""The groups of a token; a comment has none."""
_SHORT_TAG = 16
"""Tags with fewer bytes are not searched for attributes."""
_ATTRIBUTE = re.compile(rb"""=\s*+(?:"[^"]*+|'[^']*+|[^\s>"']*+)|([\s"'/][^\s"'<>/=]++)""")
"""A value, or an attribute's name."""
_BYTES_PER_ATTRIBUTE = 3
_PIECE = 4096
_UNCLOSED = 100
"""A piece with more unclosed tags than this is checked for nesting first."""
_LOOKED_AT_FIRST = 8
_SPAN = re.compile(rb"""(col|row)span\s{0,9}=\s{0,9}["']?\s{0,9}(\d{1,20})""")
_LONGEST_SPAN = 64
_MOST_COLUMNS = 1_000
"""The most columns that a cell spans, whatever it says (HTML, section 4.9.11)."""
_MOST_SPAN = 65_534
_ROUGHLY = 5
_MOST_ATTRIBUTES = 250
_LONG_TAG = 750
"""Tags with more bytes have their attributes counted in every file."""
_WINDOW = 64 * 1024
"""Bytes that are examined together."""

_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr img input link meta param source track wbr".split()
)
_CELLS = frozenset(b"p li td th".split())
_ENDED_BY: dict[bytes, frozenset[bytes]] = {
    b"p": frozenset({b"p"}),
    b"li": frozenset({b"p", b"li"}),
    b"dt": frozenset({b"p", b"dt", b"dd"}),
    b"dd": frozenset({b"p", b"dt", b"dd"}),
    b"option": frozenset({b"option"}),
    b"optgroup": frozenset({b"option", b"optgroup"}),
    b"td": _CELLS,
    b"th": _CELLS,
    b"tr": _CELLS | {b"tr"},
    **dict.fromkeys((b"thead", b"tbody", b"tfoot"), _CELLS | {b"tr", b"thead", b"tbody", b"tfoot"}),
}
"""The open elements that end where an element of a name begins."""


def check(data: bytes, *, max_elements: int, max_attributes: int, max_nesting: int, max_spanned: int) -> None:
    """Counts elements, their depth, their attributes, and the columns that cells span.

    Args:
        data: The file.
        max_elements: The most elements of the file.
        max_attributes: The most attributes of all its elements.
        max_nesting: The most elements within elements. Somewhat more pass here, since unclosed elements
            count,
            most of which the parser closes itself.
        max_spanned: The most columns that all cells span beyond their own.

    Raises:
        Beyond: There are more.
    """
    ends = data.count(b"</")
    if data.count(b"<") - ends > max_elements or ends > max_elements:
        raise Beyond(f"of more than {max_elements} elements", f"at most {max_elements} elements")
    if data.count(b"=") > 2 * max_attributes:  # twice, since scripts and addresses have some too
        raise _many_attributes(max_attributes)
    _check_spans(data, max_spanned)
    for at in _least_closed(data):
        _check_nesting(data, at, at + _WINDOW, max_nesting)
    _check_nesting(data, 0, len(data), max_nesting)
    if len(data) > _BYTES_PER_ATTRIBUTE * max_attributes:
        _check_attributes(data, max_attributes)


def _least_closed(data: bytes) -> list[int]:
    """Returns where many more elements begin than end, to find deep nesting without scanning all before."""
    unclosed = []
    for at in range(0, len(data), _PIECE):
        begun = data.count(b"<", at, at + _PIECE)
        if begun > _UNCLOSED:
            begun -= 2 * data.count(b"</", at, at + _PIECE)
            if begun > _UNCLOSED:
                unclosed.append((begun, at))
    return [at for _, at in heapq.nlargest(_LOOKED_AT_FIRST, unclosed)]


def _check_nesting(data: bytes, start: int, end: int, most: int) -> None:
    names: list[bytes] = []
    counts: dict[bytes, int] = {}
    before = start
    for found in _TOKEN.finditer(data, start, end):
        name = found[_NAME]
        if found.end() - before > _LONG_TAG:
            _attributes(found)
        before = found.end()
        if name is None:
            continue
        name = name.lower()
        if name.startswith(b"/"):
            name = name[1:]
            if counts.get(name):  # it ends, and so does every element that is open inside it
                while (ended := names.pop()) != name:
                    counts[ended] -= 1
                counts[name] -= 1
        elif name not in _VOID:
            # As in a browser, a new `<li>` or `<td>` closes an open one without an end tag.
            ends = _ENDED_BY.get(name)
            while ends and names and names[-1] in ends:
                counts[names.pop()] -= 1
            names.append(name)
            counts[name] = counts.get(name, 0) + 1
            if len(names) > _ROUGHLY * most:
                raise Beyond(f"nested more than {most} elements deep", f"at most {most}")


def _check_attributes(data: bytes, most: int) -> None:
    total = 0
    for found in _TOKEN.finditer(data):
        total += _attributes(found)
        if total > most:
            raise _many_attributes(most)


def _attributes(tag: re.Match[bytes]) -> int:
    """Returns the number of a tag's attributes, or zero if the tag is short."""
    start, end = tag.span(_TAG_REST if tag[_NAME] else _RAW_REST)
    count = 0
    if end - start > _SHORT_TAG:
        for attribute in _ATTRIBUTE.finditer(tag.string, start, end):
            if attribute.lastindex:
                count += 1
                if count > _MOST_ATTRIBUTES:
                    problem = f"with a tag of more than {_MOST_ATTRIBUTES} attributes"
                    raise Beyond(problem, f"at most {_MOST_ATTRIBUTES}")
    return count


def _many_attributes(most: int) -> Beyond:
    return Beyond(f"with more than {most} attributes", f"at most {most} attributes")


def _check_spans(data: bytes, most: int) -> None:
    spanned = 0
    for found in _spans(data):
        span = int(found[2])
        if span > _MOST_SPAN:
            raise Beyond(f"with a cell that spans {span} columns or rows", f"at most {_MOST_SPAN}")
        if found[1] == b"col":
            spanned += min(span, _MOST_COLUMNS) - 1
        if spanned > most:
            raise Beyond(f"with cells that span more than {most} columns", f"at most {most}")


def _spans(data: bytes) -> "Iterator[re.Match[bytes]]":
    """Yields the spans of cells. Most pieces of a page contain no such word and are not searched."""
    for at in range(0, len(data), _WINDOW):
        piece = data[at : at + _WINDOW + _LONGEST_SPAN].lower()
        if b"olspan" in piece or b"owspan" in piece:
            yield from (found for found in _SPAN.finditer(piece) if found.start() < _WINDOW)
