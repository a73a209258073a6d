"""Room 4, pure: translates a conversation of the contract into messages of OpenAI's wire.

https://platform.openai.com/docs/api-reference/chat/create#chat_create-messages. The tool messages of one turn
must directly follow the calls that they answer; messages that stand in between are moved behind them. Tool
messages and the model's own turn hold only text, so their media follows in a user message that says where it
comes from. Ids of calls are written as the server accepts them (`tool_ids.py`).
"""

from collections.abc import Iterable, Mapping, Sequence

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    Message,
    Part,
    ToolResult,
)

from ringmain_server.errors import InvalidField, MediaInvalid
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.openai.chat_order import arranged
from ringmain_server.providers.openai.chat_own_turn import OwnTurn
from ringmain_server.providers.openai.chat_parts import Object, media_part, text_part
from ringmain_server.providers.openai.chat_state import extra_of
from ringmain_server.providers.openai.request_pieces import json_word
from ringmain_server.providers.openai.tool_ids import WRITERS
from ringmain_server.providers.tool_pairs import paired

FAILED = "The tool failed: "
"""Prefix of a failed tool's result: the wire has no field for a failure."""
CACHED: Mapping[str, object] = {"type": "ephemeral"}
"""Asks to keep the prompt up to here, https://openrouter.ai/docs/features/prompt-caching."""
OWN_MEDIA = "[Media of the assistant's turn:]"
"""Text before media that the model itself made: only a user message can hold media."""
_BETWEEN = "\n"
"""Separator of texts that become one."""


def translate(request: ChatRequest, dialect: Dialect, provider_id: str) -> list[Object]:
    """Returns the messages on the wire.

    Args:
        request: Has the conversation; system messages keep their place, unless the dialect says otherwise.
        dialect: The form of the wire that the model accepts.
        provider_id: The provider that is asked; reasoning of any other provider is dropped.

    Raises:
        MediaInvalid: The server does not accept some media.
        InvalidField: A part does not belong in its message.
    """
    conversation = _ChatMessages(dialect, provider_id)
    if dialect.json_word:
        conversation.messages += json_word(request)
    for index, message in paired(request.messages):
        conversation.add(message, f"messages[{index}]")
    conversation.flush()
    found = conversation.messages
    return arranged(found, dialect) if dialect.arranges else found


class _ChatMessages:
    """Collects messages, and holds back those that may not stand between calls and their results."""

    __slots__ = (
        "_asked",
        "_dialect",
        "_held",
        "_is_own",
        "_media",
        "_provider_id",
        "_tool_id",
        "_turn",
        "messages",
    )

    def __init__(self, dialect: Dialect, provider_id: str) -> None:
        self.messages: list[Object] = []
        self._dialect = dialect
        self._provider_id = provider_id
        self._asked: set[str] = set()
        self._tool_id = WRITERS[dialect.tool_ids]
        self._media: list[Object] = []
        self._held: list[Object] = []
        self._turn: OwnTurn | None = None

    def add(self, message: Message, path: str) -> None:
        role = message.role
        if role == ROLE_ASSISTANT:
            # Consecutive turns of the model are one: what waits may have to follow the calls of the next one.
            if self._turn is None:
                self.flush()
            self._assistant_turn(message.parts, path)
            return
        self._turn = None
        if role == ROLE_TOOL:
            self._tool_turn(message.parts, path)
        else:
            content = self._said(message, path)
            said: Object = {"role": "system" if role == ROLE_SYSTEM else "user", "content": content}
            if self._asked:
                self._held.append(said)  # until every call has its result
            else:
                if self._media or self._held:
                    self.flush()
                self.messages.append(said)

    def flush(self) -> None:
        """Appends the messages held back, without waiting any longer for missing results."""
        if self._media:
            self.messages.append({"role": "user", "content": self._media})
        self.messages += self._held
        self._media, self._held = [], []
        self._asked.clear()

    def _said(self, message: Message, path: str) -> object:
        """Returns the content of a message of the user or the system."""
        parts = message.parts
        keeps = self._dialect.cache_control and any(part.cache_boundary for part in parts)
        if len(parts) == 1 and parts[0].HasField("text") and not keeps:
            return parts[0].text  # nearly every message
        read = self._text if message.role == ROLE_SYSTEM else self._input
        found = [read(part, f"{path}.parts[{i}]") for i, part in enumerate(parts)]
        if not keeps:
            return self._content(found)
        for part, written in zip(parts, found, strict=True):
            if part.cache_boundary and written["type"] == "text":
                written["cache_control"] = dict(CACHED)
        return found

    def _text(self, part: Part, path: str) -> Object:
        kind = part.WhichOneof("content")
        if kind == "text":
            return text_part(part.text)
        if kind == "media":
            raise MediaInvalid.at(f"{path}.media", "instructions take no media at this provider")
        raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")

    def _input(self, part: Part, path: str) -> Object:
        if part.WhichOneof("content") == "media":
            return media_part(part, self._dialect, f"{path}.media")
        return self._text(part, path)

    def _assistant_turn(self, parts: Iterable[Part], path: str) -> None:
        turn = self._turn
        if turn is not None and turn.calls:
            self.messages.pop()  # The results of its calls must follow at once, so it takes in this message.
        else:
            turn = self._turn = OwnTurn(self._dialect, self._provider_id)
        for index, part in enumerate(parts):
            if part.provider_id:
                is_foreign(part, self._provider_id)  # which is noted: this wire has no place for most state
            match part.WhichOneof("content"):
                case "tool_call":
                    turn.calls.append(self._tool_call(part))
                case "media":
                    if not turn.speak(part):
                        own = media_part(part, self._dialect, f"{path}.parts[{index}].media")
                        self._media += [own] if self._media else [text_part(OWN_MEDIA), own]
                case "reasoning":
                    turn.think(part)
                case "provider_tool_call":
                    turn.ran(part)
                case _:
                    turn.texts.append(self._text(part, f"{path}.parts[{index}]"))
        message = turn.written(self._content(turn.texts))
        if message is not None:
            self.messages.append(message)

    def _tool_call(self, part: Part) -> Object:
        call = part.tool_call
        self._asked.add(call.tool_call_id)
        # Some models write no text at all for empty arguments, which servers refuse because it is not JSON.
        function = {"name": call.name, "arguments": call.arguments_json or "{}"}
        found: Object = {"id": self._tool_id(call.tool_call_id), "type": "function", "function": function}
        if extra := extra_of(part, self._provider_id):
            found["extra_content"] = extra
        return found

    def _tool_turn(self, parts: Iterable[Part], path: str) -> None:
        for index, part in enumerate(parts):
            if part.WhichOneof("content") != "tool_result":
                kind = part.WhichOneof("content")
                raise InvalidField.at(f"{path}.parts[{index}].{kind}", "does not belong into this message")
            self._tool_result(part.tool_result, f"{path}.parts[{index}].tool_result")

    def _tool_result(self, result: ToolResult, path: str) -> None:
        self._asked.discard(result.tool_call_id)
        tool_call_id = self._tool_id(result.tool_call_id)
        found = [self._input(part, f"{path}.parts[{i}]") for i, part in enumerate(result.parts)]
        texts = [part for part in found if part["type"] == "text"]
        media = [part for part in found if part["type"] != "text"]
        if result.failed:
            first = texts.pop(0)["text"] if texts else ""
            texts.insert(0, text_part(f"{FAILED}{first}"))
        if media:
            texts.append(text_part("[The media of this result follows.]"))
            self._media += [text_part(f"[Media of tool result {tool_call_id}:]"), *media]
        content = self._content(texts)
        self.messages.append({"role": "tool", "tool_call_id": tool_call_id, "content": content})

    def _content(self, parts: Sequence[Object]) -> object:
        """Returns plain text where that is all there is: it is accepted by every server, lists are not."""
        if not parts:
            return ""
        if all(part["type"] == "text" for part in parts) and (
            len(parts) == 1 or self._dialect.texts == "joined"
        ):
            return _BETWEEN.join(str(part["text"]) for part in parts)
        return parts
