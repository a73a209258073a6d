"""Outside the rooms: what runs beside the calls, and that none of it ends without a word."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from structlog.typing import FilteringBoundLogger

from ringmain_server.policies import Clock
from ringmain_server.policies.repeats import Repeats

_AGAIN = 1.0
"""Seconds until a loop that failed is begun again."""
_PAUSE = 60.0
"""Seconds between two lines about the same fault."""

Work = Callable[[], Coroutine[Any, Any, None]]


class Background:
    """Tasks that run as long as the gateway does.

    Args:
        log: Where faults are written, each kind of them once a minute.
        clock: Seconds on any monotonic clock.
        again: Seconds until what failed is begun again.
    """

    def __init__(
        self, log: FilteringBoundLogger, clock: Clock = time.monotonic, *, again: float = _AGAIN
    ) -> None:
        self._log = log
        self._again = again
        self._faults: Repeats[str] = Repeats(clock, _PAUSE)
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Work) -> None:
        """Runs an endless loop; one that fails, or ends, is begun again.

        Args:
            name: For the log.
            work: Makes the loop.
        """
        self._tasks.append(asyncio.create_task(self._keep(name, work), name=name))

    def once(self, name: str, work: Work) -> None:
        """Does something beside the calls, once.

        Args:
            name: For the log.
            work: What to do.
        """
        self._tasks.append(asyncio.create_task(self._run(name, work), name=name))

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Logs what nobody else sees: exceptions of tasks that are never awaited, and of callbacks."""
        loop.set_exception_handler(self._unseen)

    async def end(self) -> None:
        """Ends all of them."""
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
        except Exception as exc:  # noqa: BLE001  one bad turn must not be the last
            self._fault(name, exc)

    def _unseen(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        where = str(context.get("message", "loop"))[:200]
        exc = context.get("exception")
        self._fault(type(exc).__name__, exc, said=where)

    def _fault(self, where: str, exc: BaseException | None, **more: object) -> None:
        count = self._faults.happened(where)
        if count:
            self._log.error("fault", where=where, count=count, exc_info=exc, **more)
