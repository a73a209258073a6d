"""Tests, fakes: a stream's events as bytes.

Pure. What a reader must accept stands in
https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream and the options
of ``Framing`` are what real servers and proxies make of it.
"""

from collections.abc import Iterable, Iterator

from tests.fakes.script import Framing

DONE = b"[DONE]"


def event(data: bytes, framing: Framing) -> bytes:
    """One event with its blank line, and the comment before it where the framing wants one."""
    colon = b": " if framing.space_after_colon else b":"
    lines = [b"data" + colon + data]
    if framing.event_fields:
        lines = [b"event" + colon + b"message", b"id" + colon + b"7", b"retry: 3000", *lines]
    end = framing.line_end.encode()
    return (ping(framing) if framing.ping else b"") + end.join(lines) + end + end


def ping(framing: Framing) -> bytes:
    """A keep-alive comment."""
    return b": ping" + framing.line_end.encode() * 2


def recut(writes: Iterable[bytes], framing: Framing) -> Iterator[bytes]:
    """The same bytes in the writes that the framing asks for."""
    if not (framing.burst or framing.write_size):
        yield from writes
        return
    joined = b"".join(writes)
    size = framing.write_size or max(len(joined), 1)
    for start in range(0, len(joined), size):
        yield joined[start : start + size]
