"""App: handles signals, and makes sure that the process ends when it was told to.

Python handles a signal in the main thread, which also runs the event loop. Actions that must happen even if
the loop is blocked are done by a thread of its own, the sentinel: it ends the process when a stop takes too
long, and logs the stacks. A handler only sends it a byte, since it may have interrupted anything.
"""

import asyncio
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType

from structlog.typing import FilteringBoundLogger

from ringmain_server.telemetry.lines import flush
from ringmain_server.telemetry.stacks import stacks

AT_ONCE = 5.0
"""Seconds for an immediate stop, and for the end of the process once everything has stopped."""
_STOP, _AGAIN, _STACKS, _OVER = b"s", b"a", b"q", b"o"
_LAST_WORDS = 0.5
"""Seconds to write log lines that perhaps nobody reads."""


class Stopping:
    """The progress of a request to stop.

    Attributes:
        begun: The process is to drain and stop.
        at_once: The process is to stop without waiting.
    """

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.at_once = asyncio.Event()

    def ask(self) -> None:
        """Asks to stop; a second time, at once."""
        (self.at_once if self.begun.is_set() else self.begun).set()


class Sentinel:
    """A thread that acts even if the event loop is blocked.

    Args:
        log: The log, for stacks.
        loop: The event loop whose tasks are logged.
        longest: Returns the seconds that a stop may take, by the present settings.
        leave: Ends the process with an exit code.
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        loop: asyncio.AbstractEventLoop,
        longest: Callable[[], float],
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._log = log
        self._loop = loop
        self._longest = longest
        self._leave = leave
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._due: float | None = None
        self._code = 1
        threading.Thread(target=self._run, name="sentinel", daemon=True).start()

    def stop(self, *, again: bool = False) -> None:
        """Notes that the process was asked to stop, for the first time or again."""
        self._tell(_AGAIN if again else _STOP)

    def over(self) -> None:
        """Notes that everything has stopped, so that only hanging threads can delay the process."""
        self._tell(_OVER)

    def tell_stacks(self) -> None:
        """Asks for the stacks of all tasks and threads in the log."""
        self._tell(_STACKS)

    def _tell(self, what: bytes) -> None:
        with suppress(OSError):  # the pipe is full of bytes that it has yet to read
            os.write(self._writing, what)

    def _run(self) -> None:
        while True:
            left = None if self._due is None else max(self._due - time.monotonic(), 0)
            ready, _, _ = select.select([self._reading], [], [], left)
            if not ready:
                self._end()
                return
            for what in set(os.read(self._reading, 512)):
                self._act(bytes((what,)))

    def _act(self, what: bytes) -> None:
        if what == _STACKS:
            write_stacks(self._log, self._loop)
        elif what == _STOP:
            self._due = time.monotonic() + self._longest()
        else:
            due = time.monotonic() + AT_ONCE
            self._due = due if self._due is None else min(due, self._due)
            self._code = 0 if what == _OVER else self._code

    def _end(self) -> None:
        if self._code:
            self._log.error("stop_timed_out", message="the stop did not end in time; the process ends now")
        flush(_LAST_WORDS)
        self._leave(self._code)


def write_stacks(log: FilteringBoundLogger, loop: asyncio.AbstractEventLoop | None) -> None:
    """Logs a line for each place where tasks or threads stand."""
    try:
        found = stacks(loop)
        for stack in found:
            log.warning("stack", what=stack.what, count=stack.count, names=stack.names, at=list(stack.places))
        log.warning("stacks", count=sum(stack.count for stack in found))
    except Exception as exc:  # the sentinel must go on
        log.error("fault", where="stacks", exc_info=exc)  # noqa: TRY400


def handle(actions: Mapping[int, Callable[[], None]]) -> None:
    """Runs an action for each signal, in the main thread, whatever that is doing.

    Not by the loop's own `add_signal_handler`, which does nothing while the loop is blocked.

    Args:
        actions: The action for each signal. Actions must not wait, nor touch what they may have interrupted.
    """

    def handler(number: int, _: FrameType | None) -> None:
        actions[number]()

    for number in actions:
        signal.signal(number, handler)


def soon(loop: asyncio.AbstractEventLoop, action: Callable[[], object]) -> None:
    """Makes the loop call a function, from within a signal's action."""
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(action)
