"""Outside the rooms: tasks of one call, none of which outlives it or holds it."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from ringmain_server.errors import RingmainError, release

T = TypeVar("T")


def release_task(task: "asyncio.Future[Any]") -> None:
    """Lets go of how a task ended, as `release` does, once everybody who wanted to know has been told.

    A task keeps its failure, its cancellation included, and the failure's frames often keep the task.

    Args:
        task: One that is done. May be a callback of it.
    """
    try:
        task.result()  # `exception` would leave the traceback with the task
    except BaseException as exc:  # noqa: BLE001, a cancellation too
        release(exc)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Does several things at once.

    Returns:
        What each gives, in order.

    Raises:
        Exception: What the first to fail raises; the others are cancelled.
    """
    # No TaskGroup: one that is cancelled keeps its own cancellation, whose frames keep the group.
    tasks = [asyncio.ensure_future(one) for one in work]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if failed := [task for task in tasks if task.done() and not task.cancelled() and task.exception()]:
            failed[0].result()
        return [task.result() for task in tasks]
    finally:
        await _ended(tasks)
        tasks.clear()


async def _ended(tasks: "Sequence[asyncio.Future[Any]]") -> None:
    """Cancels what still runs, and lets go of what failed."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
    for task in tasks:
        if task.cancelled() or isinstance(task.exception(), RingmainError):
            release_task(task)
