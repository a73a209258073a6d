"""Pure: tells of what happens again and again at once, and then once an interval, with how often."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ringmain_server.policies import Clock

Key = TypeVar("Key")
"""What is told apart. There must be few of them."""


@dataclass(slots=True)
class Repeats(Generic[Key]):
    """Counts what happens.

    Attributes:
        clock: Seconds on any monotonic clock.
        interval: Seconds between two times that the same is told.
    """

    clock: Clock
    interval: float
    _counts: dict[Key, int] = field(default_factory=dict, init=False)
    _quiet_until: dict[Key, float] = field(default_factory=dict, init=False)

    def happened(self, key: Key, count: int = 1) -> int:
        """It happened; returns how often since it was told last, if it is to be told now, and else 0."""
        self._counts[key] = self._counts.get(key, 0) + count
        return self._told(key)

    def due(self) -> list[tuple[Key, int]]:
        """What is to be told now although it has not happened again, and how often it happened."""
        return [(key, count) for key in list(self._counts) if (count := self._told(key))]

    def _told(self, key: Key) -> int:
        now = self.clock()
        if now < self._quiet_until.get(key, now):
            return 0
        self._quiet_until[key] = now + self.interval
        return self._counts.pop(key)
