"""Room 4, the sandbox, pure: an answer as a script that the transport acts out, with the faults in it."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

MALFORMED_EVENT = b'data: {"choices":[{"delta":{"content": oops\n\n'
MALFORMED_BODY = b"<html><body>The sandbox plays a proxy that answers in HTML.</body></html>"


class End(enum.Enum):
    """How an exchange ends."""

    CLOSED = "closed"
    """As it should."""
    REFUSED = "refused"
    """There was no connection."""
    RESET = "reset"
    """The connection was reset before an answer."""
    CUT = "cut"
    """The connection broke within the answer."""
    SILENT = "silent"
    """Never: nothing more comes, and nothing closes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast tokens come.

    Attributes:
        first: Seconds before the first.
        interval: Seconds between two.
    """

    first: float = 0.0
    interval: float = 0.0

    def due(self, index: int) -> float:
        """When a token comes, in seconds after the request."""
        return self.first + index * self.interval


AT_ONCE = Pace()
"""As fast as it goes."""


@dataclass(frozen=True, slots=True)
class Script:
    """What happens to a request.

    Attributes:
        accepted: Whether there is an answer, even if nothing of it comes.
        end: How it ends, after all bytes.
        pace: How fast tokens come.
        count: How many come.
        chunks: The bytes of each.
        tail: The bytes that come with the last one.
        tail_apart: Whether the tail comes in a read of its own, so that what came before is seen.
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
        count: How many pieces there are; what a token is to chat.
        whole: The answer in one body.
        nothing: A body that answers nothing.
        chunks: The pieces of a stream, from the first one.
        ending: What follows the last of them.
        closing: What a stream has that answers nothing.
        raw: Whether the pieces are a file and no events: then nothing but a broken connection tells that
            it is not complete, and a page of HTML comes in its place or not at all.
    """

    count: int
    whole: Callable[[], bytes] = _nothing
    nothing: Callable[[], bytes] = _nothing
    chunks: Callable[[], Iterator[bytes]] = field(default=lambda: iter(()))
    ending: Callable[[], bytes] = _nothing
    closing: Callable[[], bytes] = _nothing
    raw: bool = False


def streamed(model: str, reply: Reply, fault_after: Callable[[float], float]) -> Script:
    """A reply piece by piece, with the model's fault.

    Args:
        model: One of the sandbox's models.
        reply: The answer.
        fault_after: The pieces before the fault, given its default.
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
    """A reply in one body, its tail, with the model's fault."""
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
