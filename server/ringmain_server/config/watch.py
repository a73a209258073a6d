"""Configuration, outside the rooms: notices that a file has changed, and that whoever writes it has finished.

It is looked at, not subscribed to: a look costs microseconds, follows links, as those of a mounted ConfigMap,
and works on network file systems (`docs/decisions/0013-look-at-the-configuration.md`).
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from ringmain_server.aio.threads import in_daemon, within
from ringmain_server.config.reading import Unreadable, read_bytes
from ringmain_server.policies import Clock

INTERVAL = 0.5
"""Seconds between two looks."""
REST = 1.0
"""Seconds for which a file must stand still until a change counts."""
LONG_REST = 5.0
"""The same of a file that looks as if its end were missing."""
_STEP = 0.25
PATIENCE = 10.0
"""Seconds after which a file system does not answer."""


class FileState(NamedTuple):
    """Tells one state of a file from another."""

    target: str
    inode: int
    modified: int
    size: int


class FileWatch:
    """Notices changes of a file that has come to rest.

    Args:
        path: The file.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, path: str, clock: Clock = time.monotonic) -> None:
        self._path = Path(path)
        self._clock = clock
        try:
            self._known = within(PATIENCE, self._look, name="watch")
        except TimeoutError:
            self._known = None  # whoever reads it says so
        self._last = self._known
        self._content = self._read()
        self._since = clock()
        self._gone = False

    def turn(self) -> "Observation":
        """Looks once. May hang where the file system does."""
        now, at = self._look(), self._clock()
        if now != self._last:
            swapped = now and self._last and now.target != self._last.target
            self._last = now
            # A link that leads elsewhere was swapped when all was written: the next look is enough.
            self._since = at - REST if swapped else at
            return Observation()
        if now is None:
            return self._missing(at)
        back, self._gone = self._gone, False
        if now == self._known:
            return Observation(back=back)
        if at - self._since < self._needed_rest():
            self._gone = back
            return Observation()
        self._known = now
        self._content = self._read() or self._content
        return Observation(changed=True)

    def _missing(self, at: float) -> "Observation":
        # For a moment it is gone while another is put in its place.
        if self._gone or at - self._since < REST:
            return Observation()
        self._gone = True
        return Observation(gone=True)

    def _needed_rest(self) -> float:
        """Seconds for which the file must stand still: more where its writer seems not to have finished."""
        content = self._read()
        if not content.strip():
            return REST  # whoever reads it refuses it
        begun = self._content.startswith(content)
        broken_off = self._content.endswith(b"\n") and not content.endswith(b"\n")
        return LONG_REST if begun or broken_off else REST

    def _look(self) -> FileState | None:
        try:
            found = self._path.stat()
            return FileState(os.path.realpath(self._path), found.st_ino, found.st_mtime_ns, found.st_size)
        except OSError:
            return None

    def _read(self) -> bytes:
        try:
            return read_bytes(str(self._path))
        except Unreadable:
            return b""


class Observation(NamedTuple):
    """Holds what one look has found.

    Attributes:
        changed: The file is another, and whoever wrote it has finished.
        gone: It is no longer there.
        back: It is there again, as it was.
    """

    changed: bool = False
    gone: bool = False
    back: bool = False


async def follow(
    watch: FileWatch,
    act: Callable[[], Awaitable[None]],
    tell: Callable[[str, bool], None],
    interval: float = INTERVAL,
    patience: float = PATIENCE,
) -> None:
    """Acts on each change, until it is cancelled.

    Args:
        watch: Of the file.
        act: What to do. It raises nothing.
        tell: Is told once when the file is gone or does not answer, and when it is back: what happened, and
            whether that is a problem.
        interval: Seconds between two looks.
        patience: Seconds after which a look counts as one without an answer. No other is begun beside it.
    """
    while True:
        await asyncio.sleep(interval)
        looking = in_daemon(watch.turn, name="watch")
        done, _ = await asyncio.wait((looking,), timeout=patience)
        if not done:
            tell("the configuration file does not answer; the configuration stays as it is", True)
            await asyncio.wait((looking,))
            tell("the configuration file answers again", False)
        turn = looking.result()
        if turn.gone:
            tell("the configuration file is gone; the configuration stays as it is", True)
        if turn.back:
            tell("the configuration file is back, as it was", False)
        if turn.changed:
            await act()


def wait_for_rest(path: str, clock: Clock = time.time, sleep: Callable[[float], None] = time.sleep) -> None:
    """Waits a little while somebody still writes a file that is to be read now. Blocks.

    A file that was not written within the last second is not waited for.

    Args:
        path: The file.
        clock: Seconds since 1970.
        sleep: Waits so many seconds.
    """
    end = clock() + LONG_REST
    try:
        before = Path(path).stat()
        while clock() < end and clock() - before.st_mtime < REST:
            sleep(_STEP)
            now = Path(path).stat()
            if (now.st_mtime_ns, now.st_size) == (before.st_mtime_ns, before.st_size):
                return
            before = now
    except OSError:
        return  # whoever reads it says so
