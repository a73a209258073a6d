"""A whole gateway on free ports of loopback, as a caller meets it."""

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import CollectorRegistry
from ringmain import AsyncClient
from ringmain.admin.v1 import admin_service_pb2_grpc as admin_grpc
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.app.app import App
from ringmain_server.assembly.reload import ConfigSource
from ringmain_server.config import LogSettings, Settings, load
from ringmain_server.telemetry.logs import Mask, make_log

Config = Mapping[str, object]


@dataclass
class Gateway:
    """What a test needs of a running gateway.

    `config` is what a reload reads, so a test may change it.
    """

    app: App
    channel: grpc.aio.Channel
    stub: "chat_grpc.ChatServiceAsyncStub"
    client: AsyncClient
    admin: "admin_grpc.AdminServiceAsyncStub"
    config: dict[str, object]
    registry: CollectorRegistry
    lines: io.StringIO
    admin_channel: grpc.aio.Channel

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]

    def events(self, kind: str) -> list[dict[str, object]]:
        """The log lines of the events of a kind."""
        return [line for line in self.log() if line["event"] == kind]

    def metric(self, name: str, **labels: str) -> float | None:
        """The value of a metric, None when it has none."""
        return self.registry.get_sample_value(name, labels)


@asynccontextmanager
async def gateway(config: Config | None = None) -> AsyncIterator[Gateway]:
    """Starts a gateway with a configuration beside free ports, and stops it.

    Args:
        config: Sections of the configuration; `server` may hold anything but addresses.
    """
    ports = {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0"}
    given = dict(config or {})
    server = given.pop("server", {})
    assert isinstance(server, Mapping)
    overrides: dict[str, object] = {
        "providers": {},
        **given,
        "server": {"stream_grace": 1, **server, **ports},
    }
    lines, registry, mask = io.StringIO(), CollectorRegistry(), Mask()

    def read() -> Settings:
        return load(environ={}, overrides=overrides)

    log = make_log(LogSettings(format="json"), mask, stream=lines)
    app = App(read(), log, registry=registry, source=ConfigSource(read), mask=mask)
    await app.start()
    try:
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{app.port}") as channel,
            grpc.aio.insecure_channel(f"127.0.0.1:{app.admin_port}") as admin_channel,
            AsyncClient(f"127.0.0.1:{app.port}", max_attempts=1) as client,
        ):
            stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
            admin: admin_grpc.AdminServiceAsyncStub = admin_grpc.AdminServiceStub(admin_channel)
            yield Gateway(app, channel, stub, client, admin, overrides, registry, lines, admin_channel)
    finally:
        await app.stop()


async def health_names(channel: grpc.aio.Channel) -> set[str]:
    """The names that the health of a port knows."""
    messages: Any = health_pb2  # the published types do not have those of List yet
    stub: Any = health_pb2_grpc.HealthStub(channel)
    return set((await stub.List(messages.HealthListRequest())).statuses)


def ask(model: str, text: str = "Hello") -> chat_pb2.ChatRequest:
    """A request with one message of the user."""
    request = chat_pb2.ChatRequest(model=model)
    request.messages.add(role=2).parts.add(text=text)
    return request


def upstreams(**addresses: str) -> dict[str, object]:
    """Providers of the OpenAI wire by name, and the model `m` over all of them in order."""
    providers = {
        name: {"kind": "openai", "base_url": address, "api_key": f"sk-{name}-secret-key"}
        for name, address in addresses.items()
    }
    return {
        "providers": providers,
        "models": {"m": {"candidates": [f"{name}/gpt-4o-mini" for name in addresses]}},
    }
