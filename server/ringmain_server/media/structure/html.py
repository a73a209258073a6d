"""Media, structure, pure: HTML counted before a library makes a tree of it.

Tags are counted nearly as https://html.spec.whatwg.org/multipage/parsing.html has them: those within
comments, scripts and styles do not count; elements whose end may be left out end where the next of their kind
begins. Hardly a byte is looked at twice, so that what never ends costs no more than what does.
"""

import re
from collections import Counter
from collections.abc import Iterator

from ringmain_server.media.structure.budget import Beyond

_OPENING = re.compile(rb"<(?:(!--)|(/?)([a-zA-Z][^\s/>\x00]*))")
_NAME = 40
"""Bytes of a name that are looked at."""
_REST = re.compile(rb"""(?>[^>=]+|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>""")
"""A tag behind its name: a `>` within a quoted value does not end it."""
_VALUE = re.compile(rb"""=\s*(?:"[^"]*"?|'[^']*'?)""")
_ATTRIBUTE = re.compile(rb"""[\s"'/][^\s"'<>/=]""")
_SPAN = re.compile(rb"""(col|row)span\s{0,9}=\s{0,9}["']?\s{0,9}(\d{1,20})""")
_LONGEST_SPAN = 64
_MOST_COLUMNS = 1_000
"""A cell spans no more, whatever it says (HTML, section 4.9.11)."""
_MOST_SPAN = 65_534
_ROUGHLY = 5
_MOST_ATTRIBUTES = 1_000
_WINDOW = 64 * 1024
"""Bytes that are followed for the end of a tag; longer ones hold a picture, as a rule."""
_LONG_TAG = 4_000
"""Bytes from which on a tag's attributes are counted."""

_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr img input link meta param source track wbr".split()
)
_RAW = {
    name: re.compile(b"</" + name, re.IGNORECASE)
    for name in (b"script", b"style", b"textarea", b"title", b"xmp")
}
"""Elements whose content has no tags, and what ends them."""
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
"""The open elements that end where one of a name begins."""


class _Open:
    """The elements that are open."""

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self._counts: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._names)

    def begin(self, name: bytes) -> None:
        """An element begins, which ends some that may be left open."""
        ended = _ENDED_BY.get(name)
        while ended and self._names and self._names[-1] in ended:
            self._pop()
        self._names.append(name)
        self._counts[name] += 1

    def end(self, name: bytes) -> None:
        """An element ends, and with it whatever is open within."""
        if self._counts[name]:
            while self._pop() != name:
                pass

    def _pop(self) -> bytes:
        name = self._names.pop()
        self._counts[name] -= 1
        return name


def check(data: bytes, *, max_elements: int, max_nesting: int, max_spanned: int) -> None:
    """Counts elements, their depth, their attributes, and the columns that cells span.

    Args:
        data: The file.
        max_elements: Of the file.
        max_nesting: Elements within elements. Some more are let through here, since what was not closed
            counts, of which the parser closes most itself.
        max_spanned: Columns that all cells span beyond their own.

    Raises:
        Beyond: There are more.
    """
    ends = data.count(b"</")
    if data.count(b"<") - ends > max_elements or ends > 2 * max_elements:
        raise Beyond(f"of more than {max_elements} elements", f"at most {max_elements} elements")
    _check_spans(data, max_spanned)
    opened, at = _Open(), 0
    while found := _OPENING.search(data, at):
        at = found.end()
        if found[1]:
            at = data.find(b"-->", at)
            if at < 0:
                return
            continue
        name = found[3][:_NAME].lower()
        if found[2]:
            opened.end(name)
            continue
        at = _attributes(data, at)
        if name in _RAW:
            end = _RAW[name].search(data, at)
            at = end.end() if end else len(data)
        elif name not in _VOID:
            opened.begin(name)
            if len(opened) > _ROUGHLY * max_nesting:
                raise Beyond(f"nested more than {max_nesting} elements deep", f"at most {max_nesting}")


def _attributes(data: bytes, at: int) -> int:
    """Where a tag ends, or how far it was followed; refuses one of very many attributes."""
    end = data.find(b">", at, at + _WINDOW)
    if end < 0 or data.count(b'"', at, end) % 2 or data.count(b"'", at, end) % 2:  # within a value, maybe
        rest = _REST.match(data, at, at + _WINDOW)
        end = rest.end() if rest else min(at + _WINDOW, len(data))
    if end - at > _LONG_TAG:
        names = _VALUE.sub(b"= ", data[at:end])
        if sum(1 for _ in _ATTRIBUTE.finditer(names)) > _MOST_ATTRIBUTES:
            problem = f"with a tag of more than {_MOST_ATTRIBUTES} attributes"
            raise Beyond(problem, f"at most {_MOST_ATTRIBUTES}")
    return end


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
    """What cells span. Most pieces of a page have no such word, and are not searched."""
    for at in range(0, len(data), _WINDOW):
        piece = data[at : at + _WINDOW + _LONGEST_SPAN].lower()
        if b"olspan" in piece or b"owspan" in piece:
            yield from (found for found in _SPAN.finditer(piece) if found.start() < _WINDOW)
