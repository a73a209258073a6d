"""When calls came to a server, and what becomes of those that it takes too late."""

import asyncio
import collections
import time
from typing import Any

import grpc
import grpc.aio
import pytest
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc

from tests.e2e.gateway import ask, gateway
from tests.edge.serving import details
from tests.fakes.waiting import until

BURST = 1800
"""More calls at once than gRPC lets wait by default."""
SANDBOX = {"providers": {"sandbox": {"kind": "sandbox"}}}


async def test_a_burst_waits_or_is_refused_and_nothing_of_it_is_unseen() -> None:
    """Each call of a burst ends OK or OVERLOADED with details, and log and metrics have all of them."""
    longest = 0.05
    answered = asyncio.Event()

    async def stall() -> None:
        """Holds the loop for longer than a call may wait, while most of the burst waits."""
        await answered.wait()
        time.sleep(longest * 10)  # noqa: ASYNC251  this is what a busy loop does

    async with gateway({**SANDBOX, "overload": {"longest_wait": f"{longest}s"}}) as running:
        address = f"127.0.0.1:{running.app.port}"
        channels = [grpc.aio.insecure_channel(address, options=[("number", index)]) for index in range(4)]
        stubs: list[chat_grpc.ChatServiceAsyncStub] = [chat_grpc.ChatServiceStub(one) for one in channels]

        async def one(index: int) -> object:
            try:
                await stubs[index % len(stubs)].Chat(ask("sandbox/echo"))
            except grpc.aio.AioRpcError as error:
                return error
            finally:
                answered.set()
            return "OK"

        first = [await one(index) for index in range(10)]
        answered.clear()
        stalled = asyncio.ensure_future(stall())
        ended = [*first, *await asyncio.gather(*(one(index) for index in range(10, BURST)))]
        await stalled
        refused = [error for error in ended if isinstance(error, grpc.aio.AioRpcError)]
        assert {error.code() for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert all({"ErrorInfo", "RetryInfo"} <= details(error).keys() for error in refused)
        assert len(refused) < BURST
        lines = running.events("call")
        seen = collections.Counter(line.get("reason", "OK") for line in lines)
        assert seen == {"OK": BURST - len(refused), "OVERLOADED": len(refused)}
        assert min(float(str(line["ms"])) for line in lines if "reason" in line) >= longest * 1000
        assert running.events("limit")
        method = "ringmain.v1.ChatService/Chat"
        counts = [
            running.metric("ringmain_calls_total", method=method, code=code)
            for code in ("OK", "RESOURCE_EXHAUSTED")
        ]
        for channel in channels:
            await channel.close()
        assert counts == [BURST - len(refused), len(refused)]


async def test_calls_of_one_connection_wait_their_turn() -> None:
    """A burst over one connection, far more than it may have in flight, is answered to the last call."""
    async with gateway({**SANDBOX, "server": {"max_concurrent_streams": 20}}) as running:
        calls = [running.stub.Chat(ask("sandbox/echo")) for _ in range(400)]
        assert [await call.code() for call in calls] == [grpc.StatusCode.OK] * len(calls)


async def test_a_call_whose_caller_left_before_it_began_is_in_the_log() -> None:
    """A call without its message reaches no handler; when its caller leaves, it is logged and counted."""
    async with gateway(SANDBOX) as running:
        method = "ringmain.v1.ChatService/Chat"
        call: grpc.aio.StreamUnaryCall[bytes, bytes] = running.channel.stream_unary(f"/{method}")()
        await asyncio.sleep(0.1)
        call.cancel()
        await until(lambda: bool(running.events("call")))
        lines = running.events("call")
        assert (lines[0]["code"], lines[0]["method"]) == ("CANCELLED", method)
        assert running.metric("ringmain_calls_total", method=method, code="CANCELLED") == 1


async def test_calls_whose_message_never_comes_are_bounded() -> None:
    """Beyond a number the oldest is refused with details; those who send their message are answered."""
    async with gateway({**SANDBOX, "overload": {"limit": 2}}) as running:
        method = "ringmain.v1.ChatService/Chat"
        channel: Any = running.channel
        calls = [channel.stream_unary(f"/{method}")() for _ in range(256 + 2 + 3)]
        await until(lambda: len(running.events("call")) == 3)
        assert (await running.stub.Chat(ask("sandbox/echo"))).response_id
        ended = [call for call in calls if call.done()]
        assert len(ended) >= 3
        assert {await call.code() for call in ended} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ended[0]
        assert details(caught.value)["ErrorInfo"].reason == "OVERLOADED"  # type: ignore[attr-defined]
        for call in calls:
            call.cancel()
        assert (await running.stub.Chat(ask("sandbox/echo"))).response_id


async def test_calls_in_an_idle_gateway_have_not_waited() -> None:
    """One call after the other is logged with the time that it took."""
    async with gateway(SANDBOX) as running:
        for _ in range(20):
            await running.stub.Chat(ask("sandbox/echo"))
        assert all(float(str(line["ms"])) < 250 for line in running.events("call"))
