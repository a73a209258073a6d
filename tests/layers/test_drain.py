"""`on_cancel: drain`: the answer is read to its end although the caller has left."""

import asyncio

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import StreamBroken
from ringmain_server.layers.drain import AHEAD, Drain
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import ask, gateway, upstreams
from tests.fakes.backend import HANG, ScriptedBackend
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer, Pace
from tests.fakes.waiting import LIMIT

REQUEST = chat_pb2.ChatRequest(model="m")


def _call() -> Call:
    call = Call(response_id="r", method="m", deadline=1e9)
    call.current = Attempt(Candidate("p", "openai", "x"), 0.0)
    return call


def _events(count: int) -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    events: list[chat_pb2.ChatEvent] = []
    for _ in range(count):
        assembler.text("x")
        events += assembler.take()
    return events + assembler.finish(FINISH_REASON_STOP, Usage(output_token_count=count))


async def _ended(backend: ScriptedBackend) -> None:
    async with asyncio.timeout(LIMIT):
        while backend.closed == 0:  # noqa: ASYNC110 - the script has no event
            await asyncio.sleep(0.001)


async def test_a_caller_that_stays_notices_nothing() -> None:
    """Whole answers, streams and errors pass as they are."""
    events = _events(3)
    assert await Drain(ScriptedBackend([[fold(events)]])).call(CHAT, REQUEST, _call()) == fold(events)
    seen = [event async for event in Drain(ScriptedBackend([events])).stream(STREAM_CHAT, REQUEST, _call())]
    assert seen == events
    broken = Drain(ScriptedBackend([[events[0], StreamBroken("p", "closed")]]))
    with pytest.raises(StreamBroken):
        _ = [event async for event in broken.stream(STREAM_CHAT, REQUEST, _call())]
    count = chat_pb2.CountTokensResponse(input_token_count=1)
    drain = Drain(ScriptedBackend([[count]]))
    assert await drain.call(COUNT_TOKENS, chat_pb2.CountTokensRequest(), _call()) == count


async def test_a_stream_is_read_to_its_end_after_the_caller_left() -> None:
    """Leaving a stream lets the provider finish, and its usage is then known exactly."""
    backend = ScriptedBackend([_events(3 * AHEAD)])
    call = _call()
    stream = Drain(backend).stream(STREAM_CHAT, REQUEST, call)
    await anext(stream)
    await stream.aclose()
    await _ended(backend)
    assert call.attempt.usage == Usage(output_token_count=3 * AHEAD)


async def test_a_whole_answer_is_awaited_after_the_caller_left() -> None:
    """Cancelling a whole answer lets the provider finish."""
    backend = ScriptedBackend([[0.01, fold(_events(2))]])
    call = _call()
    task = asyncio.ensure_future(Drain(backend).call(CHAT, REQUEST, call))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _ended(backend)
    await asyncio.sleep(0)
    assert call.attempt.usage == Usage(output_token_count=2)


async def test_a_failure_after_the_caller_left_troubles_nobody() -> None:
    """What breaks while nobody listens is forgotten, not reported as an exception that was never seen."""
    backend = ScriptedBackend([[_events(1)[0], 0.01, StreamBroken("p", "closed")]])
    stream = Drain(backend).stream(STREAM_CHAT, REQUEST, _call())
    await anext(stream)
    await stream.aclose()
    await _ended(backend)


async def test_a_slow_caller_slows_the_provider() -> None:
    """No more events wait than the bound, whatever the provider has."""
    backend = ScriptedBackend([[*_events(3 * AHEAD), HANG]])
    stream = Drain(backend).stream(STREAM_CHAT, REQUEST, _call())
    await anext(stream)
    await asyncio.sleep(0.01)
    assert backend.closed == 0
    await stream.aclose()


async def test_the_upstream_is_not_abandoned_under_on_cancel_drain() -> None:
    """End to end: with `on_cancel: drain` a cancelled stream's upstream is read to its end."""
    answer = Answer(pace=Pace(token=0.02))
    async with FakeOpenAI(answer) as upstream:
        config = upstreams(up=upstream.base_url)
        config["models"] = {"m": {"candidates": ["up/gpt-4o-mini"], "on_cancel": "drain"}}
        async with gateway(config) as ringmain:
            stream = ringmain.stub.StreamChat(ask("m"))
            await stream.read()
            stream.cancel()
            async with asyncio.timeout(LIMIT):
                while upstream.requests[0].answered_at is None:  # noqa: ASYNC110 - nor has the fake
                    await asyncio.sleep(0.005)
            assert not upstream.requests[0].abandoned
