"""Sandbox, pure: writes answers as bytes of the chat completions wire.

https://platform.openai.com/docs/api-reference/chat/object, and `/chat/streaming` for the chunks; reasoning is
in `reasoning_content`, as DeepSeek and llama.cpp name it. The same answer gives the same
bytes in every run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import orjson

from ringmain_sandbox import tokens
from ringmain_sandbox.answer import Answer, ToolCall
from ringmain_sandbox.script import Reply

DONE = b"data: [DONE]\n\n"
"""The end marker."""
_CREATED = 0  # no clock: the same request gives the same bytes

_Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """The fields that all parts of an answer share.

    Attributes:
        id: The id of the answer.
        model: The name that the answer gives, with `sandbox-` in front.
        prompt_tokens: The tokens of the request.
    """

    id: str
    model: str
    prompt_tokens: int

    def frame(self, kind: str, choices: list[_Json]) -> _Json:
        """Returns the outer object."""
        return {
            "id": self.id,
            "object": kind,
            "created": _CREATED,
            "model": self.model,
            "choices": choices,
        }

    def usage(self, answer: Answer) -> _Json:
        """Returns the counts."""
        written = answer.token_count
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        }


def whole(answer: Answer, head: Head) -> bytes:
    """Returns the answer in one body."""
    message: _Json = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["content"] = answer.text or None
        message["tool_calls"] = [_tool_call(call) for call in answer.tool_calls]
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    body = {**head.frame("chat.completion", [choice]), "usage": head.usage(answer)}
    return orjson.dumps(body)


def reply(answer: Answer, head: Head, *, include_usage: bool) -> Reply:
    """Returns the answer as a reply, whole or in tokens.

    Args:
        answer: The answer.
        head: The fields that all its parts share.
        include_usage: Whether a stream ends with the counts.
    """
    return Reply(
        answer.token_count,
        whole=partial(whole, answer, head),
        nothing=partial(without_choices, head),
        chunks=partial(chunks, answer, head),
        ending=partial(ending, answer, head, include_usage=include_usage),
        closing=partial(closing, answer, head, include_usage=include_usage),
    )


def without_choices(head: Head) -> bytes:
    """Returns a body without an answer."""
    return orjson.dumps(head.frame("chat.completion", []))


def chunks(answer: Answer, head: Head) -> Iterator[bytes]:
    """Yields an event for each token. The first one also opens the answer."""
    opening = b""
    if answer.token_count:
        opening = _chunk(head, {"role": "assistant", "content": ""})
    for delta in _deltas(answer):
        yield opening + _chunk(head, delta)
        opening = b""


def ending(answer: Answer, head: Head, *, include_usage: bool) -> bytes:
    """Returns the finish reason, the counts if they were asked for, and the end marker."""
    end = _chunk(head, {}, answer.finish_reason)
    if not answer.token_count:
        end = _chunk(head, {"role": "assistant", "content": ""}) + end
    return end + closing(answer, head, include_usage=include_usage)


def closing(answer: Answer, head: Head, *, include_usage: bool) -> bytes:
    """Returns the bytes after the finish reason."""
    if not include_usage:
        return DONE
    counts = {**head.frame("chat.completion.chunk", []), "usage": head.usage(answer)}
    return event(counts) + DONE


def event(body: Mapping[str, object]) -> bytes:
    """Returns a server-sent event."""
    return b"data: " + orjson.dumps(body) + b"\n\n"


def _deltas(answer: Answer) -> Iterator[_Json]:
    for piece in tokens.pieces(answer.reasoning):
        yield {"reasoning_content": piece}
    for piece in tokens.pieces(answer.text):
        yield {"content": piece}
    for index, call in enumerate(answer.tool_calls):
        opened = {"index": index, **_tool_call(ToolCall(call.id, call.name, ""))}
        yield {"tool_calls": [opened]}
        for piece in tokens.pieces(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chunk(head: Head, delta: _Json, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return event(head.frame("chat.completion.chunk", [choice]))


def _tool_call(call: ToolCall) -> _Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}
