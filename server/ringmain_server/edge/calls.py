"""Room 1: makes a Call of each gRPC request and knows the running calls, so that they can be drained."""

import asyncio
import contextlib
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import chain
from typing import NoReturn, Protocol

from ringmain_server.call import Call
from ringmain_server.edge.deadlines import Deadlines
from ringmain_server.errors import Overloaded, RingmainError, ShuttingDown
from ringmain_server.policies.concurrency import ConcurrencyLimit, ConcurrencySettings

_TRACEPARENT = "traceparent"
_LAST_WORDS = 1.0
"""Seconds for calls that outlast the grace to send their status."""
_PARTING = 0.05
"""Seconds without a late call after which no more are expected.

Also the seconds until callers know that they must go elsewhere.
"""
_LONGEST_PARTING = 0.5
"""Seconds after which the gateway stops waiting for late calls, even if more keep coming."""


class Context(Protocol):
    """The part of a gRPC servicer context that the edge uses."""

    def time_remaining(self) -> float | None:
        """Returns the seconds until the caller's deadline, None without one."""
        ...

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]] | None:
        """Returns the metadata that the caller sent."""
        ...


class Calls:
    """Every call in flight.

    Args:
        default_deadline: Seconds for callers without a deadline of their own.
        limit: The limit of concurrent calls.
        longest_wait: The most seconds that a call may have waited to be accepted.

    Attributes:
        limit: The limit of concurrent calls, which counts those that run.
        default_deadline: The default deadline of calls that begin from now on.
        deadlines: Ends calls that are over time.
        closed: Whether new calls are refused.
    """

    def __init__(
        self, default_deadline: float, limit: ConcurrencyLimit | None = None, longest_wait: float = math.inf
    ) -> None:
        self.limit = limit or ConcurrencyLimit(time.monotonic, ConcurrencySettings(adaptive=False))
        self._longest_wait = longest_wait
        self.default_deadline = default_deadline
        # Many random bytes are fetched at once, which costs as much as fetching few.
        self._ids = chain.from_iterable(iter(_random_ids, None))
        self._running: dict[Call, asyncio.Task[object]] = {}
        self.deadlines = Deadlines(self._running, time.monotonic)
        self.closed = False
        self._parting = asyncio.Event()
        self._parting.set()
        self._late = 0
        self._evicted: dict[Call, RingmainError] = {}
        self._idle: asyncio.Event | None = None

    def begin(self, method: str, context: Context, now: float, came: float) -> Call:
        """Makes the Call of a request and counts it as running.

        Args:
            method: The full gRPC method.
            context: The request's gRPC context.
            now: The monotonic clock's time.
            came: When the request came, on the same clock.
        """
        remaining = context.time_remaining()
        if remaining == 0.0:
            # gRPC reads the wall clock twice. When that is set in between, the deadline seems to have passed.
            remaining = context.time_remaining()
        call = Call(
            response_id=f"resp_{next(self._ids)}",
            method=method,
            deadline=came + self.default_deadline if remaining is None else now + remaining,
            trace_id=_trace_id(context),
        )
        task = asyncio.current_task()
        if task is not None:
            self._running[call] = task
            if call.deadline < self.deadlines.looks_at:
                self.deadlines.watch(call)
        return call

    def missed(self, method: str) -> Call:
        """Returns the Call of a request that ended before it could begin."""
        return Call(response_id=f"resp_{next(self._ids)}", method=method, deadline=0.0)

    def admit(self, waited: float = 0.0) -> None:
        """Admits a new call, which must release its place in the limit when it ends.

        Args:
            waited: Seconds that it waited to be accepted.

        Raises:
            Overloaded: The limit is reached, or the call waited too long.
        """
        if waited > self._longest_wait:
            # Refusing is cheap, so the queue gets shorter for the calls behind this one.
            raise Overloaded(f"the gateway could not take the call within {self._longest_wait:g} s")
        if not self.limit.acquire():
            raise Overloaded("the gateway has as many calls under way as it may")

    def end(self, call: Call) -> None:
        """Notes that a call has ended."""
        self._running.pop(call, None)
        self._evicted.pop(call, None)
        self.deadlines.passed.discard(call)
        if self._idle is not None and not self._running:
            self._idle.set()

    def evicted(self, call: Call) -> RingmainError | None:
        """Returns the reason for which the gateway cancelled a call, None if it did not."""
        return self._evicted.get(call)

    def evict(self, judge: Callable[[Call], RingmainError | None]) -> None:
        """Ends some of the running calls.

        Args:
            judge: Returns the error with which a call is to end, None if it may go on.
        """
        for call, task in list(self._running.items()):
            if call not in self._evicted and (error := judge(call)) is not None:
                self._evicted[call] = error
                task.cancel()

    def __len__(self) -> int:
        """Returns how many calls are in flight."""
        return len(self._running)

    async def refuse(self) -> NoReturn:
        """Refuses a call that came when `closed`.

        Raises:
            ShuttingDown: New calls are no longer accepted.
        """
        self._late += 1
        await self._parting.wait()
        raise ShuttingDown("the gateway is shutting down; another replica may serve this")

    @contextlib.asynccontextmanager
    async def parting(self) -> AsyncIterator[None]:
        """Delays the refusal of late calls while the server tells its connections to go.

        A call that arrives while gRPC stops, before its caller hears of it, ends CANCELLED, which no client
        takes for "try another replica". A caller that waits sends nothing, and finds the connection gone
        afterwards.
        """
        self._parting.clear()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_PARTING):
                    await self._all_wait()
            yield
            await asyncio.sleep(_PARTING)
        finally:
            self._parting.set()

    async def _all_wait(self) -> None:
        """Waits until the callers refused before have come again, which busy ones take a while to do."""
        seen = -1
        while seen != self._late:
            seen = self._late
            await asyncio.sleep(_PARTING)

    async def outlast(self) -> None:
        """Waits until every call that runs now has ended; later ones do not count."""
        running = [task for task in self._running.values() if task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running)

    async def drain(self, grace: float, at_once: asyncio.Event | None = None) -> int:
        """Refuses new calls, waits for the running ones, and ends those that outlast the grace.

        Args:
            grace: Seconds.
            at_once: Ends the grace early.

        Returns:
            How many calls had to be ended.
        """
        self.closed = True
        idle = self._idle = self._idle or asyncio.Event()
        if not self._running:
            idle.set()
        waits = [asyncio.ensure_future(event.wait()) for event in (idle, at_once) if event is not None]
        await asyncio.wait(waits, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        left = dict(self._running)
        self.evict(_grace_is_over)
        if left:
            await asyncio.wait(left.values(), timeout=_LAST_WORDS)
        return len(left)


def judged_again(call: Call) -> RingmainError | None:
    """Returns the reason for which a running call may not go on, None for none."""
    return None if call.again is None else call.again()


def _grace_is_over(_: Call) -> ShuttingDown:
    return ShuttingDown("the gateway is shutting down; the grace period is over")


def _random_ids() -> list[str]:
    """Returns some ids of 128 random bits."""
    random = os.urandom(64 * 16).hex()
    return [random[at : at + 32] for at in range(0, len(random), 32)]


def _trace_id(context: Context) -> str:
    """Returns the trace id of a W3C `traceparent` (https://www.w3.org/TR/trace-context/), or nothing."""
    for key, value in context.invocation_metadata() or ():
        if key == _TRACEPARENT and isinstance(value, str) and len(value) == 55:
            return value[3:35]
    return ""
