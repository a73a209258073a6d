"""The timeout layer: whole answers by a timer, streams by what the attempt is told."""

import asyncio
from typing import TypeVar

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate, Timeouts
from ringmain_server.errors import CallerLimitPassed, NoAnswer
from ringmain_server.layers.timeout import Timeout
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.operations.base import Unary

from tests.fakes.backend import HANG, ScriptedBackend

Req = TypeVar("Req")
Res = TypeVar("Res")


def _call() -> Call:
    call = Call(response_id="r", method="m", deadline=1e9)
    call.current = Attempt(Candidate("p", "openai", "x"), 0.0)
    return call


async def test_an_answer_within_the_timeout_passes() -> None:
    """The answer is handed on as it is."""
    response = chat_pb2.ChatResponse()
    layer = Timeout(ScriptedBackend([[response]]), Timeouts())
    assert await layer.call(CHAT, chat_pb2.ChatRequest(), _call()) is response


async def test_no_answer_in_time_is_no_answer() -> None:
    """A provider that stays silent is NoAnswer, and its work is cancelled."""
    backend = ScriptedBackend([[HANG]])
    with pytest.raises(NoAnswer, match=r"p: no answer within 0\.01 s"):
        await Timeout(backend, Timeouts(attempt=0.01)).call(CHAT, chat_pb2.ChatRequest(), _call())
    assert backend.closed == 1


async def test_an_earlier_deadline_leaves_the_bound_to_the_edge() -> None:
    """An attempt that the deadline ends first has no timer of its own: the edge's raises what it raises."""
    call = _call()
    call.deadline = 0.005
    layer = Timeout(ScriptedBackend([[HANG]]), Timeouts(attempt=0.01))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.call(CHAT, chat_pb2.ChatRequest(), call), 0.05)


async def test_detached_work_is_bounded_whatever_the_deadline() -> None:
    """Work that goes on without its caller still ends at its own timeout."""
    call = _call()
    call.deadline, call.detached = 0.005, True
    with pytest.raises(NoAnswer):
        await Timeout(ScriptedBackend([[HANG]]), Timeouts(attempt=0.01)).call(
            CHAT, chat_pb2.ChatRequest(), call
        )


async def test_a_foreign_timeout_is_not_taken_for_the_layers_own() -> None:
    """A TimeoutError from below that is not this timer's stays what it is."""
    with pytest.raises(TimeoutError, match="foreign"):
        await Timeout(ScriptedBackend([[TimeoutError("foreign")]]), Timeouts()).call(
            CHAT, chat_pb2.ChatRequest(), _call()
        )


def test_the_request_may_set_what_bounds_its_stream() -> None:
    """The attempt is told the policy's timeouts, or the request's own where it has any."""
    layer = Timeout(ScriptedBackend([[]]), Timeouts(first_content=7, idle=8))
    call = _call()
    layer.stream(STREAM_CHAT, chat_pb2.ChatRequest(), call)
    assert (call.attempt.first_content_timeout, call.attempt.idle_timeout) == (7, 8)
    request = chat_pb2.ChatRequest()
    request.routing_policy.first_content_timeout.FromMilliseconds(1500)
    request.routing_policy.idle_timeout.FromMilliseconds(2500)
    layer.stream(STREAM_CHAT, request, call)
    assert (call.attempt.first_content_timeout, call.attempt.idle_timeout) == (1.5, 2.5)


async def test_a_shorter_limit_of_the_callers_is_no_fault_of_the_provider() -> None:
    """A share of the caller's deadline that runs out before the operator's timeout is CallerLimitPassed."""
    call = _call()
    call.attempt.time_limit = 0.01
    with pytest.raises(CallerLimitPassed, match=r"no answer within 0\.01 s"):
        await Timeout(ScriptedBackend([[HANG]]), Timeouts(attempt=1)).call(CHAT, chat_pb2.ChatRequest(), call)


async def test_a_longer_limit_of_the_callers_changes_nothing() -> None:
    """Where the operator's timeout is the shorter one, silence stays the provider's failure."""
    call = _call()
    call.attempt.time_limit = 5
    with pytest.raises(NoAnswer) as caught:
        await Timeout(ScriptedBackend([[HANG]]), Timeouts(attempt=0.01)).call(
            CHAT, chat_pb2.ChatRequest(), call
        )
    assert type(caught.value) is NoAnswer


async def test_time_that_the_callers_media_took_is_not_the_providers() -> None:
    """A provider that was left a part of its time, because media were slow to come, has not failed."""

    class _SlowMedia(ScriptedBackend):
        async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
            with call.attempt.preparation(asyncio.get_running_loop().time):
                await asyncio.sleep(0.04)
            response: Res = await super().call(op, request, call)
            return response

    with pytest.raises(CallerLimitPassed):
        await Timeout(_SlowMedia([[HANG]]), Timeouts(attempt=0.06)).call(
            CHAT, chat_pb2.ChatRequest(), _call()
        )


def test_the_operators_own_timeouts_stay_known() -> None:
    """Whatever the request chooses, the attempt knows how much silence the operator allows."""
    request = chat_pb2.ChatRequest()
    request.routing_policy.first_content_timeout.FromMilliseconds(1500)
    call = _call()
    Timeout(ScriptedBackend([[]]), Timeouts(first_content=7, idle=8)).stream(STREAM_CHAT, request, call)
    assert (call.attempt.first_content_allowed, call.attempt.idle_allowed) == (7, 8)
