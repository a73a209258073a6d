"""Deadlines: one timer ends every call that is over time, and no other."""

import asyncio
import time

import pytest
from ringmain_server.call import Call
from ringmain_server.edge.deadlines import Deadlines


class _Running:
    """Calls that wait for ever."""

    def __init__(self) -> None:
        self.tasks: dict[Call, asyncio.Task[object]] = {}
        self.deadlines = Deadlines(self.tasks, time.monotonic)

    def begin(self, seconds: float) -> tuple["asyncio.Task[object]", Call]:
        task: asyncio.Task[object] = asyncio.ensure_future(asyncio.Event().wait())
        call = Call("r", "m", time.monotonic() + seconds)
        self.tasks[call] = task
        self.deadlines.watch(call)
        return task, call


async def test_each_call_ends_at_its_own_deadline() -> None:
    """Later calls may have earlier deadlines; those without one that is near are left alone."""
    running = _Running()
    late, late_call = running.begin(0.06)
    early, early_call = running.begin(0.02)
    other, other_call = running.begin(60)
    with pytest.raises(asyncio.CancelledError):
        await early
    assert not late.done()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert early_call in running.deadlines.passed
    assert late_call in running.deadlines.passed
    assert other_call not in running.deadlines.passed
    assert not other.done()
    other.cancel()


async def test_a_call_that_ended_does_not_keep_the_next_from_being_watched() -> None:
    """The timer of a call that is gone looks for the next deadline."""
    running = _Running()
    gone, gone_call = running.begin(0.01)
    task, call = running.begin(0.03)
    del running.tasks[gone_call]
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call in running.deadlines.passed


async def test_a_deadline_that_has_passed_already_ends_the_call_at_once() -> None:
    """A call may come too late."""
    task, call = _Running().begin(-1.0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call.deadline < time.monotonic()


async def test_a_cancelled_call_that_takes_its_time_is_cancelled_once() -> None:
    """A call that is cleaning up is not disturbed by the deadlines of others."""
    running = _Running()
    interrupted = 0

    async def stubborn() -> None:
        nonlocal interrupted
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                interrupted += 1

    task: asyncio.Task[object] = asyncio.ensure_future(stubborn())
    call = Call("r", "m", time.monotonic() + 0.01)
    running.tasks[call] = task
    running.deadlines.watch(call)
    other, _ = running.begin(0.03)
    await asyncio.wait((task, other))
    assert interrupted == 0
