"""Room 4, pure: translates a conversation of the contract into input items of OpenAI's responses wire.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input. Messages, reasoning,
calls and their results are items of one list and keep their order. Instructions go as `system`, as they do in
chat completions. Ids of calls are written as the server accepts them (`tool_ids.py`); `responses_own_turn.py`
writes what the model itself said.
"""

from collections.abc import Sequence

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    Part,
    ToolResult,
)

from ringmain_server.errors import InvalidField
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.openai.chat_messages import FAILED
from ringmain_server.providers.openai.chat_order import instructed
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.request_pieces import json_word
from ringmain_server.providers.openai.responses_own_turn import OwnTurn
from ringmain_server.providers.openai.responses_parts import input_text, media_part
from ringmain_server.providers.openai.tool_ids import up_to_64
from ringmain_server.providers.tool_pairs import paired


def translate(request: ChatRequest, dialect: Dialect, provider_id: str) -> list[Object]:
    """Returns the input items on the wire.

    Args:
        request: Has the conversation; system messages keep their place, unless the dialect says otherwise.
        dialect: The form of the wire that the model accepts.
        provider_id: The provider that is asked; the state of any other provider is left out.

    Raises:
        MediaInvalid: The server does not accept some media.
        InvalidField: A part does not belong in its message.
    """
    items: list[Object] = list(json_word(request)) if dialect.json_word else []
    for index, message in paired(request.messages):
        path = f"messages[{index}]"
        if message.role == ROLE_ASSISTANT:
            turn = OwnTurn(dialect, provider_id)
            for i, part in enumerate(message.parts):
                turn.add(part, f"{path}.parts[{i}]")
            items += turn.items
        elif message.role == ROLE_TOOL:
            items += [_tool_turn(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(message.parts)]
        elif message.role == ROLE_SYSTEM:
            texts = [input_text(_text(part, f"{path}.parts[{i}]")) for i, part in enumerate(message.parts)]
            items.append({"role": "system", "content": _content(texts)})
        else:
            parts = [_input(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(message.parts)]
            items.append({"role": "user", "content": _content(parts)})
    return instructed(items, dialect, input_text) if dialect.arranges else items


def _text(part: Part, path: str) -> str:
    kind = part.WhichOneof("content")
    if kind == "text":
        return part.text
    raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")


def _input(part: Part, dialect: Dialect, path: str) -> Object:
    if part.WhichOneof("content") == "media":
        return media_part(part, dialect, f"{path}.media")
    return input_text(_text(part, path))


def _tool_turn(part: Part, dialect: Dialect, path: str) -> Object:
    kind = part.WhichOneof("content")
    if kind != "tool_result":
        raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")
    result = part.tool_result
    output = _content(_output(result, dialect, f"{path}.tool_result"))
    return {"type": "function_call_output", "call_id": up_to_64(result.tool_call_id), "output": output}


def _output(result: ToolResult, dialect: Dialect, path: str) -> list[Object]:
    """Returns a result's text and media; a failure becomes text, because the wire has no field for it."""
    found = [_input(part, dialect, f"{path}.parts[{i}]") for i, part in enumerate(result.parts)]
    if result.failed:
        is_text = bool(found) and found[0]["type"] == "input_text"
        first = found.pop(0)["text"] if is_text else ""
        found.insert(0, input_text(f"{FAILED}{first}"))
    return found


def _content(parts: Sequence[Object]) -> object:
    """Returns plain text for a single text part, since every server accepts that."""
    if not parts:
        return ""
    if len(parts) == 1 and "text" in parts[0]:
        return parts[0]["text"]
    return parts
