"""Room 3, pure: assembles the events of a chat. A whole answer is the fold of the same events as a stream.

A translator tells the assembler what it reads from a provider. The assembler numbers the parts, merges
neighboring deltas of one part into one event, and at the end closes every part.
"""

from collections.abc import Hashable, Iterable

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    Citation,
    Media,
    Part,
    ProviderToolCall,
    Reasoning,
    TokenLogprobs,
    ToolCall,
)
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.operations.chat_fold import fold, grow, media_deltas
from ringmain_server.operations.safety_ratings import SafetyRatings
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
        provider_id: The provider that answers.

    Attributes:
        current: The key of the part that grows.
        pending: Pieces of that part of which no event has been made. A translator may append to it.
        parts: The number of parts that began.
        tool_calls: The number of them that are tool calls for the caller.
    """

    __slots__ = (
        "_ascii",
        "_attributed",
        "_bare",
        "_closed",
        "_events",
        "_fresh",
        "_index",
        "_indexes",
        "_joiners",
        "_kind",
        "_logprobs",
        "_provider_id",
        "_ratings",
        "_wide",
        "current",
        "parts",
        "pending",
        "tool_calls",
    )

    def __init__(self, provider_id: str = "") -> None:
        self._provider_id = provider_id
        self._indexes: dict[Hashable, tuple[int, str]] = {}
        self._joiners: dict[int, tuple[Joiner, str]] = {}
        self._closed: set[int] = set()
        self._events: list[chat_pb2.ChatEvent] = []
        self.pending: list[str] = []
        self.current: Hashable = None
        self._index = 0
        self._kind = ""
        self._fresh: Part | None = None
        self._logprobs: list[TokenLogprobs] | None = None
        self._attributed: set[int] | None = None
        self._ratings: SafetyRatings | None = None
        self._bare = True
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
            self._select(key, "reasoning_text", Part(reasoning=Reasoning()))
        self.pending.append(piece)

    def signature(self, piece: bytes, key: Hashable = _REASONING) -> None:
        """Adds state that the provider wants back with the part of `key`, which is reasoning if it is new."""
        if not piece:
            return
        if key != self.current:
            self._select(key, "reasoning_text", Part(reasoning=Reasoning()))
        self._bare = False
        if self._fresh is not None:
            self._fresh.signature += piece
            self._fresh.provider_id = self._provider_id
            return
        self._flush()
        delta = chat_pb2.PartDelta(index=self._index, signature=piece)
        if self._is_new_owner(self._index):
            delta.provider_id = self._provider_id
        self._events.append(chat_pb2.ChatEvent(part_delta=delta))

    def tool_call(self, key: Hashable, tool_call_id: str, name: str) -> None:
        """Begins a tool call for the caller."""
        self.tool_calls += 1
        call = ToolCall(tool_call_id=tool_call_id, name=name)
        self._select(key, "arguments_json", Part(tool_call=call))

    def provider_tool_call(self, key: Hashable, tool_call_id: str, name: str) -> None:
        """Begins a call of a tool that the provider runs itself."""
        call = ProviderToolCall(tool_call_id=tool_call_id, name=name)
        self._select(key, "arguments_json", Part(provider_tool_call=call))

    def arguments(self, piece: str, key: Hashable) -> None:
        """Adds arguments of a tool call, whoever runs the tool.

        Raises:
            KeyError: No tool call with this key began.
        """
        if key not in self._indexes:
            raise KeyError(key)
        if key != self.current:
            self._select(key, "arguments_json", Part())
        self.pending.append(piece)

    def result(self, part: Part, key: Hashable) -> None:
        """Adds a result of a tool that the provider ran.

        Raises:
            KeyError: No tool call with this key began.
        """
        self._delta_of(key).result.CopyFrom(part)

    def failed(self, key: Hashable) -> None:
        """Notes that a tool that the provider ran has failed.

        Raises:
            KeyError: No tool call with this key began.
        """
        self._delta_of(key).failed = True

    def citation(self, citation: Citation, key: Hashable = TEXT) -> None:
        """Adds a source of a text. It begins the text if there is none."""
        if key != self.current:
            self._select(key, "text", Part(text=""))
        self._bare = False
        if self._fresh is not None and not self.pending:
            self._fresh.citations.append(citation)
            return
        self._flush()
        delta = chat_pb2.PartDelta(index=self._index, citation=citation)
        self._events.append(chat_pb2.ChatEvent(part_delta=delta))

    def logprobs(self, tokens: Iterable[TokenLogprobs], key: Hashable = TEXT) -> None:
        """Adds the probabilities of tokens of a text: those of the text that was added just before."""
        if key != self.current:
            self._select(key, "text", Part(text=""))
        self._bare = False
        if self._logprobs is None:
            self._logprobs = []
        self._logprobs += tokens

    def media(self, media: Media, key: Hashable) -> None:
        """Adds a medium, or more bytes of the medium of `key`. Its bytes become events of at most 256 KiB.

        Args:
            media: The medium, which is taken over and changed.
            key: The key of its part.
        """
        is_new = key not in self._indexes
        if data := media.data:
            media.data = b""
        self._select(key, "data", Part(media=media))
        if is_new:
            self._flush()
        self._events += media_deltas(self._index, data)

    def rate(self, rating: chat_pb2.HarmRating) -> None:
        """Adds how the provider's safety system rated the prompt or the answer, or a stretch of it."""
        if self._ratings is None:
            self._ratings = SafetyRatings()
        self._ratings.add(rating)

    def close(self, key: Hashable) -> None:
        """Ends a part. A part that is not closed ends with the answer; an unknown key is ignored."""
        index, _ = self._indexes.get(key, (None, ""))
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
        if self.pending or self._fresh is not None or self._logprobs:
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
        if self._ratings is not None:
            finished.safety_ratings.extend(self._ratings.found)
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
        is_plain = self._bare and self.parts == 1 and self._kind == "text"
        if self._events or part is None or not is_plain or not (text.isascii() or not is_cut(pending)):
            return fold(self.finish(reason, usage))
        self._fresh = None
        response = chat_pb2.ChatResponse(finish_reason=reason, usage=usage)
        if self._ratings is not None:
            response.safety_ratings.extend(self._ratings.found)
        message = response.message
        message.role = ROLE_ASSISTANT
        message.parts.add().text = text
        return response

    def _select(self, key: Hashable, kind: str, part: Part) -> None:
        if self.pending or self._fresh is not None or self._logprobs:
            self._flush()
        known = self._indexes.get(key)
        if known is None:
            known = self._indexes[key] = self.parts, kind
            self.parts += 1
            self._fresh = part
            if kind != "text" and not part.HasField("tool_call"):
                self._attribute(part, known[0])
        self.current = key
        self._index, self._kind = known

    def _attribute(self, part: Part, index: int) -> None:
        """Notes who made a part that has no meaning for any other provider."""
        if part.HasField("reasoning") or part.HasField("provider_tool_call"):
            part.provider_id = self._provider_id
            self._is_new_owner(index)

    def _is_new_owner(self, index: int) -> bool:
        """Whether nothing has said yet who made a part. It counts as said from now on."""
        if self._attributed is None:
            self._attributed = set()
        is_new = index not in self._attributed
        self._attributed.add(index)
        return is_new

    def _delta_of(self, key: Hashable) -> chat_pb2.PartDelta:
        """Appends an empty delta of a tool call that began, and returns it."""
        index, _ = self._indexes[key]
        self._flush()
        event = chat_pb2.ChatEvent()
        event.part_delta.index = index
        self._events.append(event)
        return event.part_delta

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
            grow(part, self._kind, piece)
            if self._logprobs:
                part.logprobs.extend(self._take_logprobs())
            if part.provider_id:
                self._is_new_owner(self._index)
            started = chat_pb2.PartStarted(index=self._index, part=part)
            self._events.append(chat_pb2.ChatEvent(part_started=started))
        elif piece or self._logprobs:
            self._grew(self._index, self._kind, piece)

    def _grew(self, index: int, kind: str, piece: str) -> None:
        event = chat_pb2.ChatEvent()
        delta = event.part_delta
        delta.index = index
        if piece:
            setattr(delta, kind, piece)
        if self._logprobs:
            delta.logprobs.extend(self._take_logprobs())
        self._events.append(event)

    def _take_logprobs(self) -> list[TokenLogprobs]:
        found, self._logprobs = self._logprobs or [], None
        return found

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


def _measure(piece: str) -> tuple[int, int]:
    """Returns how many characters are ASCII, and how many are not."""
    plain = len(piece.encode("ascii", "ignore"))
    return plain, len(piece) - plain
