"""Tests of how a server that stops parts from callers that come late."""

import asyncio
import time

import pytest
from ringmain_server.edge.calls import Calls
from ringmain_server.errors import ShuttingDown

from tests.fakes.waiting import LIMIT

Waiting = list["asyncio.Task[float]"]


async def _refused(calls: Calls) -> float:
    """When a late call was told to go elsewhere."""
    with pytest.raises(ShuttingDown):
        await calls.refuse()
    return time.monotonic()


async def _come(calls: Calls, waiting: Waiting, count: int, pause: float = 0) -> None:
    """Callers that come one after the other, and wait."""
    for _ in range(count):
        waiting.append(asyncio.create_task(_refused(calls)))
        await asyncio.sleep(pause)


async def test_the_server_stops_when_the_last_caller_has_come() -> None:
    """Callers that come within moments of each other all wait before it stops, and hear of it afterwards."""
    calls, waiting = Calls(default_deadline=60), Waiting()
    coming = asyncio.create_task(_come(calls, waiting, 30))
    async with calls.parting():
        stopped = time.monotonic()
        assert coming.done()
    assert min(await asyncio.gather(*waiting)) > stopped


async def test_callers_without_end_do_not_keep_a_server() -> None:
    """Where callers keep coming, the server stops nevertheless."""
    calls, waiting = Calls(default_deadline=60), Waiting()
    coming = asyncio.create_task(_come(calls, waiting, 100_000, pause=0.001))
    async with asyncio.timeout(LIMIT), calls.parting():
        assert not coming.done()
    coming.cancel()
    await asyncio.gather(*waiting)
