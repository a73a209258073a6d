"""Room 1, pure: rules for the parts of a conversation's messages."""

from collections.abc import Mapping, Sequence
from itertools import islice

from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    ROLE_UNSPECIFIED,
    ROLE_USER,
    ImageDetail,
    Message,
    Part,
)

from ringmain_server.edge.rules.common import Rules, few, media, shallow, short
from ringmain_server.errors import Violation

MESSAGE_LIMIT = 10_000
PART_LIMIT = 100_000
"""The most parts and citations of all messages together."""
RESULT_LIMIT = 1_000
"""The most parts of one tool's result."""
BOUNDARY_LIMIT = 4
"""The most parts that end a prefix to keep in the provider's prompt cache."""

_ALLOWED_PARTS: Mapping[int, frozenset[str]] = {
    ROLE_SYSTEM: frozenset({"text"}),
    ROLE_USER: frozenset({"text", "media"}),
    ROLE_ASSISTANT: frozenset({"text", "media", "tool_call", "reasoning", "provider_tool_call"}),
    ROLE_TOOL: frozenset({"tool_result"}),
}
_TAKE_TEXT = frozenset(role for role, kinds in _ALLOWED_PARTS.items() if "text" in kinds)
_ROLE_NAMES: Mapping[int, str] = {
    ROLE_SYSTEM: "system",
    ROLE_USER: "user",
    ROLE_ASSISTANT: "assistant",
    ROLE_TOOL: "tool",
}


def messages(given: Sequence[Message]) -> Rules:
    """Checks the messages of a conversation."""
    if not given:
        yield Violation("messages", "holds no message")
    if len(given) > MESSAGE_LIMIT:
        yield Violation("messages", f"holds more than {MESSAGE_LIMIT}")
        return
    conversation: _Conversation | None = None
    plain = 0
    for index, message in enumerate(given):
        # Nearly every message is one text.
        if len(message.parts) == 1 and message.role in _TAKE_TEXT:
            part = message.parts[0]
            if part.HasField("text") and len(part.ListFields()) == 1:
                plain += 1
                continue
        conversation = conversation or _Conversation()
        yield from conversation.message(message, f"messages[{index}]")
        if conversation.left < plain:
            wrong = f"is beyond the {PART_LIMIT} parts and citations that a request may hold"
            yield Violation(f"messages[{index}].parts", wrong)
            return


class _Conversation:
    """Checks messages, and remembers what must hold for all of them together."""

    __slots__ = ("_boundaries", "_call_ids", "left")

    def __init__(self) -> None:
        self._call_ids: set[str] = set()
        self._boundaries = 0
        self.left = PART_LIMIT

    def message(self, message: Message, path: str) -> Rules:
        role, parts = message.role, message.parts
        allowed = _ALLOWED_PARTS.get(role)
        takes_text = allowed is not None and "text" in allowed
        if allowed is None:
            wrong = "is not set" if role == ROLE_UNSPECIFIED else "is unknown"
            yield Violation(f"{path}.role", wrong)
        if not parts:
            yield Violation(f"{path}.parts", "holds no part")
        self.left -= len(parts)
        if self.left < 0:
            return
        for position, part in enumerate(parts):
            if takes_text and part.HasField("text") and len(part.ListFields()) == 1:
                continue  # nearly every part takes this shortcut
            yield from self._part(part, role, allowed, f"{path}.parts[{position}]")

    def _part(self, part: Part, role: int, allowed: frozenset[str] | None, path: str) -> Rules:
        kind = part.WhichOneof("content")
        yield from self._beside(part, kind, path)
        if kind is None:
            yield Violation(path, "has no content, or one of a kind that this version does not know")
            return
        if allowed is not None and kind not in allowed:
            yield Violation(f"{path}.{kind}", f"does not belong to a {_ROLE_NAMES[role]} message")
        if kind == "media":
            yield from media(part.media, f"{path}.media")
        elif kind == "tool_call":
            yield from self._tool_call(part, f"{path}.tool_call")
        elif kind == "tool_result":
            yield from self._tool_result(part, f"{path}.tool_result")
        elif kind == "provider_tool_call":
            yield from self._provider_tool_call(part, f"{path}.provider_tool_call")

    def _beside(self, part: Part, kind: str | None, path: str) -> Rules:
        """Checks what stands beside the content of a part."""
        yield from short(part.provider_id, f"{path}.provider_id")
        if part.image_detail:
            if kind != "media":
                yield Violation(f"{path}.image_detail", "does not belong beside anything but media")
            elif part.image_detail not in ImageDetail.values():
                yield Violation(f"{path}.image_detail", "is unknown")
        if part.citations:
            if kind != "text":
                yield Violation(f"{path}.citations", "do not belong beside anything but text")
            self.left -= len(part.citations)
        if part.cache_boundary:
            self._boundaries += 1
            if self._boundaries > BOUNDARY_LIMIT:
                wrong = f"is set on more than {BOUNDARY_LIMIT} parts of the request"
                yield Violation(f"{path}.cache_boundary", wrong)

    def _tool_call(self, part: Part, path: str) -> Rules:
        call = part.tool_call
        if not call.tool_call_id:
            yield Violation(f"{path}.tool_call_id", "is empty")
        yield from short(call.tool_call_id, f"{path}.tool_call_id")
        self._call_ids.add(call.tool_call_id)
        if not call.name:
            yield Violation(f"{path}.name", "is empty")
        yield from short(call.name, f"{path}.name")
        yield from shallow(call.arguments_json, f"{path}.arguments_json")

    def _tool_result(self, part: Part, path: str) -> Rules:
        result = part.tool_result
        if result.tool_call_id not in self._call_ids:
            yield Violation(f"{path}.tool_call_id", "answers no tool call of an earlier message")
        yield from short(result.tool_call_id, f"{path}.tool_call_id")
        yield from self._results(result.parts, f"{path}.parts")

    def _provider_tool_call(self, part: Part, path: str) -> Rules:
        call = part.provider_tool_call
        yield from short(call.tool_call_id, f"{path}.tool_call_id")
        yield from short(call.name, f"{path}.name")
        yield from shallow(call.arguments_json, f"{path}.arguments_json")
        yield from self._results(call.results, f"{path}.results")

    def _results(self, parts: Sequence[Part], path: str) -> Rules:
        """Checks what a tool gave: text or media."""
        yield from few(parts, path, RESULT_LIMIT)
        for index, inner in enumerate(islice(parts, RESULT_LIMIT)):
            inside = f"{path}[{index}]"
            kind = inner.WhichOneof("content")
            yield from self._beside(inner, kind, inside)
            if kind == "media":
                yield from media(inner.media, f"{inside}.media")
            elif kind != "text":
                yield Violation(inside, "is neither text nor media")
