"""Room 3: one piece of work for every call that waits for it (request coalescing)."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ringmain_server.call import Call
from ringmain_server.layers.replay_log import Reader, ReplayLog

T = TypeVar("T")


class Flight(Generic[T]):
    """Work in a task of its own, which outlives the caller that began it, but not the last caller.

    Exactly one caller pays: its Call has the attempts. When it leaves early, the next in line takes them.

    Args:
        call: The call that begins the work.
        fingerprint: The fingerprint of its request.
        streamed: Whether the log holds events; otherwise it holds one response.
        keep: The most bytes up to which a caller can join.

    Attributes:
        call: The work's own Call; it has the first caller's ids and the latest deadline of all.
        log: The answer, for every caller to read.
        complete: Whether the answer is whole: then the work comes to its end although every caller leaves.
    """

    def __init__(self, call: Call, fingerprint: bytes, *, streamed: bool, keep: int) -> None:
        # A copy, because the work may outlast its first caller and get a later deadline. Its list of attempts
        # is the first caller's own, so that the attempts show there.
        self.call = replace(call)
        self.fingerprint = fingerprint
        self.streamed = streamed
        self.log: ReplayLog[T] = ReplayLog(keep)
        self.complete = False
        self._payer = call
        self._callers: list[Call] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def joinable(self) -> bool:
        """Whether one more caller can get the answer from its start."""
        return self.log.whole and not self.abandoned

    @property
    def abandoned(self) -> bool:
        """Whether every caller left before the answer was complete."""
        # Not `done()`: nobody may join between the cancellation and the task's end.
        return self._task is not None and self._task.cancelling() > 0

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begins the work, which ends the log.

        Returns:
            The task, for the caller to hold: an event loop holds its tasks only weakly.
        """
        self._task = asyncio.create_task(work)
        return self._task

    @asynccontextmanager
    async def joined(self, call: Call) -> AsyncGenerator[Reader[T], None]:
        """Joins a caller to the work. Must be entered before anything is awaited after the work was found."""
        reader = self.log.reader()
        self._callers.append(call)
        self.call.deadline = max(self.call.deadline, call.deadline)
        if call is not self._payer:
            call.replayed = True
            call.answer_id = self.call.response_id
        try:
            yield reader
        finally:
            # First of all: the work must not wait for this reader while the last caller waits for the work.
            reader.close()
            self._callers.remove(call)
            if not self._callers:
                await self._finish()
            elif call is self._payer and not reader.ended:
                self._pass_on()

    def _pass_on(self) -> None:
        """Passes the attempts to the next in line: each is counted once, by a call that sees how it ends."""
        heir = self._callers[0]
        # The lists themselves and no copies: the work still adds to them.
        heir.attempts, heir.parts, heir.replayed = self._payer.attempts, self._payer.parts, False
        self._payer.attempts, self._payer.parts = [], []
        self._payer = heir

    async def _finish(self) -> None:
        """Waits for the end of the work. It is cancelled unless the answer is complete."""
        task = self._task
        if task is None or task.done():
            return
        if not self.complete:
            task.cancel()
        # `wait` neither raises what the work raised nor cancels it when this caller is cancelled meanwhile.
        await asyncio.wait((task,))
