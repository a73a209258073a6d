"""Tests, laws: answers with something wrong in them, said of documents of any wire."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.laws.documents import Documents
from tests.laws.recorded import places, replaced

Odd = Callable[[Any], Any]
"""Makes something odd of the right value."""
_MISSING = object()


def _always(odd: Any, _: Any) -> Any:
    return odd


def _doubled(value: Any) -> Any:
    return [*value, *value] if isinstance(value, list) else value


def _reversed(value: Any) -> Any:
    return value[::-1] if isinstance(value, list) else value


_VALUES: Mapping[str, Any] = {
    "missing": _MISSING,
    "null": None,
    "an empty text": "",
    "another text": "odd",
    "a number": 7,
    "zero": 0,
    "a truth": True,
    "an empty list": [],
    "a list of nulls": [None],
    "a list of texts": ["odd"],
    "an empty object": {},
    "an object": {"odd": 1},
}
ODD: Mapping[str, Odd] = {
    **{name: partial(_always, value) for name, value in _VALUES.items()},
    "doubled": _doubled,
    "reversed": _reversed,
}
"""What comes in place of a value, by its name in reports."""


def _every() -> bool:
    return True


def mutated(document: Any, is_tried: Callable[[], bool] = _every) -> Iterator[tuple[str, Any]]:
    """A document with one odd value each: every place holds every odd value once.

    Args:
        document: The document.
        is_tried: Whether to yield the next one.
    """
    for path, value in places(document):
        for name, odd in ODD.items() if path else ():
            found = odd(value)
            differs = found is _MISSING or found != value or type(found) is not type(value)
            if differs and is_tried():
                yield f"{'.'.join(map(str, path))} {name}", _with(document, path, found)


def _with(document: Any, path: tuple[Any, ...], found: Any) -> Any:
    if found is not _MISSING:
        return replaced(document, path, found)
    *above, last = path
    holder = document
    for name in above:
        holder = holder[name]
    if isinstance(holder, dict):
        return replaced(document, tuple(above), {name: holder[name] for name in holder if name != last})
    return replaced(document, tuple(above), [one for at, one in enumerate(holder) if at != last])


def everywhere(document: Any, names: frozenset[str], odd: Odd) -> Any:
    """A document in which every field of these names is odd, or is missing."""
    if isinstance(document, list):
        return [everywhere(one, names, odd) for one in document]
    if not isinstance(document, dict):
        return document
    found = {
        name: odd(value) if name in names else everywhere(value, names, odd)
        for name, value in document.items()
    }
    return {name: value for name, value in found.items() if value is not _MISSING}


def within(document: Any, holders: frozenset[str], names: frozenset[str], odd: Odd) -> Any:
    """The same, but only for fields somewhere within those of the names `holders`."""
    if isinstance(document, list):
        return [within(one, holders, names, odd) for one in document]
    if not isinstance(document, dict):
        return document
    return {
        name: everywhere(value, names, odd) if name in holders else within(value, holders, names, odd)
        for name, value in document.items()
    }


def disordered(stream: Documents) -> Iterator[tuple[str, int, Documents]]:
    """Streams with an event that comes twice, not at all, or after the next one; and the event's place."""
    for at, event in enumerate(stream):
        yield "doubled", at, [*stream[: at + 1], event, *stream[at + 1 :]]
        yield "lost", at, [*stream[:at], *stream[at + 1 :]]
        if at + 1 < len(stream):
            yield "swapped", at, [*stream[:at], stream[at + 1], event, *stream[at + 2 :]]


def truncated(events: list[bytes]) -> Iterator[tuple[int, Documents]]:
    """Every beginning of a stream, which ends after an event or within it, and its count of whole events."""
    for at, event in enumerate(events):
        yield at, list(events[:at])
        for cut in {1, len(event) // 2, len(event) - 2} - {0}:
            yield at, [*events[:at], event[:cut]]
