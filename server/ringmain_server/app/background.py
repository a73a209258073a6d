"""App: tasks that run beside the calls; none of them ends unnoticed."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from structlog.typing import FilteringBoundLogger

from ringmain_server.policies import Clock
from ringmain_server.policies.repeats import Repeats

_AGAIN = 1.0
"""Seconds until a loop that failed is restarted."""
_PAUSE = 60.0
"""Seconds between two lines about the same fault."""

Work = Callable[[], Coroutine[Any, Any, None]]


class Background:
    """Tasks that run as long as the gateway does.

    Args:
        log: The log, which gets each kind of fault once a minute.
        clock: Seconds on any monotonic clock.
        again: Seconds until a failed task is restarted.
    """

    def __init__(
        self, log: FilteringBoundLogger, clock: Clock = time.monotonic, *, again: float = _AGAIN
    ) -> None:
        self._log = log
        self._again = again
        self._faults: Repeats[str] = Repeats(clock, _PAUSE)
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Work) -> None:
        """Runs an endless loop; one that fails, or ends, is restarted.

        Args:
            name: The task's name, for the log.
            work: Makes the loop.
        """
        self._tasks.append(asyncio.create_task(self._keep(name, work), name=name))

    def once(self, name: str, work: Work) -> None:
        """Runs something beside the calls, once.

        Args:
            name: The task's name, for the log.
            work: Makes the coroutine to run.
        """
        self._tasks.append(asyncio.create_task(self._run(name, work), name=name))

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Logs exceptions that nobody else sees: those of tasks that are never awaited, and of callbacks."""
        loop.set_exception_handler(self._unseen)

    async def end(self) -> None:
        """Cancels all tasks and waits for their end."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _keep(self, name: str, work: Work) -> None:
        while True:
            await self._run(name, work)
            await asyncio.sleep(self._again)

    async def _run(self, name: str, work: Work) -> None:
        try:
            await work()
        except Exception as exc:  # noqa: BLE001  the loop goes on after a failure
            self._fault(name, exc)

    def _unseen(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        where = str(context.get("message", "loop"))[:200]
        exc = context.get("exception")
        self._fault(type(exc).__name__, exc, said=where)

    def _fault(self, where: str, exc: BaseException | None, **more: object) -> None:
        count = self._faults.happened(where)
        if count:
            self._log.error("fault", where=where, count=count, exc_info=exc, **more)
