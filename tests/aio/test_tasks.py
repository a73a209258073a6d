"""Several coroutines at once, of which nothing is left."""

import asyncio
import gc
import weakref

import pytest
from ringmain_server.aio.tasks import together


class _Held:
    """What the frames of the coroutines hold."""


async def _slow(_held: _Held, begun: asyncio.Event) -> None:
    """Works on, and takes a moment to end when it is cancelled."""
    timeout = asyncio.timeout(60)  # it holds the task that holds this frame
    try:
        async with timeout:
            begun.set()
            await asyncio.Event().wait()
    finally:
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_nothing_is_left_of_work_whose_caller_leaves(cancellations: int) -> None:
    """Its frames are freed without the collector, also where the caller is cancelled a second time."""
    held, begun = _Held(), asyncio.Event()
    found = weakref.ref(held)
    task = asyncio.ensure_future(together([_slow(held, begun)]))
    del held
    await begun.wait()
    gc.disable()
    try:
        for _ in range(cancellations):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        del task
        for _ in range(10):
            await asyncio.sleep(0)
        assert found() is None
    finally:
        gc.enable()
