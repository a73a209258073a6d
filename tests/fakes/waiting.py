"""Tests: waiting for what happens elsewhere, in a process, a thread or another task."""

import asyncio
from collections.abc import Callable

LIMIT = 5.0
"""Seconds after which it will not happen any more."""


async def until(true: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(LIMIT):
        while not true():  # noqa: ASYNC110  what is waited for happens elsewhere
            await asyncio.sleep(0.005)
