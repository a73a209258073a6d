"""SIGTERM while 500 streams are open."""

import asyncio

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from tests.fakes.waiting import LIMIT
from tests.faults.processes import Gateway, gateway
from tests.faults.streams import outcome, question

STREAMS = 500
CALLERS = 64
TEXT = "one two three four five six seven eight nine ten"
CONFIG = {
    # Ten tokens at one in a second: the streams are open for ten seconds, while everything else happens.
    "providers": {"sandbox": {"kind": "sandbox", "tokens_per_second": 1}},
    "server": {"stream_grace": 120},
}


@pytest.mark.slow
async def test_a_drain_loses_no_stream_that_ends_within_the_grace() -> None:
    """All 500 finish; meanwhile the process lives, is not ready and takes no call; then it exits with 0."""
    async with gateway(CONFIG) as served:
        calls = [served.stub.StreamChat(question("sandbox/echo", TEXT)) for _ in range(STREAMS)]
        await asyncio.gather(*(call.read() for call in calls))
        served.process.terminate()
        await _until(served, "readiness", HealthCheckResponse.NOT_SERVING)
        assert await _health(served, "liveness") == HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.stub.Chat(question("sandbox/echo", TEXT), timeout=LIMIT)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        errors = [error for error in await asyncio.gather(*map(outcome, calls)) if error is not None]
        assert not errors, f"{len(errors)} of {STREAMS} were lost, the first with {errors[0]}"
        async with asyncio.timeout(LIMIT):
            assert await served.process.wait() == 0


async def _until(served: Gateway, service: str, status: int) -> None:
    """Waits for a change of health, as a load balancer does."""
    watch = served.channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )(HealthCheckRequest(service=service), timeout=LIMIT)
    try:
        async for answer in watch:
            if answer.status == status:
                return
    finally:
        watch.cancel()
    raise AssertionError(f"{service} never became {status}")


async def _health(served: Gateway, service: str) -> int:
    check = served.channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )
    return int((await check(HealthCheckRequest(service=service), timeout=LIMIT)).status)


@pytest.mark.slow
async def test_callers_that_come_late_are_told_to_go_elsewhere() -> None:
    """Callers that never pause and know nothing of health: none ends CANCELLED, which nobody would retry."""
    async with gateway({"providers": {"sandbox": {"kind": "sandbox"}}}) as served:
        ended: list[grpc.aio.AioRpcError] = []
        at_it = asyncio.Barrier(CALLERS + 1)

        async def call_until_refused() -> None:
            await served.stub.Chat(question("sandbox/echo", TEXT), timeout=LIMIT)
            await at_it.wait()
            try:
                while True:
                    await served.stub.Chat(question("sandbox/echo", TEXT), timeout=LIMIT)
            except grpc.aio.AioRpcError as error:
                ended.append(error)

        callers = [asyncio.create_task(call_until_refused()) for _ in range(CALLERS)]
        await at_it.wait()
        served.process.terminate()
        async with asyncio.timeout(LIMIT):
            await asyncio.gather(*callers)
            assert await served.process.wait() == 0
        assert {error.code() for error in ended} == {grpc.StatusCode.UNAVAILABLE}
