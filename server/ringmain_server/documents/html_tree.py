"""Documents: changes to a tree of HTML, and to how it becomes Markdown, in time that grows with it alone.

BeautifulSoup looks for an element among all its siblings before it takes it out, and markdownify counts all
items of a list before each, and all rows of a table for each of its parts: a page of a hundred kilobytes
could take minutes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4.element import PageElement

Convert = Callable[..., str]


def replace(swaps: Sequence[tuple["PageElement", str | None]]) -> None:
    """Puts texts in the place of elements, or nothing, by rebuilding what they are in.

    Args:
        swaps: Each element, and the text.
    """
    texts = {id(element): text for element, text in swaps}
    parents = {id(element.parent): element.parent for element, _ in swaps if element.parent is not None}
    for parent in parents.values():
        children = list(parent.contents)
        parent.clear()
        for child in children:
            kept = texts.get(id(child), child)
            if kept is not None:
                parent.append(kept)


def converter(markdownify: ModuleType) -> Any:
    """What makes Markdown of a tree. It is for one tree."""
    made = markdownify.MarkdownConverter(heading_style="ATX", bullets="-")
    made.convert_li = _Items(made.convert_li).convert
    made.convert_tr = _Rows(made.convert_tr).convert
    return made


class _Items:
    """Items of lists, which come in their order.

    Args:
        usual: What converts those of lists without numbers.
    """

    def __init__(self, usual: Convert) -> None:
        self._usual = usual
        self._counts: Counter[int] = Counter()

    def convert(self, el: Any, text: str, parent_tags: set[str]) -> str:
        """An item as Markdown; the names are the library's."""
        parent = el.parent
        if parent is None or parent.name != "ol":
            return self._usual(el, text, parent_tags=parent_tags)
        number = self._counts[id(parent)]
        self._counts[id(parent)] += 1
        body = text.strip()
        if not body:
            return "\n"
        start = str(parent.get("start") or "")
        bullet = f"{number + (int(start) if start.isdecimal() and len(start) < 10 else 1)}. "
        first, *others = body.split("\n")
        indented = [" " * len(bullet) + line if line else "" for line in others]
        return "\n".join([bullet + first, *indented]) + "\n"


class _Rows:
    """Rows of tables, of which the first of all decides about the head.

    Args:
        usual: What converts it.
    """

    def __init__(self, usual: Convert) -> None:
        self._usual = usual
        self._begun: set[int] = set()

    def convert(self, el: Any, text: str, parent_tags: set[str]) -> str:
        """A row as Markdown; the names are the library's."""
        table = id(el.find_parent("table"))
        if table in self._begun:
            return f"|{text}\n"
        self._begun.add(table)
        return self._usual(el, text, parent_tags=parent_tags)
