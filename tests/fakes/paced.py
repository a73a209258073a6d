"""A paced backend: gives what the test hands it, when the test hands it, and tells how each request ended."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from ringmain_server.call import Call


@dataclass
class Run:
    """One request that reached the backend.

    Attributes:
        call: The Call it came with.
        whole: Whether it asked for a whole answer.
        taken: How many things were given so far.
        ended: How it ended: `answered`, `failed` or `cancelled`; empty while it runs.
    """

    call: Call
    whole: bool
    steps: "asyncio.Queue[object]" = field(default_factory=asyncio.Queue)
    taken: int = 0
    ended: str = ""

    def give(self, *steps: object) -> None:
        """Hands on messages; an exception is raised, None ends a stream."""
        for step in steps:
            self.steps.put_nowait(step)

    async def next(self) -> Any:
        step = await self.steps.get()
        if isinstance(step, BaseException):
            raise step
        self.taken += 1
        return step


@dataclass
class PacedBackend:
    """Keeps every request waiting until the test gives something to its run."""

    runs: list[Run] = field(default_factory=list)

    async def call(self, op: Any, request: Any, call: Call) -> Any:
        """Gives the first thing that the test gives."""
        run = self._begin(call, whole=True)
        try:
            response = await run.next()
            run.ended = "answered"
        except Exception:
            run.ended = "failed"
            raise
        finally:
            run.ended = run.ended or "cancelled"
        return response

    async def stream(self, op: Any, request: Any, call: Call) -> AsyncGenerator[Any, None]:
        """Gives one thing after the other, until None."""
        run = self._begin(call, whole=False)
        try:
            while (event := await run.next()) is not None:
                yield event
            run.ended = "answered"
        except Exception:
            run.ended = "failed"
            raise
        finally:
            run.ended = run.ended or "cancelled"

    def _begin(self, call: Call, *, whole: bool) -> Run:
        run = Run(call, whole)
        self.runs.append(run)
        return run
