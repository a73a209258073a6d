"""Asyncio helpers: tasks that belong to one call, so that none outlives it or keeps it in memory."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from ringmain_server.errors import RingmainError, release

T = TypeVar("T")


def release_task(task: "asyncio.Future[Any]") -> None:
    """Drops the references that a finished task's outcome holds, as `release` does for an exception.

    A task keeps its exception, or its cancellation, and the frames of that exception often keep the task.
    Call this once everybody who needs the outcome has read it.

    Args:
        task: A task that is done. The function also serves as a done callback.
    """
    try:
        task.result()  # unlike `exception()`, `result()` takes the traceback off the task
    except BaseException as exc:  # noqa: BLE001, a cancellation too
        release(exc)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Runs several coroutines at once.

    Returns:
        Their results, in order.

    Raises:
        Exception: The exception of the first to fail; the others are cancelled.
    """
    # No TaskGroup: a cancelled group keeps its own CancelledError, whose frames keep the group in memory.
    tasks = [asyncio.ensure_future(one) for one in work]
    if not tasks:
        return []
    try:
        # FIRST_EXCEPTION does not count a task that was cancelled, which `result` below raises for.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if failed := [task for task in tasks if task.done() and not task.cancelled() and task.exception()]:
            failed[0].result()
        return [task.result() for task in tasks]
    finally:
        # Also when the caller is cancelled while it waits: no task outlives this function.
        try:
            await _ended(tasks)
        finally:
            tasks.clear()  # an exception that passes through keeps this frame, and must not keep the tasks


async def _ended(tasks: "Sequence[asyncio.Future[Any]]") -> None:
    """Cancels the tasks that still run, waits for them, and releases the failures."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    try:
        if left:
            await asyncio.wait(left)
    finally:
        # The wait may be cancelled in turn, as when a caller leaves at its deadline: then some still run.
        for task in tasks:
            if task.done():
                _release_expected(task)
            else:
                task.add_done_callback(_release_expected)


def _release_expected(task: "asyncio.Future[Any]") -> None:
    """Releases a cancellation or an error of ours; the log needs the traceback of any other exception."""
    if task.cancelled() or isinstance(task.exception(), RingmainError):
        release_task(task)
