"""Outside the rooms: tasks of one call, none of which outlives it or holds it."""

import asyncio
from collections.abc import Coroutine, Iterable
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
    tasks: list[asyncio.Task[T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(one) for one in work]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        for task in tasks:
            if task.cancelled() or isinstance(task.exception(), RingmainError):
                release_task(task)
    return [task.result() for task in tasks]
