"""Client: names checked against the known ones."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

V = TypeVar("V")


def choose(what: str, name: str, known: Mapping[str, V]) -> V:
    """Return what a name stands for.

    Raises:
        ValueError: The name is not known; the message lists those that are.
    """
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}: expected one of {', '.join(known)}")
    return known[name]


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Check that every given key is known.

    Raises:
        TypeError: One is not; the message names the nearest that is.
    """
    allowed = list(known)
    for key in given:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{what} has no {key!r}{hint}")
