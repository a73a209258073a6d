"""The services that come with gRPC: whatever is sent to them, nobody hears of Python."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from ringmain_server.edge.grpc.library import Guarded

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details

BAD = b"\xff\xff\xff"
UNARY = (
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.channelz.v1.Channelz/GetServers",
    "/grpc.channelz.v1.Channelz/GetSocket",
)


@asynccontextmanager
async def operators_port() -> AsyncIterator[tuple[Gateway, Any]]:
    """A gateway, and a channel to the port that has all of these services."""
    async with (
        gateway() as running,
        grpc.aio.insecure_channel(f"127.0.0.1:{running.app.admin_port}") as channel,
    ):
        yield running, channel


async def test_bytes_that_are_no_request() -> None:
    """Health, channelz and reflection refuse what they cannot parse as every other service does."""
    async with operators_port() as (running, channel):
        calls = [channel.unary_unary(path)(BAD) for path in UNARY]
        calls.append(channel.unary_stream("/grpc.health.v1.Health/Watch")(BAD).read())
        stream = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        calls.append(stream(iter((BAD,))).read())
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert details(refused.value)["ErrorInfo"].reason == "INVALID_FIELD"  # type: ignore[attr-defined]
        assert not running.events("fault")


async def test_they_answer() -> None:
    """What is sound is answered: a list of what serves, the services, and the servers."""
    async with operators_port() as (_, channel):
        listed = await channel.unary_unary("/grpc.health.v1.Health/List")(b"")
        statuses = health_pb2.HealthListResponse.FromString(listed).statuses  # type: ignore[attr-defined]
        assert statuses["liveness"].status == health_pb2.HealthCheckResponse.SERVING
        asked = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()
        path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        told = [one async for one in channel.stream_stream(path)(iter((asked, asked)))]
        assert len(told) == 2
        assert b"grpc.channelz.v1.Channelz" in told[0]
        assert await channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")(b"")


async def test_a_surprise_is_logged_and_not_told() -> None:
    """An exception in such a service ends INTERNAL without its words, and the log gets it."""
    heard: list[tuple[str, Exception]] = []
    server = grpc.aio.server()

    def surprise(_request: bytes, _context: object) -> bytes:
        raise LookupError("inside")

    async def surprises(_requests: AsyncIterator[bytes], _context: object) -> AsyncIterator[bytes]:
        raise LookupError("inside")
        yield b""  # type: ignore[unreachable]  # makes it a generator

    handlers = {
        "Ask": grpc.unary_unary_rpc_method_handler(surprise, bytes, bytes),
        "Talk": grpc.stream_stream_rpc_method_handler(surprises, bytes, bytes),
    }
    guarded = Guarded(server, lambda method, exc: heard.append((method, exc)))
    guarded.add_registered_method_handlers("library.Service", handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        channel: Any = opened
        calls = (
            channel.unary_unary("/library.Service/Ask")(b""),
            channel.stream_stream("/library.Service/Talk")(iter((b"",))).read(),
        )
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call
            assert failed.value.code() is grpc.StatusCode.INTERNAL
            assert "inside" not in str(failed.value.details())
    await server.stop(0)
    assert sorted(method for method, _ in heard) == ["library.Service/Ask", "library.Service/Talk"]
