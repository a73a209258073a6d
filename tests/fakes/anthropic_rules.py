"""Tests, fakes: what the Messages wire refuses, by the SDK's own request types and the documentation.

https://platform.claude.com/docs/en/api/errors#common-validation-errors,
https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting and
https://platform.claude.com/docs/en/api/versioning.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anthropic.types import (
    ContentBlockParam,
    OutputConfigParam,
    TextBlockParam,
    ThinkingConfigParam,
    ToolChoiceParam,
    ToolUnionParam,
)
from anthropic.types.beta import BetaContentBlockParam
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from anthropic.types.tool_result_block_param import Content
from pydantic import TypeAdapter, ValidationError

_SAMPLING = ("temperature", "top_p", "top_k")
_FIELDS = {*MessageCreateParamsStreaming.__annotations__, *_SAMPLING, "anthropic_version", "anthropic_beta"}
_OLDER_VERSIONS = ("2023-06-01", "vertex-2023-10-16", "bedrock-2023-05-31")
_ID = re.compile(r"[a-zA-Z0-9_-]+")

_BLOCK: TypeAdapter[Any] = TypeAdapter(ContentBlockParam)
_CALLS = ("server_tool_use", "mcp_tool_use")
_OF_ASSISTANT = ("text", "thinking", "redacted_thinking", "tool_use", "compaction", "fallback", *_CALLS)
_MARKS = 4
_TEXT: TypeAdapter[Any] = TypeAdapter(TextBlockParam)
_RESULT: TypeAdapter[Any] = TypeAdapter(Content)
_TOOL: TypeAdapter[Any] = TypeAdapter(ToolUnionParam)
_BETA_BLOCK: TypeAdapter[Any] = TypeAdapter(BetaContentBlockParam)
_SINGLE: Mapping[str, TypeAdapter[Any]] = {
    "tool_choice": TypeAdapter(ToolChoiceParam),
    "thinking": TypeAdapter(ThinkingConfigParam),
    "output_config": TypeAdapter(OutputConfigParam),
}

Json = Mapping[str, Any]
Complaints = Iterator[str]


def complaint(body: Json, version: str, *, counting: bool = False) -> str | None:
    """The first thing that the wire would refuse about a request, None when it would take it.

    Args:
        body: Of the request.
        version: The version of the API that the request names.
        counting: Whether tokens shall be counted rather than written.
    """
    if not version:
        return "anthropic-version: header is required"
    try:
        return next(_complaints(body, version, counting=counting), None)
    except ValidationError as error:
        found = error.errors()[0]
        return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def _complaints(body: Json, version: str, *, counting: bool) -> Complaints:
    yield from (f"{field}: Extra inputs are not permitted" for field in body.keys() - _FIELDS)
    if not counting and not (isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0):
        yield "max_tokens: Field required"
    if not body.get("messages"):
        yield "messages: at least one message is required"
    _validate(body)
    yield from _turns(body["messages"])
    yield from _marks(body)
    yield from _knobs(body, version)


def _validate(body: Json) -> None:
    for field, adapter in _SINGLE.items():
        if field in body:
            adapter.validate_python(body[field])
    for block in body.get("system", ()):
        _TEXT.validate_python(block)
    for tool in body.get("tools", ()):
        _TOOL.validate_python(tool)
    for message in body["messages"]:
        for block in message["content"]:
            (_BETA_BLOCK if message["role"] == "assistant" else _BLOCK).validate_python(block)
            for inner in block.get("content", ()) if block["type"] == "tool_result" else ():
                _RESULT.validate_python(inner)


def _turns(messages: Sequence[Json]) -> Complaints:
    if messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    asked: list[str] = []
    ran: set[str] = set()
    for before, message in zip((None, *messages), messages, strict=False):
        if before is not None and before["role"] == message["role"]:
            yield "messages: roles must alternate"
        blocks = message["content"]
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            yield "messages: text content blocks must contain non-whitespace text"
        if message["role"] == "assistant":
            yield from _of_assistant(blocks, ran)
            asked = [block["id"] for block in blocks if block["type"] == "tool_use"]
        else:
            yield from _of_user(blocks, asked)
            asked = []


def _of_assistant(blocks: Sequence[Json], ran: set[str]) -> Complaints:
    for block in blocks:
        is_result = block["type"].endswith("_tool_result")
        if block["type"] not in _OF_ASSISTANT and not is_result:
            yield f"messages: {block['type']} blocks are not permitted in an assistant turn"
        if block["type"] in _CALLS:
            ran.add(block["id"])
        if is_result and block["tool_use_id"] not in ran:
            yield f"messages: unexpected `tool_use_id` found in `{block['type']}` blocks"
        if block["type"] == "tool_use" and not _ID.fullmatch(block["id"]):
            yield "messages: tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"


def _of_user(blocks: Sequence[Json], asked: Sequence[str]) -> Complaints:
    results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    if sorted(results) != sorted(asked):
        yield "messages: `tool_use` ids need `tool_result` blocks immediately after, and no others"
    if any(block["type"] == "tool_result" for block in blocks[len(results) :]):
        yield "messages: `tool_result` blocks must come first"


def _marks(body: Json) -> Complaints:
    messages = [block for message in body["messages"] for block in message["content"]]
    every = [*body.get("tools", ()), *body.get("system", ()), *messages]
    marks = [block["cache_control"] for block in every if "cache_control" in block]
    if len(marks) > _MARKS:
        yield f"A maximum of {_MARKS} blocks with cache_control may be provided. Found {len(marks)}."
    if sorted(marks, key=lambda mark: mark.get("ttl") != "1h") != marks:
        yield "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"
    if any("cache_control" in block for block in messages if "thinking" in block["type"]):
        yield "cache_control: thinking blocks cannot be cached"


def _knobs(body: Json, version: str) -> Complaints:
    sampling = [field for field in _SAMPLING if field in body]
    if sampling and version not in _OLDER_VERSIONS:
        yield f"{sampling[0]}: Extra inputs are not permitted"
    if not 0 <= body.get("temperature", 0) <= 1:
        yield "temperature: range: 0..1"
    if {"temperature", "top_p"} <= body.keys() and "claude-3" not in body.get("model", ""):
        yield "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    if "tool_choice" in body and not body.get("tools"):
        yield "tool_choice: may only be specified while providing tools"
    thinking = body.get("thinking", {})
    if thinking.get("type") in ("enabled", "adaptive"):
        yield from _with_thinking(body, thinking, sampling)


def _with_thinking(body: Json, thinking: Json, sampling: Sequence[str]) -> Complaints:
    if thinking["type"] == "enabled" and not 1024 <= thinking["budget_tokens"] < body.get(
        "max_tokens", 10**9
    ):
        yield "max_tokens: must be greater than `thinking.budget_tokens`"
    if sampling:
        yield "temperature: may only be set to 1 when thinking is enabled"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        yield "Thinking may not be enabled when tool_choice forces tool use."
