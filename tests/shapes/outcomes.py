"""Tests, shapes: what the forms of a shape amount to, as its file has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain_server.errors import ProviderError
from ringmain_server.operations.chat_fold import fold

from tests.shapes.store import Shape
from tests.shapes.wires import WIRES, refused

Outcome = Mapping[str, Any]


def outcomes(shape: Shape) -> Iterator[tuple[str, Outcome]]:
    """Yields each form of a shape, and what it amounts to; exchanges of media have tests of their own."""
    content = shape.content
    for over in map(shape.over, shape.wires):
        if "whole" in content:
            yield f"{over} whole", whole(over)
        if "stream" in content:
            yield f"{over} streamed", streamed(over)
        if "body" in content:
            yield f"{over} refused", {"error": shown(refused(over))}
        if "request" in content and over.wire in WIRES:
            yield f"{over} sent", {"sent": sent(over)}


def expected(shape: Shape, form: str) -> Outcome:
    """What the file says of a form."""
    names = ("sent",) if form.endswith("sent") else ("response", "error")
    return {name: shape.content[name] for name in names if name in shape.content}


def whole(shape: Shape) -> Outcome:
    """What a whole answer amounts to."""
    return _told(lambda: WIRES[shape.wire].whole(shape, shape.content["whole"]))


def streamed(shape: Shape, size: int = 0) -> Outcome:
    """What a streamed answer amounts to that comes in reads of a size."""
    wire = WIRES[shape.wire]
    return _told(lambda: fold(wire.events(shape, wire.reads(shape.content["stream"], size))))


def sent(shape: Shape) -> Mapping[str, Any]:
    """What is sent for the request."""
    request = ParseDict(shape.content["request"], ChatRequest())
    return WIRES[shape.wire].sent(shape, request)


def _told(read: Callable[[], ChatResponse]) -> Outcome:
    try:
        return {"response": MessageToDict(read())}
    except ProviderError as exc:
        return {"error": shown(exc)}


def shown(error: ProviderError) -> Mapping[str, Any]:
    """An error as a file has it."""
    found: dict[str, Any] = {
        "class": type(error).__name__,
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
    }
    if error.metadata:
        found["metadata"] = dict(error.metadata)
    if error.retry_after is not None:
        found["retry_after"] = round(error.retry_after, 3)
    return found
