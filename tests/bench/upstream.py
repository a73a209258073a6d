"""Tests, benchmark: an upstream of OpenAI's wire that costs next to nothing.

Its answers are rendered once, with the SDK's types, and written as they are. The model's name says what
a stream does: `burst-N` writes N tokens as quickly as the loop turns, one socket write each,
`paced-N-MS` one every MS milliseconds. Any other model streams 64 tokens in a burst. Whole answers have
64 tokens. Connections stay open.

As its own process: `python -m tests.bench.upstream --port 9801`; it prints its port.
"""

import argparse
import asyncio
import functools
import re
from dataclasses import dataclass
from typing import Any, cast

import orjson
import uvloop

from tests.fakes.completions import Head
from tests.fakes.planner import Send, plan
from tests.fakes.script import Answer, Usage

TOKEN = " word"
"""Every token is as long as every other, so that a text's length tells how many it holds."""
TOKEN_COUNT = 64

_SHAPE = re.compile(r"burst-(?P<burst>\d+)|paced-(?P<paced>\d+)-(?P<ms>\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer ready to write.

    Attributes:
        writes: The bytes, in the writes of a stream; a whole answer is one.
        gap: Seconds between two writes; 0 is a burst.
    """

    writes: tuple[bytes, ...]
    gap: float = 0.0


@functools.cache
def whole(model: str) -> Rendered:
    """The whole answer, with its headers."""
    body = b"".join(_sends(model, TOKEN_COUNT, stream=False, include_usage=False))
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return Rendered((head % len(body) + body,))


@functools.cache
def streamed(model: str, include_usage: bool) -> Rendered:
    """The stream, one write for each event; the first has the headers, the last the end."""
    shape = _SHAPE.fullmatch(model)
    count = int((shape["burst"] or shape["paced"]) if shape else TOKEN_COUNT)
    sends = _sends(model, count, stream=True, include_usage=include_usage)
    opening, *tokens = [b"%x\r\n%b\r\n" % (len(data), data) for data in sends]
    # The role comes with the first token and the end with the last, as from a server that is in time.
    ending = b"".join(tokens[count:]) + _LAST_CHUNK
    writes = [_STREAM_HEAD + opening + tokens[0], *tokens[1 : count - 1], tokens[count - 1] + ending]
    gap = int(shape["ms"] or 0) / 1000 if shape else 0.0
    return Rendered(tuple(writes), gap)


def _sends(model: str, count: int, *, stream: bool, include_usage: bool) -> list[bytes]:
    answer = Answer(tokens=(TOKEN,) * count, usage=Usage(prompt=12, completion=count))
    head = Head(id="chatcmpl-bench", model=model, include_usage=include_usage)
    reply = plan(answer, head, stream=stream)
    return [step.data for step in reply.body if isinstance(step, Send)]


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
        self._answer(orjson.loads(rest[:size]) if size else {})

    def _answer(self, request: dict[str, Any]) -> None:
        model = str(request.get("model", ""))
        if not request.get("stream"):
            self._write(whole(model), 0, self._loop.time())
            return
        options = request.get("stream_options") or {}
        rendered = streamed(model, bool(options.get("include_usage")))
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
