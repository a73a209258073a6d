"""Health, as docs/operations.md describes it."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ringmain_server.edge.health import LIVENESS, NOT_SERVING, READINESS, SERVING, Health, add_health

from tests.fakes.waiting import LIMIT, until

NAMES = ("", READINESS, "a.Service")


def _stub(channel: grpc.aio.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)


async def _statuses(stub: Any) -> dict[str, int]:
    requests = {name: health_pb2.HealthCheckRequest(service=name) for name in (*NAMES, LIVENESS)}
    return {name: (await stub.Check(request)).status for name, request in requests.items()}


async def test_readiness_follows_the_life_of_the_process_and_liveness_stays() -> None:
    """Not ready before the start ends, ready while serving, not ready while draining; alive all the time."""
    health = Health(["a.Service"])
    server = grpc.aio.server()
    add_health(health, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await health.start()
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = _stub(channel)
        assert await _statuses(stub) == {**dict.fromkeys(NAMES, NOT_SERVING), LIVENESS: SERVING}
        await health.ready()
        assert await _statuses(stub) == {**dict.fromkeys(NAMES, SERVING), LIVENESS: SERVING}
        await health.drain()
        assert await _statuses(stub) == {**dict.fromkeys(NAMES, NOT_SERVING), LIVENESS: SERVING}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(health_pb2.HealthCheckRequest(service="nobody"))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    await server.stop(0)


async def test_a_watch_sees_changes_and_does_not_hold_the_server_open() -> None:
    """An open Watch is told of the drain, then ends, so that the server stops at once."""
    health = Health([])
    server = grpc.aio.server()
    add_health(health, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await health.start()
    await health.ready()
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = _stub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        await health.drain()
        assert (await watch.read()).status == NOT_SERVING
        health.close()
        await asyncio.wait_for(server.stop(600), LIMIT)
        assert await watch.code() == grpc.StatusCode.OK


async def test_a_watch_that_does_not_read_holds_up_nobody() -> None:
    """While one caller's Watch cannot be written to, others hear of a change, and the change itself ends."""
    health, written = Health([]), asyncio.Event()

    class Stuck:
        async def write(self, _: object) -> None:
            written.set()
            await asyncio.Event().wait()

    class Reading:
        def __init__(self) -> None:
            self.seen: list[int] = []

        async def write(self, response: health_pb2.HealthCheckResponse) -> None:
            self.seen.append(response.status)

    await health.start()
    reading, request = Reading(), health_pb2.HealthCheckRequest()
    watches = [asyncio.create_task(health.Watch(request, context)) for context in (Stuck(), reading)]
    await written.wait()
    await asyncio.wait_for(health.ready(), LIMIT)
    await until(lambda: len(reading.seen) == 2)
    await asyncio.wait_for(health.drain(), LIMIT)
    await until(lambda: reading.seen == [NOT_SERVING, SERVING, NOT_SERVING])
    watches[0].cancel()
    health.close()
    await asyncio.wait(watches)


async def test_a_list_has_every_name() -> None:
    """List tells the status of each name at once."""
    health = Health(["a.Service"])
    server = grpc.aio.server()
    add_health(health, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await health.start()
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        request: Any = getattr(health_pb2, "HealthListRequest")()  # noqa: B009 - the published types lack it
        for status in (NOT_SERVING, SERVING):
            listed = (await _stub(channel).List(request)).statuses
            expected = {**dict.fromkeys(NAMES, status), LIVENESS: SERVING}
            assert {name: one.status for name, one in listed.items()} == expected
            await health.ready()
    await server.stop(0)
