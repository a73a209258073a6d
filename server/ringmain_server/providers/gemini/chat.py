"""Room 4, pure: the translators of chat for the Gemini developer API: those of Vertex AI, in JSON.

https://ai.google.dev/api/generate-content, https://ai.google.dev/api/tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatRequest,
    ChatResponse,
    CountTokensRequest,
    CountTokensResponse,
)
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerTooLarge, MalformedAnswer
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.providers.gemini.documents import Object, from_message, merged, to_message
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.gemini.fields import ANSWER, WIRE, is_plain
from ringmain_server.providers.gemini.pieces import Pieces
from ringmain_server.providers.json_reader import NotJson, read, read_exactly
from ringmain_server.providers.numbers import count_of
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder, StreamTranslator, Translators, UnaryTranslator
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import UnknownFields, look
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.chat import VertexChatDecoder, response
from ringmain_server.providers.vertex.request import generate_request, options
from ringmain_server.providers.vertex.tools import AUTO, VALIDATED
from ringmain_server.providers.wording import report_of

STREAM_HEADERS: Mapping[str, str] = {
    "Accept": "text/event-stream",
    # A compressed stream arrives in blocks, and each block late.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class GeminiChatTranslator(UnaryTranslator[ChatRequest, ChatResponse, HttpRequest, bytes]):
    """A translator of chats that are answered whole. See `UnaryTranslator`."""

    errors: GeminiErrors

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        return HttpRequest(path_of(candidate, "generateContent"), _body(request, candidate))

    def response(self, raw: bytes, request: ChatRequest, candidate: Candidate) -> ChatResponse:
        """Reads the answer."""
        found = document(raw, candidate.provider_id, self.errors)
        look(WIRE, candidate.provider_id, found, ANSWER)
        message = to_message(Pieces().joined(found), candidate.provider_id)
        return response(message, request, candidate)


@dataclass(frozen=True, slots=True)
class GeminiStreamChatTranslator(StreamTranslator[ChatRequest, ChatEvent, HttpRequest, bytes]):
    """A translator of chats that are answered in events. See `StreamTranslator`."""

    errors: GeminiErrors

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        path = f"{path_of(candidate, 'streamGenerateContent')}?alt=sse"
        return HttpRequest(path, _body(request, candidate), STREAM_HEADERS)

    def decoder(self, request: ChatRequest, candidate: Candidate) -> "GeminiChatDecoder":
        """Returns a decoder for one stream."""
        decoder = VertexChatDecoder(candidate.provider_id, request)
        return GeminiChatDecoder(decoder, EventReader(candidate.provider_id, self.errors))


@dataclass(frozen=True, slots=True)
class GeminiCountTokensTranslator(
    UnaryTranslator[CountTokensRequest, CountTokensResponse, HttpRequest, bytes]
):
    """A translator of token counts by the provider. See `UnaryTranslator`."""

    errors: GeminiErrors

    def request(self, request: CountTokensRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        body = {"model": model_of(candidate), **_body(request.chat, candidate)}
        return HttpRequest(path_of(candidate, "countTokens"), {"generateContentRequest": body})

    def response(self, raw: bytes, request: CountTokensRequest, candidate: Candidate) -> CountTokensResponse:
        """Reads the answer."""
        found = document(raw, candidate.provider_id, self.errors)
        look(WIRE, candidate.provider_id, found, ANSWER)
        count = count_of(found, "totalTokens")
        if count is None:
            raise MalformedAnswer(candidate.provider_id, "answered without a count")
        return CountTokensResponse(input_token_count=count)


class GeminiChatDecoder(Decoder[ChatEvent, bytes]):
    """A decoder for one stream of events, each of which is a message of Vertex AI in JSON. See `Decoder`."""

    __slots__ = ("_decoder", "_reader", "complete")

    def __init__(self, decoder: VertexChatDecoder, reader: "EventReader") -> None:
        self._decoder = decoder
        self._reader = reader
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[ChatEvent]:
        """Returns the events that one network read completes."""
        events = self._decoder.feed(self._reader.feed(chunk))
        self.complete = self._decoder.complete
        return events

    def end(self) -> Sequence[ChatEvent]:
        """Returns the events that the end of the stream completes."""
        events = self._decoder.end()
        self.complete = self._decoder.complete
        return events

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._decoder.usage()


class EventReader:
    """Reads a stream of events, each of which is a message of Vertex AI in JSON. See `MessageReader`."""

    __slots__ = ("_errors", "_pieces", "_provider_id", "_sse", "_unknown")

    def __init__(self, provider_id: str, errors: GeminiErrors) -> None:
        self._provider_id = provider_id
        self._errors = errors
        self._sse = SseDecoder()
        self._pieces = Pieces()
        self._unknown = UnknownFields(WIRE, provider_id)

    def feed(self, chunk: bytes) -> Sequence[wire.GenerateContentResponse]:
        """Returns the messages that one network read completes."""
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise AnswerTooLarge(self._provider_id, "answered an event larger than any answer") from exc
        return [self._message(data) for data in found]

    def _message(self, data: bytes) -> wire.GenerateContentResponse:
        event = document(data, self._provider_id, self._errors)
        if not is_plain(event):
            self._unknown.look(event, ANSWER)
        return to_message(self._pieces.joined(event), self._provider_id)


def translators(errors: GeminiErrors) -> Translators:
    """Returns the translators of every operation of this wire."""
    return {
        CHAT: GeminiChatTranslator(errors),
        STREAM_CHAT: GeminiStreamChatTranslator(errors),
        COUNT_TOKENS: GeminiCountTokensTranslator(errors),
    }


def _body(request: ChatRequest, candidate: Candidate) -> Object:
    message = generate_request(request, candidate)
    own: Object = {}
    if _combines(message):
        own = _COMBINED
        config = message.tool_config.function_calling_config
        if config.mode in (0, AUTO):
            config.mode = VALIDATED
    return merged(merged(from_message(message), own), options(request, candidate.kind))


_COMBINED: Object = {"toolConfig": {"includeServerSideToolInvocations": True}}
"""Wanted by the API where functions stand beside its own tools, whose parts it then shows and wants back.

https://ai.google.dev/gemini-api/docs/tool-combination: it then has no mode `AUTO`.
"""


def _combines(message: wire.GenerateContentRequest) -> bool:
    """Whether a request declares functions and tools of the provider's own. Functions come first."""
    return len(message.tools) > 1 and bool(message.tools[0].function_declarations)


def model_of(candidate: Candidate) -> str:
    """Returns a model's name with its path."""
    model = candidate.provider_model
    return model if "/" in model else f"models/{model}"


def path_of(candidate: Candidate, method: str) -> str:
    """Returns the path of a model's method."""
    return f"/{quote(model_of(candidate))}:{method}"


_CALL = b'"functionCall"'
_REPORT = frozenset({"errors", "detail", "message", "code", "status", "details", "type", "title"})
"""Fields of an error, none of which an answer has."""


def document(raw: bytes, provider_id: str, errors: GeminiErrors) -> Object:
    """Returns an answer's JSON.

    Raises:
        ProviderError: The answer is not a JSON object, or is an error under status 200.
    """
    try:
        # Arguments become JSON again.
        found = read_exactly(raw) if _CALL in raw else read(raw)
    except NotJson as exc:
        raise MalformedAnswer(provider_id, "answered something that is not JSON") from exc
    if not isinstance(found, dict):
        raise MalformedAnswer(provider_id, "answered JSON that is no object")
    if found.get("error") is not None:
        raise errors.reported(provider_id, found["error"])
    if found.keys() <= _REPORT and report_of(found) is not None:
        raise errors.reported(provider_id, found)
    return found
