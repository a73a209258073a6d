"""Conformance: a driver's process, and the lines that go to and fro (README.md)."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from tests.conformance.case import Case

ROOT = Path(__file__).resolve().parents[2]
_LINE_LIMIT = 256 * 1024 * 1024
_END = 10.0
"""Seconds that a driver has to end after its input has."""


class DriverError(Exception):
    """A driver does not do as README.md says."""


def line(case: Case, request: Message, *, name: str, target: str) -> dict[str, Any]:
    """What a driver is asked; pure.

    Args:
        case: That is asked.
        request: Its message.
        name: Of the call, for the answer.
        target: Where to.
    """
    asked = {
        "id": name,
        "target": target,
        "method": case.method,
        "request": base64.b64encode(request.SerializeToString()).decode(),
        "deadline_ms": case.deadline_ms,
        "cancel_after": case.cancel_after,
        "metadata": dict(case.metadata) or None,
        "token": case.token,
        "max_message_bytes": case.max_message_bytes,
    }
    return {key: value for key, value in asked.items() if value is not None}


class Driver:
    """A running driver.

    Args:
        process: Its process.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._names = map(str, count())
        self._reader = asyncio.create_task(self._read())

    async def ask(self, case: Case, request: Message, target: str) -> Mapping[str, Any]:
        """Has a case's call made.

        Raises:
            DriverError: It wrote something else than an answer, or ended.
        """
        name = f"{case.name}/{next(self._names)}"
        answer = asyncio.get_running_loop().create_future()
        self._waiting[name] = answer
        if self._reader.done():
            raise DriverError("the driver has ended")
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line(case, request, name=name, target=target)).encode() + b"\n")
        with suppress(ConnectionError):  # The reader says why.
            await self._process.stdin.drain()
        result: Mapping[str, Any] = await answer
        return result

    async def end(self, *, within: float = _END) -> int:
        """Ends its input, and returns its exit code.

        Raises:
            TimeoutError: It does not end.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(within):
            await self._reader
            return await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        reason = "the driver has ended"
        while data := await self._process.stdout.readline():
            try:
                answer = json.loads(data)
                waiting = self._waiting.pop(answer["id"])
                if not waiting.done():  # else whoever asked has given up
                    waiting.set_result(answer)
            except (ValueError, KeyError, TypeError):
                reason = f"the driver wrote {data[:200]!r}, which answers nothing that was asked"
                break
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(DriverError(reason))


@asynccontextmanager
async def driving(command: Sequence[str]) -> AsyncIterator[Driver]:
    """Starts a driver, and ends it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RINGMAIN_")}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=env,
        limit=_LINE_LIMIT,
    )
    driver = Driver(process)
    try:
        yield driver
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
