"""Configuration: trees of plain values, their sources, and how they are merged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ringmain_server.config.problems import Keys, Place

Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Source:
    """One source of settings.

    Attributes:
        name: The name of the file, or another name that people understand.
        values: The settings of this source.
        places: Returns the place of each value. It is called only to report a mistake.
    """

    name: str
    values: Tree
    places: Callable[[], Mapping[Keys, Place]] = dict

    def place(self, keys: Keys) -> Place:
        """Returns the place of the value at `keys`, or else of the nearest value around it."""
        places = self.places()
        for length in range(len(keys), 0, -1):
            if keys[:length] in places:
                return places[keys[:length]]
        return Place(self.name)


def merge(under: Tree, over: Mapping[str, object]) -> Tree:
    """Returns a new tree in which mappings are merged and other values of `under` replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            # Also if nothing is below, so that the result shares no mapping with `over`.
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def depth(values: object, keys: Keys) -> int:
    """Returns the number of keys that can be followed in a tree."""
    for count, key in enumerate(keys):
        try:
            values = values[key]  # type: ignore[index] # What cannot be indexed raises TypeError.
        except (KeyError, IndexError, TypeError):
            return count
    return len(keys)


def at(tree: Tree, keys: Keys) -> object:
    """Returns the value at `keys`, None if there is none."""
    found: object = tree
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def place(sources: Sequence[Source], keys: Keys) -> Place:
    """Returns the place of a merged value: in the last source that has most of its path."""
    best = max(reversed(sources), key=lambda source: depth(source.values, keys))
    return best.place(keys)
