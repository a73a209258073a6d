"""Sandbox, pure: writes answers as bytes of the chat completions wire.

https://platform.openai.com/docs/api-reference/chat/object, and `/chat/streaming` for the chunks; reasoning is
in `reasoning_content`, as DeepSeek and llama.cpp name it. The same answer gives the same
bytes in every run.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import orjson

from ringmain_sandbox import likely, own_tools, tokens
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
        cached_tokens: Those of them that count as read from the prompt cache.
        top_logprobs: How many likely tokens to tell for each token of the text; None for no probabilities.
    """

    id: str
    model: str
    prompt_tokens: int
    cached_tokens: int = 0
    top_logprobs: int | None = None

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
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
            "num_search_queries": sum(run.name == own_tools.WEB_SEARCH for run in answer.runs),
        }

    def logprobs(self, text: str) -> _Json | None:
        """Returns the probabilities of a text's tokens; None if they were not asked for."""
        if self.top_logprobs is None:
            return None
        return {"content": [likely.content(piece, self.top_logprobs) for piece in tokens.pieces(text)]}


def whole(answer: Answer, head: Head) -> bytes:
    """Returns the answer in one body."""
    message: _Json = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
        message["reasoning_details"] = [_thought(answer)]
    if answer.runs:
        message["executed_tools"] = [run.whole for run in answer.runs]
    if answer.sources:
        message["annotations"] = list(_annotations(answer))
    if answer.picture is not None:
        message["images"] = [answer.picture]
    if answer.speech:
        data = b"".join(map(base64.b64decode, answer.speech))
        spoken = {"id": head.id, "transcript": answer.text, "data": base64.b64encode(data).decode()}
        message.update(content=None, audio=spoken)
    if answer.tool_calls:
        message["content"] = answer.text or None
        message["tool_calls"] = [_tool_call(call) for call in answer.tool_calls]
    choice: _Json = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    if (probable := head.logprobs("" if answer.speech else answer.text)) is not None:
        choice["logprobs"] = probable
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
        answer.event_count,
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
    if answer.event_count:
        opening = _chunk(head, {"role": "assistant", "content": ""})
    for delta in _deltas(answer, head):
        yield opening + _chunk(head, delta)
        opening = b""


def ending(answer: Answer, head: Head, *, include_usage: bool) -> bytes:
    """Returns the finish reason, the counts if they were asked for, and the end marker."""
    end = _chunk(head, {}, answer.finish_reason)
    if not answer.event_count:
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


def _deltas(answer: Answer, head: Head) -> Iterator[_Json]:
    yield from _before_text(answer)
    for piece in tokens.pieces(answer.text):
        yield {"audio": {"transcript": piece}} if answer.speech else {"content": piece}
    yield from _after_text(answer, head)
    for index, call in enumerate(answer.tool_calls):
        opened = {"index": index, **_tool_call(ToolCall(call.id, call.name, ""))}
        yield {"tool_calls": [opened]}
        for piece in tokens.pieces(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _thought(answer: Answer) -> _Json:
    signature = own_tools.sign(answer.reasoning)
    return {"type": "reasoning.text", "text": answer.reasoning, "signature": signature, "index": 0}


def _annotations(answer: Answer) -> Iterator[_Json]:
    """Yields a citation of the text's first sentence for each source."""
    end = answer.text.find(".") + 1 or len(answer.text)
    for page in answer.sources:
        cited = {"url": page.url, "title": page.title, "start_index": 0, "end_index": end}
        yield {"type": "url_citation", "url_citation": cited}


def _before_text(answer: Answer) -> Iterator[_Json]:
    for piece in tokens.pieces(answer.reasoning):
        yield {"reasoning_content": piece}
    if answer.reasoning:
        yield {"reasoning_details": [_thought(answer)]}
    for index, run in enumerate(answer.runs):
        for told in run.deltas(index):
            yield {"executed_tools": [told]}


def _after_text(answer: Answer, head: Head) -> Iterator[_Json]:
    if answer.sources:
        yield {"annotations": list(_annotations(answer))}
    if answer.picture is not None:
        yield {"images": [answer.picture]}
    for piece in answer.speech:
        yield {"audio": {"id": head.id, "data": piece}}


def _chunk(head: Head, delta: _Json, finish_reason: str | None = None) -> bytes:
    choice: _Json = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    text = delta.get("content")
    if isinstance(text, str) and text and (probable := head.logprobs(text)) is not None:
        choice["logprobs"] = probable
    return event(head.frame("chat.completion.chunk", [choice]))


def _tool_call(call: ToolCall) -> _Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}
