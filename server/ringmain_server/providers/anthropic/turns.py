"""Room 4, the pure side of `anthropic`: arranges a conversation as this wire requires it.

The wire has two roles that take turns, and a separate system prompt
(https://platform.claude.com/docs/en/build-with-claude/working-with-messages). Therefore:

* The system messages that open a conversation are its system prompt. A later one keeps its place, as text
  between `<system>` tags in the user's turn, because only some models accept the role within a conversation.
* Adjacent messages of one role become one turn. Results of tools belong to the user's turn and come first in
  it (https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls).
* A turn of the model's own cannot hold media: they open the user's turn that follows.
* The wire refuses blank texts, so they are left out.
* What the model wants back goes only to the provider that gave it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    Message,
    Part,
    ToolResult,
)

from ringmain_server.errors import InvalidField
from ringmain_server.providers.anthropic import caching, media
from ringmain_server.providers.anthropic.assistant import AssistantWriter
from ringmain_server.providers.anthropic.blocks import Block, text_block, wire_id
from ringmain_server.providers.tool_pairs import paired

OPENING = "(The conversation begins.)"
"""A user's turn in front of a conversation that begins with the model, which the wire refuses."""


@dataclass(slots=True)
class MessagesTurn:
    """One turn of the wire.

    Attributes:
        role: `user` or `assistant`.
        results: Results of tools, which come first.
        blocks: Everything else.
    """

    role: str
    results: list[Block] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def content(self) -> list[Block]:
        """Every block, in the wire's order."""
        return [*self.results, *self.blocks]


@dataclass(frozen=True, slots=True)
class MessagesConversation:
    """A conversation in this wire's shape.

    Attributes:
        system: The blocks of the system prompt.
        turns: The turns; the first one is the user's.
    """

    system: list[Block]
    turns: Sequence[MessagesTurn]

    @property
    def messages(self) -> list[Block]:
        """The turns as JSON."""
        return [{"role": turn.role, "content": turn.content} for turn in self.turns]


def conversation(messages: Sequence[Message], provider_id: str, cache: Block) -> MessagesConversation:
    """Sorts messages into a system prompt and turns.

    Args:
        messages: The contract's messages.
        provider_id: The provider that is asked; what another provider wants back is left out.
        cache: The mark of a block up to which the prompt is cached.

    Raises:
        MediaInvalid: This wire cannot carry a part.
        InvalidField: Nothing is left to answer.
    """
    opening = _opening(messages)
    system: list[Block] = []
    for message in messages[:opening]:
        for part in message.parts:
            if part.text.strip():
                system.append(text_block(part.text))
            if part.cache_boundary:
                caching.mark(system, cache)
    writer = _TurnWriter(provider_id, cache)
    for index, message in paired(messages[opening:]):
        writer.add(message, f"messages[{index + opening}]")
    turns = writer.finish()
    if not turns:
        raise InvalidField.at("messages", "holds nothing to answer: this provider takes no blank text")
    return MessagesConversation(system, turns)


def _opening(messages: Sequence[Message]) -> int:
    """Returns how many messages form the system prompt; the last message never belongs to it."""
    count = 0
    while count < len(messages) - 1 and messages[count].role == ROLE_SYSTEM:
        count += 1
    return count


class _TurnWriter:
    """Collects turns, message by message."""

    def __init__(self, provider_id: str, cache: Block) -> None:
        self._cache = cache
        self._assistant = AssistantWriter(provider_id, cache)
        self._turns: list[MessagesTurn] = []

    def add(self, message: Message, path: str) -> None:
        if message.role == ROLE_ASSISTANT:
            self._turn("assistant").blocks += self._assistant.write(message, path)
            return
        turn = self._turn("user")
        turn.blocks += self._assistant.moved  # media of the model's turn before this one
        self._assistant.moved.clear()
        for index, part in enumerate(message.parts):
            self._user_part(turn, part, f"{path}.parts[{index}]", system=message.role == ROLE_SYSTEM)

    def finish(self) -> list[MessagesTurn]:
        """Returns the turns that are not empty, merged where the role repeats, beginning with the user's."""
        if self._assistant.moved:  # the conversation ends with the model's turn
            self._turn("user").blocks += self._assistant.moved
        turns = _merged(turn for turn in self._turns if turn.results or turn.blocks)
        if turns and turns[0].role == "assistant":
            turns.insert(0, MessagesTurn("user", blocks=[text_block(OPENING)]))
        if turns and turns[-1].role == "assistant":
            _trim(turns[-1])
        return turns

    def _turn(self, role: str) -> MessagesTurn:
        if not self._turns or self._turns[-1].role != role:
            self._turns.append(MessagesTurn(role))
        return self._turns[-1]

    def _user_part(self, turn: MessagesTurn, part: Part, path: str, *, system: bool) -> None:
        match part.WhichOneof("content"):
            case "text" if part.text.strip():
                # If all messages are system messages, the last one is the question, without tags.
                tagged = system and (len(self._turns) > 1 or bool(turn.content))
                turn.blocks.append(text_block(f"<system>\n{part.text}\n</system>" if tagged else part.text))
            case "media":
                turn.blocks.append(media.block(part.media, f"{path}.media"))
            case "tool_result":
                turn.results.append(_tool_result(part.tool_result, f"{path}.tool_result"))
        if part.cache_boundary:
            own = turn.results if part.HasField("tool_result") else turn.blocks
            caching.mark(own, self._cache)


def _merged(turns: Iterable[MessagesTurn]) -> list[MessagesTurn]:
    merged: list[MessagesTurn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1].results += turn.results
            merged[-1].blocks += turn.blocks
        else:
            merged.append(turn)
    return merged


def _trim(turn: MessagesTurn) -> None:
    """Removes trailing white space, which the wire refuses in a turn that the model continues."""
    last = turn.blocks[-1]
    if last["type"] == "text":
        turn.blocks[-1] = {**last, "text": str(last["text"]).rstrip()}


def _tool_result(result: ToolResult, path: str) -> Block:
    found: dict[str, object] = {"type": "tool_result", "tool_use_id": wire_id(result.tool_call_id)}
    if content := list(_result_content(result, path)):
        found["content"] = content
    if result.failed:
        found["is_error"] = True
    return found


def _result_content(result: ToolResult, path: str) -> Iterator[Block]:
    for index, part in enumerate(result.parts):
        if part.HasField("media"):
            yield media.block(part.media, f"{path}.parts[{index}].media")
        elif part.text.strip():
            yield text_block(part.text)
