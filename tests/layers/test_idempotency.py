"""The idempotency layer: one request, however often it is sent, is worked on and paid for once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import AsyncGeneratorType, CoroutineType
from typing import Any

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField, ProvidersUnavailable
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.layers.replay_log import AHEAD
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_fold import fold, unfold
from ringmain_server.stores.answers import Key

from tests.fakes.paced import PacedBackend
from tests.layers.idempotent import ANSWER, EVENTS, SlowAnswers, ask, cancel, events_of, open_world, settle


async def test_requests_without_an_id_pass_through_untouched() -> None:
    """Without an id, and for an operation that is not replayed, callers get the inner backend's own."""
    async with open_world() as world:
        coroutine = world.layer.call(CHAT, ask(request_id=""), world.new_call())
        stream = world.layer.stream(STREAM_CHAT, ask(request_id=""), world.new_call())
        assert isinstance(coroutine, CoroutineType)
        assert isinstance(stream, AsyncGeneratorType)
        assert coroutine.cr_code is PacedBackend.call.__code__
        assert stream.ag_code is PacedBackend.stream.__code__
        coroutine.close()
        count = chat_pb2.CountTokensRequest(chat=ask())
        counting = world.layer.call(COUNT_TOKENS, count, world.new_call())
        assert isinstance(counting, CoroutineType)
        assert counting.cr_code is PacedBackend.call.__code__
        counting.close()


@pytest.mark.parametrize("first", ["whole", "streamed"])
async def test_a_repeat_gets_the_first_answer_whole_or_streamed(first: str) -> None:
    """Repeats of either method get the first one's answer, ids, usage and route included, at no cost."""
    async with open_world() as world:
        asked = world.whole() if first == "whole" else world.streamed()
        await settle()
        world.backend.runs[0].give(*([ANSWER] if first == "whole" else [*EVENTS, None]))
        given = await asked
        assert given == (ANSWER if first == "whole" else EVENTS)
        assert await world.whole() == ANSWER
        assert await world.streamed() == unfold(ANSWER)
        assert len(world.backend.runs) == 1
        assert [call.replayed for call in world.calls] == [False, True, True]
        assert [call.answer_id for call in world.calls] == ["", "resp_0", "resp_0"]
        assert not world.calls[1].attempts


@pytest.mark.parametrize("first", ["whole", "streamed"])
async def test_a_repeat_joins_the_running_call(first: str) -> None:
    """A repeat while the first runs waits for the same work, whichever methods the two use."""
    async with open_world() as world:
        asked: list[asyncio.Task[object]] = []
        for repeat in (first, "whole", "streamed"):
            asked.append(world.whole() if repeat == "whole" else world.streamed())
            await settle()
        [run] = world.backend.runs
        run.give(*([ANSWER] if first == "whole" else [*EVENTS, None]))
        _, whole, streamed = await asyncio.gather(*asked)
        assert whole == ANSWER
        assert streamed == (unfold(ANSWER) if first == "whole" else EVENTS)
        assert [call.replayed for call in world.calls] == [False, True, True]


async def test_a_joiner_of_a_stream_sees_it_from_the_start() -> None:
    """Who joins late gets what was streamed before at once, and the rest as it comes."""
    async with open_world() as world:
        first = world.streamed()
        await settle()
        [run] = world.backend.runs
        run.give(*EVENTS[:3])
        await settle()
        async with aclosing(world.layer.stream(STREAM_CHAT, ask(), world.new_call())) as events:
            assert [await anext(events) for _ in range(3)] == EVENTS[:3]
            run.give(*EVENTS[3:], None)
            assert [event async for event in events] == EVENTS[3:]
        assert await first == EVENTS


async def test_a_day_later_the_request_runs_again() -> None:
    """An answer is forgotten when its time to live is over."""
    async with open_world() as world:
        for count in (1, 2):
            asked = world.whole()
            await settle()
            assert len(world.backend.runs) == count
            world.backend.runs[-1].give(ANSWER)
            assert await asked == ANSWER
            world.clock.advance(86400)


async def test_another_tenant_may_use_the_same_id() -> None:
    """The id is the tenant's own: another tenant's request runs for itself."""
    async with open_world() as world:
        mine = world.whole()
        theirs = asyncio.create_task(world.layer.call(CHAT, ask(), world.new_call(tenant_id="other")))
        await settle()
        one, two = world.backend.runs
        one.give(ANSWER)
        two.give(fold(events_of("other")))
        assert await mine != await theirs


async def test_callers_without_a_tenant_share_nothing() -> None:
    """A caller with a certificate of no tenant gets neither the answers of another one nor of a stranger."""
    async with open_world() as world:
        callers = [world.new_call(tenant_id="", principal_id=name) for name in ("cert:a", "cert:b", "", "")]
        asked = [asyncio.create_task(world.layer.call(CHAT, ask(), call)) for call in callers]
        await settle()
        assert len(world.backend.runs) == 3
        for run in world.backend.runs:
            run.give(ANSWER)
        await asyncio.gather(*asked)


async def test_another_request_under_the_same_id_is_refused() -> None:
    """A different request is INVALID_FIELD on request_id, while the first runs and after it has ended."""
    async with open_world() as world:
        first = world.whole()
        await settle()
        for _ in ("running", "stored"):
            for other in (world.whole(ask("other")), world.streamed(ask("other"))):
                with pytest.raises(InvalidField, match="another request") as caught:
                    await other
                assert caught.value.violations[0].field == "request_id"
            world.backend.runs[0].give(ANSWER)
            assert await first == ANSWER
        assert len(world.backend.runs) == 1
        assert not any(call.replayed for call in world.calls)


async def test_labels_and_timeouts_do_not_make_another_request() -> None:
    """A repeat may carry other labels and timeouts; any other change of the policy is a change."""
    async with open_world() as world:
        first = world.whole()
        await settle()
        world.backend.runs[0].give(ANSWER)
        await first
        again = ask()
        again.attribution.labels["try"] = "2"
        again.routing_policy.first_content_timeout.FromSeconds(3)
        again.routing_policy.idle_timeout.FromSeconds(3)
        assert await world.whole(again) == ANSWER
        again.routing_policy.failover_disabled = True
        with pytest.raises(InvalidField):
            await world.whole(again)


@pytest.mark.parametrize("failure", [ProvidersUnavailable("all are down"), ZeroDivisionError("a fault")])
async def test_a_failure_is_told_to_all_and_then_forgotten(failure: Exception) -> None:
    """Those who wait get the failure, after the events before it; a repeat after it runs again."""
    async with open_world() as world:
        asked = [world.streamed(), world.whole()]
        await settle()
        world.backend.runs[0].give(EVENTS[0], failure)
        for result in await asyncio.gather(*asked, return_exceptions=True):
            assert type(result) is type(failure)
            assert str(result) == str(failure)
        again = world.whole()
        await settle()
        world.backend.runs[1].give(ANSWER)
        assert await again == ANSWER


async def test_a_repeat_in_the_moment_of_failure_runs_again() -> None:
    """Who repeats as soon as it sees the failure never gets the old failure once more."""
    async with open_world() as world:

        async def insist() -> chat_pb2.ChatResponse:
            try:
                return await world.layer.call(CHAT, ask(), world.new_call())
            except ProvidersUnavailable:
                return await world.layer.call(CHAT, ask(), world.new_call())

        insisting = asyncio.create_task(insist())
        await settle()
        world.backend.runs[0].give(ProvidersUnavailable("down"))
        await settle()
        world.backend.runs[1].give(ANSWER)
        assert await insisting == ANSWER


async def test_a_cancellation_from_below_reaches_the_callers() -> None:
    """A stray CancelledError ends the work, and every caller sees it instead of waiting for ever."""
    async with open_world() as world:
        asked = [world.whole(), world.whole()]
        await settle()
        world.backend.runs[0].give(asyncio.CancelledError())
        for result in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError)


async def test_a_stream_that_never_finished_is_not_stored() -> None:
    """Events without the last one are no answer to give again."""
    async with open_world() as world:
        asked = world.streamed()
        await settle()
        world.backend.runs[0].give(*EVENTS[:-1], None)
        assert await asked == EVENTS[:-1]
        assert await world.answers.get(Key("t", "once")) is None


async def test_the_work_goes_on_for_joiners_when_the_first_leaves() -> None:
    """The first caller's cancellation ends its own waiting only; the next in line takes over the bill."""
    async with open_world() as world:
        first = world.streamed()
        await settle()
        [run] = world.backend.runs
        attempt = Attempt(Candidate("p", "openai", "x"), 0.0)
        run.call.attempts.append(attempt)
        heir, other = world.whole(), world.streamed()
        run.give(EVENTS[0])
        await settle()
        await cancel(first)
        run.give(*EVENTS[1:], None)
        assert await heir == ANSWER
        assert await other == EVENTS
        assert run.ended == "answered"
        assert [call.attempts for call in world.calls] == [[], [attempt], []]
        assert [call.replayed for call in world.calls] == [False, False, True]
        assert world.calls[1].answer_id == "resp_0"


async def test_attempts_stay_with_a_payer_who_got_the_answer() -> None:
    """The first caller pays although a slow joiner is still reading when it has ended."""
    async with open_world() as world:
        first = world.streamed()
        await settle()
        [run] = world.backend.runs
        run.call.attempts.append(Attempt(Candidate("p", "openai", "x"), 0.0))
        async with aclosing(world.layer.stream(STREAM_CHAT, ask(), world.new_call())) as slow:
            run.give(EVENTS[0])
            assert await anext(slow) == EVENTS[0]
            run.give(*EVENTS[1:], None)
            assert await first == EVENTS
            assert [event async for event in slow] == EVENTS[1:]
        assert len(world.calls[0].attempts) == 1
        assert world.calls[1].replayed


@pytest.mark.parametrize("method", ["whole", "streamed"])
async def test_the_work_ends_with_the_last_caller(method: str) -> None:
    """When nobody is left the provider's work is cancelled before the last caller's cancellation is done."""
    async with open_world() as world:
        asked = [world.whole() if method == "whole" else world.streamed() for _ in range(3)]
        await settle()
        [run] = world.backend.runs
        for task in asked:
            assert run.ended == ""
            await cancel(task)
        assert run.ended == "cancelled"
        assert await world.answers.get(Key("t", "once")) is None


async def test_a_caller_who_leaves_at_once_leaves_nothing() -> None:
    """A caller cancelled in its first moments leaves no work behind, and the next one begins anew."""
    for moments in range(4):
        async with open_world() as world:
            leaving = world.whole()
            for _ in range(moments):
                await asyncio.sleep(0)
            await cancel(leaving)
            assert all(run.ended == "cancelled" for run in world.backend.runs)
            again = world.whole()
            await settle()
            world.backend.runs[-1].give(ANSWER)
            assert await again == ANSWER


async def test_a_stream_nobody_reads_begins_nothing() -> None:
    """A stream that is closed before its first event never reaches the backend."""
    async with open_world() as world:
        await world.layer.stream(STREAM_CHAT, ask(), world.new_call()).aclose()
        await settle()
        assert not world.backend.runs


async def test_who_comes_while_abandoned_work_ends_begins_anew() -> None:
    """Work that is being cancelled is not joined, even while its end takes a while."""

    class Lingering(PacedBackend):
        """Takes its time to end."""

        async def call(self, op: Any, request: Any, call: Call) -> Any:
            try:
                return await super().call(op, request, call)
            except asyncio.CancelledError:
                await ended.wait()
                raise

    ended = asyncio.Event()

    async with open_world() as world:
        world.backend = Lingering()
        world.layer = Idempotency(world.backend, world.answers)
        first = world.whole()
        await settle()
        first.cancel()
        await settle()
        again = world.whole()
        await settle()
        world.backend.runs[1].give(ANSWER)
        assert await again == ANSWER
        assert not first.done()
        ended.set()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_leaving_after_the_last_event_does_not_waste_the_answer() -> None:
    """An answer that is complete is stored although the last caller left before the stream had closed."""
    async with open_world() as world:
        async with aclosing(world.layer.stream(STREAM_CHAT, ask(), world.new_call())) as events:
            reading = asyncio.ensure_future(_take(events, len(EVENTS)))
            await settle()
            [run] = world.backend.runs
            run.give(*EVENTS)
            assert await reading == EVENTS
            asyncio.get_running_loop().call_soon(run.give, None)
        assert run.ended == "answered"
        assert await world.whole() == ANSWER


async def test_each_joiner_extends_the_deadline_of_the_work() -> None:
    """The work may take as long as the most patient of its callers waits."""
    async with open_world() as world:
        tasks = []
        for deadline in (10.0, 30.0, 20.0):
            call = world.new_call(deadline)
            tasks.append(asyncio.create_task(world.layer.call(CHAT, ask(), call)))
            await settle()
        assert world.backend.runs[0].call.deadline == 30.0
        world.backend.runs[0].give(ANSWER)
        await asyncio.gather(*tasks)
        assert [call.deadline for call in world.calls] == [10.0, 30.0, 20.0]


async def test_a_slow_caller_slows_the_upstream() -> None:
    """The work is ahead of its only reader by a bounded number of bytes."""
    async with open_world() as world:
        piece = "x" * 8192
        async with aclosing(world.layer.stream(STREAM_CHAT, ask(), world.new_call())) as events:
            reading = asyncio.ensure_future(anext(events))
            await settle()
            [run] = world.backend.runs
            run.give(*events_of(*[piece] * 50))
            await reading
            await settle()
            assert run.taken <= 2 + AHEAD // 8192 + 1
            await anext(events)
            await anext(events)
            taken = run.taken
            await settle()
            assert 0 < run.taken - taken <= 2


async def test_an_answer_too_large_to_keep_runs_again() -> None:
    """A stream beyond the bound goes on for its callers, is neither joined nor stored, and ends in full."""
    async with open_world(keep=4096) as world:
        events = events_of(*["x" * 1000] * 10)
        first, second = world.streamed(), world.whole()
        await settle()
        world.backend.runs[0].give(*events[:8])
        await settle()
        late = world.streamed()
        await settle()
        one, two = world.backend.runs
        one.give(*events[8:], None)
        assert await first == events
        assert await second == fold(events)
        two.give(*events, None)
        assert await late == events
        assert await world.answers.get(Key("t", "once")) is None


async def test_a_whole_answer_too_large_to_keep_is_not_stored() -> None:
    """Joiners of a large whole answer get it; a repeat after its end runs again."""
    async with open_world(keep=4096) as world:
        large = fold(events_of("x" * 100_000))
        asked = [world.whole(), world.streamed()]
        await settle()
        world.backend.runs[0].give(large)
        assert await asyncio.gather(*asked) == [large, unfold(large)]
        assert await world.answers.get(Key("t", "once")) is None


async def test_simultaneous_looks_into_a_slow_store_begin_one_work() -> None:
    """However long the store takes, of many equal requests at any time one is worked on."""
    async with open_world() as world:
        world.layer = Idempotency(world.backend, SlowAnswers(ttl=9, max_entries=9, max_bytes=2**20))
        asked = []
        for step in range(60):
            asked.append(world.whole())
            await asyncio.sleep(0)
            if step == 35:
                world.backend.runs[0].give(ANSWER)
        assert await asyncio.gather(*asked) == [ANSWER] * 60
        assert len(world.backend.runs) == 1
        assert not world.layer._looking


async def test_a_look_that_is_cancelled_leaves_nothing() -> None:
    """A caller who leaves while the store is asked neither begins work nor holds up the next one."""
    async with open_world() as world:
        world.layer = Idempotency(world.backend, SlowAnswers(ttl=9, max_entries=9, max_bytes=2**20))
        first, second = world.whole(), world.whole()
        await asyncio.sleep(0)
        await cancel(first)
        await settle()
        await settle()
        world.backend.runs[0].give(ANSWER)
        assert await second == ANSWER
        assert not world.calls[1].replayed


async def _take(events: AsyncIterator[chat_pb2.ChatEvent], count: int) -> list[chat_pb2.ChatEvent]:
    return [await anext(events) for _ in range(count)]
