"""Tests, benchmark: the answers of its HTTP upstream, rendered once with the SDKs' types.

The model's name says what a stream does: `burst-N` writes N tokens as quickly as the loop turns, one socket
write each, `paced-N-MS` one every MS milliseconds. Any other model streams 64 tokens in a burst. Whole
answers have 64 tokens.
"""

import enum
import functools
import re
from dataclasses import dataclass

from tests.fakes import anthropic_planner, planner
from tests.fakes.completions import Head
from tests.fakes.planner import Reply, Send
from tests.fakes.script import Answer, Usage

TOKEN = " word"
"""Every token is as long as every other, so that a text's length tells how many it holds."""
TOKEN_COUNT = 64

_SHAPE = re.compile(r"burst-(?P<burst>\d+)|paced-(?P<paced>\d+)-(?P<ms>\d+)")
_WHOLE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)
_LAST_CHUNK = b"0\r\n\r\n"


class Wire(enum.Enum):
    """Whose answers they are."""

    OPENAI = "/chat/completions"
    ANTHROPIC = "/messages"


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
def whole(wire: Wire, model: str) -> Rendered:
    """The whole answer, with its headers."""
    body = whole_body(wire, model)
    return Rendered((_WHOLE_HEAD % len(body) + body,))


@functools.cache
def streamed(wire: Wire, model: str, *, include_usage: bool = True) -> Rendered:
    """The stream, a write for each token; the first has the headers too, and the last the end."""
    first, *rest = ([_chunk(event) for event in group] for group in token_events(wire, model, include_usage))
    writes = [_STREAM_HEAD + b"".join(first), *map(b"".join, rest)]
    writes[-1] += _LAST_CHUNK
    shape = _SHAPE.fullmatch(model)
    return Rendered(tuple(writes), int(shape["ms"] or 0) / 1000 if shape else 0.0)


def whole_body(wire: Wire, model: str) -> bytes:
    """The JSON of a whole answer."""
    return b"".join(_sends(wire, model, TOKEN_COUNT, stream=False))


def token_events(wire: Wire, model: str, include_usage: bool = True) -> list[list[bytes]]:
    """The events of a stream, a group for each token.

    What opens the answer comes with the first token and what ends it with the last, as from a server that is
    in time.
    """
    groups: list[list[bytes]] = [[]]
    for event in _sends(wire, model, _count(model), stream=True, include_usage=include_usage):
        has_token = TOKEN.encode() in event
        if has_token and any(TOKEN.encode() in earlier for earlier in groups[-1]):
            groups.append([])
        groups[-1].append(event)
    return groups


def _count(model: str) -> int:
    shape = _SHAPE.fullmatch(model)
    return int((shape["burst"] or shape["paced"]) if shape else TOKEN_COUNT)


def _sends(wire: Wire, model: str, count: int, *, stream: bool, include_usage: bool = True) -> list[bytes]:
    answer = Answer(tokens=(TOKEN,) * count, usage=Usage(prompt=12, completion=count))
    reply = _plan(wire, answer, model, stream=stream, include_usage=include_usage)
    return [step.data for step in reply.body if isinstance(step, Send)]


def _plan(wire: Wire, answer: Answer, model: str, *, stream: bool, include_usage: bool) -> Reply:
    if wire is Wire.ANTHROPIC:
        return anthropic_planner.plan(answer, "msg_bench", model, stream=stream)
    head = Head(id="chatcmpl-bench", model=model, include_usage=include_usage and stream)
    return planner.plan(answer, head, stream=stream)


def _chunk(data: bytes) -> bytes:
    """A chunk of HTTP's chunked encoding: https://www.rfc-editor.org/rfc/rfc9112#section-7.1."""
    return b"%x\r\n%b\r\n" % (len(data), data)
