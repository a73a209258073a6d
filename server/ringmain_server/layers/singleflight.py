"""Room 3: one piece of work, and every call that waits for it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ringmain_server.call import Call
from ringmain_server.layers.replay_log import Reader, ReplayLog

T = TypeVar("T")


class Flight(Generic[T]):
    """Work in a task of its own, so that it outlives the caller who began it, but not the last one.

    Exactly one caller pays: its Call has the attempts. When it leaves early, the next in line takes them.

    Args:
        call: Who begins the work.
        fingerprint: Of its request.
        streamed: Whether the tape holds events; otherwise it holds one response.
        keep: Most bytes up to which a caller can join.

    Attributes:
        call: The work's own Call; it has the first caller's ids and the latest deadline of all.
        tape: What the work gives.
        complete: The answer is whole: whoever leaves now, the work comes to its end.
    """

    def __init__(self, call: Call, fingerprint: bytes, *, streamed: bool, keep: int) -> None:
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
        return self._task is not None and self._task.cancelling() > 0

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begins the work; it ends the tape.

        Returns:
            Its task, for the caller to hold: an event loop holds none.
        """
        self._task = asyncio.create_task(work)
        return self._task

    @asynccontextmanager
    async def joined(self, call: Call) -> AsyncGenerator[Reader[T], None]:
        """A caller's time with the work. Entered without a pause after the work was found or begun."""
        reader = self.log.reader()
        self._callers.append(call)
        self.call.deadline = max(self.call.deadline, call.deadline)
        if call is not self._payer:
            call.replayed = True
            call.answer_id = self.call.response_id
        try:
            yield reader
        finally:
            reader.close()
            self._callers.remove(call)
            if not self._callers:
                await self._finish()
            elif call is self._payer and not reader.ended:
                self._pass_on()

    def _pass_on(self) -> None:
        """The next in line pays: an attempt is counted once, by somebody who sees how it ends."""
        heir = self._callers[0]
        heir.attempts, heir.replayed = self._payer.attempts, False
        self._payer.attempts = []
        self._payer = heir

    async def _finish(self) -> None:
        """Waits for the end of the work, which comes at once unless the answer is complete."""
        task = self._task
        if task is None or task.done():
            return
        if not self.complete:
            task.cancel()
        await asyncio.wait((task,))
