"""Room 4, pure: the form in which each wire says which fields of its answers are known.

A table names the fields of a wire that its translators read, or leave out on purpose. `unknown_fields.py`
counts the others, under their path in a whole answer, such as `choices.message.new_field`. An object of a
type that the table lacks is told by its type: `content[new_type]`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

MOST = 20
"""Most unknown fields of an object that are told, and of an answer that are counted."""
ROOT = "/"
"""The beginning of a path that is not below the place where it was found."""
_LONGEST = 64
"""Most characters of a name."""
_ODD = re.compile(r"[^A-Za-z0-9_.$@+-]")
"""Matches characters that no name of a field should have, and a path must not have."""


class Known(Protocol):
    """Knows the fields of an object, or of each object in a list."""

    def unknown(self, found: object) -> Sequence[str]:
        """Returns the paths of unknown fields, which may repeat."""
        ...


class Fields:
    """The known fields of an object.

    Args:
        names: The fields without objects within, separated by blanks, or as a collection.
        inner: What is known of the objects within other fields.
        free: The fields whose objects may have any fields, such as the arguments of a call.
        more: The same as `inner`.
    """

    __slots__ = ("_inner", "free", "names")

    def __init__(
        self,
        names: str | Iterable[str] = "",
        inner: Mapping[str, Known] | None = None,
        /,
        *,
        free: str = "",
        **more: Known,
    ) -> None:
        named = names.split() if isinstance(names, str) else names
        within = {**(inner or {}), **more}
        self.free = frozenset(free.split())
        self.names = frozenset((*named, *self.free, *within))
        self._inner = tuple(within.items())

    @property
    def inner(self) -> Mapping[str, Known]:
        """The known fields of the objects within fields."""
        return dict(self._inner)

    def knows(self, found: Iterable[str]) -> bool:
        """Whether all names of fields are known, whatever the fields hold."""
        return self.names.issuperset(found)

    def strange(self, found: Iterable[str]) -> Sequence[str]:
        """Returns the names that are not known, as they may stand in a path."""
        strange = (name for name in found if name not in self.names)
        return [_named(name) for name in islice(strange, MOST)]

    def unknown(self, found: object) -> Sequence[str]:
        """Returns the paths of unknown fields, which may repeat."""
        paths: Sequence[str] = ()
        # Asked of every answer and of many events of a stream, so that an object costs one call and no copy.
        for one in found if isinstance(found, list) else (found,):
            if not isinstance(one, dict):
                continue
            if not self.names.issuperset(one):
                paths = [*paths, *self.strange(one)]
            for name, known in self._inner:
                value = one.get(name)
                if value and (more := known.unknown(value)):
                    paths = [*paths, *(below(name, path) for path in more)]
        return paths


class Kinds:
    """The known objects of several types, which they name in their field `type`.

    Args:
        kinds: What is known of each type.
        ending: The end of the names of further types, and what is known of them.
        other: What is known of an object without a type.
    """

    __slots__ = ("_ending", "kinds", "other")

    def __init__(
        self,
        kinds: Mapping[str, Known],
        *,
        ending: tuple[str, Known] | None = None,
        other: Known | None = None,
    ) -> None:
        self.kinds = kinds
        self._ending = ending
        self.other = other or Fields()

    def known_of(self, found: Mapping[str, object]) -> Known | None:
        """Returns what is known of an object of some type; None if the type is not known."""
        kind = found.get("type")
        if not isinstance(kind, str) or not kind:
            return self.other
        known = self.kinds.get(kind)
        if known is None and self._ending is not None and kind.endswith(self._ending[0]):
            return self._ending[1]
        return known

    def unknown(self, found: object) -> Sequence[str]:
        """Returns the paths of unknown fields, which may repeat."""
        paths: Sequence[str] = ()
        for one in found if isinstance(found, list) else (found,):
            if not isinstance(one, dict):
                continue
            known = self.known_of(one)
            more = (f"[{_named(str(one['type']))}]",) if known is None else known.unknown(one)
            if more:
                paths = [*paths, *more]
        return paths


class At:
    """The known fields of an object that stands elsewhere in a stream than in a whole answer.

    Args:
        path: Its place in a whole answer; empty for the answer itself.
        known: What is known of it.
    """

    __slots__ = ("known", "path")

    def __init__(self, path: str, known: Known) -> None:
        self.path = path
        self.known = known

    def unknown(self, found: object) -> Sequence[str]:
        """Returns the paths of unknown fields, which may repeat."""
        return [ROOT + below(self.path, path).lstrip(ROOT) for path in self.known.unknown(found)]


def below(name: str, path: str) -> str:
    """Returns a path below a field."""
    if not name or path.startswith(ROOT):
        return path
    return f"{name}{path}" if path.startswith("[") else f"{name}.{path}"


def _named(name: str) -> str:
    return _ODD.sub("_", name[:_LONGEST]) or "_"
