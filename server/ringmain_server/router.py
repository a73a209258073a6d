"""Room 3: from a model to its candidates, tried in order until one answers."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

from ringmain.v1.routing_pb2 import RoutingPolicy

from ringmain_server.backend import Attempt, Call
from ringmain_server.errors import (
    CapabilityMissing,
    InvalidField,
    ProviderError,
    RingmainError,
    StreamBroken,
    StreamInterrupted,
    Violation,
)
from ringmain_server.models import Models, Served
from ringmain_server.operations import Streamed, Unary
from ringmain_server.policies.failover import exhausted, may_help
from ringmain_server.settlement import settle

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Router:
    """Tries candidates by priority. A `Backend` whose inner backends are the candidates' chains.

    Args:
        models: Names to candidates.
    """

    def __init__(self, models: Models) -> None:
        self._models = models

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """The first answer of any candidate."""
        clock = asyncio.get_running_loop().time
        trial = _Trial(self._plan(op, request), call)
        while True:
            served, attempt = trial.next(clock())
            try:
                response = await served.backend.call(op, request, call)
            except ProviderError as exc:
                trial.failed(attempt, exc, clock())
                continue
            attempt.end(clock())
            op.identify(response, call.response_id)
            settle(op.settled(response), call, served.candidate)
            return response

    async def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """The events of the first candidate that has content; nothing of one that failed before is seen."""
        clock = asyncio.get_running_loop().time
        trial = _Trial(self._plan(op, request), call)
        while True:
            served, attempt = trial.next(clock())
            began = False
            try:
                async with aclosing(served.backend.stream(op, request, call)) as events:
                    async for event in events:
                        if not began:
                            began = True
                            yield op.started(call, served.candidate)
                        settled = op.settled(event)
                        if settled is not None:
                            attempt.end(clock())
                            settle(settled, call, served.candidate)
                        yield event
                        if settled is not None:
                            return
                raise StreamBroken(served.candidate.provider_id, "ended the stream before its end")
            except ProviderError as exc:
                if began:
                    attempt.end(clock(), exc)
                    raise _interrupted(exc) from exc
                trial.failed(attempt, exc, clock())

    def _plan(self, op: Unary[Req, Res] | Streamed[Req, Event], request: Req) -> Sequence[Served]:
        routed = op.routed(request)
        policy = routed.routing_policy
        plan = self._models.resolve(routed.model)
        if policy.provider_ids:
            plan = _ordered(plan, policy)
        able = [served for served in plan if op in served.operations]
        if not able:
            raise CapabilityMissing(routed.model, op.name)
        return able[:1] if policy.failover_disabled else able


class _Trial:
    """The candidates that are left for one request, and the failures so far."""

    def __init__(self, plan: Sequence[Served], call: Call) -> None:
        self._left = list(plan)
        self._call = call
        self._failures: list[ProviderError] = []

    def next(self, now: float) -> tuple[Served, Attempt]:
        """Begins an attempt at the next candidate."""
        served = self._left.pop(0)
        attempt = Attempt(served.candidate, now)
        self._call.attempts.append(attempt)
        return served, attempt

    def failed(self, attempt: Attempt, error: ProviderError, now: float) -> None:
        """Ends an attempt; leaves only candidates that may help.

        Raises:
            RingmainError: None is left.
        """
        attempt.end(now, error)
        self._failures.append(error)
        self._left = [other for other in self._left if may_help(error, attempt.candidate, other.candidate)]
        if not self._left:
            raise self._exhausted() from error

    def _exhausted(self) -> RingmainError:
        return exhausted(self._failures)


def _ordered(plan: Sequence[Served], policy: RoutingPolicy) -> tuple[Served, ...]:
    by_provider: dict[str, list[Served]] = {}
    for served in plan:
        by_provider.setdefault(served.candidate.provider_id, []).append(served)
    unknown = [
        Violation(f"routing_policy.provider_ids[{index}]", f"no candidate of the model is at {provider_id!r}")
        for index, provider_id in enumerate(policy.provider_ids)
        if provider_id not in by_provider
    ]
    if unknown:
        raise InvalidField(unknown)
    order = dict.fromkeys(policy.provider_ids)
    return tuple(served for provider_id in order for served in by_provider[provider_id])


def _interrupted(error: ProviderError) -> StreamInterrupted:
    return StreamInterrupted(
        f"the stream broke after content was sent: {error.message}",
        metadata={"provider_id": error.provider_id},
    )
