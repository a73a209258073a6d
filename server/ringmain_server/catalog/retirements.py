"""Catalog: when a vendor ends a model, and what it recommends instead, from the tables `[[retirements]]`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ringmain_server.kinds import KINDS

_KEYS = frozenset({"names", "date", "replaced_by", "kinds", "source", "checked"})


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of a model at its vendor. Other hosts of the model set dates of their own.

    Attributes:
        date: The first day on which it is no longer served.
        replaced_by: The vendor's name of the model that it recommends instead; empty if it names none.
        kinds: The provider kinds at which the date holds; empty for all of the vendor's own.
    """

    date: date
    replaced_by: str = ""
    kinds: frozenset[str] = frozenset()

    def holds_at(self, kind: str) -> bool:
        """Whether the date holds at a provider kind that lists the vendor's models."""
        return not self.kinds or kind in self.kinds


def read_retirements(document: Mapping[str, object]) -> Iterator[tuple[str, Retirement]]:
    """Yields the name and the retirement of each model in a data file's tables.

    Raises:
        ValueError: A table breaks a rule.
    """
    tables = document.get("retirements", ())
    for table in tables if isinstance(tables, Sequence) else ():
        if problem := _problem(table):
            raise ValueError(f"retirement of {table.get('names')}: {problem}")
        retirement = Retirement(
            table["date"], table.get("replaced_by", ""), frozenset(table.get("kinds", ()))
        )
        yield from ((name, retirement) for name in table["names"])


def _problem(table: Mapping[str, object]) -> str:
    """Returns what is wrong with a table, empty if nothing is."""
    names, source = table.get("names"), table.get("source")
    if unknown := table.keys() - _KEYS:
        return f"unknown {', '.join(sorted(unknown))}"
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        return "names is not a list of names"
    kinds = table.get("kinds", [])
    if not isinstance(kinds, list) or not set(kinds) <= KINDS.keys():
        return "kinds is not a list of provider kinds"
    for key in ("date", "checked"):
        if not isinstance(table.get(key), date):
            return f"{key} is not a date"
    if not isinstance(source, str) or not source.startswith("https://"):
        return "source is not an https address"
    return "" if isinstance(table.get("replaced_by", ""), str) else "replaced_by is not text"
