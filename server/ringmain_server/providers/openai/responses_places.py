"""Room 4, pure: tells the items of a streamed response apart.

Events name their item by its place in the output (`output_index`) and by its id. Some servers number every
item 0 or no item at all, and others write another id into every event, so neither alone is enough.
"""

from collections.abc import Iterator, Mapping, Sequence

Object = Mapping[str, object]


class Places:
    """The places of the items of one response.

    A place is the server's number of an item, or one of our own if an earlier item has that number or the
    server gives none.
    """

    __slots__ = ("_at", "_ended", "_latest", "_named", "_places", "_types")

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._named: dict[tuple[int, str] | None, int] = {}
        self._places: dict[str, int] = {}
        self._types: dict[int, object] = {}
        self._ended: dict[int, Object] = {}
        self._latest: int | None = None

    @property
    def any(self) -> bool:
        """Whether an item has begun."""
        return bool(self._types)

    @property
    def has_open(self) -> bool:
        """Whether an item has begun and not ended."""
        return len(self._types) > len(self._ended)

    def of_piece(self, number: int | None, item_id: object) -> int:
        """Returns the place of the item that a piece belongs to.

        Args:
            number: The server's number of the item; None if it gives none.
            item_id: The item's id, if the event has one.
        """
        if number is None:
            at = self._unnumbered(item_id)
            return self._begin(None, item_id) if at is None else at
        at = self._at.get(number)
        if at is None:
            return self._begin(number, item_id)
        is_over = at in self._ended
        if is_over or len(self._named) > len(self._at):  # several items have this number
            named = self._named.get(_name(number, item_id))
            if named is not None:
                return named
        return self._begin(number, item_id) if is_over else at

    def of_beginning(self, number: int | None, item: Object) -> int:
        """Returns the place of an item that is announced."""
        item_id, kind = item.get("id"), item.get("type")
        if number is None:
            at = self._by_id(item_id)
            return self._begin(None, item_id, kind) if at is None or at in self._ended else at
        at, name = self._at.get(number), _name(number, item_id)
        if name in self._named:
            return self._named[name]
        if at is None or at in self._ended or (name is not None and self._has_name(at)):
            return self._begin(number, item_id, kind)
        return at

    def of_end(self, number: int | None, item: Object) -> int:
        """Returns the place of an item that is complete; one that is told again keeps its place."""
        item_id = item.get("id")
        if number is None:
            at = self._unnumbered(item_id)
            known = (place for place, ended in self._ended.items() if ended == item)
            at = next(known, None) if at is None else at
        else:
            at, name = self._at.get(number), _name(number, item_id)
            if name in self._named:
                at = self._named[name]
            elif at is not None and self._ended.get(at, item) != item:
                at = None
        if at is None:
            at = self._begin(number, item_id, item.get("type"))
        self._ended.setdefault(at, item)
        return at

    def left(self, output: Sequence[object]) -> Iterator[tuple[int, object]]:
        """Yields the items of the whole output that have not ended, or are none, with their places.

        Args:
            output: The items as the last event repeats them, with other ids than before at some servers.
        """
        ended = dict(self._ended)
        for item in output:
            if not isinstance(item, Mapping):
                yield self._begin(None, None), item
                continue
            at = self._by_id(item.get("id"))
            if at is None:
                at = next((place for place, one in ended.items() if one == item), None)
            if at is None:
                at = self._like(item, ended)
            ended.pop(at, None)
            if at not in self._ended:
                self._ended[at] = item
                yield at, item

    def _like(self, item: Object, ended: Mapping[int, Object]) -> int:
        """Returns the first place of an item of the same type, preferably of one that is open."""
        kind = item.get("type")
        for at, known in self._types.items():
            if at not in self._ended and known in (None, kind):
                return at
        for at, one in ended.items():
            if one.get("type") == kind:
                return at
        return self._begin(None, item.get("id"), kind)

    def _unnumbered(self, item_id: object) -> int | None:
        """Returns the place of an item by its id, or else that of the latest one, preferably an open one."""
        at = self._by_id(item_id)
        if at is not None and at not in self._ended:
            return at
        return at if self._latest in self._ended else self._latest

    def _by_id(self, item_id: object) -> int | None:
        return self._places.get(item_id) if isinstance(item_id, str) and item_id else None

    def _has_name(self, at: int) -> bool:
        return at in self._named.values()

    def _begin(self, number: int | None, item_id: object, kind: object = None) -> int:
        at = number if number is not None and number not in self._types else max(self._types, default=-1) + 1
        self._types[at] = kind
        self._latest = at
        if number is not None:
            self._at[number] = at
            if (name := _name(number, item_id)) is not None:
                self._named[name] = at
        if isinstance(item_id, str) and item_id:
            self._places[item_id] = at
        return at


def _name(number: int, item_id: object) -> tuple[int, str] | None:
    return (number, item_id) if isinstance(item_id, str) and item_id else None
