"""Tests, fakes: what the responses wire refuses, by the SDK's own request types and the documentation.

https://platform.openai.com/docs/api-reference/responses/create and
https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items.
"""

import functools
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from openai.types.responses import ResponseInputItemParam, ToolParam
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from openai.types.responses.response_reasoning_item_param import ResponseReasoningItemParam
from pydantic import TypeAdapter, ValidationError

from tests.fakes.responses import encrypted

_FIELDS = {*ResponseCreateParamsNonStreaming.__annotations__, *ResponseCreateParamsStreaming.__annotations__}

Json = Mapping[str, Any]


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """A check by one of the SDK's types, made when it is first needed: the unions are large."""
    return TypeAdapter(kind)


def complaint(body: Json) -> str | None:
    """The first thing that the wire would refuse about a request, None when it would take it."""
    try:
        return next(_complaints(body), None)
    except ValidationError as error:
        found = error.errors()[0]
        return f"Invalid '{'.'.join(map(str, found['loc']))}': {found['msg']}"


def _complaints(body: Json) -> Iterator[str]:
    for name in body:
        if name not in _FIELDS:
            yield f"Unknown parameter: '{name}'."
    if not body.get("model") or not body.get("input"):
        yield "Missing required parameter: 'input'."
    for tool in body.get("tools") or ():
        _adapter(ToolParam).validate_python(tool)
    if isinstance(body["input"], list):
        yield from _items(body["input"], stored=body.get("store", True))


def _items(items: list[Json], *, stored: bool) -> Iterator[str]:
    for index, item in enumerate(items):
        is_reasoning = item.get("type") == "reasoning"
        kind = ResponseReasoningItemParam if is_reasoning else ResponseInputItemParam
        _adapter(kind).validate_python(item)
        if is_reasoning:
            yield from _reasoning(item, index, stored=stored)
    for before, after in pairwise([*items, {"role": "nobody"}]):
        if before.get("type") == "reasoning" and not is_made(after):
            name = f"Item '{before['id']}' of type 'reasoning'"
            yield f"{name} was provided without its required following item."
    yield from _linkage(items)


def _reasoning(item: Json, index: int, *, stored: bool) -> Iterator[str]:
    state = item.get("encrypted_content")
    if state is None and not stored:
        yield f"Item with id '{item['id']}' not found. Items are not persisted when `store` is set to false."
    if state is not None and state != encrypted(item["id"]):
        yield f"The encrypted content for item {item['id']} could not be verified: input[{index}]."


_MADE = frozenset(
    {
        "reasoning",
        "function_call",
        "web_search_call",
        "code_interpreter_call",
        "file_search_call",
        "image_generation_call",
        "mcp_call",
        "mcp_list_tools",
        "compaction",
        "tool_search_call",
        "tool_search_output",
        "program",
        "program_output",
        "shell_call",
        "shell_call_output",
    }
)
"""Types of items that the model makes, besides messages."""


def is_made(item: Json) -> bool:
    """Whether the model makes items of this type, which may follow its reasoning."""
    return item.get("type") in _MADE or item.get("role") == "assistant"


def _linkage(items: list[Json]) -> Iterator[str]:
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    results = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    for call_id in results:
        if call_id not in calls:
            yield f"No tool call found for function call output with call_id {call_id}."
    for call_id in calls:
        if call_id not in results:
            yield f"No tool output found for function call {call_id}."
