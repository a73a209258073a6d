"""Room 4: streams of operations that a candidate only answers whole, such as images of most providers."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.operations import (
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    AnyOperation,
    Streamed,
    Unary,
)
from ringmain_server.operations.base import Whole
from ringmain_server.providers.stream_timeouts import StreamTimeouts

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


_WHOLE = {op: op.whole.op for op in (STREAM_GENERATE_IMAGES, STREAM_EDIT_IMAGES) if op.whole is not None}


def streams_from_whole(served: frozenset[AnyOperation]) -> frozenset[AnyOperation]:
    """Returns the streamed operations that can be made from whole answers.

    Args:
        served: The operations that a candidate serves by itself. Those among them are not returned.
    """
    return frozenset(op for op, whole in _WHOLE.items() if whole in served and op not in served)


class WholeAsStream:
    """Makes the events of a stream from a whole answer. A `Backend` around what finishes whole answers.

    Args:
        inner: The backend that answers whole.
        made: The streamed operations that it does not serve (`streams_from_whole`).
    """

    __slots__ = ("_inner", "_made")

    def __init__(self, inner: Backend, made: frozenset[AnyOperation]) -> None:
        self._inner = inner
        self._made = made

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Asks the inner backend."""
        return self._inner.call(op, request, call)

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks the inner backend, for a whole answer where it has no stream."""
        if op.whole is None or op not in self._made:
            return self._inner.stream(op, request, call)
        return self._unfolded(op.whole, request, call)

    async def _unfolded(
        self, whole: Whole[Req, Event], request: Req, call: Call
    ) -> AsyncGenerator[Event, None]:
        timeouts = StreamTimeouts(call.attempt, asyncio.get_running_loop())
        response = await timeouts.bound(self._inner.call(whole.op, whole.request(request), call))
        for event in whole.events(response):
            yield event
