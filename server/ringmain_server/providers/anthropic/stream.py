"""Room 4, pure: reads streamed answers of the Messages wire.

https://platform.claude.com/docs/en/build-with-claude/streaming: first `message_start`, then for each block
`content_block_start`, `content_block_delta` and `content_block_stop`, then `message_delta` with the stop
reason and the counts so far, and `message_stop`. `ping` and events of unknown types are skipped.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerTooLarge, MalformedAnswer, StreamBroken
from ringmain_server.providers.anthropic.answer import MessagesAnswer, blocks_of, parse
from ringmain_server.providers.anthropic.errors import AnthropicErrors, wire_error
from ringmain_server.providers.anthropic.fields import EVENT, WIRE
from ringmain_server.providers.anthropic.state import Json, text
from ringmain_server.providers.anthropic.usage import Counts
from ringmain_server.providers.json_text import JsonText
from ringmain_server.providers.numbers import place
from ringmain_server.providers.repeated_text import RepeatedText, text_in
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder
from ringmain_server.providers.unknown_fields import UnknownFields
from ringmain_server.providers.wording import report_of

Events = Sequence[chat_pb2.ChatEvent]

_DELTA, _INPUT_DELTA = "content_block_delta", "input_json_delta"
_PIECES: Mapping[object, str] = {
    "text_delta": "text",
    _INPUT_DELTA: "partial_json",
    "thinking_delta": "thinking",
}
"""The field of a delta that has a piece of its block, by the delta's type."""
_PIECE = text_in(*_PIECES.values())


class MessagesDecoder(Decoder[chat_pb2.ChatEvent, bytes]):
    """A decoder for one stream. See `Decoder`.

    Args:
        request: The caller's request.
        candidate: The candidate that answers.
        answer_tool: The tool whose input is the text of the answer; None if there is none.
        errors: Translates an error within the stream.
    """

    __slots__ = (
        "_answer",
        "_begun",
        "_counts",
        "_details",
        "_errors",
        "_growing",
        "_input",
        "_open",
        "_provider_id",
        "_repeated",
        "_request",
        "_sse",
        "_started",
        "_stop_reason",
        "_stopped",
        "_unknown",
        "complete",
    )

    def __init__(
        self,
        request: chat_pb2.ChatRequest,
        candidate: Candidate,
        answer_tool: str | None,
        errors: AnthropicErrors,
    ) -> None:
        self._request = request
        self._provider_id = candidate.provider_id
        self._errors = errors
        self._sse = SseDecoder()
        self._answer = MessagesAnswer(candidate.provider_id, request, answer_tool)
        self._counts = Counts(candidate)
        self._repeated = RepeatedText(_PIECE, _is_piece)
        self._growing: Hashable = None
        self._input: JsonText | None = None
        self._unknown = UnknownFields(WIRE, candidate.provider_id)
        self._begun = 0
        self._open: set[int] = set()
        self._started = False
        self._stop_reason = ""
        self._details: object = None
        self._stopped = False
        self.complete = False

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._counts.usage(self._request, self._answer.assembler.tokens)

    def feed(self, chunk: bytes) -> Events:
        """Returns the events that one network read completes."""
        if self.complete:
            return ()
        try:
            documents = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise AnswerTooLarge(self._provider_id, "answered an event larger than any answer") from exc
        assembler, repeated = self._answer.assembler, self._repeated
        for document in documents:
            piece = repeated.read(document)
            if piece is not None and assembler.current == self._growing:  # nearly every event
                assembler.pending.append(piece if self._input is None else self._input.feed(piece))
                continue
            self._read(document)
            if self._stopped:
                return self._finish()
        return assembler.take()

    def end(self) -> Events:
        """Returns the last events, if the provider gave a stop reason before it closed the stream."""
        if self.complete:
            return ()
        if not self._stop_reason:
            told = self._errors.instead(self._provider_id, self._sse.document)
            raise told or StreamBroken(self._provider_id, "closed the stream before its end")
        return self._finish()

    def _read(self, document: bytes) -> None:
        event = parse(document, self._provider_id)
        kind = text(event, "type")
        reader = _READERS.get(kind)
        if kind == _DELTA:
            self._grow(document, event)
        elif reader is not None:
            reader(self, event)
        # Some servers of this wire report errors without the type that Anthropic documents.
        elif event.get("error") is not None or (not event.get("type") and report_of(event) is not None):
            self._error(event)
        self._unknown.look(event, EVENT)

    def _grow(self, document: bytes, event: Json) -> None:
        """Reads a delta, and learns it if all it does is to add a piece to the part that grows."""
        assembler = self._answer.assembler
        before = len(assembler.pending)
        self._block_delta(event)
        if len(assembler.pending) > before and self._repeated.learn(document):
            self._growing = assembler.current
            is_input = self._object(event, "delta").get("type") == _INPUT_DELTA
            self._input = self._answer.inputs.get(self._index(event)) if is_input else None

    def _finish(self) -> Events:
        self.complete = True
        return self._answer.finish(self._stop_reason, self._details, self._counts, self._request)

    def _message_start(self, event: Json) -> None:
        # Some servers in between repeat the first event; after content, it would be another answer.
        if self._begun or self._stop_reason:
            raise self._out_of_order("message_start")
        self._started = True
        message = self._object(event, "message")
        # An answer that goes on while tools run may come whole, in its first event.
        self._stop_reason = text(message, "stop_reason")
        self._counts.update(message.get("usage"), final=bool(self._stop_reason))
        for index, block in enumerate(blocks_of(message.get("content") or [], self._provider_id)):
            self._answer.begin(index, block)
            self._answer.end(index)
            self._begun += 1

    def _block_start(self, event: Json) -> None:
        index = self._index(event)
        # Blocks begin in order and before the stop reason; anything else means lost or reordered events.
        late = bool(self._stop_reason) or self._answer.keeps_open
        if not self._started or late or index != self._begun:
            raise self._out_of_order("content_block_start")
        self._begun += 1
        self._open.add(index)
        self._answer.begin(index, self._object(event, "content_block"))

    def _block_delta(self, event: Json) -> None:
        index = self._index(event)
        if index not in self._open:
            raise self._out_of_order("content_block_delta")
        delta = self._object(event, "delta")
        if self._answer.hold(index, delta):
            return
        match delta.get("type"):
            case "text_delta":
                self._answer.write(index, text(delta, "text"))
            case "input_json_delta":
                self._answer.argue(index, text(delta, "partial_json"))
            case "thinking_delta":
                self._answer.think(index, text(delta, "thinking"))
            case "signature_delta":
                self._answer.sign(index, text(delta, "signature"))
            case "citations_delta":
                self._answer.cite(index, self._object(delta, "citation"))

    def _block_stop(self, event: Json) -> None:
        index = self._index(event)
        if index not in self._open:
            raise self._out_of_order("content_block_stop")
        self._open.discard(index)
        self._answer.end(index)
        self._repeated.forget()

    def _message_delta(self, event: Json) -> None:
        # Open blocks at this point mean that events were lost, so the answer cannot be trusted.
        if not self._started or self._open:
            raise self._out_of_order("message_delta")
        delta = self._object(event, "delta")
        self._stop_reason = text(delta, "stop_reason") or self._stop_reason
        self._details = delta.get("stop_details")
        self._counts.update(event.get("usage"))

    def _message_stop(self, event: Json) -> None:
        if not self._stop_reason:
            raise StreamBroken(self._provider_id, "ended the stream without a reason to stop")
        self._stopped = True

    def _error(self, event: Json) -> None:
        raise self._errors.reported(self._provider_id, wire_error(event))

    def _index(self, event: Json) -> int:
        index = place(event.get("index"))
        if index is None:
            raise MalformedAnswer(self._provider_id, "sent an event of a block without its index")
        return index

    def _object(self, event: Json, key: str) -> Json:
        found = event.get(key)
        if not isinstance(found, dict):
            raise MalformedAnswer(self._provider_id, f"sent an event without its {key}")
        return found

    def _out_of_order(self, event: str) -> MalformedAnswer:
        return MalformedAnswer(self._provider_id, f"sent {event} out of order")


def _is_piece(document: object, piece: str) -> bool:
    """Whether an event of a stream tells nothing but this piece of a block."""
    match document:
        case {"type": "content_block_delta", "delta": {"type": str(kind), **delta}}:
            return delta.get(_PIECES.get(kind)) == piece
    return False


# Functions, not bound methods: a decoder that referred to itself would keep its request alive.
_READERS: Mapping[str, Callable[[MessagesDecoder, Json], None]] = {
    "message_start": MessagesDecoder._message_start,
    "content_block_start": MessagesDecoder._block_start,
    "content_block_stop": MessagesDecoder._block_stop,
    "message_delta": MessagesDecoder._message_delta,
    "message_stop": MessagesDecoder._message_stop,
    "error": MessagesDecoder._error,
}
