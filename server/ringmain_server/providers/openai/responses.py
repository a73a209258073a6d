"""Room 4, pure: the translators of chat over OpenAI's responses wire, whole and streamed.

https://platform.openai.com/docs/api-reference/responses. Some models are available on this wire alone, or
have all their abilities only here; the catalog says which.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerTooLarge
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.openai import responses_request
from ringmain_server.providers.openai.chat import END, STREAM_HEADERS
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.responses_answer import ResponsesAnswer
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder, StreamTranslator, UnaryTranslator
from ringmain_server.providers.transport import HttpRequest

PATH = "/responses"
"""The path for every model: Azure has no deployments on this wire.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
"""


@dataclass(frozen=True, slots=True)
class ResponsesTranslator(UnaryTranslator[ChatRequest, ChatResponse, HttpRequest, bytes]):
    """A translator of chats that are answered whole. See `UnaryTranslator`.

    Attributes:
        dialect: The form of the wire that the server accepts.
        errors: Translates the provider's errors.
    """

    dialect: Dialect
    errors: OpenAIErrors

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        return HttpRequest(PATH, responses_request.body(request, candidate, self.dialect, stream=False))

    def response(self, raw: bytes, request: ChatRequest, candidate: Candidate) -> ChatResponse:
        """Reads the answer, by folding the same events that a stream would have produced."""
        answer = ResponsesAnswer(candidate.provider_id, request, self.errors)
        answer.whole(raw)
        return answer.response()


@dataclass(frozen=True, slots=True)
class StreamResponsesTranslator(StreamTranslator[ChatRequest, ChatEvent, HttpRequest, bytes]):
    """A translator of chats that are answered in events. See `StreamTranslator`.

    Attributes:
        dialect: The form of the wire that the server accepts.
        errors: Translates the provider's errors.
    """

    dialect: Dialect
    errors: OpenAIErrors

    def request(self, request: ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        body = responses_request.body(request, candidate, self.dialect, stream=True)
        return HttpRequest(PATH, body, STREAM_HEADERS)

    def decoder(self, request: ChatRequest, candidate: Candidate) -> "ResponsesDecoder":
        """Returns a decoder for one stream."""
        answer = ResponsesAnswer(candidate.provider_id, request, self.errors)
        return ResponsesDecoder(answer, candidate.provider_id)


class ResponsesDecoder(Decoder[ChatEvent, bytes]):
    """A decoder for one stream of a response. See `Decoder`.

    https://platform.openai.com/docs/api-reference/responses-streaming: the last event says whether the
    response is complete, incomplete or failed. An answer without that event is not complete.
    """

    __slots__ = ("_answer", "_provider_id", "_sse", "complete")

    def __init__(self, answer: ResponsesAnswer, provider_id: str) -> None:
        self._answer = answer
        self._provider_id = provider_id
        self._sse = SseDecoder()
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[ChatEvent]:
        """Returns the events that one network read completes."""
        if self.complete:
            return ()
        answer = self._answer
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise AnswerTooLarge(self._provider_id, "answered an event larger than any answer") from exc
        for data in found:
            if data == END:  # some servers send it, but only after the last event
                return self.end()
            answer.event(data)
            if answer.finished:
                return self._finish()
        return answer.assembler.take()

    def end(self) -> Sequence[ChatEvent]:
        """Returns the last events if the response is over, though the end of an item never came."""
        if self.complete:
            return ()
        if not self._answer.ended:
            raise self._answer.broken(self._sse.document)
        return self._finish()

    def _finish(self) -> Sequence[ChatEvent]:
        events = self._answer.finish()
        self.complete = True
        return events

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._answer.usage()
