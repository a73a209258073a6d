"""Tests, fakes: turns a script and a request into the steps of an answer.

Pure: here is decided what is sent, in which pieces and where it breaks; `openai_server.py` only
does it.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from tests.fakes.completions import (
    Chunk,
    Head,
    completion,
    contents,
    empty_chunk,
    finish,
    opening,
    text_chunk,
    usage_chunk,
)
from tests.fakes.framing import DONE, event, ping, recut
from tests.fakes.script import Answer, Canned, Fault, FaultKind, Framing

JSON_TYPE = "application/json"
EVENTS_TYPE = "text/event-stream; charset=utf-8"
SETTLE = 0.02
"""Seconds between the last bytes and a reset. A reset may overtake bytes that were not read yet."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Do nothing until the client leaves."""


@dataclass(frozen=True, slots=True)
class WaitForTest:
    """Wait until a test lets it go on.

    Attributes:
        reached: Set when the answer has come this far.
        released: What it waits for.
    """

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection (FIN) without ending the message."""


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Shut down the sending side (FIN), and wait for the client to close its own."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection (RST)."""


Step = Send | Pause | Hang | WaitForTest | Close | HalfClose | Reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer in steps.

    Attributes:
        status: The status code.
        headers: The content type and what else the script gives.
        length: The promised length of the body; None sends it chunked.
        before: What happens before the status line.
        body: What happens after the headers.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    before: tuple[Step, ...] = ()
    body: tuple[Step, ...] = ()


def plan(script: Answer | Canned, head: Head, *, stream: bool) -> Reply:
    """What to send for a request that asks for a stream, or for a whole answer."""
    if isinstance(script, Canned):
        return canned(script)
    kind = script.fault.kind if script.fault else None
    if stream and kind is not FaultKind.WHOLE_FOR_STREAM:
        return streamed_reply(script, _stream_steps(script, head))
    return whole_reply(script, _whole_body(script, head))


def canned(script: Canned) -> Reply:
    """A response as it stands."""
    headers = (("content-type", script.content_type), *script.headers)
    body = (Send(script.body),) if script.body else ()
    return Reply(status=script.status, headers=headers, length=len(script.body), body=body)


def before_headers(answer: Answer) -> tuple[Step, ...]:
    """What happens before the status line."""
    first: dict[FaultKind, Step] = {
        FaultKind.RESET_BEFORE_HEADERS: Reset(),
        FaultKind.CLOSE_BEFORE_HEADERS: Close(),
        FaultKind.HALF_CLOSE_BEFORE_HEADERS: HalfClose(),
        FaultKind.HANG: Hang(),
    }
    pause: tuple[Step, ...] = (Pause(answer.pace.headers),) if answer.pace.headers else ()
    if answer.fault and answer.fault.kind in first:
        return (*pause, first[answer.fault.kind])
    return pause


def content_headers(answer: Answer, content_type: str) -> tuple[tuple[str, str], ...]:
    """The content type, right or wrong."""
    if answer.fault and answer.fault.kind is FaultKind.WRONG_CONTENT_TYPE:
        content_type = "text/plain"
    return (("content-type", content_type),)


# --- whole answers -----------------------------------------------------------------------------


def whole_reply(answer: Answer, body: bytes) -> Reply:
    """A whole answer on its way, as the script breaks and paces it."""
    steps: tuple[Step, ...] = (Send(body),) if body else ()
    if answer.fault and answer.fault.kind in BREAKS:
        steps = (Send(body[: len(body) // 2]), *BREAKS[answer.fault.kind])
    pause = answer.pace.first_token + answer.pace.token * max(len(answer.tokens) - 1, 0)
    before = before_headers(answer) + ((Pause(pause),) if pause else ())
    headers = content_headers(answer, JSON_TYPE)
    return Reply(headers=headers, length=len(body), before=before, body=steps)


def _whole_body(answer: Answer, head: Head) -> bytes:
    match answer.fault:
        case Fault(kind=FaultKind.EMPTY_BODY):
            return b""
        case Fault(kind=FaultKind.EMPTY_CHOICES):
            return completion(answer, head, choices=False)
        case Fault(kind=FaultKind.MALFORMED):
            return b'{"id": ' + head.id.encode() + b", choices}"
        case Fault(kind=FaultKind.ERROR_EVENT):
            return ERROR_BODY
        case Fault(kind=FaultKind.TRUNCATED):
            body = completion(answer, head)
            return body[: len(body) // 2]
        case Fault(kind=FaultKind.INVALID_UTF8):
            return completion(answer, head).replace(b'"content":"', b'"content":"' + BAD_UTF8)
        case Fault(kind=FaultKind.GIANT, size=size):
            giant = Answer(tokens=("x" * size,), usage=answer.usage)
            return completion(giant, head)
    return completion(answer, head)


# --- streams -----------------------------------------------------------------------------------

ERROR_BODY = (
    b'{"error":{"message":"The server had an error while processing your request.",'
    b'"type":"server_error","param":null,"code":null}}'
)
BAD_UTF8 = b"\xff\xfe\xc3("
BREAKS: dict[FaultKind, tuple[Step, ...]] = {
    FaultKind.RESET: (Pause(SETTLE), Reset()),
    FaultKind.CUT: (Close(),),
    FaultKind.HALF_CLOSE: (HalfClose(),),
    FaultKind.STALL: (Hang(),),
}
ENDS_AFTER_TOKENS = {*BREAKS, FaultKind.TRUNCATED, FaultKind.ERROR_EVENT}


def streamed_reply(answer: Answer, steps: Iterable[Step]) -> Reply:
    """A stream on its way, in the writes that the script asks for."""
    body = tuple(recut_steps(steps, answer.framing))
    return Reply(headers=content_headers(answer, EVENTS_TYPE), before=before_headers(answer), body=body)


def recut_steps(steps: Iterable[Step], framing: Framing) -> Iterator[Step]:
    """The same bytes in the writes that the framing asks for; a burst has no pauses."""
    if framing.burst:
        steps = (step for step in steps if not isinstance(step, Pause))
    for sends, run in groupby(steps, key=lambda step: isinstance(step, Send)):
        if sends:
            writes = (step.data for step in run if isinstance(step, Send))
            yield from map(Send, recut(writes, framing))
        else:
            yield from run


def _stream_steps(answer: Answer, head: Head) -> Iterator[Step]:
    kind = answer.fault.kind if answer.fault else None
    if kind is FaultKind.EMPTY_BODY:
        return
    if kind is FaultKind.EMPTY_CHOICES:
        yield _send(empty_chunk(answer, head).json, answer)
        yield _send(DONE, answer)
        return
    yield _send(opening(answer, head).json, answer)
    for index, data in enumerate(_content_events(answer, head)):
        yield from silence(answer, index)
        yield _send(data, answer)
    if kind in BREAKS:
        yield from BREAKS[kind]
    elif kind not in ENDS_AFTER_TOKENS:
        yield from _ending(answer, head)


def _send(data: bytes, answer: Answer) -> Send:
    return Send(event(data, answer.framing))


def silence(answer: Answer, index: int) -> Iterator[Step]:
    """What lies before the content of this index."""
    pace, pings = answer.pace, answer.framing.pings_before_first_token
    if index > 0:
        if pace.token:
            yield Pause(pace.token)
        return
    for _ in range(pings):
        yield Pause(pace.first_token / (pings + 1))
        yield Send(ping(answer.framing))
    if pace.first_token:
        yield Pause(pace.first_token / (pings + 1))


def _content_events(answer: Answer, head: Head) -> Iterator[bytes]:
    """The data of the content events, with the faulty one in its place."""
    chunks: list[Chunk] = list(contents(answer, head))
    if answer.fault is None:
        yield from (chunk.json for chunk in chunks)
        return
    after = answer.fault.after_tokens
    faulty = _faulty_event(answer, answer.fault, head)
    yield from (chunk.json for chunk in chunks[:after])
    if faulty is not None:
        yield faulty
    if answer.fault.kind not in ENDS_AFTER_TOKENS:
        yield from (chunk.json for chunk in chunks[after:])


def _faulty_event(answer: Answer, fault: Fault, head: Head) -> bytes | None:
    match fault.kind:
        case FaultKind.MALFORMED:
            return b'{"id": ' + head.id.encode() + b", choices}"
        case FaultKind.ERROR_EVENT:
            return ERROR_BODY
        case FaultKind.TRUNCATED:
            whole = text_chunk(answer, head, "lost").json
            return whole[: len(whole) // 2]
        case FaultKind.INVALID_UTF8:
            return text_chunk(answer, head, "@").json.replace(b'"@"', b'"' + BAD_UTF8 + b'"')
        case FaultKind.GIANT:
            return text_chunk(answer, head, "x" * fault.size).json
    return None


def _ending(answer: Answer, head: Head) -> Iterator[Step]:
    kind = answer.fault.kind if answer.fault else None
    if kind is FaultKind.NO_END:
        return
    if kind is not FaultKind.NO_FINISH:
        yield _send(finish(answer, head).json, answer)
    if kind is FaultKind.DUPLICATE_FINISH:
        yield _send(finish(answer, head).json, answer)
    usage = usage_chunk(answer, head)
    if usage:
        yield _send(usage.json, answer)
    if kind is not FaultKind.NO_DONE:
        yield _send(DONE, answer)
