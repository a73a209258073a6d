"""A whole gateway on free ports of loopback, as a caller meets it."""

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
from ringmain import AsyncClient
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.app import App
from ringmain_server.config import LogSettings, load
from ringmain_server.telemetry.logs import make_log

Config = Mapping[str, object]


@dataclass
class Gateway:
    """What a test needs of a running gateway."""

    app: App
    channel: grpc.aio.Channel
    stub: "chat_grpc.ChatServiceAsyncStub"
    client: AsyncClient
    lines: io.StringIO

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


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
    overrides = {"providers": {}, **given, "server": {"stream_grace": 1, **server, **ports}}
    lines = io.StringIO()
    app = App(load(environ={}, overrides=overrides), make_log(LogSettings(format="json"), stream=lines))
    await app.start()
    try:
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{app.port}") as channel,
            AsyncClient(f"127.0.0.1:{app.port}", max_attempts=1) as client,
        ):
            stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
            yield Gateway(app, channel, stub, client, lines)
    finally:
        await app.stop()


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
