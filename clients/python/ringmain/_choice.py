"""Client: checks of names against the known ones."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

V = TypeVar("V")


def choose(what: str, name: str, known: Mapping[str, V]) -> V:
    """Returns the value that a name stands for.

    Raises:
        ValueError: The name is unknown; the message lists the known ones.
    """
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}: expected one of {', '.join(known)}")
    return known[name]


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Checks that every given key is known.

    Raises:
        TypeError: A key is unknown; the message suggests the most similar known one.
    """
    allowed = list(known)
    for key in given:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{what} has no {key!r}{hint}")
