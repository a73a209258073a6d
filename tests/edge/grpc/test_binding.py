"""What every method has in common, over real gRPC: errors, deadlines, cancellation, drain, logs, metrics."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import grpc
import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain_server import errors
from ringmain_server.call import Call

from tests.edge.serving import details, good_request, serve
from tests.fakes.waiting import LIMIT, until

Behaviour = Callable[[Call], Awaitable[None]]


@dataclass
class Servicer:
    """Does what the test says, then answers; a stream sends one event first."""

    behaviour: Behaviour
    ended: asyncio.Event
    call: Call | None = None

    async def Chat(self, request: chat_pb2.ChatRequest, call: Call) -> chat_pb2.ChatResponse:
        self.call = call
        try:
            await self.behaviour(call)
        finally:
            self.ended.set()
        response = chat_pb2.ChatResponse(response_id=call.response_id)
        response.usage.input_token_count = 3
        response.usage.cost_nano_usd = 5
        return response

    async def StreamChat(
        self, request: chat_pb2.ChatRequest, call: Call
    ) -> AsyncGenerator[chat_pb2.ChatEvent, None]:
        yield chat_pb2.ChatEvent(started=chat_pb2.ChatStarted(response_id=call.response_id))
        try:
            await self.behaviour(call)
        finally:
            self.ended.set()
        finished = chat_pb2.ChatFinished()
        finished.usage.output_token_count = 7
        yield chat_pb2.ChatEvent(finished=finished)

    async def CountTokens(
        self, request: chat_pb2.CountTokensRequest, call: Call
    ) -> chat_pb2.CountTokensResponse:
        raise AssertionError("not called here")

    EstimateCost = CountTokens


async def _nothing(call: Call) -> None:
    """Answers at once."""


async def _hang(call: Call) -> None:
    await asyncio.Event().wait()


def _raising(exc: BaseException) -> Behaviour:
    async def behaviour(call: Call) -> None:
        raise exc

    return behaviour


def _servicer(behaviour: Behaviour = _nothing) -> Servicer:
    return Servicer(behaviour, asyncio.Event())


CASES: dict[str, tuple[BaseException, grpc.StatusCode, str, set[str]]] = {
    "invalid": (
        errors.InvalidField.at("model", "bad"),
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELD",
        {"BadRequest"},
    ),
    "media": (
        errors.MediaInvalid.at("messages[0]", "bad"),
        grpc.StatusCode.INVALID_ARGUMENT,
        "MEDIA_INVALID",
        {"BadRequest"},
    ),
    "model": (errors.ModelNotFound("m"), grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND", set()),
    "capability": (
        errors.CapabilityMissing("m", "vision"),
        grpc.StatusCode.FAILED_PRECONDITION,
        "CAPABILITY_MISSING",
        set(),
    ),
    "unavailable": (
        errors.ProvidersUnavailable("all down", retry_after=2.5),
        grpc.StatusCode.UNAVAILABLE,
        "PROVIDERS_UNAVAILABLE",
        {"RetryInfo"},
    ),
    "limited": (
        errors.RateLimited("p", "answered 429", retry_after=2),
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "PROVIDERS_RATE_LIMITED",
        {"RetryInfo", "QuotaFailure"},
    ),
    "overloaded": (
        errors.Overloaded("full"),
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "OVERLOADED",
        {"RetryInfo"},
    ),
    "interrupted": (errors.StreamInterrupted("broke"), grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED", set()),
    "filtered": (
        errors.ContentFiltered("p", "refused", metadata={"category": "violence"}),
        grpc.StatusCode.FAILED_PRECONDITION,
        "CONTENT_FILTERED",
        set(),
    ),
    "unknown": (ValueError("the-secret"), grpc.StatusCode.INTERNAL, "INTERNAL", set()),
    "timeout of nobody": (TimeoutError("the-secret"), grpc.StatusCode.INTERNAL, "INTERNAL", set()),
    "stray cancellation": (asyncio.CancelledError(), grpc.StatusCode.INTERNAL, "INTERNAL", set()),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("large", [False, True])
async def test_every_error_has_its_status_and_details(case: str, streamed: bool, large: bool) -> None:
    """Whatever is raised below, the caller gets a code, an ErrorInfo, its details, and no secret."""
    exc, code, reason, more = CASES[case]
    async with serve(_servicer(_raising(exc)), large=large) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            if streamed:
                _ = [event async for event in served.stub.StreamChat(good_request())]
            else:
                await served.stub.Chat(good_request())
        found = details(caught.value)
        assert caught.value.code() == code
        assert found.keys() == {"ErrorInfo", *more}
        info = found["ErrorInfo"]
        assert (info.domain, info.reason) == ("ringmain.v1", reason)  # type: ignore[attr-defined]
        assert info.metadata["response_id"].startswith("resp_")  # type: ignore[attr-defined]
        assert "the-secret" not in str(caught.value)
        assert "the-secret" not in served.lines.getvalue()


async def test_a_stray_cancellation_does_not_hang_the_caller() -> None:
    """A CancelledError that nobody asked for becomes INTERNAL at once, not silence until the deadline."""
    async with serve(_servicer(_raising(asyncio.CancelledError()))) as served:
        with pytest.raises(grpc.aio.AioRpcError):
            await asyncio.wait_for(served.stub.Chat(good_request()), LIMIT)


async def test_retry_delay_and_violations_are_in_the_details() -> None:
    """RetryInfo carries the delay, BadRequest every violation of the request."""
    async with serve(_servicer(_raising(errors.Overloaded("full", retry_after=2.5)))) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Chat(good_request())
        assert details(caught.value)["RetryInfo"].retry_delay.ToMilliseconds() == 2500  # type: ignore[attr-defined]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Chat(chat_pb2.ChatRequest())
        violations = details(caught.value)["BadRequest"].field_violations  # type: ignore[attr-defined]
        assert [violation.field for violation in violations] == ["model", "messages"]


async def test_the_servers_default_deadline_bounds_callers_without_one() -> None:
    """A call without a deadline ends by the server's default with DEADLINE_EXCEEDED."""
    servicer = _servicer(_hang)
    async with serve(servicer, default_deadline=0.05) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Chat(good_request())
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert details(caught.value)["ErrorInfo"].reason == "DEADLINE_EXCEEDED"  # type: ignore[attr-defined]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [event async for event in served.stub.StreamChat(good_request())]
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("large", [False, True])
async def test_a_cancelled_call_ends_the_work(streamed: bool, large: bool) -> None:
    """When the caller cancels, the servicer's work, which would never end, is cancelled and so logged."""
    servicer = _servicer(_hang)
    async with serve(servicer, large=large) as served:
        call: grpc.aio.Call
        if streamed:
            call = stream = served.stub.StreamChat(good_request())
            await stream.read()
        else:
            call = served.stub.Chat(good_request())
        await until(lambda: len(served.calls) == 1)
        call.cancel()
        await asyncio.wait_for(servicer.ended.wait(), LIMIT)
        await until(lambda: len(served.calls) == 0)
        assert served.log()[-1]["code"] == "CANCELLED"


@pytest.mark.parametrize("method", ["Chat", "StreamChat"])
async def test_a_large_call_without_a_request_is_refused(method: str) -> None:
    """A caller that ends its side before it has sent a request is told so."""
    async with serve(_servicer(), large=True) as served:
        call: grpc.aio.StreamStreamCall[bytes, bytes]
        call = served.channel.stream_stream(f"/ringmain.v1.ChatService/{method}")()
        await call.done_writing()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(call.read(), LIMIT)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert details(caught.value)["ErrorInfo"].reason == "INVALID_FIELD"  # type: ignore[attr-defined]


_NOT_UTF_8 = b"\x0a\x02\xff\xfe"
"""A model whose name is Latin-1 at best, as protobuf lets a caller write it in C++."""


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("method", ["Chat", "StreamChat"])
@pytest.mark.parametrize("garbage", [b"garbage", _NOT_UTF_8])
async def test_bytes_that_are_no_request_are_refused_and_seen(
    method: str, garbage: bytes, large: bool
) -> None:
    """What protobuf cannot parse breaks a rule as anything else does: a reason, a log line, a counter."""
    async with serve(_servicer(), large=large) as served:
        call: grpc.aio.StreamStreamCall[bytes, bytes]
        call = served.channel.stream_stream(f"/ringmain.v1.ChatService/{method}")()
        await call.write(garbage)  # type: ignore[arg-type] # raw bytes
        await call.done_writing()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(call.read(), LIMIT)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "UTF-8" in str(caught.value.details())
        found = details(caught.value)
        assert found["ErrorInfo"].reason == "INVALID_FIELD"  # type: ignore[attr-defined]
        assert [one.field for one in found["BadRequest"].field_violations] == [""]  # type: ignore[attr-defined]
        (line,) = served.log()
        assert (line["code"], line["reason"]) == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_drain_lets_calls_end_refuses_new_ones_and_ends_the_rest() -> None:
    """While draining a running call may end, a new one gets SHUTTING_DOWN, as what outlasts the grace."""
    release = asyncio.Event()

    async def wait(call: Call) -> None:
        await release.wait()

    async with serve(_servicer(wait)) as served:
        running = asyncio.ensure_future(served.stub.Chat(good_request()))
        await until(lambda: len(served.calls) == 1)
        draining = asyncio.ensure_future(served.calls.drain(5))
        await asyncio.sleep(0)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Chat(good_request())
        assert details(caught.value)["ErrorInfo"].reason == "SHUTTING_DOWN"  # type: ignore[attr-defined]
        release.set()
        assert (await running).response_id.startswith("resp_")
        assert await draining == 0


async def test_calls_that_outlast_the_grace_end_with_a_status() -> None:
    """At the end of the grace a stream gets UNAVAILABLE SHUTTING_DOWN, not silence."""
    async with serve(_servicer(_hang)) as served:
        stream = served.stub.StreamChat(good_request())
        await stream.read()
        assert await served.calls.drain(0.01) == 1
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert details(caught.value)["ErrorInfo"].reason == "SHUTTING_DOWN"  # type: ignore[attr-defined]


async def test_a_call_is_one_log_line_with_ids_and_usage() -> None:
    """A call logs method, code, response id, the caller's trace id, and what it consumed."""
    servicer = _servicer()
    async with serve(servicer) as served:
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        request = good_request()
        request.request_id = "mine"
        response = await served.stub.Chat(request, metadata=(("traceparent", parent),))
        (line,) = served.log()
        assert (
            line.items()
            >= {
                "method": "ringmain.v1.ChatService/Chat",
                "code": "OK",
                "response_id": response.response_id,
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                "request_id": "mine",
                "model": "m",
                "input_tokens": 3,
                "cost_nano_usd": 5,
            }.items()
        )
        assert servicer.call is not None
        assert servicer.call.deadline > 0


async def test_calls_are_counted_by_method_and_code() -> None:
    """Each call ends up in one counter child, and the gauge of running calls returns to zero."""
    async with serve(_servicer(_raising(errors.Overloaded("full")))) as served:
        with pytest.raises(grpc.aio.AioRpcError):
            await served.stub.Chat(good_request())
        labels = {"method": "ringmain.v1.ChatService/Chat", "code": "RESOURCE_EXHAUSTED"}
        assert served.registry.get_sample_value("ringmain_calls_total", labels) == 1
        running = {"method": "ringmain.v1.ChatService/Chat"}
        assert served.registry.get_sample_value("ringmain_calls_in_flight", running) == 0


async def test_a_caller_with_a_retry_policy_does_not_multiply_an_outage() -> None:
    """gRPC's own retries stop at PROVIDERS_UNAVAILABLE, and still happen at SHUTTING_DOWN."""
    policy = {"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.01s", "backoffMultiplier": 1}
    config = {
        "methodConfig": [{"name": [{}], "retryPolicy": {**policy, "retryableStatusCodes": ["UNAVAILABLE"]}}]
    }
    for error, tries in ((errors.ProvidersUnavailable("down"), 1), (errors.ShuttingDown("bye"), 3)):
        async with serve(_servicer(_raising(error)), service_config=config) as served:
            with pytest.raises(grpc.aio.AioRpcError):
                await served.stub.Chat(good_request())
            assert len(served.log()) == tries
