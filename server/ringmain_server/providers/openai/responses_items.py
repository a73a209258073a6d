"""Room 4, pure: a conversation of the contract as input items of OpenAI's responses wire.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input. Messages, reasoning,
calls and their results are items of one list, each where it stood. Instructions go as `system`, as they do in
chat completions. Media that the model itself made stand where they stood in the user's name: its own turn
holds text alone. Ids of calls are written as the server takes them (`tool_ids.py`).
"""

from collections.abc import Iterable, Sequence

from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    Message,
    Part,
    ToolCall,
    ToolResult,
)

from ringmain_server.errors import InvalidField
from ringmain_server.providers.openai.chat_messages import FAILED
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.dialects import Dialect
from ringmain_server.providers.openai.responses_parts import input_text, media_part
from ringmain_server.providers.openai.responses_reasoning import reasoning_item
from ringmain_server.providers.openai.tool_ids import up_to_64

_OWN_MEDIA = "[Media of the assistant's turn:]"
"""Opens media that the model itself made: only the user's turn can hold them."""


def translate(messages: Iterable[Message], dialect: Dialect, provider_id: str) -> list[Object]:
    """The input items on the wire.

    Args:
        messages: The conversation; system messages stay where they stand.
        dialect: What the server takes.
        provider_id: Who is asked: reasoning of any other provider is dropped.

    Raises:
        MediaInvalid: Media that the server does not take.
        InvalidField: A part that does not belong into its message.
    """
    items: list[Object] = []
    for index, message in enumerate(messages):
        path = f"messages[{index}]"
        if message.role == ROLE_ASSISTANT:
            items += _assistant_turn(message.parts, dialect, path, provider_id)
        elif message.role == ROLE_TOOL:
            items += [_tool_turn(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(message.parts)]
        elif message.role == ROLE_SYSTEM:
            texts = [input_text(_text(part, f"{path}.parts[{i}]")) for i, part in enumerate(message.parts)]
            items.append({"role": "system", "content": _content(texts)})
        else:
            parts = [_input(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(message.parts)]
            items.append({"role": "user", "content": _content(parts)})
    return items


def _text(part: Part, path: str) -> str:
    kind = part.WhichOneof("content")
    if kind == "text":
        return part.text
    raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")


def _input(part: Part, dialect: Dialect, path: str) -> Object:
    if part.WhichOneof("content") == "media":
        return media_part(part.media, dialect, f"{path}.media")
    return input_text(_text(part, path))


def _assistant_turn(parts: Iterable[Part], dialect: Dialect, path: str, provider_id: str) -> list[Object]:
    """The items of a turn in their order.

    Reasoning is refused without the item that it led to, as in a turn that was cut, so it waits for one, and
    what nothing follows is dropped.
    """
    items: list[Object] = []
    reasoning: list[Object] = []
    for index, part in enumerate(parts):
        kind = part.WhichOneof("content")
        if kind == "reasoning":
            found = reasoning_item(part.reasoning, provider_id)
            reasoning += [found] if found is not None else []
            continue
        if kind == "media":
            own = media_part(part.media, dialect, f"{path}.parts[{index}].media")
            items.append({"role": "user", "content": [input_text(_OWN_MEDIA), own]})
            continue
        items += reasoning
        reasoning = []
        if kind == "tool_call":
            items.append(_tool_call(part.tool_call))
        else:
            items.append({"role": "assistant", "content": _text(part, f"{path}.parts[{index}]")})
    return items


def _tool_call(call: ToolCall) -> Object:
    # Some models call a tool without arguments by no text at all, which servers refuse as JSON.
    call_id, arguments = up_to_64(call.tool_call_id), call.arguments_json or "{}"
    return {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": arguments}


def _tool_turn(part: Part, dialect: Dialect, path: str) -> Object:
    kind = part.WhichOneof("content")
    if kind != "tool_result":
        raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")
    result = part.tool_result
    output = _content(_output(result, dialect, f"{path}.tool_result"))
    return {"type": "function_call_output", "call_id": up_to_64(result.tool_call_id), "output": output}


def _output(result: ToolResult, dialect: Dialect, path: str) -> list[Object]:
    """A result's text and media; the wire has no field for a failure, so the text says so."""
    found = [_input(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(result.parts)]
    if result.failed:
        is_text = bool(found) and found[0]["type"] == "input_text"
        first = found.pop(0)["text"] if is_text else ""
        found.insert(0, input_text(f"{FAILED}{first}"))
    return found


def _content(parts: Sequence[Object]) -> object:
    """Plain text where one text part is all there is: every server takes that."""
    if not parts:
        return ""
    if len(parts) == 1 and "text" in parts[0]:
        return parts[0]["text"]
    return parts
