"""Tests, tools: a name server for one name with several addresses, as a headless Service of Kubernetes has.

Of https://www.rfc-editor.org/rfc/rfc1035 just what answers a question for A records over UDP.
"""

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

A, IN = 1, 1
_ANSWER, _AUTHORITATIVE, _NO_SUCH_NAME = 0x8000, 0x0400, 3
_NAME_OF_QUESTION = 0xC00C
"""A pointer to where the question's name stands."""
_TTL = 5


def answer(query: bytes, name: str, addresses: Sequence[str]) -> bytes:
    """The reply to a query; pure.

    Args:
        query: Of one question.
        name: The only name there is.
        addresses: IPv4, its A records.
    """
    number, flags = struct.unpack_from(">HH", query)
    labels, end = _question(query)
    kind, _ = struct.unpack_from(">HH", query, end)
    known = ".".join(labels).lower() == name
    records = addresses if known and kind == A else ()
    code = 0 if known else _NO_SUCH_NAME
    # Of the query's flags, opcode and "recursion desired" are repeated.
    head = struct.pack(
        ">HHHHHH", number, _ANSWER | _AUTHORITATIVE | flags & 0x7900 | code, 1, len(records), 0, 0
    )
    return head + query[12 : end + 4] + b"".join(map(_record, records))


def _question(query: bytes) -> tuple[list[str], int]:
    """The labels of the question's name, and where they end."""
    labels, at = [], 12
    while size := query[at]:
        labels.append(query[at + 1 : at + 1 + size].decode("ascii"))
        at += 1 + size
    return labels, at + 1


def _record(address: str) -> bytes:
    packed = ipaddress.IPv4Address(address).packed
    return struct.pack(">HHHIH", _NAME_OF_QUESTION, A, IN, _TTL, len(packed)) + packed


class _NameServer(asyncio.DatagramProtocol):
    def __init__(self, name: str, addresses: Sequence[str]) -> None:
        self._name, self._addresses = name, addresses
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own transport is one without being declared so.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(answer(data, self._name, self._addresses), addr)


@asynccontextmanager
async def name_server(name: str, addresses: Sequence[str]) -> AsyncIterator[int]:
    """Serves one name on a port of loopback."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _NameServer(name, addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


def queried(name: str, kind: int = A, number: int = 7) -> bytes:
    """A query, for tests."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, IN)


def addresses_of(reply: bytes) -> Iterator[str]:
    """The addresses of a reply, for tests."""
    _, end = _question(reply)
    for at in range(end + 4, len(reply), 16):
        yield str(ipaddress.IPv4Address(reply[at + 12 : at + 16]))
