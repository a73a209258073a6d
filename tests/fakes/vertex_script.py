"""Tests, fakes: what a scripted upstream of Google's wire shall do, as values without behaviour.

A script is one of three values. ``Answer`` is a model's answer as the messages of a stream, with the
``Fault`` that breaks it on the way. ``Status`` is an end without an answer. ``Flap`` changes from request
to request. The messages are of the library's own types, so that shapes cannot drift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from ringmain_server.providers.vertex import ids, wire

RESPONSE_ID = "fake0"


class Fault(StrEnum):
    """The ways in which an answer goes wrong after the call was taken."""

    HANG = "hang"
    """Nothing is ever sent."""
    STALL = "stall"
    """Nothing more is sent after some messages, and the call stays open."""
    CUT = "cut"
    """The call ends UNAVAILABLE after some messages."""
    RESET = "reset"
    """The connection is reset (RST) after some messages, or instead of a whole answer."""
    NO_FINISH = "no-finish"
    """The call ends OK after some messages: no reason to stop."""
    EMPTY = "empty"
    """The call ends OK without any message; a whole answer has no candidate."""
    GIANT = "giant"
    """A message larger than a client takes."""
    MALFORMED = "malformed"
    """A message that is no protobuf, after some others."""
    ENDLESS = "endless"
    """The first message, again and again."""
    FAILS_AT_END = "fails-at-end"
    """Every message is sent, and then the call ends INTERNAL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long an upstream takes, in seconds.

    Attributes:
        headers: Silence before the call is accepted.
        first: Silence between that and the first message.
        each: Silence between two messages.
    """

    headers: float = 0.0
    first: float = 0.0
    each: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A model's answer.

    Attributes:
        messages: As a stream carries them; a whole answer is what they add up to.
        pace: How long it takes.
        fault: How it goes wrong, if it does.
        after: How many messages of a stream are sent before it does.
        size: How many bytes a GIANT message has.
        predictions: What `predict` answers, None for what is usual.
    """

    messages: Sequence[wire.GenerateContentResponse]
    pace: Pace = field(default_factory=Pace)
    fault: Fault | None = None
    after: int = 2
    size: int = 65 * 1024 * 1024
    predictions: Sequence[Mapping[str, object]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The end of a call without an answer.

    Attributes:
        code: The canonical status.
        message: For people.
        details: Messages of `google.rpc`, packed as Google packs them.
    """

    code: grpc.StatusCode
    message: str
    details: Sequence[Message] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """A server that fails and recovers, counted for each model by itself.

    Attributes:
        failure: What a failing request gets.
        success: What the others get.
        first: How many requests fail before all succeed; 0 means every other one, the first included.
    """

    failure: "Answer | Status"
    success: "Answer | Status"
    first: int = 0

    def at(self, count: int) -> "Answer | Status":
        """The script for the request after `count` earlier ones."""
        failing = count < self.first if self.first else count % 2 == 0
        return self.failure if failing else self.success


Script = Answer | Status | Flap
Json = Mapping[str, object]


def answer(
    *parts: Json, finish: str | int = "STOP", usage: Json | None = None, **candidate: object
) -> Answer:
    """An answer of these parts, one message each; the last has the reason to stop and the counts.

    Args:
        parts: Parts of content as the wire's JSON.
        finish: Why it stopped, by name or number.
        usage: The counts as the wire's JSON; the default counts a token for each part.
        candidate: Other fields of the last message's candidate.
    """
    counted = usage if usage is not None else {"promptTokenCount": 7, "candidatesTokenCount": len(parts)}
    documents = [_document(part) for part in parts] or [_document()]
    last = documents[-1]
    last["candidates"][0].update(finishReason=finish, **candidate)  # type: ignore[index]
    if counted:
        last["usageMetadata"] = counted
    return Answer(messages=tuple(map(message, documents)))


def text(*tokens: str, **fields: object) -> Answer:
    """An answer of text, one message for each token."""
    return answer(*({"text": token} for token in tokens), **fields)  # type: ignore[arg-type]


def predicted(*predictions: Json) -> Answer:
    """What `predict` answers."""
    return Answer(messages=(), predictions=predictions)


def question(document: Mapping[str, Any]) -> wire.GenerateContentRequest:
    """A request from its JSON, with the ids of calls, which the messages have no field for."""
    contents = [
        {**content, "parts": [_without_id(part) for part in content["parts"]]}
        for content in document.get("contents", ())
    ]
    found = ParseDict({**document, "contents": contents}, wire.GenerateContentRequest())
    for turn, content in zip(found.contents, document.get("contents", ()), strict=True):
        for part, written in zip(turn.parts, content["parts"], strict=True):
            ids.give(part.function_call, written.get("functionCall", {}).get("id", ""))
            ids.give(part.function_response, written.get("functionResponse", {}).get("id", ""))
    return found


def _without_id(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {inner: value for inner, value in found.items() if inner != "id"}
        if name in ("functionCall", "functionResponse")
        else found
        for name, found in part.items()
    }


def message(document: Json) -> wire.GenerateContentResponse:
    """A message from the wire's JSON."""
    return ParseDict(dict(document), wire.GenerateContentResponse())


def broken(fault: Fault, *, after: int = 2, base: Answer | None = None) -> Answer:
    """The default answer (or the one given), broken in this way."""
    return replace(base or HELLO, fault=fault, after=after)


def whole(messages: Sequence[wire.GenerateContentResponse]) -> wire.GenerateContentResponse:
    """What the messages of a stream add up to, as the whole answer: neighbouring texts are one part."""
    found = wire.GenerateContentResponse()
    for each in messages:
        piece = wire.GenerateContentResponse()
        piece.CopyFrom(each)
        for candidate in piece.candidates:
            _join(found, candidate)
        piece.ClearField("candidates")
        found.MergeFrom(piece)
    return found


def _join(found: wire.GenerateContentResponse, candidate: wire.Candidate) -> None:
    parts = list(candidate.content.parts)
    candidate.ClearField("content")
    if len(found.candidates) > candidate.index:
        found.candidates[candidate.index].MergeFrom(candidate)
    else:
        found.candidates.append(candidate)
    for part in parts:
        _append(found.candidates[candidate.index].content, part)


def _append(content: wire.Content, part: wire.Part) -> None:
    parts = content.parts
    if not len(parts) or not _goes_on(parts[-1], part):
        parts.append(part)
        return
    if part.WhichOneof("data") == "inline_data":
        parts[-1].inline_data.data += part.inline_data.data
    else:
        parts[-1].text += part.text
    parts[-1].thought_signature = part.thought_signature


def _goes_on(last: wire.Part, part: wire.Part) -> bool:
    """Whether a part goes on with the last one, until that is signed: a text, or sound."""
    if last.thought_signature:
        return False
    if part.inline_data.mime_type.startswith("audio/"):
        return last.inline_data.mime_type == part.inline_data.mime_type
    return _is_text(last) and _is_text(part) and last.thought == part.thought


def _is_text(part: wire.Part) -> bool:
    return bool(part.WhichOneof("data") == "text")


def _document(part: Json | None = None) -> dict[str, object]:
    content = {"role": "model", "parts": [part] if part is not None else []}
    return {
        "candidates": [{"content": content}],
        "modelVersion": "gemini-fake",
        "responseId": RESPONSE_ID,
    }


HELLO = text("Hello", " from", " upstream", ".")
