"""SIGTERM while 500 streams are open."""

import asyncio

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from tests.faults.processes import Gateway, gateway
from tests.faults.streams import outcome, question

STREAMS = 500
TEXT = "one two three four five six seven eight nine ten"
CONFIG = {
    # Ten tokens at four in a second: the streams are open for two and a half seconds.
    "providers": {"sandbox": {"kind": "sandbox", "tokens_per_second": 4}},
    "server": {"stream_grace": 10},
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
            await served.stub.Chat(question("sandbox/echo", TEXT), timeout=5)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        errors = [error for error in await asyncio.gather(*map(outcome, calls)) if error is not None]
        assert not errors, f"{len(errors)} of {STREAMS} were lost, the first with {errors[0]}"
        async with asyncio.timeout(10):
            assert await served.process.wait() == 0


async def _until(served: Gateway, service: str, status: int) -> None:
    async with asyncio.timeout(2):
        while await _health(served, service) != status:
            await asyncio.sleep(0.02)


async def _health(served: Gateway, service: str) -> int:
    answer = await HealthStub(served.channel).Check(HealthCheckRequest(service=service), timeout=5)
    return int(answer.status)
