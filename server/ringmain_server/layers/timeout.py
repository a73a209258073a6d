"""Room 3, for each candidate: bounds one attempt in time."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.candidate import Timeouts
from ringmain_server.errors import CallerLimitPassed, NoAnswer
from ringmain_server.operations.base import Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Timeout:
    """Bounds a whole answer by one timer, and tells the attempt for how long a stream may be silent.

    The silence is watched where the bytes come in (`providers.stream_timeouts`), so that no event of a stream
    passes through here.

    Args:
        inner: The backend that is bounded.
        timeouts: The candidate's timeouts. A request's own routing policy wins over them.
    """

    __slots__ = ("_inner", "_timeouts")

    def __init__(self, inner: Backend, timeouts: Timeouts) -> None:
        self._inner = inner
        self._timeouts = timeouts

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Asks for a whole answer within the attempt timeout."""
        attempt = call.attempt
        limit = self._timeouts.attempt
        if attempt.time_limit is not None:
            limit = min(limit, attempt.time_limit)
        if attempt.start + limit >= call.deadline and not call.detached:
            # The edge ends the whole call before this timer could: one timer is enough.
            return self._inner.call(op, request, call)
        return self._bounded(limit, op, request, call)

    async def _bounded(self, limit: float, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        clock = asyncio.get_running_loop().time
        start = clock()
        timeout = asyncio.timeout(limit)
        try:
            async with timeout:
                return await self._inner.call(op, request, call)
        except TimeoutError as exc:
            if not timeout.expired():
                raise
            failed = call.attempt.was_allowed(start, clock(), self._timeouts.attempt)
            kind = NoAnswer if failed else CallerLimitPassed
            provider_id = call.attempt.candidate.provider_id
            raise kind(provider_id, f"no answer within {limit:.3g} s") from exc

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks for an answer in events, none of them later than the first-content or the idle timeout."""
        policy = op.routed(request).routing_policy
        attempt = call.attempt
        slow_first_event = self._timeouts.attempt if op.slow_first_event else 0.0
        attempt.first_content_allowed = attempt.first_content_timeout = max(
            self._timeouts.first_content, slow_first_event
        )
        attempt.idle_allowed = attempt.idle_timeout = max(self._timeouts.idle, slow_first_event)
        if policy.HasField("first_content_timeout"):
            attempt.first_content_timeout = _seconds(policy.first_content_timeout)
        if attempt.time_limit is not None:
            attempt.first_content_timeout = min(attempt.first_content_timeout, attempt.time_limit)
        if policy.HasField("idle_timeout"):
            attempt.idle_timeout = _seconds(policy.idle_timeout)
        return self._inner.stream(op, request, call)


def _seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9
