"""Tests, laws: what OpenAI's two wires refuse of a conversation, in their own words.

The lengths of ids are in no page of the documentation; they are what the servers answer
(https://github.com/microsoft/autogen/issues/6377, https://github.com/decolua/9router/issues/393).
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from tests.fakes.responses_rules import is_made

Json = Mapping[str, Any]

CHAT_ID_LENGTH = 40
RESPONSES_ID_LENGTH = 64


def chat_complaint(body: Json, longest: int = CHAT_ID_LENGTH) -> str | None:
    """The first thing that chat completions would refuse, None when nothing is wrong.

    Args:
        body: Of the request.
        longest: The most characters of an id.
    """
    return next(_chat(body["messages"], longest), None)


def template_complaint(messages: list[Json], system_role: str, system_place: str, turns: str) -> str | None:
    """The first thing that the template of a model would refuse, None when nothing is wrong.

    Args:
        messages: Of a chat completion.
        system_role: Who says the instructions.
        system_place: Where they may stand.
        turns: The order of turns.
    """
    return next(_template(messages, system_role, system_place, turns), None)


def _template(messages: list[Json], system_role: str, system_place: str, turns: str) -> Iterator[str]:
    roles = [message["role"] for message in messages]
    if set(roles) - {"user", "assistant", "tool", system_role}:
        yield "an unknown role"
    if system_place == "first" and system_role != "user" and system_role in roles[1:]:
        yield "System message must be at the beginning."
    if turns != "any" and {("tool", "user"), ("tool", system_role)} & set(pairwise(roles)):
        yield "Unexpected role 'user' after role 'tool'"
    if turns == "answered" and roles[-1] == "assistant" and not messages[-1].get("prefix"):
        yield "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
    if turns == "alternating":
        spoken = roles[1:] if roles[0] in ("system", "developer") else roles
        if spoken[0] != "user" or any(one == after != "tool" for one, after in pairwise(spoken)):
            yield "Conversation roles must alternate user/assistant/user/assistant/..."


def responses_complaint(body: Json) -> str | None:
    """The first thing that responses would refuse, None when nothing is wrong."""
    return next(_responses(body["input"]), None)


def _chat(messages: list[Json], longest: int) -> Iterator[str]:
    asked: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            yield from _tool(message, asked)
            asked.discard(message["tool_call_id"])
            continue
        if asked:
            yield _UNANSWERED
        yield from _speaker(message, longest)
        asked = {call["id"] for call in message.get("tool_calls", ())}
    if asked:
        yield _UNANSWERED


_UNANSWERED = "An assistant message with 'tool_calls' must be followed by tool messages to each id"


def _tool(message: Json, asked: set[str]) -> Iterator[str]:
    if message["tool_call_id"] not in asked:
        yield "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
    if not _is_text(message["content"]):
        yield "tool messages take text alone"


def _speaker(message: Json, longest: int) -> Iterator[str]:
    calls = message.get("tool_calls", ())
    if message["role"] != "user" and not (calls or message.get("audio") or _is_text(message["content"])):
        yield "only the user may send media"
    if calls == []:
        yield "[] is too short - 'messages.tool_calls'"
    if len({call["id"] for call in calls}) != len(calls):
        yield "Duplicate ids of tool calls"
    if any(len(call["id"]) > longest for call in calls):
        yield f"Expected a string with maximum length {longest}"


def _is_text(content: object) -> bool:
    return isinstance(content, str) or (
        isinstance(content, list) and bool(content) and all(part["type"] == "text" for part in content)
    )


def _responses(items: list[Json]) -> Iterator[str]:
    asked: set[str] = set()
    for item, after in zip(items, [*items[1:], {}], strict=True):
        kind = item.get("type", "message")
        if len(item.get("call_id") or "") > RESPONSES_ID_LENGTH:
            yield f"Expected a string with maximum length {RESPONSES_ID_LENGTH}"
        if kind == "function_call":
            if item["call_id"] in asked:
                yield "Duplicate call_id"
            asked.add(item["call_id"])
        elif kind == "function_call_output":
            if item["call_id"] not in asked:
                yield f"No tool call found for function call output with call_id {item['call_id']}"
            asked.discard(item["call_id"])
        elif kind == "reasoning" and not is_made(after):
            yield "Item of type 'reasoning' was provided without its required following item"
        elif item.get("role") == "assistant" and not _is_said(item["content"]):
            yield "an assistant message takes output_text and refusal alone"
    if asked:
        yield f"No tool output found for function call {asked.pop()}"


def _is_said(content: object) -> bool:
    return isinstance(content, str) or all(part["type"] in ("output_text", "refusal") for part in content)  # type: ignore[attr-defined]
