"""Room 3: races two attempts. The first to answer wins; the loser is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ringmain_server.aio.tasks import release_task
from ringmain_server.errors import ProviderError

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Runner(Generic[Key, Value]):
    """One of the attempts that race.

    Attributes:
        key: Its name.
        work: The coroutine of the attempt.
    """

    key: Key
    work: Coroutine[Any, Any, Value]


async def race(
    first: Runner[Key, Value],
    second: Callable[[], Runner[Key, Value] | None],
    delay: float,
    *,
    failed: Callable[[Key, ProviderError], None],
    lost: Callable[[Key, Value | None], Awaitable[None]],
) -> tuple[Key, Value] | None:
    """Runs the first attempt, and after a delay the second beside it.

    Args:
        first: The first attempt.
        second: Returns the second attempt once the first is late, or None when there is none.
        delay: Seconds after which the first counts as late.
        failed: Called with each attempt that fails.
        lost: Called with each attempt that was cancelled, and with its value if it had one already.

    Returns:
        The winner and its value; None when all have failed.
    """
    racing: dict[asyncio.Future[Value], Key] = {asyncio.ensure_future(first.work): first.key}
    late: float | None = delay
    try:
        while racing:
            done, _ = await asyncio.wait(racing, timeout=late, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                late = None
                runner = second()
                if runner is not None:
                    racing[asyncio.ensure_future(runner.work)] = runner.key
            for task in done:
                key = racing.pop(task)
                try:
                    return key, task.result()
                except ProviderError as exc:
                    failed(key, exc)
        return None
    finally:
        for task, key in racing.items():
            value = await _stop(task)
            await lost(key, value)


async def _stop(task: "asyncio.Future[Value]") -> Value | None:
    """Cancels a task, waits for its end, and returns its value if it finished nevertheless."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled() and task.exception() is None:
        return task.result()
    release_task(task)
    return None
