"""Writes the tables of provider kinds into the documentation, or checks that they are there.

Usage: kind_tables.py [--check], from the repository's root. A table stands between `<!-- kinds: NAME -->` and
`<!-- end of kinds -->`, and is made from `server/ringmain_server/kinds/table.py`.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ringmain_server.kinds import KINDS, OpenAIKind
from ringmain_server.kinds.openai import Endpoints

PAGES = ("README.md", "docs/models.md", "docs/media.md")
BLOCK = re.compile(r"(<!-- kinds: (\w+) -->\n).*?(<!-- end of kinds -->)", re.DOTALL)


def by_wire() -> str:
    """Returns the wires and the kinds of each."""
    wires: dict[str, list[str]] = {}
    for kind in KINDS.values():
        wires.setdefault(kind.wire, []).append(f"`{kind.name}`")
    return table(("wire", "kinds"), ((f"`{wire}`", ", ".join(kinds)) for wire, kinds in wires.items()))


def catalog() -> str:
    """Returns the part of the model catalog that holds for each kind."""
    head = ("provider kind", "files", "lists models", "limits hold", "adds")
    rows = (
        (
            f"`{kind.name}`",
            ", ".join(f"`{name}`" for name in kind.shelf.families),
            _yes(kind.shelf.lists),
            _yes(kind.shelf.limits),
            ", ".join(f"`{name}`" for name in kind.shelf.adds),
        )
        for kind in KINDS.values()
        if kind.shelf is not None
    )
    return table(head, rows)


_ENDPOINTS: Mapping[str, Callable[[Endpoints], bool]] = {
    "draw": lambda has: has.images is not None,
    "change": lambda has: has.images is not None and has.images.edits,
    "stream images": lambda has: has.images is not None and has.images.streams,
    "embed": lambda has: has.embeddings is not None,
    "transcribe": lambda has: has.transcription is not None,
    "translate speech": lambda has: has.transcription is not None and has.transcription.translations,
    "speak": lambda has: has.speech is not None,
    "classify images": lambda has: has.moderation,
}


def endpoints() -> str:
    """Returns what each kind of OpenAI's wire can do beside chat."""
    rows = (
        (f"`{kind.name}`", *(_yes(able(kind.endpoints)) for able in _ENDPOINTS.values()))
        for kind in KINDS.values()
        if isinstance(kind, OpenAIKind)
    )
    return table(("kind", *_ENDPOINTS), rows)


TABLES: Mapping[str, Callable[[], str]] = {"wires": by_wire, "catalog": catalog, "endpoints": endpoints}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Returns a table in Markdown."""
    head = tuple(head)
    lines = [_row(head), "|" + "---|" * len(head), *map(_row, rows)]
    return "".join(f"{line}\n" for line in lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _yes(found: bool) -> str:
    return "yes" if found else ""


def written(text: str) -> str:
    """Returns a page with its tables as the rows of the kinds give them."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], text)


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the pages.

    Returns:
        The exit status: 1 when a checked page is stale, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page is stale")
    check = parser.parse_args(arguments).check
    stale = False
    for page in map(Path, PAGES):
        text = page.read_text(encoding="utf-8")
        if written(text) == text:
            continue
        stale = True
        if check:
            print(f"{page} does not say what the table of kinds says: run make docs", file=sys.stderr)
        else:
            page.write_text(written(text), encoding="utf-8")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
