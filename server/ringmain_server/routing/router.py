"""Room 3: from a model to its candidates, tried until one answers.

What is tried next is decided by `Trial`; how a broken stream goes on, by the operation's `Recovering`. Here
they are acted upon.
"""

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ringmain.v1.routing_pb2 import STREAM_RECOVERY_CONTINUE, STREAM_RECOVERY_FAIL, RoutingPolicy

from ringmain_server.backend import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    InvalidField,
    PrefillRejected,
    ProviderError,
    Rejected,
    RingmainError,
    StreamBroken,
    StreamInterrupted,
    Violation,
)
from ringmain_server.operations.base import Recovering, Streamed, Unary
from ringmain_server.policies import Clock
from ringmain_server.policies.deadline import share
from ringmain_server.routing.balance import Strategy, arrange
from ringmain_server.routing.eligibility import able, alike
from ringmain_server.routing.hedge import Runner, race
from ringmain_server.routing.models import Models, Plan, Served
from ringmain_server.routing.policy import ModelPolicy
from ringmain_server.routing.route_info import attempt_message, settle
from ringmain_server.routing.schedule import Retries, Trial
from ringmain_server.text.excerpt import quoted

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")
Value = TypeVar("Value")

Ask = Callable[[Served, Call], Coroutine[Any, Any, Value]]
"""One attempt: whom to ask, and the call as the attempt sees it."""


@dataclass(frozen=True, slots=True)
class _Opened(Generic[Event]):
    """A stream that has its first event."""

    events: AsyncGenerator[Event, None]
    first: Event


class Router:
    """Tries candidates. A `Backend` whose inner backends are the candidates' chains.

    Args:
        models: Names to candidates.
        retries: What all requests share.
        clock: Seconds on the clock of the calls' deadlines.
        rng: Where chance comes from.
    """

    def __init__(self, models: Models, retries: Retries, clock: Clock, rng: random.Random) -> None:
        self._models = models
        self._retries = retries
        self._clock = clock
        self._rng = rng

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """The first answer of any candidate."""
        trial = self._trial(op, request, call)

        def ask(served: Served, mine: Call) -> Coroutine[Any, Any, Res]:
            return served.backend.call(op, request, mine)

        served, attempt, response = await self._first(trial, call, ask)
        attempt.succeed(self._clock())
        op.identify(response, call.response_id)
        settle(op.settled(response), call, served.candidate)
        return response

    async def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """The events of the first candidate that has content; nothing of one that failed before is seen."""
        trial = self._trial(op, request, call)
        recovery = _recovery(op, request, trial.policy)
        served, attempt, opened = await self._first(trial, call, self._opening(op, lambda _: request))
        feed = _as_it_is if recovery is None else recovery.feed
        head: Sequence[Event] = op.started(call, served.candidate, opened.first)
        while True:
            broken: ProviderError | None = None
            event, following = opened.first, opened.events.__anext__
            try:
                for shown in head:
                    yield shown
                while True:
                    settled = op.settled(event)
                    if settled is not None:
                        attempt.succeed(self._clock())
                        op.identify(event, call.response_id)
                        settle(settled, call, served.candidate)
                    for shown in feed(event):
                        yield shown
                    if settled is not None:
                        return
                    event = await following()
            except ProviderError as exc:
                broken = exc
            except StopAsyncIteration:
                broken = StreamBroken(served.candidate.provider_id, "ended the stream before its end")
            finally:
                await opened.events.aclose()
                if broken is None:
                    attempt.abandon(self._clock())
            trial.failed(served, attempt, broken, content=True)
            served, attempt, opened = await self._resume(op, trial, call, attempt, broken, recovery)
            head = ()

    async def _resume(
        self,
        op: Streamed[Req, Event],
        trial: Trial,
        call: Call,
        attempt: Attempt,
        broken: ProviderError,
        recovery: Recovering[Req, Event] | None,
    ) -> tuple[Served, Attempt, _Opened[Event]]:
        """Another candidate's stream that goes on where this one broke.

        Raises:
            StreamInterrupted: A break is final, or nobody could go on.
        """
        if recovery is None:
            raise _interrupted(broken) from broken
        recovery.broke(attempt_message(attempt))
        ask = self._opening(op, recovery.resume, recovery)
        try:
            return await self._first(trial, call, ask, hedged=False)
        except RingmainError as exc:
            raise _interrupted(broken, exc) from exc

    async def _first(
        self, trial: Trial, call: Call, ask: Ask[Value], *, hedged: bool = True
    ) -> tuple[Served, Attempt, Value]:
        """The first attempt that has something to show, a whole answer or a stream's first event.

        Raises:
            RingmainError: No candidate had anything.
        """
        while True:
            served, attempt = await self._begin(trial, call)
            delay = _hedge_delay(trial.policy, served) if hedged else None
            if delay is not None:
                won = await self._race(trial, call, ask, served, attempt, delay)
                if won is not None:
                    return won
                continue
            call.current = attempt
            try:
                return served, attempt, await ask(served, call)
            except ProviderError as exc:
                trial.failed(served, attempt, exc)
            except BaseException:
                attempt.abandon(self._clock())
                raise

    async def _begin(self, trial: Trial, call: Call) -> tuple[Served, Attempt]:
        """Waits for and begins the next attempt."""
        while True:
            served, delay = trial.next()
            if delay > 0:
                await asyncio.sleep(delay)
            if served.prepare is not None:
                await served.prepare()
            attempt = trial.begin(served)
            if attempt is not None:
                if others := trial.attempts_left:
                    attempt.time_limit = share(call.deadline - self._clock(), others + 1, math.inf)
                return served, attempt

    async def _race(
        self, trial: Trial, call: Call, ask: Ask[Value], served: Served, attempt: Attempt, delay: float
    ) -> tuple[Served, Attempt, Value] | None:
        """The attempt, hedged by a second one; None when both have failed."""

        async def run(served: Served, attempt: Attempt) -> Value:
            return await ask(served, call.of(attempt))

        def second() -> Runner[tuple[Served, Attempt], Value] | None:
            other = trial.second()
            return None if other is None else Runner(other, run(*other))

        def failed(key: tuple[Served, Attempt], error: ProviderError) -> None:
            trial.failed(*key, error)

        async def lost(key: tuple[Served, Attempt], value: Value | None) -> None:
            if isinstance(value, _Opened):
                await value.events.aclose()
            key[1].lose(self._clock())

        first = Runner((served, attempt), run(served, attempt))
        won = await race(first, second, delay, failed=failed, lost=lost)
        return None if won is None else (*won[0], won[1])

    def _opening(
        self,
        op: Streamed[Req, Event],
        asked: Callable[[Candidate], Req],
        recovery: Recovering[Req, Event] | None = None,
    ) -> Ask[_Opened[Event]]:
        """Asks for a stream and waits for its first event."""

        async def ask(served: Served, mine: Call) -> _Opened[Event]:
            attempt = mine.attempt
            events = served.backend.stream(op, asked(served.candidate), mine)
            try:
                first = await anext(events)
            except StopAsyncIteration:
                raise StreamBroken(served.candidate.provider_id, "ended the stream before its end") from None
            except Rejected as exc:
                if recovery is None or not recovery.prefilled:
                    raise
                recovery.refuse_prefill()
                raise PrefillRejected(served.candidate.provider_id, "refused to continue a text") from exc
            except BaseException:
                await events.aclose()
                raise
            attempt.first_content = self._clock() - attempt.start
            return _Opened(events, first)

        return ask

    def _trial(self, op: Unary[Req, Any] | Streamed[Req, Any], request: Req, call: Call) -> Trial:
        routed = op.routed(request)
        plan = self._plan(op, request, routed.model, routed.routing_policy)

        def fallback(model: str) -> Plan:
            return self._plan(op, request, model, routed.routing_policy, plan.served[0])

        return Trial(plan, call, self._clock, self._retries, fallback)

    def _plan(
        self,
        op: Unary[Req, Any] | Streamed[Req, Any],
        request: Req,
        model: str,
        policy: RoutingPolicy,
        first: Served | None = None,
    ) -> Plan:
        plan = self._models.plan(model)
        chosen = _chosen(plan.served, policy) if policy.provider_ids else plan.served
        served = able(model, chosen, op, request)
        if not policy.provider_ids and plan.policy.strategy is not Strategy.PRIORITY:
            served = arrange(plan.policy.strategy, served, self._rng)
        if op.like_first:
            served = alike(first or served[0], served)
        if policy.failover_disabled:
            return Plan((served[0],), replace(plan.policy, fallback=""))
        if served is plan.served:
            return plan
        return Plan(tuple(served), plan.policy)


def _chosen(able: Sequence[Served], policy: RoutingPolicy) -> list[Served]:
    """The candidates of the providers that the request names, in its order."""
    by_provider: dict[str, list[Served]] = {}
    for served in able:
        by_provider.setdefault(served.candidate.provider_id, []).append(served)
    unknown = [
        Violation(
            f"routing_policy.provider_ids[{index}]", f"no candidate of the model is at {quoted(provider_id)}"
        )
        for index, provider_id in enumerate(policy.provider_ids)
        if provider_id not in by_provider
    ]
    if unknown:
        raise InvalidField(unknown)
    order = dict.fromkeys(policy.provider_ids)
    return [served for provider_id in order for served in by_provider[provider_id]]


def _as_it_is(event: Event) -> Sequence[Event]:
    return (event,)


def _recovery(op: Streamed[Req, Event], request: Req, policy: ModelPolicy) -> Recovering[Req, Event] | None:
    """What remembers the stream for a recovery, None when a break is final."""
    mode = op.routed(request).routing_policy.stream_recovery or policy.stream_recovery
    if mode == STREAM_RECOVERY_FAIL or op.recovering is None:
        return None
    return op.recovering(request, mode == STREAM_RECOVERY_CONTINUE)


def _hedge_delay(policy: ModelPolicy, served: Served) -> float | None:
    """Seconds until a candidate's first content counts as late, None where nothing is hedged."""
    hedge = policy.hedge
    if hedge is None:
        return None
    usual = served.condition.first_content.quantile(hedge.quantile)
    return hedge.after if usual is None else max(usual, hedge.least)


def _interrupted(broken: ProviderError, then: RingmainError | None = None) -> StreamInterrupted:
    """The break that the caller learns of; a failed recovery never hides it."""
    message = f"the stream broke after content was sent: {broken.message}"
    metadata = {"provider_id": broken.provider_id}
    if then is not None:
        message += f"; and could not go on: {then.message}"
        metadata["recovery_reason"] = then.reason
    return StreamInterrupted(message, metadata=metadata)
