"""Tests of the pool: work beside the event loop, within bounds, ended when nobody waits."""

import asyncio
import os
import sys
import threading

import pytest
from ringmain_server.errors import Overloaded
from ringmain_server.media.runner import MediaPool, default_workers
from ringmain_server.media.work import Abandoned, checkpoint

from tests.fakes.waiting import LIMIT


async def test_work_is_done_in_a_thread() -> None:
    """The result comes back, failures too, and the event loop's own thread does nothing."""
    pool = MediaPool()
    assert await pool.run(threading.get_ident) != threading.get_ident()
    assert await pool.run(int, "7") == 7
    with pytest.raises(ValueError, match="seven"):
        await pool.run(int, "seven")
    pool.close()


async def test_no_more_is_done_at_once_than_there_are_threads() -> None:
    """With two threads, never more than two pieces of work are under way."""
    pool, running, most = MediaPool(workers=2), 0, 0
    lock, both = threading.Lock(), threading.Barrier(2, timeout=LIMIT)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1

    await asyncio.gather(*(pool.run(work) for _ in range(20)))
    assert most == 2
    pool.close()


async def test_more_than_may_wait_are_refused() -> None:
    """A caller beyond those that may wait is refused at once."""
    pool, release = MediaPool(workers=1, waiting=1), threading.Event()
    waiting = [asyncio.ensure_future(pool.run(release.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await pool.run(int)
    release.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await pool.run(int) == 0
    pool.close()


async def test_a_cancelled_caller_ends_its_work() -> None:
    """Work under way ends at its next checkpoint, work that waits never begins, and places are free again."""
    pool = MediaPool(workers=1, waiting=1)
    began, ended = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        try:
            while True:
                checkpoint()
        except Abandoned:
            ended.set()
            raise

    first = asyncio.ensure_future(pool.run(work))
    never = asyncio.ensure_future(pool.run(began.clear))
    await asyncio.to_thread(began.wait, LIMIT)
    for task in (never, first):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.to_thread(ended.wait, LIMIT)
    assert began.is_set()
    assert await pool.run(int) == 0
    pool.close()


async def test_threads_yield_to_the_loop() -> None:
    """On Linux the pool's threads have a lower priority than the loop's."""
    pool = MediaPool()
    nice = await pool.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert nice == (min(own + 10, 19) if sys.platform == "linux" else own)
    pool.close()


def test_workers_are_bounded() -> None:
    """A process has at least one thread for media and at most eight."""
    assert 1 <= default_workers() <= 8


def test_a_checkpoint_alone_does_nothing() -> None:
    """Without a pool nobody can have gone."""
    checkpoint()
