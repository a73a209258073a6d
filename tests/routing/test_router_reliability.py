"""The router when things fail: retries, breakers, cooldowns, fallback, hedging, recovery."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.routing_pb2 import STREAM_RECOVERY_CONTINUE, STREAM_RECOVERY_RESTART, StreamRecovery
from ringmain.v1.usage_pb2 import Usage
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import FlatPrice
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.operations.chat_fold import fold
from ringmain_server.policies.breaker import BreakerSettings
from ringmain_server.policies.concurrency import ConcurrencySettings
from ringmain_server.policies.cooldown import CooldownSettings
from ringmain_server.routing.balance import Strategy
from ringmain_server.routing.health import HealthSettings
from ringmain_server.routing.models import RoutePlan, Target
from ringmain_server.routing.policy import HedgePolicy, ModelPolicy

from tests.fakes.backend import HANG, ScriptedBackend
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until
from tests.routing.routing import new_call, router_of, target

REQUEST = chat_pb2.ChatRequest(model="m")
RETRYING = ModelPolicy(retries=1)
DOWN = errors.ServerFault("p0", "answered 503")
LIMITED = errors.RateLimited("p0", "is limiting our rate", retry_after=0.02)
RESTART = ModelPolicy(retries=0, stream_recovery=STREAM_RECOVERY_RESTART)
CONTINUE = ModelPolicy(retries=0, stream_recovery=STREAM_RECOVERY_CONTINUE)


def _events(*pieces: str) -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    events: list[chat_pb2.ChatEvent] = []
    for piece in pieces:
        assembler.text(piece)
        events += assembler.take()
    return events + assembler.finish(FINISH_REASON_STOP, Usage(input_token_count=1, output_token_count=1))


def _answer(text: str = "hello") -> chat_pb2.ChatResponse:
    return fold(_events(text))


def _at(name: str, *scripts: Sequence[object], prefill: bool = False) -> Target:
    return target(ScriptedBackend(list(scripts)), Candidate(name, "openai", "model", prefill=prefill))


def _asked(candidate: Target) -> int:
    assert isinstance(candidate.backend, ScriptedBackend)
    return len(candidate.backend.requests)


async def _fold(candidates: Sequence[Target], policy: ModelPolicy) -> tuple[chat_pb2.ChatResponse, list[str]]:
    stream = router_of(candidates, policy).stream(STREAM_CHAT, REQUEST, new_call())
    events = [event async for event in stream]
    return fold(events), [str(event.WhichOneof("event")) for event in events]


async def test_a_fault_of_the_server_is_worth_one_retry_of_the_same_candidate() -> None:
    """A 503 is asked again once, after a back-off; the route holds both attempts."""
    first, second = _at("p0", [DOWN], [_answer()]), _at("p1", [_answer()])
    response = await router_of([first, second], RETRYING).call(CHAT, REQUEST, new_call())
    assert [attempt.provider_id for attempt in response.route.attempts] == ["p0", "p0"]
    assert _asked(second) == 0


async def test_retries_end_with_their_number_and_with_the_deadline() -> None:
    """No more retries than configured, and none whose back-off would outlast the deadline."""
    first, second = _at("p0", [DOWN]), _at("p1", [_answer()])
    await router_of([first, second], replace(RETRYING, retries=3)).call(CHAT, REQUEST, new_call())
    assert _asked(first) == 4
    late = _at("p0", [DOWN])
    with pytest.raises(errors.ProvidersUnavailable):
        await router_of([late], RETRYING).call(CHAT, REQUEST, new_call(seconds=0))
    assert _asked(late) == 1


async def test_a_rate_limited_last_candidate_is_waited_for_once() -> None:
    """With nobody else left, a 429 is waited out if the wait fits; then the same candidate answers."""
    alone = _at("p0", [LIMITED], [_answer()])
    response = await router_of([alone], RETRYING).call(CHAT, REQUEST, new_call())
    assert len(response.route.attempts) == 2
    for policy in (replace(RETRYING, rate_limit_wait=0.01), replace(RETRYING, retries=0)):
        refused = _at("p0", [LIMITED], [_answer()])
        with pytest.raises(errors.RateLimited) as caught:
            await router_of([refused], policy).call(CHAT, REQUEST, new_call())
        assert caught.value.retry_after is not None


async def test_a_candidate_in_cooldown_is_passed_over_until_its_time() -> None:
    """After a 429 others answer, and the first one is not asked until its cooldown has ended."""
    clock = FakeClock(0)
    limited = ScriptedBackend(
        [[errors.RateLimited("p0", "is limiting our rate", retry_after=20)], [_answer()]]
    )
    first, second = target(limited, Candidate("p0", "openai", "model"), clock=clock), _at("p1", [_answer()])
    router = router_of([first, second], RETRYING)
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p1"
    clock.advance(19)
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p1"
    assert _asked(first) == 1
    clock.advance(2)
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p0"


async def test_an_open_breaker_refuses_at_once_with_the_time_of_return() -> None:
    """When all are open the caller is told when to come back, and nobody is asked."""
    settings = HealthSettings(BreakerSettings(consecutive_failures=2, open_for=30))
    alone = target(ScriptedBackend([[DOWN]]), settings=settings)
    router = router_of([alone])
    for _ in range(3):
        with pytest.raises(errors.ProvidersUnavailable) as caught:
            await router.call(CHAT, REQUEST, new_call())
    assert _asked(alone) == 2
    assert caught.value.retry_after == pytest.approx(30, abs=1)
    assert "breaker is open" in caught.value.message


async def test_a_cancelled_probe_lets_the_next_call_probe() -> None:
    """A caller that leaves during the probe says nothing of the candidate: the next call may probe."""
    clock = FakeClock(0)
    settings = HealthSettings(BreakerSettings(consecutive_failures=1, open_for=10))
    alone = target(ScriptedBackend([[DOWN], [HANG], [_answer()]]), settings=settings, clock=clock)
    router = router_of([alone])
    with pytest.raises(errors.ProvidersUnavailable):
        await router.call(CHAT, REQUEST, new_call())
    clock.advance(11)
    probe = asyncio.ensure_future(router.call(CHAT, REQUEST, new_call()))
    await until(lambda: _asked(alone) == 2)
    with pytest.raises(errors.ProvidersUnavailable):
        await router.call(CHAT, REQUEST, new_call())
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p0"


async def test_refused_credentials_begin_a_cooldown_and_say_for_how_long() -> None:
    """Refused credentials begin a cooldown, and the caller is told when it ends at the latest."""
    refused = errors.CredentialsRefused("p0", "refused the gateway's credentials")
    alone = _at("p0", [refused])
    router = router_of([alone])
    for _ in range(2):
        with pytest.raises(errors.ProvidersUnavailable) as caught:
            await router.call(CHAT, REQUEST, new_call())
        assert caught.value.retry_after == pytest.approx(CooldownSettings().long, abs=1)
    assert _asked(alone) == 1
    alone.health.restore()
    with pytest.raises(errors.ProvidersUnavailable):
        await router.call(CHAT, REQUEST, new_call())
    assert _asked(alone) == 2


async def test_quota_spent_is_a_long_cooldown() -> None:
    """A spent quota puts the candidate in cooldown for long."""
    settings = HealthSettings(cooldown=CooldownSettings(long=60))
    spent = errors.QuotaSpent("p0", "has no quota left")
    alone = target(ScriptedBackend([[spent]]), settings=settings)
    router = router_of([alone])
    for _ in range(2):
        with pytest.raises(errors.ProvidersUnavailable) as caught:
            await router.call(CHAT, REQUEST, new_call())
    assert caught.value.retry_after == pytest.approx(60, abs=1)


async def test_a_full_candidate_is_passed_over_and_full_everywhere_is_overload() -> None:
    """Over its limit of concurrent calls a candidate is not asked; when all are full it is OVERLOADED."""
    settings = HealthSettings(concurrency=ConcurrencySettings(limit=1, adaptive=False))
    alone = target(ScriptedBackend([[HANG]]), settings=settings)
    router = router_of([alone])
    running = asyncio.ensure_future(router.call(CHAT, REQUEST, new_call()))
    await asyncio.sleep(0)
    with pytest.raises(errors.Overloaded):
        await router.call(CHAT, REQUEST, new_call())
    running.cancel()
    await asyncio.wait([running])
    assert alone.health.limit.in_flight == 0


async def test_a_drained_provider_gets_no_new_requests() -> None:
    """A drained provider's candidates are passed over; when all are drained the caller is refused."""
    first, second = _at("p0", [_answer()]), _at("p1", [_answer()])
    first.health.provider.drained = True
    router = router_of([first, second])
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p1"
    second.health.provider.drained = True
    with pytest.raises(errors.ProvidersUnavailable, match="is drained"):
        await router.call(CHAT, REQUEST, new_call())


async def test_when_all_are_in_cooldown_the_model_may_wait_for_the_first() -> None:
    """With `on_exhausted: wait` a request waits for the first candidate to return, up to its limit."""
    alone = _at("p0", [LIMITED], [_answer()])
    slow_first_event = ModelPolicy(retries=0, exhausted_wait=1.0)
    router = router_of([alone], slow_first_event)
    with pytest.raises(errors.RateLimited):
        await router.call(CHAT, REQUEST, new_call())
    assert (await router.call(CHAT, REQUEST, new_call())).route.provider_id == "p0"


async def test_a_fallback_model_serves_when_nobody_else_can() -> None:
    """The fallback's candidates follow when the model's are exhausted, not when the request is at fault."""
    spare = _at("p9", [_answer()])
    policy = ModelPolicy(retries=0, fallback="spare")
    others = {"spare": RoutePlan((spare,))}
    response = await router_of([_at("p0", [DOWN])], policy, **others).call(CHAT, REQUEST, new_call())
    assert response.route.provider_id == "p9"
    rejected = _at("p0", [errors.Rejected("p0", "no such field")])
    with pytest.raises(errors.Rejected):
        await router_of([rejected], policy, **others).call(CHAT, REQUEST, new_call())


async def test_failover_on_names_the_failures_that_go_on() -> None:
    """A list of failure classes replaces the table: filtered goes on, a server fault does not."""
    policy = ModelPolicy(retries=0, failover_on=frozenset({errors.ContentFiltered}))
    filtered = _at("p0", [errors.ContentFiltered("p0", "refused")])
    response = await router_of([filtered, _at("p1", [_answer()])], policy).call(CHAT, REQUEST, new_call())
    assert response.route.provider_id == "p1"
    with pytest.raises(errors.ProvidersUnavailable):
        await router_of([_at("p0", [DOWN]), _at("p1", [_answer()])], policy).call(CHAT, REQUEST, new_call())


async def test_hops_are_bounded() -> None:
    """No more candidates are tried for one request than `max_hops`."""
    candidates = [_at(f"p{index}", [DOWN]) for index in range(4)]
    with pytest.raises(errors.ProvidersUnavailable):
        await router_of(candidates, ModelPolicy(retries=0, max_hops=2)).call(CHAT, REQUEST, new_call())
    assert [_asked(candidate) for candidate in candidates] == [1, 1, 0, 0]


async def test_other_strategies_order_the_candidates() -> None:
    """Under `lowest_cost` the cheapest known candidate is asked first."""
    nine, one = FlatPrice(Decimal(9), Decimal(9)), FlatPrice(Decimal(1), Decimal(1))
    dear = target(ScriptedBackend([[_answer()]]), Candidate("dear", "openai", "m", price=nine))
    cheap = target(ScriptedBackend([[_answer()]]), Candidate("cheap", "openai", "m", price=one))
    policy = ModelPolicy(strategy=Strategy.LOWEST_COST)
    response = await router_of([dear, cheap], policy).call(CHAT, REQUEST, new_call())
    assert response.route.provider_id == "cheap"


async def test_the_deadline_is_split_among_those_left_to_try() -> None:
    """An attempt gets part of the time left while others may follow, and the last all of it."""
    call = new_call(seconds=9)
    first, second = _at("p0", [DOWN]), _at("p1", [_answer()])
    await router_of([first, second]).call(CHAT, REQUEST, call)
    limits = [attempt.time_limit for attempt in call.attempts]
    assert limits[0] == pytest.approx(6, abs=0.1)
    assert limits[1] is None


HEDGING = ModelPolicy(retries=0, hedge=HedgePolicy(after=0.02))


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_late_candidate_is_hedged_and_cancelled(streamed: bool) -> None:
    """When the first is late the second is asked too; it wins, the first is cancelled and recorded."""
    script = _events("hedged") if streamed else [_answer("hedged")]
    first, second = _at("p0", [HANG]), _at("p1", script)
    call = new_call()
    router = router_of([first, second], HEDGING)
    if streamed:
        response = fold([event async for event in router.stream(STREAM_CHAT, REQUEST, call)])
    else:
        response = await router.call(CHAT, REQUEST, call)
    assert response.message.parts[0].text == "hedged"
    lost, won = response.route.attempts
    assert (lost.provider_id, lost.error.code) == ("p0", 1)
    assert (won.provider_id, won.HasField("error")) == ("p1", False)
    assert isinstance(first.backend, ScriptedBackend)
    assert first.backend.closed == 1
    assert first.health.limit.in_flight == 0


async def test_hedging_keeps_out_of_the_way() -> None:
    """A prompt first candidate is not hedged; without another candidate a late one is waited for."""
    second = _at("p1", [_answer()])
    await router_of([_at("p0", [_answer()]), second], HEDGING).call(CHAT, REQUEST, new_call())
    assert _asked(second) == 0

    async def slow() -> None:
        alone = _at("p0", [0.05, _answer()])
        await router_of([alone], HEDGING).call(CHAT, REQUEST, new_call())

    await slow()


async def test_when_both_hedged_attempts_fail_the_request_goes_on() -> None:
    """If both racing attempts fail, the next candidate is tried."""
    first, second, third = _at("p0", [0.05, DOWN]), _at("p1", [0.05, DOWN]), _at("p2", [_answer()])
    response = await router_of([first, second, third], HEDGING).call(CHAT, REQUEST, new_call())
    assert response.route.provider_id == "p2"


async def test_cancelling_a_hedged_call_cancels_both() -> None:
    """A caller that leaves ends both attempts."""
    first, second = _at("p0", [HANG]), _at("p1", [HANG])
    task = asyncio.ensure_future(router_of([first, second], HEDGING).call(CHAT, REQUEST, new_call()))
    await until(lambda: _asked(second) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (first.health.limit.in_flight, second.health.limit.in_flight) == (0, 0)


BROKEN = errors.StreamBroken("p0", "closed the stream")


def _breaks_after(*pieces: str) -> list[object]:
    return [*_events(*pieces)[: len(pieces)], BROKEN]


@pytest.mark.parametrize("mode", [STREAM_RECOVERY_RESTART, STREAM_RECOVERY_CONTINUE])
async def test_a_broken_stream_goes_on_where_the_text_repeats(mode: StreamRecovery.ValueType) -> None:
    """A second candidate that repeats the text goes on behind it; nothing is void, nothing comes twice."""
    first, second = _at("p0", _breaks_after("one ", "two ")), _at("p1", _events("one two", " three"))
    response, kinds = await _fold([first, second], ModelPolicy(retries=0, stream_recovery=mode))
    assert response.message.parts[0].text == "one two three"
    assert kinds.count("started") == kinds.count("recovered") == kinds.count("finished") == 1
    assert response.route.provider_id == "p1"
    assert [attempt.HasField("error") for attempt in response.route.attempts] == [True, False]


async def test_restart_discards_what_differs() -> None:
    """A different answer voids what was sent; the fold is the new answer alone."""
    response, _ = await _fold([_at("p0", _breaks_after("one ")), _at("p1", _events("uno"))], RESTART)
    assert [part.text for part in response.message.parts] == ["uno"]


async def test_continue_gives_the_text_to_candidates_that_take_it() -> None:
    """A candidate known to take a prefix is asked to continue; others answer anew."""
    second = _at("p1", _events("two"), prefill=True)
    response, _ = await _fold([_at("p0", _breaks_after("one ")), second], CONTINUE)
    assert response.message.parts[0].text == "one two"
    assert isinstance(second.backend, ScriptedBackend)
    asked = second.backend.requests[0]
    assert isinstance(asked, chat_pb2.ChatRequest)
    assert asked.messages[-1].parts[0].text == "one"


async def test_a_rejected_prefill_is_asked_again_without() -> None:
    """A candidate that rejects the unfinished turn is asked anew, and answers as after RESTART."""
    second = _at("p1", [errors.Rejected("p1", "no prefill")], _events("one and all"), prefill=True)
    response, _ = await _fold([_at("p0", _breaks_after("one ")), second], CONTINUE)
    assert response.message.parts[0].text == "one and all"
    assert _asked(second) == 2


async def test_a_recovery_that_fails_names_both_failures() -> None:
    """When nobody can go on, the status names the break and why it could not go on."""
    router = router_of([_at("p0", _breaks_after("one ")), _at("p1", [DOWN])], RESTART)
    with pytest.raises(
        errors.StreamInterrupted, match=r"closed the stream; and could not go on: .*503"
    ) as caught:
        _ = [event async for event in router.stream(STREAM_CHAT, REQUEST, new_call())]
    assert caught.value.metadata["provider_id"] == "p0"


async def test_a_stream_may_break_twice() -> None:
    """A recovering candidate may break too; the next goes on, and the caller has a whole answer."""
    candidates = [
        _at("p0", _breaks_after("one ")),
        _at("p1", _breaks_after("one ", "two ")),
        _at("p2", _events("one two three")),
    ]
    response, kinds = await _fold(candidates, RESTART)
    assert response.message.parts[0].text == "one two three"
    assert kinds.count("recovered") == 2


async def test_the_request_says_whether_to_recover() -> None:
    """The request's own stream_recovery wins over the model's."""
    request = chat_pb2.ChatRequest(model="m")
    request.routing_policy.stream_recovery = STREAM_RECOVERY_RESTART
    candidates = [_at("p0", _breaks_after("one ")), _at("p1", _events("one two"))]
    stream = router_of(candidates).stream(STREAM_CHAT, request, new_call())
    assert fold([event async for event in stream]).message.parts[0].text == "one two"
