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
        # In tasks of their own: a caller that is cancelled again while it waits here must not keep an attempt
        # from being told that it is over, or its candidate would count it as running for ever.
        ending = [_keep(asyncio.ensure_future(_end(task, key, lost))) for task, key in racing.items()]
        if ending:
            await asyncio.wait(ending)
            for one in ending:
                one.result()


_ENDING: set["asyncio.Future[None]"] = set()
"""Keeps the attempts that end from the garbage collector."""


def _keep(task: "asyncio.Future[None]") -> "asyncio.Future[None]":
    _ENDING.add(task)
    task.add_done_callback(_ENDING.discard)
    return task


async def _end(
    task: "asyncio.Future[Value]", key: Key, lost: Callable[[Key, Value | None], Awaitable[None]]
) -> None:
    """Cancels an attempt, waits for its end, and reports it with its value if it had one already."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled() and task.exception() is None:
        await lost(key, task.result())
        return
    release_task(task)
    await lost(key, None)
