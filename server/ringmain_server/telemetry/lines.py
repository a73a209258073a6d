"""Telemetry: writes log lines through a bounded queue and a thread, so that logging never blocks.

Writing to a pipe that nobody reads, a stopped terminal, or a slow or full disk may block forever. So the
event loop only puts lines into a queue, and a thread writes them. Lines that do not fit are dropped and
counted. The order of lines is kept. A stream in memory, as in tests, is written at once and without a thread.
"""

import atexit
import contextlib
import logging
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

QUEUE_LINES = 10_000
QUEUE_CHARACTERS = 8 << 20
"""The most characters that wait to be written to one destination."""

_WRITE_SIZE = 4096
"""Characters of one write: the kernel does not mix writes of this size from several processes."""
_PAUSE = 0.05
"""Seconds between two writes of a busy gateway: waking the thread more often costs each call some percent."""
_AT_EXIT = 2.0
"""Seconds to wait for unwritten lines when the process ends."""

Write = Callable[[str], None]
"""Writes text, or raises OSError. May block."""


class Losses:
    """Counts the lines that were not written. Safe to use from any thread.

    Attributes:
        count: The number of lines lost so far.
    """

    __slots__ = ("_lock", "count")

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def add(self, lines: int) -> None:
        """Adds a number of lost lines."""
        with self._lock:
            self.count += lines


class Lines:
    """One destination of log lines, with its queue and its thread.

    Args:
        write: Writes text to the destination.
        losses: Counts lines that were dropped or could not be written.
    """

    def __init__(self, write: Write, losses: Losses) -> None:
        self._write = write
        self._losses = losses
        self._queue: deque[str] = deque()
        self._characters = 0
        self._lock = threading.Lock()
        self._pending = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._run, name="log", daemon=True).start()
        _ALL.append(self)

    def put(self, line: str) -> None:
        """Queues a line without blocking, or drops it when the queue is full."""
        with self._lock:
            full = len(self._queue) >= QUEUE_LINES or self._characters + len(line) > QUEUE_CHARACTERS
            if not full:
                self._characters += len(line)
                self._queue.append(line)
        if full:
            self._losses.add(1)
            return
        if not self._pending.is_set():
            self._idle.clear()
            self._pending.set()

    def flush(self, seconds: float) -> bool:
        """Waits until everything is written, but no longer than `seconds`.

        Returns:
            Whether everything is written.
        """
        return self._idle.wait(seconds)

    def _run(self) -> None:
        while True:
            self._pending.wait()
            # The flag is cleared before the queue is read: a line that is queued in between is found by this
            # pass or by the next, and never has to wait for another line.
            self._pending.clear()
            while self._queue:
                self._write_some()
            if not self._pending.is_set():
                self._idle.set()
                if self._pending.is_set():  # a line came after the check above
                    self._idle.clear()
            time.sleep(_PAUSE)

    def _write_some(self) -> None:
        lines, size = [self._queue.popleft()], 0
        size = len(lines[0])
        while self._queue and size + len(self._queue[0]) <= _WRITE_SIZE:
            lines.append(self._queue.popleft())
            size += len(lines[-1])
        try:
            self._write("".join(lines))
        except Exception:  # noqa: BLE001  the log itself failed, so it can only be counted
            self._losses.add(len(lines))
        finally:
            with self._lock:
                self._characters -= size


_ALL: list[Lines] = []


def flush(seconds: float = _AT_EXIT) -> None:
    """Waits until every destination has its lines, but no longer than `seconds`. Also runs at exit."""
    until = time.monotonic() + seconds
    for lines in _ALL:
        lines.flush(max(until - time.monotonic(), 0.0))


atexit.register(flush)


def destination(stream: TextIO, losses: Losses) -> Write:
    """Returns the function that writes lines to a stream: through a queue, or directly if it is in memory."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return _at_once(stream)
    stream.flush()
    return Lines(_to_descriptor(descriptor), losses).put


def file_destination(path: str, max_bytes: int, backup_count: int, losses: Losses) -> Write:
    """Opens a log file that is rotated by size, and returns the function that writes lines to it.

    Raises:
        OSError: The file cannot be opened.
    """
    _refuse_to_wait(path)
    handler = _RotatingFile(path, maxBytes=max_bytes, backupCount=backup_count, encoding="utf-8")
    return Lines(handler.write, losses).put


def _refuse_to_wait(path: str) -> None:
    """Raises OSError if opening a file would block until somebody reads it, as a named pipe does."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISFIFO(Path(path).stat().st_mode):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as exc:
                raise OSError(exc.errno, "it is a pipe that nobody reads") from exc


class _RotatingFile(RotatingFileHandler):
    """A rotating file that raises its failures instead of printing them."""

    terminator = ""

    def write(self, text: str) -> None:
        self.emit(logging.LogRecord("ringmain", logging.INFO, "", 0, text, None, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging calls it so
        # The stream still holds the text that could not be written and would try it first forever, so the
        # stream is thrown away.
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        raise  # noqa: PLE0704  logging calls this within its except clause


def _at_once(stream: TextIO) -> Write:
    def write(line: str) -> None:
        with contextlib.suppress(OSError):  # a reader that is gone must not make logging fail
            stream.write(line)
            stream.flush()

    return write


def _to_descriptor(descriptor: int) -> Write:
    def write(text: str) -> None:
        left = memoryview(text.encode(errors="backslashreplace"))
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                select.select((), (descriptor,), ())

    return write


def never_wait_for(descriptor: int) -> None:
    """Makes writing to a pipe, a terminal or a socket fail where it would block.

    Libraries and the interpreter itself also write to standard error, from any thread and with locks held.
    Their output is lost where nobody reads it, instead of stopping the process.
    """
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(kind):
            os.set_blocking(descriptor, False)
            return
        # Reopened, since the flag belongs to the open file, which others such as the shell share.
        mine = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            os.dup2(mine, descriptor)
        finally:
            os.close(mine)
