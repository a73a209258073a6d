"""Room 4, pure: counts the fields in providers' answers that no translator knows.

The tables of the wires (`known_fields.py`) say which are known; telemetry makes a metric of the counts. An
answer counts each field once, however often it has it. A provider chooses the names, so that only some of
them are kept for each wire, and each is cut.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ringmain_server.providers.known_fields import MOST, ROOT, Known

OTHER = "other"
"""Stands for the fields of a wire beyond the first `MOST_NAMES`."""
MOST_NAMES = 50
"""Most fields of a wire that are counted under their own names."""
LONGEST = 160
"""Most characters of a path."""


class Count(NamedTuple):
    """The number of answers that have had a field.

    Attributes:
        wire: The wire.
        field: The field's path.
        provider_id: The provider in whose answer it came first.
        answers: The number of answers.
    """

    wire: str
    field: str
    provider_id: str
    answers: int


class Tally:
    """Counts the answers with unknown fields since the start of the process. It may be used by any thread."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._names: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, wire: str, provider_id: str, paths: Iterable[str]) -> None:
        """Counts an answer that has these fields."""
        with self._lock:
            for field in {self._field(wire, path) for path in paths}:
                key = wire, field
                self._counts[key] = self._counts.get(key, 0) + 1
                self._first.setdefault(key, provider_id)

    def counts(self) -> list[Count]:
        """Returns all counts."""
        with self._lock:
            return [Count(*key, self._first[key], count) for key, count in self._counts.items()]

    def clear(self) -> None:
        """Forgets all counts, and with them the names that count towards the limit."""
        with self._lock:
            self._counts.clear()
            self._first.clear()
            self._names.clear()

    def _field(self, wire: str, path: str) -> str:
        """Returns what a path is counted under."""
        field = path[:LONGEST]
        if (wire, field) in self._counts:
            return field
        if self._names.get(wire, 0) >= MOST_NAMES:
            return OTHER
        self._names[wire] = self._names.get(wire, 0) + 1
        return field


TALLY = Tally()
"""The counts of this process: what an answer has is a fact about its provider, and not about any call."""


class Since:
    """Tells how the counts have grown.

    Args:
        tally: The counts. What they are now is not told.
    """

    def __init__(self, tally: Tally = TALLY) -> None:
        self._tally = tally
        self._told = {(one.wire, one.field): one.answers for one in tally.counts()}

    def news(self) -> Iterator[Count]:
        """Yields by how much each count has grown since the last time."""
        for one in self._tally.counts():
            told = self._told.get((one.wire, one.field), 0)
            self._told[one.wire, one.field] = one.answers
            if one.answers > told:
                yield one._replace(answers=one.answers - told)


class UnknownFields:
    """The unknown fields of one answer.

    Args:
        wire: The name of the wire, for the counts.
        provider_id: The provider that answers.
    """

    __slots__ = ("_provider_id", "_seen", "_wire")

    def __init__(self, wire: str, provider_id: str) -> None:
        self._wire = wire
        self._provider_id = provider_id
        self._seen: set[str] | None = None

    def look(self, found: object, known: Known) -> None:
        """Counts the unknown fields of an answer, or of an event of a stream.

        Args:
            found: The answer, or a part of it.
            known: What is known of it.
        """
        if paths := known.unknown(found):
            self.add(paths)

    def add(self, paths: Iterable[str]) -> None:
        """Counts unknown fields by their paths."""
        seen = self._seen = self._seen or set()
        fresh = {path.lstrip(ROOT) for path in paths} - seen
        if fresh and len(seen) < MOST:
            seen |= fresh
            TALLY.add(self._wire, self._provider_id, sorted(fresh)[:MOST])


def look(wire: str, provider_id: str, found: object, known: Known) -> None:
    """Counts the unknown fields of a whole answer. The arguments are those of `UnknownFields`."""
    if paths := known.unknown(found):
        UnknownFields(wire, provider_id).add(paths)
