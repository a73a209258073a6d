"""Configuration, outside the rooms: notices that a file has changed.

It is looked at, not subscribed to: a look costs microseconds and no thread, follows links, as those of a
mounted ConfigMap, and works on network file systems (`docs/decisions/0013-look-at-the-configuration.md`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

INTERVAL = 0.5
"""Seconds between two looks."""

_Look = tuple[int, int, int]


class FileWatch:
    """Notices a change once the file has come to rest: two looks in a row see the same.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._known = self._last = self._look()

    def changed(self) -> bool:
        """Whether the file is another than at the last change, and has been so for one look."""
        now, before = self._look(), self._last
        self._last = now
        # A file that is gone is being replaced, or nothing that could be loaded.
        if now is None or now != before or now == self._known:
            return False
        self._known = now
        return True

    def _look(self) -> _Look | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


async def follow(watch: FileWatch, act: Callable[[], Awaitable[None]], interval: float = INTERVAL) -> None:
    """Acts on each change, until it is cancelled.

    Args:
        watch: Of the file.
        act: What to do. It raises nothing.
        interval: Seconds between two looks.
    """
    while True:
        await asyncio.sleep(interval)
        if watch.changed():
            await act()
