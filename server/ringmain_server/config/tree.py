"""Configuration, outside the rooms: trees of plain values, where they came from, how they merge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ringmain_server.config.problems import Keys, Place

Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Source:
    """One of the places that settings come from.

    Attributes:
        name: A file's name, or what else people call it.
        values: What it says.
        places: Where each value stands, made only when a mistake must be shown.
    """

    name: str
    values: Tree
    places: Callable[[], Mapping[Keys, Place]] = dict

    def place(self, keys: Keys) -> Place:
        """Where the value at `keys`, or else the nearest value around it, was written."""
        places = self.places()
        for length in range(len(keys), 0, -1):
            if keys[:length] in places:
                return places[keys[:length]]
        return Place(self.name)


def merge(under: Tree, over: Mapping[str, object]) -> Tree:
    """Lays one tree over another: mappings merge, anything else is replaced. Neither changes."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            # Also where nothing is below, so that the result shares no mapping with `over`.
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def depth(values: object, keys: Keys) -> int:
    """How many of the keys lead somewhere in a tree."""
    for count, key in enumerate(keys):
        try:
            values = values[key]  # type: ignore[index] # What cannot be indexed raises TypeError.
        except (KeyError, IndexError, TypeError):
            return count
    return len(keys)


def place(sources: Sequence[Source], keys: Keys) -> Place:
    """Where the merged value at `keys` was written: the last source that knows it best."""
    best = max(reversed(sources), key=lambda source: depth(source.values, keys))
    return best.place(keys)
