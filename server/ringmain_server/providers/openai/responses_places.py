"""Room 4, pure: tells the items of a streamed response apart.

Events name their item by its place in the output (`output_index`) and by its id. Some servers number every
item 0, and others write another id into every event, so neither alone is enough.
"""

from collections.abc import Mapping

Object = Mapping[str, object]


class Places:
    """The places of the items of one response.

    A place is the server's number of an item, or one of our own if an earlier item has that number.
    """

    __slots__ = ("_at", "_ended", "_named", "_used")

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._named: dict[tuple[int, str] | None, int] = {}
        self._ended: dict[int, Object] = {}
        self._used: set[int] = set()

    def of_piece(self, number: int, item_id: object) -> int:
        """Returns the place of the item that a piece belongs to.

        Args:
            number: The server's number of the item.
            item_id: The item's id, if the event has one.
        """
        at = self._at.get(number)
        if at is None:
            return self._begin(number, item_id)
        is_over = at in self._ended
        if is_over or len(self._named) > len(self._at):  # several items have this number
            named = self._named.get(_name(number, item_id))
            if named is not None:
                return named
        return self._begin(number, item_id) if is_over else at

    def of_beginning(self, number: int, item: Object) -> int:
        """Returns the place of an item that is announced."""
        at, name = self._at.get(number), _name(number, item.get("id"))
        if name in self._named:
            return self._named[name]
        if at is None or at in self._ended or (name is not None and self._has_name(at)):
            return self._begin(number, item.get("id"))
        return at

    def of_end(self, number: int, item: Object) -> int:
        """Returns the place of an item that is complete; one that is told again keeps its place."""
        at, name = self._at.get(number), _name(number, item.get("id"))
        if name in self._named:
            at = self._named[name]
        elif at is None or self._ended.get(at, item) != item:
            at = self._begin(number, item.get("id"))
        self._ended.setdefault(at, item)
        return at

    def _has_name(self, at: int) -> bool:
        return at in self._named.values()

    def _begin(self, number: int, item_id: object) -> int:
        at = max(self._used) + 1 if number in self._used else number
        self._used.add(at)
        self._at[number] = at
        name = _name(number, item_id)
        if name is not None:
            self._named[name] = at
        return at


def _name(number: int, item_id: object) -> tuple[int, str] | None:
    return (number, item_id) if isinstance(item_id, str) and item_id else None
