"""Room 1, pure: rules for conversations."""

from collections.abc import Mapping, Sequence
from itertools import islice

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    ROLE_UNSPECIFIED,
    ROLE_USER,
    Message,
    Part,
)
from ringmain.v1.generation_pb2 import Tool, ToolMode

from ringmain_server.edge.rules.common import (
    NAME_LIMIT,
    Rules,
    few,
    found,
    json_object,
    media,
    named,
    request_id,
    routing,
    shallow,
    short,
    too_long,
)
from ringmain_server.edge.rules.generation import TOOL_NAME, generation
from ringmain_server.errors import Violation

MESSAGE_LIMIT = 10_000
PART_LIMIT = 100_000
"""The most parts of all messages together."""
RESULT_LIMIT = 1_000
"""The most parts of one tool's result."""
TOOL_LIMIT = 128

_ALLOWED_PARTS: Mapping[int, frozenset[str]] = {
    ROLE_SYSTEM: frozenset({"text"}),
    ROLE_USER: frozenset({"text", "media"}),
    ROLE_ASSISTANT: frozenset({"text", "media", "tool_call", "reasoning"}),
    ROLE_TOOL: frozenset({"tool_result"}),
}
_ROLE_NAMES: Mapping[int, str] = {
    ROLE_SYSTEM: "system",
    ROLE_USER: "user",
    ROLE_ASSISTANT: "assistant",
    ROLE_TOOL: "tool",
}


def chat(request: chat_pb2.ChatRequest, prefix: str = "") -> list[Violation]:
    """Returns what is wrong with a chat request; empty when nothing is.

    Args:
        request: The request.
        prefix: Path of the request within a larger one, with its dot.
    """
    violations = found(_chat(request))
    if not prefix:
        return violations
    return [violation.within(prefix) for violation in violations]


def _chat(request: chat_pb2.ChatRequest) -> Rules:
    yield from named(request.model)
    if request.request_id:
        yield from request_id(request.request_id)
    yield from _messages(request.messages)
    if request.HasField("generation_config"):
        yield from generation(request.generation_config)
    if request.tools or request.HasField("tool_choice"):
        yield from _tools(request)
    if request.HasField("routing_policy"):
        yield from routing(request.routing_policy)


def _messages(messages: Sequence[Message]) -> Rules:
    if not messages:
        yield Violation("messages", "holds no message")
    if len(messages) > MESSAGE_LIMIT:
        yield Violation("messages", f"holds more than {MESSAGE_LIMIT}")
        return
    left = PART_LIMIT
    call_ids: set[str] = set()
    for index, message in enumerate(messages):
        role, parts = message.role, message.parts
        allowed = _ALLOWED_PARTS.get(role)
        takes_text = allowed is not None and "text" in allowed
        if allowed is None:
            wrong = "is not set" if role == ROLE_UNSPECIFIED else "is unknown"
            yield Violation(f"messages[{index}].role", wrong)
        if not parts:
            yield Violation(f"messages[{index}].parts", "holds no part")
        left -= len(parts)
        if left < 0:
            wrong = f"is beyond the {PART_LIMIT} parts that a request may hold"
            yield Violation(f"messages[{index}].parts", wrong)
            return
        for position, part in enumerate(parts):
            if takes_text and part.HasField("text"):
                continue  # nearly every part takes this shortcut
            yield from _part(part, role, allowed, call_ids, f"messages[{index}].parts[{position}]")


def _part(part: Part, role: int, allowed: frozenset[str] | None, call_ids: set[str], path: str) -> Rules:
    kind = part.WhichOneof("content")
    if kind == "text":
        if allowed is not None and "text" not in allowed:
            yield Violation(f"{path}.text", f"does not belong to a {_ROLE_NAMES[role]} message")
        return
    if kind is None:
        yield Violation(path, "has no content, or one of a kind that this version does not know")
        return
    if allowed is not None and kind not in allowed:
        yield Violation(f"{path}.{kind}", f"does not belong to a {_ROLE_NAMES[role]} message")
    if kind == "media":
        yield from media(part.media, f"{path}.media")
    elif kind == "tool_call":
        yield from _tool_call(part, call_ids, f"{path}.tool_call")
    elif kind == "reasoning":
        yield from short(part.reasoning.provider_id, f"{path}.reasoning.provider_id")
    elif kind == "tool_result":
        yield from _tool_result(part, call_ids, f"{path}.tool_result")


def _tool_call(part: Part, call_ids: set[str], path: str) -> Rules:
    call = part.tool_call
    if not call.tool_call_id:
        yield Violation(f"{path}.tool_call_id", "is empty")
    elif call.tool_call_id in call_ids:
        yield Violation(f"{path}.tool_call_id", "repeats the id of another call")
    yield from short(call.tool_call_id, f"{path}.tool_call_id")
    call_ids.add(call.tool_call_id)
    if not call.name:
        yield Violation(f"{path}.name", "is empty")
    yield from short(call.name, f"{path}.name")
    yield from shallow(call.arguments_json, f"{path}.arguments_json")


def _tool_result(part: Part, call_ids: set[str], path: str) -> Rules:
    result = part.tool_result
    if result.tool_call_id not in call_ids:
        yield Violation(f"{path}.tool_call_id", "answers no tool call of an earlier message")
    yield from short(result.tool_call_id, f"{path}.tool_call_id")
    yield from few(result.parts, f"{path}.parts", RESULT_LIMIT)
    for index, inner in enumerate(islice(result.parts, RESULT_LIMIT)):
        inside = f"{path}.parts[{index}]"
        kind = inner.WhichOneof("content")
        if kind == "media":
            yield from media(inner.media, f"{inside}.media")
        elif kind != "text":
            yield Violation(inside, "is neither text nor media")


def _tools(request: chat_pb2.ChatRequest) -> Rules:
    names: set[str] = set()
    yield from few(request.tools, "tools", TOOL_LIMIT)
    for index, tool in enumerate(islice(request.tools, TOOL_LIMIT)):
        yield from _tool(tool, names, f"tools[{index}]")
        names.add(tool.name)
    choice = request.tool_choice
    match choice.WhichOneof("choice"):
        case "tool_name" if len(choice.tool_name) > NAME_LIMIT:
            yield Violation("tool_choice.tool_name", too_long(NAME_LIMIT))
        case "tool_name" if choice.tool_name not in names:
            yield Violation("tool_choice.tool_name", "names no tool of this request")
        case "mode" if choice.mode not in ToolMode.values():
            yield Violation("tool_choice.mode", "is unknown")
        case "mode" if choice.mode == ToolMode.TOOL_MODE_REQUIRED and not names:
            yield Violation("tool_choice.mode", "requires a tool, and none is declared")


def _tool(tool: Tool, names: set[str], path: str) -> Rules:
    if not TOOL_NAME.fullmatch(tool.name):
        yield Violation(f"{path}.name", "is not 1 to 64 letters, digits, _ or -")
    elif tool.name in names:
        yield Violation(f"{path}.name", "repeats the name of another tool")
    yield from json_object(tool.parameters_schema_json, f"{path}.parameters_schema_json")
