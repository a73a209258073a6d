"""Documents: changes a tree of HTML and converts it to Markdown in time that grows linearly with its size.

BeautifulSoup searches for an element among all its siblings before it removes it, and markdownify counts all
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
    """Replaces elements by texts, or removes them, by rebuilding their parents.

    Args:
        swaps: Each element, and its text or None.
    """
    texts = {id(element): text for element, text in swaps}
    parents = {id(element.parent): element.parent for element, _ in swaps if element.parent is not None}
    for parent in parents.values():
        # Clearing and appending is linear; replacing each child searches all of its siblings.
        children = list(parent.contents)
        parent.clear()
        for child in children:
            kept = texts.get(id(child), child)
            if kept is not None:
                parent.append(kept)


def converter(markdownify: ModuleType) -> Any:
    """Makes a converter of a tree to Markdown. It can be used for one tree only."""
    made = markdownify.MarkdownConverter(heading_style="ATX", bullets="-")
    made.convert_li = _ListItems(made.convert_li).convert
    made.convert_tr = _Rows(made.convert_tr).convert
    return made


class _ListItems:
    """Converts the items of lists, which come in their order.

    Args:
        usual: Converts the items of lists without numbers.
    """

    def __init__(self, usual: Convert) -> None:
        self._usual = usual
        self._counts: Counter[int] = Counter()

    def convert(self, el: Any, text: str, parent_tags: set[str]) -> str:
        """Formats an item as Markdown; the names of the parameters are the library's."""
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
    """Converts the rows of tables, the first of which decides whether there is a head.

    Args:
        usual: Converts the first row.
    """

    def __init__(self, usual: Convert) -> None:
        self._usual = usual
        self._begun: set[int] = set()

    def convert(self, el: Any, text: str, parent_tags: set[str]) -> str:
        """Formats a row as Markdown; the names of the parameters are the library's."""
        table = id(el.find_parent("table"))
        if table in self._begun:
            return f"|{text}\n"
        self._begun.add(table)
        return self._usual(el, text, parent_tags=parent_tags)
