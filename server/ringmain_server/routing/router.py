"""Room 3: tries the candidates of a model until one answers.

`Schedule` decides what is tried next, and the operation's `Recovering` how a broken stream continues. The
router acts on these decisions.
"""

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ringmain.v1.routing_pb2 import STREAM_RECOVERY_CONTINUE, STREAM_RECOVERY_FAIL, RoutingPolicy

from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    PrefillRejected,
    ProviderError,
    Rejected,
    RingmainError,
    StreamBroken,
    StreamInterrupted,
)
from ringmain_server.operations.base import Operation, Recovering, Streamed, Unary
from ringmain_server.policies import Clock
from ringmain_server.policies.deadline import share
from ringmain_server.routing.balance import Strategy, arrange
from ringmain_server.routing.eligibility import capable, chosen, first_at, lacked_by_some, same_model
from ringmain_server.routing.hedge import Runner, race
from ringmain_server.routing.models import Models, RoutePlan, Target
from ringmain_server.routing.policy import HedgePolicy, ModelPolicy
from ringmain_server.routing.route_info import attempt_message, finish
from ringmain_server.routing.schedule import Retries, Schedule

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")
Value = TypeVar("Value")

Ask = Callable[[Target, Call], Coroutine[Any, Any, Value]]
"""Makes one attempt at a target, with the call as the attempt sees it."""


@dataclass(frozen=True, slots=True)
class _Opened(Generic[Event]):
    """A stream whose first event has come."""

    events: AsyncGenerator[Event, None]
    first: Event


class Router:
    """Tries candidates. A `Backend` whose inner backends are the candidates' chains.

    Args:
        models: Resolves names of models to candidates.
        retries: The delays and the budget of retries that all requests share.
        clock: Seconds on the clock of the calls' deadlines.
        rng: The source of randomness.
    """

    def __init__(self, models: Models, retries: Retries, clock: Clock, rng: random.Random) -> None:
        self._models = models
        self._retries = retries
        self._clock = clock
        self._rng = rng

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Returns the first answer of any candidate."""
        schedule = self._schedule(op, request, call)

        def ask(target: Target, mine: Call) -> Coroutine[Any, Any, Res]:
            return target.backend.call(op, request, mine)

        target, attempt, response = await self._first(schedule, call, ask)
        attempt.succeed(self._clock())
        op.identify(response, call.response_id)
        finish(op.accounted(response), call, target.candidate)
        return response

    async def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Yields the events of the first candidate with content; nothing of earlier failures is visible."""
        schedule = self._schedule(op, request, call)
        recovery = _recovery(op, request, schedule.policy)
        target, attempt, opened = await self._first(schedule, call, self._opening(op, lambda _: request))
        head: Sequence[Event] = op.started(call, target.candidate, opened.first)
        while True:
            broken: ProviderError | None = None
            # No `async for`: whoever opened the stream has already read its first event.
            event, following = opened.first, opened.events.__anext__
            try:
                for shown in head:
                    yield shown
                while True:
                    last = op.is_last(event)
                    if last:
                        # Before the event is yielded, since nobody may come back for more after it.
                        attempt.succeed(self._clock())
                        op.identify(event, call.response_id)
                        finish(op.accounted(event), call, target.candidate)
                    for shown in (event,) if recovery is None else recovery.feed(event):
                        yield shown
                    if last:
                        return
                    event = await following()
            except ProviderError as exc:
                broken = exc
            except StopAsyncIteration:
                broken = StreamBroken(target.candidate.provider_id, "ended the stream before its end")
            finally:
                # Also reached when the caller leaves at a `yield`. The attempt ends first, since the closing
                # can be cancelled; after a success this changes nothing.
                if broken is None:
                    attempt.abandon(self._clock())
                await opened.events.aclose()
            schedule.failed(target, attempt, broken, content=True)
            target, attempt, opened = await self._resume(op, schedule, call, attempt, broken, recovery)
            head = ()

    async def _resume(
        self,
        op: Streamed[Req, Event],
        schedule: Schedule,
        call: Call,
        attempt: Attempt,
        broken: ProviderError,
        recovery: Recovering[Req, Event] | None,
    ) -> tuple[Target, Attempt, _Opened[Event]]:
        """Returns another candidate's stream that continues where this one broke.

        Raises:
            StreamInterrupted: A break is final, or no candidate could continue.
        """
        if recovery is None:
            raise _interrupted(broken) from broken
        recovery.broke(attempt_message(attempt))
        ask = self._opening(op, recovery.resume, recovery)
        try:
            return await self._first(schedule, call, ask, hedged=False)
        except RingmainError as exc:
            raise _interrupted(broken, exc) from exc

    async def _first(
        self, schedule: Schedule, call: Call, ask: Ask[Value], *, hedged: bool = True
    ) -> tuple[Target, Attempt, Value]:
        """Returns the first attempt with a result: a whole answer or a stream's first event.

        Raises:
            RingmainError: No candidate had one.
        """
        while True:
            target, attempt = await self._begin(schedule, call)
            hedge = schedule.policy.hedge
            if hedge is not None and hedged:
                delay = _hedge_delay(hedge, target)
                won = await self._race(schedule, call, ask, target, attempt, delay)
                if won is not None:
                    return won
                continue
            call.current = attempt
            try:
                return target, attempt, await ask(target, call)
            except ProviderError as exc:
                schedule.failed(target, attempt, exc)
            except BaseException:
                # Cancelled, or a mistake of ours: neither says anything about the candidate.
                attempt.abandon(self._clock())
                raise

    async def _begin(self, schedule: Schedule, call: Call) -> tuple[Target, Attempt]:
        """Waits for and begins the next attempt."""
        while True:
            target, delay = schedule.next()
            if delay > 0:
                await asyncio.sleep(delay)
            if target.library is not None and not target.library.loaded:
                await target.library.prepare()
            # While this one waited, others may have filled the candidate or opened its breaker.
            attempt = schedule.begin(target)
            if attempt is not None:
                if schedule.left and (others := schedule.attempts_left):
                    attempt.time_limit = share(call.deadline - self._clock(), others + 1, math.inf)
                return target, attempt

    async def _race(
        self, schedule: Schedule, call: Call, ask: Ask[Value], target: Target, attempt: Attempt, delay: float
    ) -> tuple[Target, Attempt, Value] | None:
        """Runs the attempt, hedged by a second one; returns None when both have failed."""

        async def run(target: Target, attempt: Attempt) -> Value:
            return await ask(target, call.of(attempt))

        def second() -> Runner[tuple[Target, Attempt], Value] | None:
            other = schedule.second()
            return None if other is None else Runner(other, run(*other))

        def failed(key: tuple[Target, Attempt], error: ProviderError) -> None:
            schedule.failed(*key, error)

        async def lost(key: tuple[Target, Attempt], value: Value | None) -> None:
            if isinstance(value, _Opened):
                await value.events.aclose()
            key[1].lose(self._clock())

        first = Runner((target, attempt), run(target, attempt))
        won = await race(first, second, delay, failed=failed, lost=lost)
        return None if won is None else (*won[0], won[1])

    def _opening(
        self,
        op: Streamed[Req, Event],
        asked: Callable[[Candidate], Req],
        recovery: Recovering[Req, Event] | None = None,
    ) -> Ask[_Opened[Event]]:
        """Asks for a stream and waits for its first event."""

        async def ask(target: Target, mine: Call) -> _Opened[Event]:
            attempt = mine.attempt
            events = target.backend.stream(op, asked(target.candidate), mine)
            try:
                first = await anext(events)
            except StopAsyncIteration:
                raise StreamBroken(target.candidate.provider_id, "ended the stream before its end") from None
            except Rejected as exc:
                if recovery is None or not recovery.prefilled:
                    raise
                recovery.refuse_prefill()
                raise PrefillRejected(target.candidate.provider_id, "refused to continue a text") from exc
            except BaseException:
                # Nobody else has this stream yet, so nobody else would close its connection.
                await events.aclose()
                raise
            attempt.first_content = self._clock() - attempt.start
            return _Opened(events, first)

        return ask

    def _schedule(self, op: Operation[Req, Any], request: Req, call: Call) -> Schedule:
        routed = op.routed(request)
        call.may_hold_media = op.may_hold_media(request)
        plan = self._plan(op, request, call, routed.model, routed.routing_policy)

        def fallback(model: str) -> RoutePlan:
            return self._plan(op, request, call, model, routed.routing_policy, plan.targets[0])

        return Schedule(plan, call, self._clock, self._retries, fallback)

    def _plan(
        self,
        op: Operation[Req, Any],
        request: Req,
        call: Call,
        model: str,
        policy: RoutingPolicy,
        first: Target | None = None,
    ) -> RoutePlan:
        """Returns the candidates of a model that can serve a request, in the order to try them.

        Args:
            op: The operation.
            request: The request.
            call: The call, which says whether the request may hold media.
            model: The model asked for, or the one that stands in for it.
            policy: The request's own routing policy.
            first: The first candidate of the model asked for, where another one stands in for it.
        """
        plan = self._models.plan(model)
        targets: Sequence[Target] = plan.targets
        if policy.provider_ids:
            targets = chosen(targets, policy)
        try:
            lacked = plan.lacked[op]
        except KeyError:
            lacked = plan.lacked[op] = lacked_by_some(plan.targets, op)
        if lacked is None or (lacked and not lacked.isdisjoint(op.needs(request, call.may_hold_media))):
            targets = capable(model, targets, op, request, may_hold_media=call.may_hold_media)
        if not policy.provider_ids and plan.policy.strategy is not Strategy.PRIORITY:
            targets = arrange(plan.policy.strategy, targets, self._rng)
        if len(targets) > 1 and (provider_id := op.continued(request)):
            targets = first_at(provider_id, targets)
        if op.same_model:
            targets = same_model(first or targets[0], targets)
        if policy.failover_disabled:
            return RoutePlan((targets[0],), replace(plan.policy, fallback=""))
        if targets is plan.targets:
            return plan
        return RoutePlan(tuple(targets), plan.policy)


def _recovery(op: Streamed[Req, Event], request: Req, policy: ModelPolicy) -> Recovering[Req, Event] | None:
    """Returns the recovery that remembers the stream, None when a break is final."""
    mode = op.routed(request).routing_policy.stream_recovery or policy.stream_recovery
    if mode == STREAM_RECOVERY_FAIL or op.recovering is None:
        return None
    return op.recovering(request, mode == STREAM_RECOVERY_CONTINUE)


def _hedge_delay(hedge: HedgePolicy, target: Target) -> float:
    """Returns the seconds until a candidate's first content counts as late."""
    usual = target.health.recent.quantile(hedge.quantile)
    return hedge.after if usual is None else max(usual, hedge.least)


def _interrupted(broken: ProviderError, then: RingmainError | None = None) -> StreamInterrupted:
    """Returns the break for the caller; a failed recovery never hides it."""
    message = f"the stream broke after content was sent: {broken.message}"
    metadata = {"provider_id": broken.provider_id}
    if then is not None:
        message += f"; and could not go on: {then.message}"
        metadata["recovery_reason"] = then.reason
    return StreamInterrupted(message, metadata=metadata)
