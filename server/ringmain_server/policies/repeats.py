"""Policies, pure: reports repeated events the first time, and then once in an interval with their number."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ringmain_server.policies import Clock

Key = TypeVar("Key")
"""The kind of an event. There must be few of them."""


@dataclass(slots=True)
class Repeats(Generic[Key]):
    """A counter of events that are reported once in an interval.

    Attributes:
        clock: Seconds on any monotonic clock.
        interval: Seconds between two reports of the same kind.
    """

    clock: Clock
    interval: float
    _counts: dict[Key, int] = field(default_factory=dict, init=False)
    _quiet_until: dict[Key, float] = field(default_factory=dict, init=False)

    def happened(self, key: Key, count: int = 1) -> int:
        """Counts an event; returns the number since the last report if it is to be reported now, else 0."""
        self._counts[key] = self._counts.get(key, 0) + count
        return self._told(key)

    def due(self) -> list[tuple[Key, int]]:
        """Returns the kinds that are to be reported now although no event came, each with its number."""
        return [(key, count) for key in list(self._counts) if (count := self._told(key))]

    def _told(self, key: Key) -> int:
        now = self.clock()
        if now < self._quiet_until.get(key, now):
            return 0
        self._quiet_until[key] = now + self.interval
        return self._counts.pop(key)
