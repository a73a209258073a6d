"""A real server around any servicer of ChatService, for tests of the edge."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from prometheus_client import CollectorRegistry
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.config import LogSettings
from ringmain_server.edge.calls import Calls
from ringmain_server.edge.grpc.binding import Edge
from ringmain_server.edge.validate import VALIDATORS
from ringmain_server.services.chat import SERVICE
from ringmain_server.telemetry.logs import make_log
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.observer import Observer


@dataclass
class Served:
    """What a test needs of a served servicer."""

    stub: "chat_grpc.ChatServiceAsyncStub"
    calls: Calls
    registry: CollectorRegistry
    channel: grpc.aio.Channel
    lines: io.StringIO = field(default_factory=io.StringIO)

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


@asynccontextmanager
async def serve(
    servicer: object, *, default_deadline: float = 60.0, service_config: object = None, large: bool = False
) -> AsyncIterator[Served]:
    """Serves on a free port of loopback; `large` as for requests of many megabytes."""
    registry, lines = CollectorRegistry(), io.StringIO()
    calls = Calls(default_deadline)
    log = make_log(LogSettings(format="json"), ["the-secret"], stream=lines)
    edge = Edge(calls, Observer(log, Metrics(registry)), VALIDATORS)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((edge.bind(SERVICE, servicer, large=large),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    options = [("grpc.service_config", json.dumps(service_config or {}))]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
        try:
            yield Served(stub, calls, registry, channel, lines)
        finally:
            await server.stop(0)


def details(error: grpc.aio.AioRpcError) -> dict[str, object]:
    """The details of an error by the names of their types."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    found: dict[str, object] = {}
    for detail in status.details:
        name = detail.type_url.rpartition(".")[2]
        message = getattr(error_details_pb2, name)()
        detail.Unpack(message)
        found[name] = message
    return found


def good_request(text: str = "hi") -> chat_pb2.ChatRequest:
    """A request that breaks no rule."""
    request = chat_pb2.ChatRequest(model="m")
    request.messages.add(role=2).parts.add(text=text)
    return request
