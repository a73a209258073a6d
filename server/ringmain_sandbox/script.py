"""Sandbox, pure: answers as scripts, with faults, which the transport acts out."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

MALFORMED_EVENT = b'data: {"choices":[{"delta":{"content": oops\n\n'
MALFORMED_BODY = b"<html><body>The sandbox plays a proxy that answers in HTML.</body></html>"


class End(enum.Enum):
    """The end of an exchange."""

    CLOSED = "closed"
    """The answer was complete."""
    REFUSED = "refused"
    """There was no connection."""
    RESET = "reset"
    """The connection was reset before an answer."""
    CUT = "cut"
    """The connection broke within the answer."""
    SILENT = "silent"
    """There is no end: nothing more comes, and the connection stays open."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of tokens.

    Attributes:
        first: The seconds before the first token.
        interval: The seconds between two tokens.
    """

    first: float = 0.0
    interval: float = 0.0

    def due(self, index: int) -> float:
        """Returns when a token comes, in seconds after the request."""
        return self.first + index * self.interval


AT_ONCE = Pace()
"""A pace without waits."""


@dataclass(frozen=True, slots=True)
class Script:
    """The course of an exchange.

    Attributes:
        accepted: Whether the connection is accepted, even if no byte of an answer comes.
        end: The end, after all bytes.
        pace: The pace of the tokens.
        count: The number of tokens that come.
        chunks: The bytes of each token.
        tail: The bytes that come with the last token.
        tail_apart: Whether the tail comes in a read of its own, so that the reader sees the tokens before it.
    """

    accepted: bool = True
    end: End = End.CLOSED
    pace: Pace = AT_ONCE
    count: int = 0
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))
    tail: bytes = b""
    tail_apart: bool = False


def _nothing() -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as bytes, whole or in pieces, before any fault.

    Attributes:
        count: The number of pieces, which are the tokens of a chat.
        whole: Returns the answer in one body.
        nothing: Returns a body without an answer.
        chunks: Returns the pieces of a stream.
        ending: Returns the bytes after the last piece.
        closing: Returns the bytes of a stream without an answer.
        raw: Whether the pieces are a file and not events. Then only a broken connection shows that the file
            is not complete, and a page of HTML can only come in its place.
    """

    count: int
    whole: Callable[[], bytes] = _nothing
    nothing: Callable[[], bytes] = _nothing
    chunks: Callable[[], Iterator[bytes]] = field(default=lambda: iter(()))
    ending: Callable[[], bytes] = _nothing
    closing: Callable[[], bytes] = _nothing
    raw: bool = False


def streamed(model: str, reply: Reply, fault_after: Callable[[float], float]) -> Script:
    """Returns the script of a streamed reply, with the model's fault.

    Args:
        model: One of the sandbox's models.
        reply: The answer.
        fault_after: Returns the number of pieces before the fault, from its default.
    """
    count = reply.count
    part = min(int(fault_after(max(count // 2, 1))), count)
    match model:
        case "fault-empty":
            return Script(tail=reply.closing())
        case "fault-no-end":
            end = End.CUT if reply.raw else End.CLOSED
            return Script(end=end, count=count, chunks=reply.chunks())
        case "fault-stall":
            return Script(end=End.SILENT, count=part, chunks=islice(reply.chunks(), part))
        case "fault-malformed" if reply.raw:
            return Script(tail=MALFORMED_BODY)
        case "fault-malformed":
            pieces = islice(reply.chunks(), part)
            return Script(count=part, chunks=pieces, tail=MALFORMED_EVENT, tail_apart=True)
        case "fault-cut":
            half = next(islice(reply.chunks(), part, None), reply.ending())[:20]
            return Script(end=End.CUT, count=part, chunks=islice(reply.chunks(), part), tail=half)
    return Script(count=count, chunks=reply.chunks(), tail=reply.ending())


def whole(model: str, reply: Reply) -> Script:
    """Returns the script of a reply in one body, its tail, with the model's fault."""
    count = reply.count
    match model:
        case "fault-empty":
            return Script(tail=reply.nothing())
        case "fault-stall":
            return Script(end=End.SILENT)
        case "fault-cut":
            return Script(end=End.CUT, count=count // 2)
        case "fault-malformed":
            return Script(count=count, tail=MALFORMED_BODY)
        case "fault-no-end":
            body = reply.whole()
            return Script(count=count, tail=body[: len(body) // 2])
    return Script(count=count, tail=reply.whole())
