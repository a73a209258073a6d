"""Room 1: ends calls whose deadline has passed, by one timer for all of them.

A timer for each call costs more than anything else that the edge does for it, and nearly every call ends long
before its deadline. So a call only brings the common timer forward when its deadline is the earliest.
"""

import asyncio
import math
from collections.abc import Mapping

from ringmain_server.call import Call
from ringmain_server.policies import Clock

SLACK = 0.005
"""The least seconds between two looks at the running calls, and the most that a deadline may be late."""


class Deadlines:
    """Cancels the tasks of calls that are over time.

    Args:
        running: The calls in flight; their owner keeps this up to date.
        clock: Seconds on the clock of the deadlines.

    Attributes:
        looks_at: The instant of the next look at the running calls. A call needs no `watch` unless its
            deadline is earlier.
        passed: The running calls that were cancelled because their deadlines have passed. The owner of the
            calls removes those that end.
    """

    def __init__(self, running: Mapping[Call, "asyncio.Task[object]"], clock: Clock) -> None:
        self._running = running
        self._clock = clock
        self.looks_at = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self.passed: set[Call] = set()

    def watch(self, call: Call) -> None:
        """Brings the next look forward to the deadline of a call that began."""
        if call.deadline < self.looks_at:
            self._look_at(call.deadline)

    def _look_at(self, instant: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.looks_at = instant
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(instant - self._clock(), 0.0), self._look)

    def _look(self) -> None:
        now = self._clock()
        self._timer, self.looks_at = None, math.inf
        soonest = math.inf
        try:
            for call, task in self._running.items():
                if call in self.passed:
                    continue
                if call.deadline <= now:
                    self.passed.add(call)
                    task.cancel()
                else:
                    soonest = min(soonest, call.deadline)
        except BaseException:
            soonest = now  # the other calls still have deadlines
            raise
        finally:
            if soonest < math.inf:
                self._look_at(max(soonest, now + SLACK))
