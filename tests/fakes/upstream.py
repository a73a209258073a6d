"""Tests, fakes: what the scripted upstreams of every HTTP wire have in common.

The script of a request is the next of the queue, else the one given for its model, else the behaviour that
its model names, else the default.
"""

import argparse
import asyncio
import os
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from tests.fakes.forms import read_form
from tests.fakes.planner import Close, HalfClose, Hang, Pause, Reply, Reset, Send, Step, WaitForTest
from tests.fakes.received import Received, RecordingServer
from tests.fakes.script import Answer, Canned, Flap, Script
from tests.fakes.waiting import LIMIT


class Upstream(ABC):
    """A scripted upstream on a loopback port, for as long as its context lasts."""

    def __init__(
        self,
        default: Script | None = None,
        *,
        models: Mapping[str, Script] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Describes the upstream; entering the context starts it.

        Args:
            default: The script for requests that nothing else has a script for.
            models: Scripts by the name of the model that is asked for.
            host: The address to listen on.
            port: The port to listen on; 0 takes a free one.
        """
        self.default = default or Answer()
        self.models = dict(models or {})
        self.requests: list[Received] = []
        self.host = host
        self.port = port
        self._queue: deque[Script] = deque()
        self._counts: dict[str, int] = {}
        self._arrived = asyncio.Condition()
        self._server: RecordingServer | None = None
        self._runner: web.ServerRunner | None = None

    @property
    @abstractmethod
    def base_url(self) -> str:
        """What a client of this wire calls its base URL."""

    @abstractmethod
    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""

    @abstractmethod
    def behaviour(self, model: str) -> Script | None:
        """The script that a model's name stands for, None if it stands for none."""

    @property
    def connection_count(self) -> int:
        """How many connections were opened so far."""
        return self._server.connection_count if self._server else 0

    def enqueue(self, *scripts: Script) -> None:
        """Sets the scripts for the next requests, one each; afterwards the others count again."""
        self._queue.extend(scripts)

    async def received(self, count: int = 1, *, within: float = LIMIT) -> Received:
        """Waits for the `count`-th request, counted from 1, and returns it.

        Raises:
            TimeoutError: If it has not arrived after `within` seconds.
        """
        async with asyncio.timeout(within), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def also_listen(self) -> int:
        """Listens on one more port, and returns it."""
        assert self._runner
        await web.TCPSite(self._runner, self.host, 0).start()
        return int(self._runner.addresses[-1][1])

    async def __aenter__(self) -> Self:
        self._server = RecordingServer(self._handle)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server
        assert self._runner
        for connection in self._server.connections:
            connection.force_close()
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        received = await self._record(request)
        reply = self.reply_to(received)
        await self._take(reply.before, request, None)
        response = await _start(reply, request, len(self.requests))
        await self._take(reply.body, request, response)
        await response.write_eof()
        received.answered_at = time.monotonic()
        return response

    async def _record(self, request: web.BaseRequest) -> Received:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        fields, files = read_form(headers.get("content-type", ""), raw)
        body = fields or _parse(raw)
        received = Received(request.method, request.path_qs, headers, body, time.monotonic(), files=files)
        self.requests.append(received)
        assert self._server
        self._server.by_connection[request.protocol].append(received)
        async with self._arrived:
            self._arrived.notify_all()
        return received

    def script_for(self, model: str) -> Answer | Canned:
        """The script of the next request for this model."""
        if self._queue:
            script = self._queue.popleft()
        else:
            script = self.models.get(model) or self.behaviour(model) or self.default
        if not isinstance(script, Flap):
            return script
        count = self._counts.get(model, 0)
        self._counts[model] = count + 1
        return script.at(count)

    async def _take(
        self,
        steps: Iterable[Step],
        request: web.BaseRequest,
        response: web.StreamResponse | None,
    ) -> None:
        for step in steps:
            match step:
                case Send(data):
                    assert response is not None
                    await response.write(data)
                    # Lets a reader in this very loop see each write by itself.
                    await asyncio.sleep(0)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Hang():
                    await _until_gone()
                case WaitForTest(reached, released):
                    reached.set()
                    await released.wait()
                case Close():
                    _transport(request).close()
                    await _until_gone()
                case HalfClose():
                    _transport(request).write_eof()
                    await _until_gone()
                case Reset():
                    _reset(_transport(request))
                    await _until_gone()


async def _start(reply: Reply, request: web.BaseRequest, number: int) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.headers["x-request-id"] = f"req_fake{number}"
    response.content_length = reply.length
    if reply.length is None:
        response.enable_chunked_encoding()
    await response.prepare(request)
    return response


async def _until_gone() -> None:
    """Waits for ever: the loss of the connection cancels the handler."""
    await asyncio.get_running_loop().create_future()


def _transport(request: web.BaseRequest) -> asyncio.Transport:
    if request.transport is None:
        raise ConnectionResetError("the client has left")
    return request.transport


def _reset(transport: asyncio.Transport) -> None:
    """Closes with RST: a linger time of zero discards what is unsent and skips the FIN."""
    descriptor = os.dup(transport.get_extra_info("socket").fileno())
    with socket.socket(fileno=descriptor) as connection:
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


def _parse(raw: bytes) -> Mapping[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def json_reply(body: Mapping[str, object]) -> Reply:
    """A whole JSON document."""
    data = orjson.dumps(body)
    return Reply(headers=(("content-type", "application/json"),), length=len(data), body=(Send(data),))


def serve(upstream: Callable[..., Upstream], description: str | None) -> None:
    """Serves every behaviour until it is interrupted, and prints the port when it listens."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    try:
        asyncio.run(_serve(upstream(host=options.host, port=options.port)))
    except KeyboardInterrupt:
        return


async def _serve(upstream: Upstream) -> None:
    async with upstream:
        print(upstream.port, flush=True)
        await asyncio.get_running_loop().create_future()
