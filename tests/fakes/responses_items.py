"""Tests, fakes: the events with which the responses wire streams any item of its output.

Pure: items as JSON go in, events of the SDK's own types come out, without their numbers.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openai import BaseModel
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from pydantic import TypeAdapter

Json = Mapping[str, Any]

_EMPTY: Mapping[str, Json] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "mcp_call": {"arguments": "", "output": None, "error": None},
    "mcp_list_tools": {"tools": []},
    "code_interpreter_call": {"code": "", "outputs": None},
    "file_search_call": {"results": None},
    "image_generation_call": {"result": None},
}
"""What an item has not yet when it is announced."""
_STEPS: Mapping[str, tuple[str, ...]] = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "mcp_list_tools": ("in_progress", "completed"),
}
"""What a stream tells of a tool that the provider runs."""
_PREVIEW = "iVBORw0KGgo="


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """A check by one of the SDK's types, made when it is first needed: the unions are large."""
    return TypeAdapter(kind)


def parsed(item: Json) -> ResponseOutputItem:
    """An item as the SDK's own type."""
    found: ResponseOutputItem = _adapter(ResponseOutputItem).validate_python(item)
    return found


def events(items: Iterable[Json]) -> Iterator[tuple[BaseModel, bool]]:
    """The events of items one after another, and of each whether it carries a piece of the answer."""
    for index, item in enumerate(items):
        for event in _of(item):
            placed = {"output_index": index, "item_id": item["id"], "sequence_number": 0, **event}
            yield _adapter(ResponseStreamEvent).validate_python(placed), "delta" in event


def _of(item: Json) -> Iterator[Json]:
    kind = item["type"]
    is_done = "status" not in item or kind.endswith("_output")
    status = {} if is_done else {"status": "in_progress"}
    yield {"type": "response.output_item.added", "item": {**item, **_EMPTY.get(kind, {}), **status}}
    for step in _STEPS.get(kind, ()):
        yield {"type": f"response.{kind}.{step}"}
    match kind:
        case "message":
            for position, part in enumerate(item["content"]):
                yield from ({**event, "content_index": position} for event in _content(part))
        case "reasoning":
            for position, part in enumerate(item["summary"]):
                yield from ({**event, "summary_index": position} for event in _summary(part))
        case "function_call":
            yield from _pieces("response.function_call_arguments", item["arguments"], "arguments")
        case "mcp_call":
            yield {"type": "response.mcp_call.in_progress"}
            yield from _pieces("response.mcp_call_arguments", item["arguments"], "arguments")
            yield {"type": f"response.mcp_call.{'failed' if item.get('error') else 'completed'}"}
        case "code_interpreter_call":
            yield {"type": "response.code_interpreter_call.in_progress"}
            yield from _pieces("response.code_interpreter_call_code", item["code"], "code")
            yield {"type": "response.code_interpreter_call.interpreting"}
            yield {"type": "response.code_interpreter_call.completed"}
        case "image_generation_call":
            yield {"type": "response.image_generation_call.in_progress"}
            yield {"type": "response.image_generation_call.generating"}
            shown = {"partial_image_index": 0, "partial_image_b64": _PREVIEW}
            yield {"type": "response.image_generation_call.partial_image", **shown}
            yield {"type": "response.image_generation_call.completed"}
    yield {"type": "response.output_item.done", "item": item}


def _content(part: Json) -> Iterator[Json]:
    refuses = part["type"] == "refusal"
    field = "refusal" if refuses else "text"
    begun = {"type": "refusal", "refusal": ""} if refuses else {**part, "text": "", "annotations": []}
    yield {"type": "response.content_part.added", "part": begun}
    weights: list[Json] = part.get("logprobs") or []
    if refuses:
        yield from _pieces("response.refusal", part[field], field)
    else:
        pieces = [one["token"] for one in weights] or _halves(part[field])
        for place, piece in enumerate(pieces):
            weighed = weights[place : place + 1]
            yield {"type": "response.output_text.delta", "delta": piece, "logprobs": weighed}
        for place, annotation in enumerate(part["annotations"]):
            told = {"annotation": annotation, "annotation_index": place}
            yield {"type": "response.output_text.annotation.added", **told}
        yield {"type": "response.output_text.done", "text": part[field], "logprobs": weights}
    yield {"type": "response.content_part.done", "part": part}


def _summary(part: Json) -> Iterator[Json]:
    empty = {"type": "summary_text", "text": ""}
    yield {"type": "response.reasoning_summary_part.added", "part": empty}
    yield from _pieces("response.reasoning_summary_text", part["text"], "text")
    yield {"type": "response.reasoning_summary_part.done", "part": part}


def _pieces(kind: str, text: str, field: str) -> Iterator[Json]:
    """A text in pieces, and then the whole of it."""
    for piece in _halves(text):
        yield {"type": f"{kind}.delta", "delta": piece}
    name = {"name": "tool"} if kind == "response.function_call_arguments" else {}
    yield {"type": f"{kind}.done", field: text, **name}


def _halves(text: str) -> list[str]:
    """A text in two pieces, or in one where it is too short."""
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]
