"""Room 3, for each candidate: fits the media of a request to the candidate, and finishes what it made.

Media are fetched, checked and changed in threads, as the operation says (`Operation.fit`, `Unary.finish`).
A request without media passes as it is, and no event of a stream of it passes through here.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.media.walk import any_media
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations.base import AnyOperation, Streamed, Unary
from ringmain_server.providers.stream_timeouts import StreamTimeouts

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class FitMedia:
    """Gives the inner backend media that its candidate takes, and the caller media as they were asked for.

    Args:
        inner: The backend that asks the candidate.
        candidate: The candidate.
        workers: Where media are fetched and worked on.
    """

    __slots__ = ("_candidate", "_inner", "_workers")

    def __init__(self, inner: Backend, candidate: Candidate, workers: MediaWorkers) -> None:
        self._inner = inner
        self._candidate = candidate
        self._workers = workers

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Asks for a whole answer. Returns the inner backend's own coroutine where nothing is to be done."""
        fit = call.may_hold_media and self._touches(request)
        if not fit and op.finish is None:
            return self._inner.call(op, request, call)
        return self._finished(op, request, call, fit=fit)

    async def _finished(self, op: Unary[Req, Res], request: Req, call: Call, *, fit: bool) -> Res:
        fitted = await self._fitted(op, request, call) if fit else request
        response = await self._inner.call(op, fitted, call)
        if op.finish is not None:
            await op.finish(request, response, self._candidate, self._workers)
        return response

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks for events. Returns the inner backend's own generator where nothing is to be done."""
        if call.may_hold_media and self._touches(request):
            return self._fitted_stream(op, request, call)
        return self._inner.stream(op, request, call)

    async def _fitted_stream(
        self, op: Streamed[Req, Event], request: Req, call: Call
    ) -> AsyncGenerator[Event, None]:
        timeouts = StreamTimeouts(call.attempt, asyncio.get_running_loop())
        fitted = await timeouts.bound(self._fitted(op, request, call))
        async with aclosing(self._inner.stream(op, fitted, call)) as events:
            async for event in events:
                yield event

    def _touches(self, request: Any) -> bool:
        """Whether a medium of a request, which is a message, is fetched, checked or changed."""
        return any_media(request, self._workers.touches)

    async def _fitted(self, op: AnyOperation, request: Req, call: Call) -> Req:
        """Returns the request with its media as the candidate takes them."""
        # The host of a medium may be slow, for which no provider is blamed.
        with call.attempt.preparation(asyncio.get_running_loop().time):
            fitted: Req = await op.fit(request, self._candidate, self._workers)
        return fitted
