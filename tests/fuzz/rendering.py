"""Tests, fuzz: good answers as bytes, and answers that are changed by shape."""

import base64
import random
from dataclasses import replace
from typing import Any

import orjson

from tests.fakes.anthropic_eventstream import frame
from tests.fakes.jobs_server import SERVICES, JobsServer, Request
from tests.fuzz import delivery, shapes
from tests.fuzz.cases import Case
from tests.fuzz.delivery import Delivery, Good
from tests.fuzz.upstream import Asked
from tests.fuzz.wires import PNG, Given, ends


def good(case: Case, asked: Asked, path: str, base: str, index: int) -> tuple[Good, Given | None]:
    """The good answer to a request, and what it was made of where that is a document."""
    if case.wire.job:
        return _job(case, asked, path, base)
    given = case.answer(index)
    return rendered(given), given


def rendered(given: Given) -> Good:
    """An answer as it is sent."""
    if isinstance(given.content, str):
        return Good(given.content.encode(), "audio/mpeg", opaque=True)
    if not given.events:
        body = orjson.dumps(given.content)
        return Good(body, enough=len(body))
    pieces = [_event(given, one) for one in given.content]
    last = next((index for index, one in enumerate(given.content) if ends(one)), 0)
    kind = "application/vnd.amazon.eventstream" if given.framed else "text/event-stream"
    return Good(b"".join(pieces), kind, enough=sum(map(len, pieces[:last])))


def _event(given: Given, event: Any, encoded: bytes | None = None) -> bytes:
    if encoded is None:
        encoded = event.encode() if isinstance(event, str) else orjson.dumps(event)
    if given.framed:
        payload = orjson.dumps({"bytes": base64.b64encode(encoded).decode()})
        headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
        return frame(headers, payload)
    kind = event.get("type") if isinstance(event, dict) else None
    named = f"event: {kind}\n".encode() if isinstance(kind, str) and "\n" not in kind else b""
    return named.decode("utf-8", "replace").encode("utf-8", "replace") + b"data: " + encoded + b"\n\n"


def shaped(rng: random.Random, given: Given) -> Delivery:
    """An answer that is changed by shape."""
    good = rendered(given)
    if not given.events:
        document, told = shapes.changed(rng, given.content)
        body = shapes.encoded(rng, document)
        return delivery.straight(replace(good, body=body), *told)
    events, told = list(given.content), []
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(events)) if events else 0
        match rng.randrange(8):
            case 0:
                del events[at : at + 1]
                told.append(f"drop event {at}")
            case 1:
                events[at:at] = events[at : at + 1] * rng.choice((1, 2, 40))
                told.append(f"repeat event {at}")
            case 2:
                rng.shuffle(events)
                told.append("shuffle events")
            case 3:
                events.insert(at, rng.choice(_STRANGE))
                told.append(f"insert event {at}")
            case _ if events:
                events[at], what = shapes.changed(rng, events[at])
                told.append(f"event {at}: {', '.join(what)}")
    pieces = [
        _event(
            given, one, one.encode("utf-8", "replace") if isinstance(one, str) else shapes.encoded(rng, one)
        )
        for one in events
    ]
    if given.framed and pieces and rng.random() < 0.3:
        at = rng.randrange(len(pieces))
        pieces[at] = rng.choice(_FRAMES)
        told.append(f"frame {at}")
    return delivery.straight(replace(good, body=b"".join(pieces)), *told)


_FRAMES = (
    frame({":message-type": "event", ":event-type": "chunk"}, b'{"bytes": 3}'),
    frame({":message-type": "event", ":event-type": "chunk"}, b'{"bytes": "?"}'),
    frame({":message-type": "event", ":event-type": "chunk"}, b"{}"),
    frame({":message-type": "event", ":event-type": "chunk"}, b"[]"),
    frame({":message-type": "event", ":event-type": "chunk"}, b"\xff"),
    frame({":message-type": "event", ":event-type": "chunk"}, b""),
    frame({":message-type": "event", ":event-type": "other"}, b'{"bytes": "e30="}'),
    frame({":message-type": "exception", ":exception-type": "throttlingException"}, b'{"message": "Slow"}'),
    frame({":message-type": "exception", ":exception-type": "internalServerException"}, b"[]"),
    frame({":message-type": "error", ":error-code": "500", ":error-message": "x"}, b""),
    frame({}, b'{"bytes": "e30="}'),
)
_STRANGE: tuple[Any, ...] = (
    {},
    [],
    None,
    3,
    {"type": "ping"},
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    {"error": {"message": "The server had an error", "type": "server_error", "code": None}},
    {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}},
    {"type": None},
    {"choices": None},
    {"choices": [None]},
    {"candidates": [None]},
    "[DONE]",
    "",
    "no json",
)


# --- image services -----------------------------------------------------------------------------------------


class _Service(JobsServer):
    """An image service whose jobs tell whose they are."""

    mark = ""

    def new_job(self) -> str:
        self.jobs += 1
        return f"{self.mark}-{self.jobs}"


def _job(case: Case, asked: Asked, path: str, base: str) -> tuple[Good, Given | None]:
    path = path.partition("?")[0]
    if path.startswith("/files/"):
        return Good(PNG, "image/png", opaque=True), None
    server = case.servers.setdefault(base, _Service(url=base, looks=0))
    assert isinstance(server, _Service)
    server.mark = case.mark
    try:
        body = orjson.loads(asked.body)
    except ValueError:
        body = {}
    request = Request(asked.method, path, {}, body if isinstance(body, dict) else {})
    server.requests.append(request)
    try:
        status, document = SERVICES[case.wire.job](server, request) or (404, {"detail": "not found"})
    except (KeyError, IndexError, StopIteration):
        status, document = 404, {"detail": "not found"}
    given = Given(document)
    return replace(rendered(given), status=status), given
