"""Requests that come in several messages, over real gRPC."""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
import pytest
from prometheus_client import CollectorRegistry
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain_server.call import Call
from ringmain_server.config import LogSettings
from ringmain_server.edge.calls import Calls
from ringmain_server.edge.grpc.binding import Edge
from ringmain_server.edge.grpc.uploads import CHUNK_LIMIT
from ringmain_server.edge.validate import VALIDATORS
from ringmain_server.services.audio import SERVICE
from ringmain_server.telemetry.logs import make_log
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.observer import Observer

from tests.edge.serving import details
from tests.fakes.waiting import LIMIT

Request = audio_pb2.TranscribeRequest
CONFIG = Request(config=audio_pb2.TranscriptionConfig(model="m"))


class Servicer:
    """Answers each chunk with its size."""

    async def Transcribe(
        self, config: audio_pb2.TranscriptionConfig, chunks: AsyncIterator[bytes], call: Call
    ) -> AsyncGenerator[audio_pb2.TranscribeEvent, None]:
        async for chunk in chunks:
            yield audio_pb2.TranscribeEvent(text_delta=str(len(chunk)))
        finished = audio_pb2.TranscriptFinished(text=config.model)
        finished.usage.audio_duration.FromMilliseconds(7)
        yield audio_pb2.TranscribeEvent(finished=finished)


@dataclass(frozen=True)
class Served:
    """A servicer that serves."""

    channel: grpc.aio.Channel
    stub: "audio_grpc.AudioServiceAsyncStub"
    calls: Calls
    lines: io.StringIO


@asynccontextmanager
async def serve() -> AsyncIterator[Served]:
    """The servicer on a free port of loopback."""
    lines = io.StringIO()
    log = make_log(LogSettings(format="json"), ["the-secret"], stream=lines)
    calls = Calls(60)
    edge = Edge(calls, Observer(log, Metrics(CollectorRegistry())), VALIDATORS)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((edge.bind(SERVICE, Servicer()),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(channel)
        yield Served(channel, stub, calls, lines)
    await server.stop(0)


async def _ask(*messages: Request) -> list[audio_pb2.TranscribeEvent]:
    async with serve() as served:
        return [event async for event in served.stub.Transcribe(iter(messages))]


async def test_a_configuration_then_bytes() -> None:
    """The servicer gets the configuration and the bytes as they come; the log has the model and the usage."""
    async with serve() as served:
        messages = (CONFIG, Request(chunk=b"12"), Request(chunk=b""), Request(chunk=b"x" * CHUNK_LIMIT))
        events = [event async for event in served.stub.Transcribe(iter(messages))]
    assert [event.text_delta for event in events[:-1]] == ["2", "0", str(CHUNK_LIMIT)]
    assert events[-1].finished.text == "m"
    line = json.loads(served.lines.getvalue())
    assert (line["model"], line["code"]) == ("m", "OK")


async def test_events_come_while_bytes_go() -> None:
    """Neither side waits for the other's end."""
    async with serve() as served:
        call = served.stub.Transcribe()
        await call.write(CONFIG)
        for size in (3, 4):
            await call.write(Request(chunk=b"x" * size))
            event = await call.read()
            assert isinstance(event, audio_pb2.TranscribeEvent)
            assert event.text_delta == str(size)
        await call.done_writing()
        event = await call.read()
        assert isinstance(event, audio_pb2.TranscribeEvent)
        assert event.finished.text == "m"


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ((), "config"),
        ((Request(chunk=b"x"),), "config"),
        ((Request(config=audio_pb2.TranscriptionConfig()),), "config.model"),
        ((CONFIG, CONFIG), "chunk"),
        ((CONFIG, Request(chunk=b"x" * (CHUNK_LIMIT + 1))), "chunk"),
    ],
)
async def test_messages_out_of_order_are_refused(messages: Iterable[Request], field: str) -> None:
    """The first message, and only that, is a configuration without mistakes; chunks are small."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await _ask(*messages)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    violations = details(failed.value)["BadRequest"].field_violations  # type: ignore[attr-defined]
    assert [violation.field for violation in violations] == [field]


@pytest.mark.parametrize("before", [(), (CONFIG,)])
async def test_messages_that_cannot_be_parsed_are_refused(before: Iterable[Request]) -> None:
    """Garbage in place of the configuration or of bytes is a bad request, not a failure of the gateway."""
    sent = [*(message.SerializeToString() for message in before), b"garbage"]
    async with serve() as served:
        call: grpc.aio.StreamStreamCall[bytes, bytes]
        call = served.channel.stream_stream("/ringmain.v1.AudioService/Transcribe")()
        for message in sent:
            await call.write(message)  # type: ignore[arg-type] # raw bytes
        await call.done_writing()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await asyncio.wait_for(call.read(), LIMIT)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details(failed.value)["ErrorInfo"].reason == "INVALID_FIELD"  # type: ignore[attr-defined]


async def test_a_caller_that_leaves_is_noticed() -> None:
    """Cancelling in mid-upload ends the call."""
    async with serve() as served:
        call = served.stub.Transcribe()
        await call.write(CONFIG)
        await call.write(Request(chunk=b"x"))
        await call.read()
        call.cancel()
        assert await served.calls.drain(5) == 0
    assert json.loads(served.lines.getvalue())["code"] == "CANCELLED"
