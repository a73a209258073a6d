"""Documents: recognizes headings and list items among a DOCX's paragraphs, and numbers them.

Numbering: ECMA-376, part 1, section 17.9; a paragraph has it itself or through its style.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_INDENT = "    "
_DEEPEST = 9
_LONGEST_CHAIN = 20


class Lists:
    """A document's styles and numberings, which counts the numbered paragraphs in their order.

    Args:
        document: Opened by python-docx.
    """

    def __init__(self, document: "WordDocument") -> None:
        self._styles = {style.style_id: style.element for style in document.styles}
        self._formats = _formats(document)
        self._counts: Counter[tuple[str, int]] = Counter()

    def prefix(self, paragraph: "_Element") -> str:
        """Returns the Markdown in front of this paragraph: `## `, `- ` with its indent, `3. `, or nothing."""
        level = self._heading(paragraph)
        if level:
            return "#" * level + " "
        number = self._numbering(paragraph)
        if number is None:
            return ""
        name, depth = number
        indent = _INDENT * min(depth, _DEEPEST)
        if self._formats.get((name, depth), "bullet") in {"bullet", "none"}:
            return f"{indent}- "
        self._counts[name, depth] += 1
        for deeper in range(depth + 1, _DEEPEST):
            self._counts.pop((name, deeper), None)
        return f"{indent}{self._counts[name, depth]}. "

    def _heading(self, paragraph: "_Element") -> int:
        for style in self._chain(paragraph):
            name = style.find(f"{_W}name")
            text = "" if name is None else name.get(f"{_W}val", "")
            if text.lower() == "title":
                return 1
            if found := _HEADING.match(text):
                return int(found[1])
        return 0

    def _numbering(self, paragraph: "_Element") -> tuple[str, int] | None:
        for holder in (paragraph, *self._chain(paragraph)):
            found = holder.find(f"{_W}pPr/{_W}numPr")
            if found is not None:
                name, level = _value(found, "numId"), _value(found, "ilvl") or "0"
                return (name, int(level)) if name and name != "0" else None
        return None

    def _chain(self, paragraph: "_Element") -> list[Any]:
        """Returns the style of a paragraph, and those that it is based on."""
        properties = paragraph.find(f"{_W}pPr")
        name = None if properties is None else _value(properties, "pStyle")
        chain: list[Any] = []
        while name in self._styles and len(chain) < _LONGEST_CHAIN:
            chain.append(self._styles[name])
            name = _value(chain[-1], "basedOn")
        return chain


def _value(element: "_Element", name: str) -> str | None:
    found = element.find(f"{_W}{name}")
    return None if found is None else found.get(f"{_W}val")


def _formats(document: "WordDocument") -> dict[tuple[str, int], str]:
    """Returns the format of each level of each numbering, such as `bullet` or `decimal`."""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):  # a document without lists has no such part
        return {}
    abstract = {
        one.get(f"{_W}abstractNumId"): {
            int(level.get(f"{_W}ilvl", "0")): _value(level, "numFmt") or "decimal"
            for level in one.findall(f"{_W}lvl")
        }
        for one in root.findall(f"{_W}abstractNum")
    }
    return {
        (number.get(f"{_W}numId", ""), level): kind
        for number in root.findall(f"{_W}num")
        for level, kind in abstract.get(_value(number, "abstractNumId"), {}).items()
    }
