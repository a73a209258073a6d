"""Tests, fakes: turns a script and a request into the steps of an answer of the Messages wire.

Pure. What breaks a connection is every wire's own and stands in `planner.py`; here stands what breaks an
answer.
"""

from collections.abc import Iterator

import orjson
from anthropic.types import ErrorResponse, OverloadedErrorObject

from tests.fakes.anthropic_messages import closing, contents, message, opening, stop, text_event
from tests.fakes.anthropic_script import Claude, claude
from tests.fakes.framing import ping
from tests.fakes.planner import (
    BAD_UTF8,
    BREAKS,
    ENDS_AFTER_TOKENS,
    Reply,
    Send,
    Step,
    canned,
    silence,
    streamed_reply,
    whole_reply,
)
from tests.fakes.script import Answer, Canned, Fault, FaultKind, Framing

PING = b'{"type":"ping"}'
ERROR = ErrorResponse(
    type="error", error=OverloadedErrorObject(type="overloaded_error", message="Overloaded")
)
ERROR_BODY = ERROR.model_dump_json(exclude_unset=True).encode()


def plan(script: Answer | Canned, message_id: str, model: str, *, stream: bool) -> Reply:
    """What to send for a request that asks for a stream, or for a whole answer."""
    if isinstance(script, Canned):
        return canned(script)
    answer = claude(script)
    kind = answer.fault.kind if answer.fault else None
    if stream and kind is not FaultKind.WHOLE_FOR_STREAM:
        return streamed_reply(answer, _steps(answer, message_id, model))
    return whole_reply(answer, _whole_body(answer, message_id, model))


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
        return b"content_block_delta"


def _whole_body(answer: Claude, message_id: str, model: str) -> bytes:
    whole = message(answer, message_id, model)
    match answer.fault:
        case Fault(kind=FaultKind.EMPTY_BODY):
            return b""
        case Fault(kind=FaultKind.EMPTY_CHOICES):
            return b'{"type":"message","role":"assistant"}'
        case Fault(kind=FaultKind.MALFORMED):
            return b'{"id": ' + message_id.encode() + b", content}"
        case Fault(kind=FaultKind.ERROR_EVENT):
            return ERROR_BODY
        case Fault(kind=FaultKind.TRUNCATED):
            return whole[: len(whole) // 2]
        case Fault(kind=FaultKind.INVALID_UTF8):
            return whole.replace(b'"text":"', b'"text":"' + BAD_UTF8)
        case Fault(kind=FaultKind.GIANT, size=size):
            return message(Claude(tokens=("x" * size,), usage=answer.usage), message_id, model)
    return whole


def _steps(answer: Claude, message_id: str, model: str) -> Iterator[Step]:
    kind = answer.fault.kind if answer.fault else None
    if kind is FaultKind.EMPTY_BODY:
        return
    yield from _sends(opening(answer, message_id, model), answer)
    yield from _sends((PING,), answer)
    if kind is FaultKind.EMPTY_CHOICES:
        yield from _sends((stop(),), answer)
        return
    yield from _contents(answer)
    if kind in BREAKS:
        yield from BREAKS[kind]
    elif kind not in ENDS_AFTER_TOKENS:
        yield from _ending(answer)


def _contents(answer: Claude) -> Iterator[Step]:
    """The contents with their silences, and the faulty event in its place."""
    groups = list(contents(answer))
    fault = answer.fault
    after = fault.after_tokens if fault else len(groups)
    faulty = _faulty_event(fault) if fault else None
    for index, group in enumerate(groups):
        if index == after and faulty is not None:
            yield from _sends((faulty,), answer)
        if fault and index >= after and fault.kind in ENDS_AFTER_TOKENS:
            return
        yield from silence(answer, index)
        yield from _sends(group, answer)


def _faulty_event(fault: Fault) -> bytes | None:
    match fault.kind:
        case FaultKind.MALFORMED:
            return b'{"type": "content_block_delta", delta}'
        case FaultKind.ERROR_EVENT:
            return ERROR_BODY
        case FaultKind.TRUNCATED:
            whole = text_event("lost")
            return whole[: len(whole) // 2]
        case FaultKind.INVALID_UTF8:
            return text_event("@").replace(b'"@"', b'"' + BAD_UTF8 + b'"')
        case FaultKind.GIANT:
            return text_event("x" * fault.size)
    return None


def _ending(answer: Claude) -> Iterator[Step]:
    kind = answer.fault.kind if answer.fault else None
    if kind is FaultKind.NO_END:
        return
    if kind is not FaultKind.NO_FINISH:
        yield from _sends(closing(answer), answer)
    if kind is FaultKind.DUPLICATE_FINISH:
        yield from _sends(closing(answer), answer)
    if kind is not FaultKind.NO_DONE:
        yield from _sends((stop(),), answer)


def _sends(events: tuple[bytes, ...], answer: Claude) -> Iterator[Step]:
    for data in events:
        yield Send(event(data, answer.framing))
