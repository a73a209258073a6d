"""Tests, fuzz: an HTTP server that writes the very bytes it is told to, right or wrong."""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.fuzz.delivery import Delivery

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_LARGEST = 1 << 26


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that arrived: method, path with its query, and body."""

    method: str
    path: str
    body: bytes


Answers = Callable[[Asked], Delivery]


class RawUpstream:
    """A server on a loopback port, for as long as its context lasts.

    Args:
        answers: What is written for a request.
    """

    def __init__(self, answers: Answers) -> None:
        self.port = 0
        self._answers = answers
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        # One turn, so that those who serve them see it.
        await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._open.discard(writer)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection is for more of them."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        asked = Asked(method.decode(), path.decode("latin-1"), await _body(head, reader))
        delivery = self._answers(asked)
        writer.write(delivery.head)
        for piece in delivery.writes:
            if isinstance(piece, float):
                await writer.drain()
                await asyncio.sleep(piece)
            else:
                writer.write(piece)
        await writer.drain()
        if delivery.ends == "hangs":
            await reader.read()
        elif delivery.ends == "reset":
            _reset(writer)
        return delivery.ends == "kept"


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    if _CHUNKED.search(head):
        pieces = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(pieces)
    found = _LENGTH.search(head)
    return await reader.readexactly(min(int(found[1]), _LARGEST)) if found else b""


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST: a linger time of zero discards what is unsent and skips the FIN."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
