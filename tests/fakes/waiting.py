"""Tests: waiting for what happens elsewhere, in a process, a thread or another task."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

LIMIT = 50.0
"""Seconds after which a wait counts as hung on any machine: a cap, and no bound that a test proves.

Less than the gateway's own timeouts by default, so that what a test waits for is not brought about by them.
"""


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits for something to become true, which may have to be awaited to know."""
    async with asyncio.timeout(LIMIT):
        # What is waited for happens elsewhere.
        while not (await found if inspect.isawaitable(found := true()) else found):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
