"""Room 3, for each candidate: reads an answer to its end although the caller has left (`on_cancel: drain`).

The usage of a cancelled answer is then exact, at the price of tokens that nobody reads.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

from ringmain_server.aio.tasks import release_task
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.operations.base import Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")

AHEAD = 32
"""The most events that wait for a slow caller. After that the provider waits."""

_RUNNING: set["asyncio.Future[Any]"] = set()
"""The answers that are being read to their end. An event loop holds its tasks only weakly."""


class Drain:
    """Lets the inner backend finish an answer that it began.

    Args:
        inner: The backend that asks the candidate.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: Backend) -> None:
        self._inner = inner

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Asks for a whole answer. A caller that leaves does not stop the provider."""
        call.detached = True
        return await asyncio.shield(_keep(asyncio.ensure_future(self._whole(op, request, call))))

    async def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks for an answer in events. A caller that leaves does not stop the provider."""
        waiting: asyncio.Queue[Event | None] = asyncio.Queue(AHEAD)
        left = asyncio.Event()
        reader = _keep(asyncio.ensure_future(self._read(op, request, call, waiting, left)))
        try:
            while (event := await waiting.get()) is not None:
                yield event
            await reader  # raises the error that broke the stream
        finally:
            left.set()
            while not waiting.empty():  # the reader may be waiting for room
                waiting.get_nowait()

    async def _whole(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        response = await self._inner.call(op, request, call)
        accounted = op.accounted(response)
        call.attempt.usage = None if accounted is None else accounted.usage
        return response

    async def _read(
        self,
        op: Streamed[Req, Event],
        request: Req,
        call: Call,
        waiting: "asyncio.Queue[Event | None]",
        left: asyncio.Event,
    ) -> None:
        try:
            async with aclosing(self._inner.stream(op, request, call)) as events:
                async for event in events:
                    accounted = op.accounted(event)
                    if accounted is not None:
                        call.attempt.usage = accounted.usage
                    if not left.is_set():
                        await waiting.put(event)
        finally:
            if not left.is_set():
                await waiting.put(None)


def _keep(task: "asyncio.Future[Res]") -> "asyncio.Future[Res]":
    _RUNNING.add(task)
    task.add_done_callback(_forget)
    return task


def _forget(task: "asyncio.Future[Any]") -> None:
    _RUNNING.discard(task)
    if task.cancelled() or task.exception() is not None:
        # A caller that still waits gets the error first. Then it is let go of, with the frames that it holds.
        asyncio.get_running_loop().call_soon(release_task, task)
