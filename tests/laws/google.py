"""Tests, laws: scripts in Google's wire, over gRPC (Vertex AI) and over HTTP (the Gemini developer API)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import orjson
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict

from tests.fakes import vertex_script
from tests.fakes.framing import event
from tests.fakes.planner import (
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
from tests.fakes.received import Received
from tests.fakes.script import Answer, Canned, Fault, FaultKind, Script
from tests.fakes.upstream import Upstream
from tests.fakes.vertex_script import whole

SIGNATURE = "c2lnbmF0dXJl"
FINISH: Mapping[str, str] = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
FAULTS: Mapping[FaultKind, vertex_script.Fault] = {
    FaultKind.HANG: vertex_script.Fault.HANG,
    FaultKind.STALL: vertex_script.Fault.STALL,
    FaultKind.CUT: vertex_script.Fault.CUT,
    FaultKind.RESET: vertex_script.Fault.RESET,
    FaultKind.NO_END: vertex_script.Fault.NO_FINISH,
    FaultKind.EMPTY_CHOICES: vertex_script.Fault.EMPTY,
    FaultKind.MALFORMED: vertex_script.Fault.MALFORMED,
    FaultKind.GIANT: vertex_script.Fault.GIANT,
}
"""What this wire has of the faults of every wire. A `NO_DONE` is the end of each of its streams."""
STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""https://cloud.google.com/apis/design/errors#handling_errors."""


def over_grpc(answer: Answer) -> vertex_script.Answer:
    """A script of every wire as one of this."""
    found = vertex_script.answer(
        *_parts(answer), finish=FINISH.get(answer.stop_reason, "STOP"), usage=_usage(answer)
    )
    fault = answer.fault
    if fault is None:
        return found
    return replace(found, fault=FAULTS[fault.kind], after=fault.after_tokens)


def _parts(answer: Answer) -> Iterator[Mapping[str, object]]:
    signed = {"thoughtSignature": SIGNATURE} if answer.reasoning else {}
    yield from ({"text": piece, "thought": True} for piece in answer.reasoning)
    yield from ({"text": piece} for piece in answer.tokens)
    for index, call in enumerate(answer.tool_calls):
        arguments = orjson.loads("".join(call.arguments) or "{}")
        yield {"functionCall": {"name": call.name, "args": arguments}, **({} if index else signed)}
    if signed and not answer.tool_calls:
        yield {"text": "", **signed}


def _usage(answer: Answer) -> Mapping[str, object]:
    counts = answer.usage
    if counts is None:
        return {}
    return {
        "promptTokenCount": counts.prompt,
        "cachedContentTokenCount": counts.cached,
        "candidatesTokenCount": counts.completion - counts.reasoning,
        "thoughtsTokenCount": counts.reasoning,
        "totalTokenCount": counts.prompt + counts.completion,
    }


def over_http(status: vertex_script.Status) -> Canned:
    """An error as the developer API answers it."""
    details = []
    for detail in status.details:
        packed = Packed()
        packed.Pack(detail)
        details.append(MessageToDict(packed))
    name = status.code.name
    error = {"code": STATUSES[name], "message": status.message, "status": name, "details": details}
    return Canned(status=STATUSES[name], body=orjson.dumps({"error": error}))


class GeminiUpstream(Upstream):
    """The Gemini developer API with the scripts and the broken connections of every HTTP wire."""

    @property
    def base_url(self) -> str:
        """What a client of this wire calls its base URL."""
        return f"http://{self.host}:{self.port}"

    def behaviour(self, model: str) -> Script | None:
        """No name stands for a script."""
        return None

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""
        found = re.search(r"/models/(?P<model>[^:]+):(?P<method>\w+)", received.path)
        assert found
        script = self.script_for(found["model"])
        if isinstance(script, Canned):
            return canned(script)
        kind = script.fault.kind if script.fault else None
        if found["method"] == "streamGenerateContent" and kind is not FaultKind.WHOLE_FOR_STREAM:
            return streamed_reply(script, _steps(script))
        return whole_reply(script, _whole(script))


def _documents(answer: Answer) -> list[bytes]:
    messages = over_grpc(replace(answer, fault=None)).messages
    return [_json(MessageToDict(message), answer) for message in messages]


def _json(document: dict[str, object], answer: Answer) -> bytes:
    extra = {"unheardOf": {"deep": [1, None]}} if answer.framing.unknown_fields else {}
    return orjson.dumps({**document, **extra})


def _whole(answer: Answer) -> bytes:
    body = _json(MessageToDict(whole(over_grpc(replace(answer, fault=None)).messages)), answer)
    match answer.fault:
        case Fault(kind=FaultKind.EMPTY_BODY):
            return b""
        case Fault(kind=FaultKind.EMPTY_CHOICES):
            return b"{}"
        case Fault(kind=FaultKind.MALFORMED):
            return b"{oops"
        case Fault(kind=FaultKind.TRUNCATED):
            return body[: len(body) // 2]
        case Fault(kind=FaultKind.ERROR_EVENT):
            return _ERROR
        case Fault(kind=FaultKind.INVALID_UTF8):
            return body.replace(b'"Hello', b'"\xff\xfe')
    return body


_ERROR = b'{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}'
_FAULTY: Mapping[FaultKind, bytes] = {
    FaultKind.MALFORMED: b"{oops",
    FaultKind.ERROR_EVENT: _ERROR,
    FaultKind.TRUNCATED: b'{"candidates":[{"content":{"par',
    FaultKind.INVALID_UTF8: b'{"candidates":[{"content":{"parts":[{"text":"\xff\xfe"}]}}]}',
}


def _steps(answer: Answer) -> Iterator[Step]:
    fault = answer.fault
    kind = fault.kind if fault else None
    if kind in (FaultKind.EMPTY_BODY, FaultKind.EMPTY_CHOICES):
        return
    documents = _documents(answer)
    after = fault.after_tokens if fault else len(documents)
    for index, document in enumerate(documents):
        if index == after and fault and fault.kind in _FAULTY:
            yield Send(event(_FAULTY[fault.kind], answer.framing))
        if index >= after and kind in {*ENDS_AFTER_TOKENS, FaultKind.NO_END}:
            break
        yield from silence(answer, index)
        yield Send(event(document, answer.framing))
    if kind in BREAKS:
        yield from BREAKS[kind]
