"""A scripted backend: says what it was told to say, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringmain_server.call import Call

HANG = "hang"


@dataclass
class ScriptedBackend:
    """Plays one script per request, in order; the last one again for every later request.

    Attributes:
        scripts: Each a list of messages to give and exceptions to raise; a number waits so many seconds,
            `HANG` for ever.
        requests: What was asked.
        closed: How many requests have ended, in whatever way.
    """

    scripts: Sequence[Sequence[object]]
    requests: list[object] = field(default_factory=list)
    closed: int = 0

    async def call(self, op: Any, request: Any, call: Call) -> Any:
        """Gives the first thing of the script."""
        try:
            for step in self._script(request):
                said = await _perform(step)
                if said is not None:
                    return said
        finally:
            self.closed += 1
        raise AssertionError("the script is empty")

    async def stream(self, op: Any, request: Any, call: Call) -> AsyncGenerator[Any, None]:
        """Gives one thing of the script after the other."""
        try:
            for step in self._script(request):
                said = await _perform(step)
                if said is not None:
                    yield said
        finally:
            self.closed += 1

    def _script(self, request: object) -> Sequence[object]:
        self.requests.append(request)
        return self.scripts[min(len(self.requests), len(self.scripts)) - 1]


async def _perform(step: object) -> Any:
    if isinstance(step, BaseException):
        raise step
    if step == HANG:
        await asyncio.Event().wait()
    if isinstance(step, float):
        await asyncio.sleep(step)
        return None
    await asyncio.sleep(0)
    return step
