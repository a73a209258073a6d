"""Configuration: notices that a file has changed and that its writer has finished.

The file is polled. A poll costs microseconds, follows symbolic links such as those of a mounted ConfigMap,
and works on network file systems (`docs/decisions/0013-configuration-file-is-polled.md`).
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
"""Seconds between two polls."""
QUIET = 1.0
"""Seconds without a write after which a change counts."""
LONG_QUIET = 5.0
"""Seconds without a write after which a change counts if the end of the file seems to be missing."""
_STEP = 0.25
PATIENCE = 10.0
"""Seconds after which a poll counts as unanswered by the file system."""


class FileState(NamedTuple):
    """The attributes that tell one version of a file from another."""

    target: str
    inode: int
    modified: int
    size: int


def file_state(path: str | Path) -> FileState | None:
    """Returns the attributes of a file as it is now, None if there is none. May block."""
    try:
        found = os.stat(path)  # noqa: PTH116  it may be text
        return FileState(os.path.realpath(path), found.st_ino, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError):  # no file can have such a name
        return None


class FileWatch:
    """Notices changes of a file once nobody writes it any more.

    Args:
        path: The path of the file.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, path: str, clock: Clock = time.monotonic) -> None:
        self._path = Path(path)
        self._clock = clock
        try:
            self._known = within(PATIENCE, self._look, name="watch")
        except TimeoutError:
            self._known = None  # the reader reports it
        self._last = self._known
        self._content = self._read()
        self._since = clock()
        self._gone = False

    def poll(self) -> "Observation":
        """Polls once. May block if the file system does."""
        now, at = self._look(), self._clock()
        if now != self._last:
            swapped = now and self._last and now.target != self._last.target
            self._last = now
            # A link is swapped when its new target is complete: the next poll is enough.
            self._since = at - QUIET if swapped else at
            return Observation()
        if now is None:
            return self._missing(at)
        back, self._gone = self._gone, False
        if now == self._known:
            return Observation(back=back)
        if at - self._since < self._needed_quiet():
            self._gone = back
            return Observation()
        self._known = now
        self._content = self._read() or self._content
        return Observation(changed=True)

    def _missing(self, at: float) -> "Observation":
        # The file may be missing for a moment while it is replaced.
        if self._gone or at - self._since < QUIET:
            return Observation()
        self._gone = True
        return Observation(gone=True)

    def _needed_quiet(self) -> float:
        """Returns the seconds to wait without a write; more if the writer seems not to have finished."""
        content = self._read()
        if not content.strip():
            return QUIET  # the reader refuses it
        begun = self._content.startswith(content)
        broken_off = self._content.endswith(b"\n") and not content.endswith(b"\n")
        return LONG_QUIET if begun or broken_off else QUIET

    def _look(self) -> FileState | None:
        return file_state(self._path)

    def _read(self) -> bytes:
        try:
            return read_bytes(str(self._path))
        except Unreadable:
            return b""


class Observation(NamedTuple):
    """The result of one poll.

    Attributes:
        changed: Whether the file has changed and its writer has finished.
        gone: Whether the file has disappeared.
        back: Whether the file has reappeared unchanged.
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
    """Polls the file and acts on each change, until it is cancelled.

    Args:
        watch: Polls the file.
        act: Called on each change. It raises nothing.
        tell: Called once when the file disappears or the file system does not answer, and again when that is
            over, with a message and whether it is a problem.
        interval: Seconds between two polls.
        patience: Seconds after which a poll counts as unanswered. No second poll runs beside it.
    """
    while True:
        await asyncio.sleep(interval)
        polling = in_daemon(watch.poll, name="watch")
        done, _ = await asyncio.wait((polling,), timeout=patience)
        if not done:
            tell("the configuration file does not answer; the configuration stays as it is", True)
            await asyncio.wait((polling,))
            tell("the configuration file answers again", False)
        found = polling.result()
        if found.gone:
            tell("the configuration file is gone; the configuration stays as it is", True)
        if found.back:
            tell("the configuration file is back, as it was", False)
        if found.changed:
            await act()


def wait_until_quiet(
    path: str, clock: Clock = time.time, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Blocks for a few seconds while another process is writing a file that is about to be read.

    It returns at once if the file was not written within the last second.

    Args:
        path: The path of the file.
        clock: Seconds since 1970.
        sleep: Waits for a number of seconds.
    """
    end = clock() + LONG_QUIET
    try:
        before = Path(path).stat()
        while clock() < end and clock() - before.st_mtime < QUIET:
            sleep(_STEP)
            now = Path(path).stat()
            if (now.st_mtime_ns, now.st_size) == (before.st_mtime_ns, before.st_size):
                return
            before = now
    except OSError:
        return  # the reader reports it
