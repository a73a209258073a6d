"""Room 3, pure: assembles the events of a chat. A whole answer is the fold of the same events as a stream.

A translator tells the assembler what it reads from a provider. The assembler numbers the parts, merges
neighboring deltas of one part into one event, and at the end closes every part.
"""

from collections.abc import Hashable, Iterable

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Media, Part, Reasoning, ToolCall
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.text.surrogates import Joiner, is_cut

TEXT = "text"
"""The key of a text, if a translator chooses no other."""
_REASONING = "reasoning"


class ChatAssembler:
    """Turns a provider's answer into events.

    Each part has a key that the translator chooses, such as the index of a block on the wire. Pieces with the
    same key are one part. A piece may end within a character (`surrogates.Cut`): its half waits for the next
    piece of the part.

    Args:
        provider_id: The provider that signs reasoning.

    Attributes:
        current: The key of the part that grows.
        pending: Pieces of that part of which no event has been made. A translator may append to it.
        parts: The number of parts that began.
        tool_calls: The number of them that are tool calls.
    """

    __slots__ = (
        "_ascii",
        "_closed",
        "_events",
        "_fresh",
        "_index",
        "_indexes",
        "_joiners",
        "_kind",
        "_provider_id",
        "_wide",
        "current",
        "parts",
        "pending",
        "tool_calls",
    )

    def __init__(self, provider_id: str = "") -> None:
        self._provider_id = provider_id
        self._indexes: dict[Hashable, int] = {}
        self._joiners: dict[int, tuple[Joiner, str]] = {}
        self._closed: set[int] = set()
        self._events: list[chat_pb2.ChatEvent] = []
        self.pending: list[str] = []
        self.current: Hashable = None
        self._index = 0
        self._kind = ""
        self._fresh: Part | None = None
        self._ascii = 0
        self._wide = 0
        self.parts = 0
        self.tool_calls = 0

    def text(self, piece: str, key: Hashable = TEXT) -> None:
        """Adds text."""
        if key != self.current:
            self._select(key, "text", Part(text=""))
        self.pending.append(piece)

    def reasoning(self, piece: str, key: Hashable = _REASONING) -> None:
        """Adds reasoning in words."""
        if key != self.current:
            self._select(key, "reasoning_text", self._reasoning_part())
        self.pending.append(piece)

    def signature(self, piece: bytes, key: Hashable = _REASONING) -> None:
        """Adds state that the provider wants back with the reasoning of `key`."""
        if key != self.current:
            self._select(key, "reasoning_text", self._reasoning_part())
        self._flush()
        delta = chat_pb2.PartDelta(index=self._index, signature=piece)
        self._events.append(chat_pb2.ChatEvent(part_delta=delta))

    def tool_call(self, key: Hashable, tool_call_id: str, name: str) -> None:
        """Begins a tool call."""
        self.tool_calls += 1
        call = ToolCall(tool_call_id=tool_call_id, name=name)
        self._select(key, "arguments_json", Part(tool_call=call))

    def arguments(self, piece: str, key: Hashable) -> None:
        """Adds arguments of a tool call.

        Raises:
            KeyError: No tool call with this key began.
        """
        if key not in self._indexes:
            raise KeyError(key)
        if key != self.current:
            self._select(key, "arguments_json", Part())
        self.pending.append(piece)

    def media(self, media: Media, key: Hashable) -> None:
        """Adds a medium, which always comes whole."""
        self._select(key, "text", Part(media=media))
        self._flush()

    def close(self, key: Hashable) -> None:
        """Ends a part. A part that is not closed ends with the answer; an unknown key is ignored."""
        index = self._indexes.get(key)
        if index is None or index in self._closed:
            return
        self._flush()
        self._end_part(index)
        self._closed.add(index)
        self.current = None
        self._events.append(chat_pb2.ChatEvent(part_finished=chat_pb2.PartFinished(index=index)))

    def has(self, key: Hashable) -> bool:
        """Whether a part with this key began."""
        return key in self._indexes

    @property
    def tokens(self) -> int:
        """The approximate number of tokens so far, counted as `catalog.tokens.text_tokens` does."""
        plain, wide = _measure("".join(self.pending))
        if wide and is_cut(self.pending):
            self._flush()  # the characters are known once their halves are joined
            plain = wide = 0
        return (self._ascii + plain + 3) // 4 + self._wide + wide + len(self._joiners)

    def take(self) -> list[chat_pb2.ChatEvent]:
        """Returns the events since the last time, with neighboring deltas merged."""
        if self.pending or self._fresh is not None:
            self._flush()
        events, self._events = self._events, []
        return events

    def finish(self, reason: FinishReason.ValueType, usage: Usage | None) -> list[chat_pb2.ChatEvent]:
        """Closes every part and the answer, and takes the events."""
        self._flush()
        for index in list(self._joiners):
            self._end_part(index)
        events, self._events = self._events, []
        for index in range(self.parts):
            if index not in self._closed:
                events.append(chat_pb2.ChatEvent(part_finished=chat_pb2.PartFinished(index=index)))
        finished = chat_pb2.ChatFinished(finish_reason=reason, usage=usage)
        events.append(chat_pb2.ChatEvent(finished=finished))
        return events

    def respond(self, reason: FinishReason.ValueType, usage: Usage | None) -> chat_pb2.ChatResponse:
        """Returns the whole answer: the fold of `finish`.

        An answer of one text, as nearly every whole answer is, is made without events, which would cost more
        than the answer.
        """
        part = self._fresh
        pending = self.pending
        text = "".join(pending)
        # What is cut within a character has U+FFFD there.
        is_plain = self.parts == 1 and self._kind == "text" and (text.isascii() or not is_cut(pending))
        if self._events or part is None or not is_plain:
            return fold(self.finish(reason, usage))
        self._fresh = None
        response = chat_pb2.ChatResponse(finish_reason=reason, usage=usage)
        message = response.message
        message.role = ROLE_ASSISTANT
        message.parts.add().text = text
        return response

    def _select(self, key: Hashable, kind: str, part: Part) -> None:
        if self.pending or self._fresh is not None:
            self._flush()
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = self.parts
            self.parts += 1
            self._fresh = part
        self.current, self._index, self._kind = key, index, kind

    def _reasoning_part(self) -> Part:
        return Part(reasoning=Reasoning(provider_id=self._provider_id))

    def _flush(self) -> None:
        """Makes one event of the pending pieces. Every token passes here, so nothing is computed twice."""
        pending, piece = self.pending, ""
        if pending:
            piece = pending[0] if len(pending) == 1 else "".join(pending)
            if self._joiners or (not piece.isascii() and is_cut(pending)):
                piece = self._join(pending)
            pending.clear()
            if piece.isascii():
                self._ascii += len(piece)
            else:
                plain, wide = _measure(piece)
                self._ascii += plain
                self._wide += wide
        if self._fresh is not None:
            part, self._fresh = self._fresh, None
            _grow(part, self._kind, piece)
            started = chat_pb2.PartStarted(index=self._index, part=part)
            self._events.append(chat_pb2.ChatEvent(part_started=started))
        elif piece:
            self._grew(self._index, self._kind, piece)

    def _grew(self, index: int, kind: str, piece: str) -> None:
        event = chat_pb2.ChatEvent()
        delta = event.part_delta
        delta.index = index
        setattr(delta, kind, piece)
        self._events.append(event)

    def _join(self, pending: list[str]) -> str:
        """Joins the pending pieces with the half that waits in their part. A half at their end waits."""
        joiner, _ = self._joiners.pop(self._index, (Joiner(), ""))
        piece = joiner.feed(*pending)
        if joiner.holds:
            self._joiners[self._index] = joiner, self._kind
        return piece

    def _end_part(self, index: int) -> None:
        """Ends a part: a half of a character that waits in it has no other half."""
        if (waiting := self._joiners.pop(index, None)) is not None:
            joiner, kind = waiting
            piece = joiner.end()
            self._wide += len(piece)
            self._grew(index, kind, piece)


def fold(events: Iterable[chat_pb2.ChatEvent]) -> chat_pb2.ChatResponse:
    """Returns the response that a stream of events amounts to.

    Args:
        events: The events in order, `finished` included. A `recovered` event that discards content starts
            anew.

    Returns:
        The response; its finish reason is unspecified if the events never finished.
    """
    response = chat_pb2.ChatResponse()
    response.message.role = ROLE_ASSISTANT
    parts: dict[int, Part] = {}
    deltas: dict[int, list[chat_pb2.PartDelta]] = {}
    for event in events:
        match event.WhichOneof("event"):
            case "part_delta":
                deltas.setdefault(event.part_delta.index, []).append(event.part_delta)
            case "part_started":
                parts[event.part_started.index] = event.part_started.part
            case "finished":
                _finish(response, event.finished)
            case "started":
                response.response_id = event.started.response_id
            case "recovered" if event.recovered.content_discarded:
                parts.clear()
                deltas.clear()
    for index in sorted(parts):
        part = response.message.parts.add()
        part.MergeFrom(parts[index])
        if index in deltas:
            _grow_by(part, deltas[index])
    return response


def _finish(response: chat_pb2.ChatResponse, finished: chat_pb2.ChatFinished) -> None:
    response.finish_reason = finished.finish_reason
    if finished.HasField("usage"):
        response.usage.MergeFrom(finished.usage)
    if finished.HasField("route"):
        response.route.MergeFrom(finished.route)


def unfold(response: chat_pb2.ChatResponse) -> list[chat_pb2.ChatEvent]:
    """Returns the events of a response. `fold` inverts it."""
    started = chat_pb2.ChatStarted(
        response_id=response.response_id,
        provider_id=response.route.provider_id,
        provider_model=response.route.provider_model,
    )
    events = [chat_pb2.ChatEvent(started=started)]
    for index, part in enumerate(response.message.parts):
        part_started = chat_pb2.PartStarted(index=index, part=part)
        events.append(chat_pb2.ChatEvent(part_started=part_started))
        events.append(chat_pb2.ChatEvent(part_finished=chat_pb2.PartFinished(index=index)))
    finished = chat_pb2.ChatFinished(finish_reason=response.finish_reason)
    if response.HasField("usage"):
        finished.usage.CopyFrom(response.usage)
    if response.HasField("route"):
        finished.route.CopyFrom(response.route)
    events.append(chat_pb2.ChatEvent(finished=finished))
    return events


def _grow_by(part: Part, deltas: Iterable[chat_pb2.PartDelta]) -> None:
    """Appends all deltas of a part, joined once: each appending copies the whole text."""
    pieces: dict[str, list[str]] = {}
    for delta in deltas:
        kind = delta.WhichOneof("delta")
        if kind == "signature":
            part.reasoning.signature += delta.signature
        elif kind is not None:
            pieces.setdefault(kind, []).append(getattr(delta, kind))
    for grown, found in pieces.items():
        _grow(part, grown, "".join(found))


def _measure(piece: str) -> tuple[int, int]:
    """Returns how many characters are ASCII, and how many are not."""
    plain = len(piece.encode("ascii", "ignore"))
    return plain, len(piece) - plain


def _grow(part: Part, kind: str, piece: str) -> None:
    """Appends to the field of a part that a delta of `kind` grows."""
    if not piece:
        return
    if kind == "text":
        part.text += piece
    elif kind == "reasoning_text":
        part.reasoning.text += piece
    else:
        part.tool_call.arguments_json += piece
