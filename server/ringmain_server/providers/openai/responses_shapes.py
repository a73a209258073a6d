"""Room 4, pure: says which fields of an output item of OpenAI's responses wire are kept and sent back.

https://platform.openai.com/docs/api-reference/responses/object#responses-object-output. A shape names the
fields of an object, and what each of them may be. An item is reduced to its shape when it is kept, and again
when a caller brings it back, so that nothing else can get into a request.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.state_json import is_shallow

Shape: TypeAlias = "str | frozenset[str] | list[Shape] | Mapping[str, Shape]"
"""A kind of value; one of some texts; a list of one shape; or an object, by the names of its fields."""

_TEXT: Final = "text"
_SCALAR: Final = "scalar"
"""A text, a number or a truth value."""
TREE: Final = "tree"
"""Any JSON, such as a schema."""

CONTENT: Mapping[str, Shape] = {
    "type": _TEXT,
    "annotations": [
        {
            "type": _TEXT,
            "url": _TEXT,
            "title": _TEXT,
            "start_index": _SCALAR,
            "end_index": _SCALAR,
            "file_id": _TEXT,
            "filename": _TEXT,
            "container_id": _TEXT,
            "index": _SCALAR,
        }
    ],
}
"""A content of a message, without its text."""

REASONING = "reasoning"
MESSAGE = "message"
FUNCTION_CALL = "function_call"
IMAGE_CALL = "image_generation_call"
_CALL: Mapping[str, Shape] = {"type": _TEXT, "id": _TEXT, "status": _TEXT}
_CALLER: Shape = {"type": _TEXT, "caller_id": _TEXT}
_FUNCTION: Mapping[str, Shape] = {
    "type": frozenset({"function", "namespace"}),
    "name": _TEXT,
    "description": _TEXT,
    "parameters": TREE,
    "strict": _SCALAR,
    "defer_loading": _SCALAR,
}
_TEXTS: Shape = [{"type": _TEXT, "text": _TEXT}]

ITEMS: Mapping[str, Mapping[str, Shape]] = {
    REASONING: {
        "type": _TEXT,
        "id": _TEXT,
        "summary": _TEXTS,
        "content": _TEXTS,
        "encrypted_content": _TEXT,
    },
    MESSAGE: {**_CALL, "phase": _TEXT},
    FUNCTION_CALL: {
        **_CALL,
        "namespace": _TEXT,
        "async": _SCALAR,
        "caller": _CALLER,
    },
    IMAGE_CALL: {
        **_CALL,
        "action": _TEXT,
        "background": _TEXT,
        "output_format": _TEXT,
        "quality": _TEXT,
        "revised_prompt": _TEXT,
        "size": _TEXT,
        "error": TREE,
    },
    "web_search_call": {
        **_CALL,
        "action": {
            "type": _TEXT,
            "query": _TEXT,
            "queries": [_TEXT],
            "url": _TEXT,
            "pattern": _TEXT,
            "sources": [{"type": _TEXT, "url": _TEXT, "name": _TEXT}],
        },
    },
    "code_interpreter_call": {
        **_CALL,
        "code": _TEXT,
        "container_id": _TEXT,
        "outputs": [{"type": _TEXT, "logs": _TEXT, "url": _TEXT}],
    },
    "file_search_call": {
        **_CALL,
        "queries": [_TEXT],
        "results": [
            {
                "attributes": TREE,
                "file_id": _TEXT,
                "filename": _TEXT,
                "score": _SCALAR,
                "text": _TEXT,
                "vector_store_id": _TEXT,
            }
        ],
    },
    "mcp_call": {
        **_CALL,
        "arguments": _TEXT,
        "name": _TEXT,
        "server_label": _TEXT,
        "approval_request_id": _TEXT,
        "error": TREE,
        "output": _TEXT,
    },
    "mcp_list_tools": {
        "type": _TEXT,
        "id": _TEXT,
        "server_label": _TEXT,
        "error": TREE,
        "tools": [{"input_schema": TREE, "name": _TEXT, "annotations": TREE, "description": _TEXT}],
    },
    "compaction": {"type": _TEXT, "id": _TEXT, "encrypted_content": _TEXT, "created_by": _TEXT},
    "tool_search_call": {**_CALL, "call_id": _TEXT, "execution": _TEXT, "arguments": TREE},
    "tool_search_output": {
        **_CALL,
        "call_id": _TEXT,
        "execution": _TEXT,
        "tools": [{**_FUNCTION, "tools": [_FUNCTION]}],
    },
    "program": {"type": _TEXT, "id": _TEXT, "call_id": _TEXT, "code": _TEXT, "fingerprint": _TEXT},
    "program_output": {**_CALL, "call_id": _TEXT, "result": _TEXT},
    "shell_call": {
        **_CALL,
        "call_id": _TEXT,
        "action": {"commands": [_TEXT], "max_output_length": _SCALAR, "timeout_ms": _SCALAR},
        "environment": {"type": _TEXT, "container_id": _TEXT},
        "caller": _CALLER,
    },
    "shell_call_output": {
        **_CALL,
        "call_id": _TEXT,
        "max_output_length": _SCALAR,
        "output": [
            {"stdout": _TEXT, "stderr": _TEXT, "outcome": {"type": _TEXT, "exit_code": _SCALAR}},
        ],
        "caller": _CALLER,
    },
}
"""The items that go back, without what a part of the contract holds of them: texts, calls and images."""


def item(found: object) -> Object | None:
    """Returns an item with just the fields of its shape, in the order of the shape.

    Returns:
        The item; None if it is of no known type, has no id, or a field of it has another shape.
    """
    if not isinstance(found, dict) or not isinstance(kind := found.get("type"), str):
        return None
    shape = ITEMS.get(kind)
    if shape is None or not isinstance(found.get("id"), str) or not found["id"]:
        return None
    return fields(found, shape)


def fields(found: object, shape: Mapping[str, Shape]) -> Object | None:
    """Returns an object with just the fields of a shape; None if one of them has another shape."""
    try:
        reduced = _reduced(found, shape)
    except _Misfit:
        return None
    return reduced if isinstance(reduced, dict) else None


class _Misfit(ValueError):
    """A value has another shape."""


def _reduced(value: object, shape: Shape) -> object:
    if value is None or (isinstance(shape, str | frozenset) and _is_leaf(value, shape)):
        return value
    if isinstance(shape, Mapping) and isinstance(value, dict):
        return {name: _reduced(value[name], inner) for name, inner in shape.items() if name in value}
    if isinstance(shape, list) and isinstance(value, list):
        return [_reduced(inner, shape[0]) for inner in value]
    raise _Misfit


def _is_leaf(value: object, shape: str | frozenset[str]) -> bool:
    if isinstance(shape, frozenset):
        return isinstance(value, str) and value in shape
    if shape == TREE:
        return is_shallow(value)
    return isinstance(value, str) or (shape == _SCALAR and isinstance(value, int | float))
