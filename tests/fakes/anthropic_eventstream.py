"""Tests, fakes: the binary framing in which Bedrock streams.

https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html: a prelude of two lengths with their
checksum, headers, the payload, and a checksum of it all.
"""

import base64
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from zlib import crc32

import orjson

from tests.fakes.planner import JSON_TYPE, Reply, Send, Step

_DATA = re.compile(rb"^data: ?(.*)$", re.MULTILINE)
_STRING = 7


def as_eventstream(reply: Reply) -> Reply:
    """The same stream in this framing, event by event; an answer that is no stream stays what it is."""
    if dict(reply.headers)["content-type"] == JSON_TYPE:
        return reply
    steps = tuple(_framed(reply.body))
    return replace(reply, headers=(("content-type", "application/vnd.amazon.eventstream"),), body=steps)


def _framed(steps: Iterable[Step]) -> Iterator[Step]:
    for sends, run in groupby(steps, key=lambda step: isinstance(step, Send)):
        if sends:
            joined = b"".join(step.data for step in run if isinstance(step, Send))
            lines = joined.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            yield from (Send(_chunk(data)) for data in _DATA.findall(lines))
        else:
            yield from run


def _chunk(data: bytes) -> bytes:
    payload = orjson.dumps({"bytes": base64.b64encode(data).decode()})
    headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
    return frame(headers, payload)


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()
