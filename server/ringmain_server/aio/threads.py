"""Asyncio helpers: work in a daemon thread, which delays neither the event loop nor the end of the process.

`asyncio.to_thread` uses a pool whose threads are joined when the process ends. A thread that reads a file on
a dead network file system never ends, so work that may hang runs here.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def in_daemon(work: Callable[[], T], name: str = "work") -> "asyncio.Future[T]":
    """Starts work in a new daemon thread.

    Args:
        work: The function to call. It goes on even when nobody waits for it any more.
        name: The thread's name.

    Returns:
        A future of the running loop with the work's result or exception.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    # Runs on the loop. The future may have been cancelled while the thread worked.
    def deliver(set_outcome: Callable[[Any], None], outcome: object) -> None:
        if not result.done():
            set_outcome(outcome)

    def run() -> None:
        set_outcome: Callable[[Any], None] = result.set_result
        outcome: object
        try:
            outcome = work()
        except BaseException as exc:  # noqa: BLE001  whoever awaits the future gets it
            set_outcome, outcome = result.set_exception, exc
        # A future may be completed only on its own loop's thread.
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(deliver, set_outcome, outcome)

    threading.Thread(target=run, name=name, daemon=True).start()
    return result


def within(seconds: float, work: Callable[[], T], name: str = "work") -> T:
    """Does work in a daemon thread and waits for it, without an event loop.

    Args:
        seconds: The longest wait.
        work: The function to call.
        name: The thread's name.

    Returns:
        The work's result.

    Raises:
        TimeoutError: The work takes longer. It goes on, and its outcome is lost.
    """
    outcomes: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            outcomes.append(work())
        except BaseException as exc:  # noqa: BLE001  it is raised again below
            errors.append(exc)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not outcomes:
        raise TimeoutError
    return outcomes[0]
