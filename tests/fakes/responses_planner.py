"""Tests, fakes: turns a script and a request into the steps of an answer of the responses wire.

Pure. What breaks a connection is every wire's own and stands in `planner.py`; here stands what breaks an
answer.
"""

from collections.abc import Iterator

import orjson

from tests.fakes.framing import ping
from tests.fakes.planner import (
    BAD_UTF8,
    BREAKS,
    ENDS_AFTER_TOKENS,
    ERROR_BODY,
    Reply,
    Send,
    Step,
    canned,
    silence,
    streamed_reply,
    whole_reply,
)
from tests.fakes.responses import (
    Event,
    Head,
    closing,
    contents,
    numbered,
    opening,
    response,
    text_event,
)
from tests.fakes.script import Answer, Canned, Fault, FaultKind, Framing

UNHEARD_OF = b'{"type":"response.unheard_of","deep":[1,null]}'


def plan(script: Answer | Canned, head: Head, *, stream: bool) -> Reply:
    """What to send for a request that asks for a stream, or for a whole answer."""
    if isinstance(script, Canned):
        return canned(script)
    kind = script.fault.kind if script.fault else None
    if stream and kind is not FaultKind.WHOLE_FOR_STREAM:
        return streamed_reply(script, _steps(script, head))
    return whole_reply(script, _whole_body(script, head))


def event(data: bytes, framing: Framing) -> bytes:
    """One event with its name and its blank line, and the comment before it where the framing wants one."""
    colon = b": " if framing.space_after_colon else b":"
    end = framing.line_end.encode()
    name = b"event" + colon + _name(data) + end
    return (ping(framing) if framing.ping else b"") + name + b"data" + colon + data + end + end


def _name(data: bytes) -> bytes:
    """The type that an event repeats in its name."""
    try:
        return str(orjson.loads(data)["type"]).encode()
    except orjson.JSONDecodeError:
        return b"response.output_text.delta"


def _whole_body(answer: Answer, head: Head) -> bytes:
    whole = response(answer, head)
    match answer.fault:
        case Fault(kind=FaultKind.EMPTY_BODY):
            return b""
        case Fault(kind=FaultKind.EMPTY_CHOICES):
            return b'{"object":"response","status":"completed"}'
        case Fault(kind=FaultKind.MALFORMED):
            return b'{"id": ' + head.id.encode() + b", output}"
        case Fault(kind=FaultKind.ERROR_EVENT):
            return ERROR_BODY
        case Fault(kind=FaultKind.TRUNCATED):
            return whole[: len(whole) // 2]
        case Fault(kind=FaultKind.INVALID_UTF8):
            return whole.replace(b'"text":"', b'"text":"' + BAD_UTF8)
        case Fault(kind=FaultKind.GIANT, size=size):
            return response(Answer(tokens=("x" * size,), usage=answer.usage), head)
    return whole


class _Stream:
    """Numbers the events of one stream."""

    def __init__(self, answer: Answer, head: Head) -> None:
        self._answer = answer
        self._head = head
        self._number = -1

    def send(self, *events: Event) -> Iterator[Step]:
        for one in events:
            self._number += 1
            yield self.raw(numbered(one, self._number))

    def raw(self, data: bytes) -> Send:
        return Send(event(data, self._answer.framing))

    def text(self, text: str) -> bytes:
        self._number += 1
        return numbered(text_event(self._answer, self._head, text), self._number)


def _steps(answer: Answer, head: Head) -> Iterator[Step]:
    kind = answer.fault.kind if answer.fault else None
    if kind is FaultKind.EMPTY_BODY:
        return
    stream = _Stream(answer, head)
    yield from stream.send(*opening(answer, head))
    if answer.framing.unknown_fields:
        yield stream.raw(UNHEARD_OF)
    if kind is FaultKind.EMPTY_CHOICES:
        yield stream.raw(b'{"type":"response.completed","response":{"status":"completed"}}')
        return
    yield from _contents(answer, head, stream)
    if kind in BREAKS:
        yield from BREAKS[kind]
    elif kind not in ENDS_AFTER_TOKENS and kind not in (FaultKind.NO_END, FaultKind.NO_FINISH):
        yield from stream.send(closing(answer, head))
        if kind is FaultKind.DUPLICATE_FINISH:
            yield from stream.send(closing(answer, head))


def _contents(answer: Answer, head: Head, stream: _Stream) -> Iterator[Step]:
    """The contents with their silences, and the faulty event in its place."""
    fault = answer.fault
    faulty = fault
    index = 0
    for one in contents(answer, head):
        if faulty and one.content and index == faulty.after_tokens:
            yield from _faulty(faulty, stream)
            faulty = None
            if fault and fault.kind in ENDS_AFTER_TOKENS:
                return
        if one.content:
            yield from silence(answer, index)
            index += 1
        yield from stream.send(one)
    if faulty:
        yield from _faulty(faulty, stream)


def _faulty(fault: Fault, stream: _Stream) -> Iterator[Step]:
    match fault.kind:
        case FaultKind.MALFORMED:
            yield stream.raw(b'{"type": "response.output_text.delta", delta}')
        case FaultKind.ERROR_EVENT:
            error = orjson.loads(ERROR_BODY)["error"]
            yield stream.raw(
                orjson.dumps({"type": "error", "code": error["type"], "message": error["message"]})
            )
        case FaultKind.TRUNCATED:
            whole = stream.text("lost")
            yield stream.raw(whole[: len(whole) // 2])
        case FaultKind.INVALID_UTF8:
            yield stream.raw(stream.text("@").replace(b'"@"', b'"' + BAD_UTF8 + b'"'))
        case FaultKind.GIANT:
            yield stream.raw(stream.text("x" * fault.size))
