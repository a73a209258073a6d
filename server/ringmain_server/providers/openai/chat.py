"""Room 4, pure: the translators of chat, whole and streamed, for every server of OpenAI's wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerTooLarge
from ringmain_server.kinds.openai import Dialect
from ringmain_server.operations.chat_events import TEXT
from ringmain_server.providers.openai import chat_request
from ringmain_server.providers.openai.chat_answer import ChatAnswer, is_text
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.repeated_text import RepeatedText, text_in
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder, StreamTranslator, UnaryTranslator
from ringmain_server.providers.transport import HttpRequest

PATH = "/chat/completions"
STREAM_HEADERS: Mapping[str, str] = {
    "Accept": "text/event-stream",
    # A compressed stream arrives in blocks, and each block late.
    "Accept-Encoding": "identity",
}
END = b"[DONE]"
_CONTENT = text_in("content")


@dataclass(frozen=True, slots=True)
class ChatWire:
    """The facts about a provider that both chat translators need.

    Attributes:
        dialect: The server's deviations from OpenAI's documentation.
        errors: Translates the provider's errors.
        deployments: Whether the path names the model, as Azure's deployments do
            (https://learn.microsoft.com/azure/ai-foundry/openai/reference#chat-completions).
    """

    dialect: Dialect
    errors: OpenAIErrors
    deployments: bool = False

    def path(self, candidate: Candidate) -> str:
        """Returns the path at which a candidate answers."""
        if self.deployments:
            return f"/deployments/{quote(candidate.provider_model, safe='')}{PATH}"
        return PATH


@dataclass(frozen=True, slots=True)
class OpenAIChatTranslator(UnaryTranslator[ChatRequest, ChatResponse, HttpRequest, bytes]):
    """A translator of chats that are answered whole. See `UnaryTranslator`."""

    wire: ChatWire

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        body = chat_request.body(request, candidate, self.wire.dialect, stream=False)
        return HttpRequest(self.wire.path(candidate), body)

    def response(self, raw: bytes, request: ChatRequest, candidate: Candidate) -> ChatResponse:
        """Reads the answer, by folding the same events that a stream would have produced."""
        answer = ChatAnswer(candidate.provider_id, request, self.wire.errors)
        answer.document(raw, "message")
        return answer.response()


@dataclass(frozen=True, slots=True)
class OpenAIStreamChatTranslator(StreamTranslator[ChatRequest, ChatEvent, HttpRequest, bytes]):
    """A translator of chats that are answered in events. See `StreamTranslator`."""

    wire: ChatWire

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        body = chat_request.body(request, candidate, self.wire.dialect, stream=True)
        return HttpRequest(self.wire.path(candidate), body, STREAM_HEADERS)

    def decoder(self, request: ChatRequest, candidate: Candidate) -> "OpenAIChatDecoder":
        """Returns a decoder for one stream."""
        return OpenAIChatDecoder(
            ChatAnswer(candidate.provider_id, request, self.wire.errors), candidate.provider_id
        )


class OpenAIChatDecoder(Decoder[ChatEvent, bytes]):
    """A decoder for one stream of a chat completion. See `Decoder`.

    https://platform.openai.com/docs/api-reference/chat/streaming: a stream consists of chunks, one of which
    has the finish reason, followed by the usage and `[DONE]`. A stream that ends without that marker is
    complete if it has given its finish reason.
    """

    __slots__ = ("_answer", "_provider_id", "_repeated", "_sse", "complete")

    def __init__(self, answer: ChatAnswer, provider_id: str) -> None:
        self._answer = answer
        self._provider_id = provider_id
        self._repeated = RepeatedText(_CONTENT, is_text)
        self._sse = SseDecoder()
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[ChatEvent]:
        """Returns the events that one network read completes."""
        if self.complete:
            return ()
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise AnswerTooLarge(self._provider_id, "answered an event larger than any answer") from exc
        answer, repeated = self._answer, self._repeated
        assembler = answer.assembler
        for data in found:
            text = repeated.read(data)
            if text is None:
                if data == END:
                    return self._finish()
                answer.document(data, "delta")
                repeated.learn(data)
            elif assembler.current == TEXT:
                assembler.pending.append(text)  # nearly every event
            elif text:
                assembler.text(text)
        return assembler.take()

    def end(self) -> Sequence[ChatEvent]:
        """Returns the events that the end of the stream completes."""
        if self.complete:
            return ()
        if not self._answer.finished:
            raise self._answer.broken(self._sse.document)
        return self._finish()

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._answer.usage()

    def _finish(self) -> Sequence[ChatEvent]:
        events = self._answer.finish()
        self.complete = True
        return events
