"""Tests, benchmark: an upstream of OpenAI's and Anthropic's wires that costs next to nothing.

What it answers stands in `answers.py` and is written as it is; the end of the path tells the wire.
Connections stay open. As its own process: `python -m tests.bench.upstream --port 9801`; it prints its port.
"""

import argparse
import asyncio
import re
from typing import Any, cast

import orjson
import uvloop

from tests.bench.answers import Rendered, Wire, streamed, whole

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = _LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        self._buffer = rest[size:]
        self._answer(_wire(head), orjson.loads(rest[:size]) if size else {})

    def _answer(self, wire: Wire, request: dict[str, Any]) -> None:
        model = str(request.get("model", ""))
        if not request.get("stream"):
            self._write(whole(wire, model), 0, self._loop.time())
            return
        options = request.get("stream_options") or {}
        rendered = streamed(wire, model, include_usage=bool(options.get("include_usage")))
        self._write(rendered, 0, self._loop.time())

    def _write(self, rendered: Rendered, index: int, started: float) -> None:
        if self._transport is None:
            return
        self._transport.write(rendered.writes[index])
        index += 1
        if index == len(rendered.writes):
            return
        if rendered.gap:
            due = started + index * rendered.gap
            self._loop.call_at(due, self._write, rendered, index, started)
        else:
            self._loop.call_soon(self._write, rendered, index, started)


def _wire(head: bytes) -> Wire:
    """The wire of a request: the path stands between the first two blanks."""
    path = head.split(b" ", 2)[1]
    return Wire.ANTHROPIC if path.endswith(Wire.ANTHROPIC.value.encode()) else Wire.OPENAI


async def serve(port: int) -> None:
    """Serves on loopback until cancelled, and prints the port when it listens."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.port))


if __name__ == "__main__":
    main()
