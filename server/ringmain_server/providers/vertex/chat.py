"""Room 4, pure: the translators of chat, whole and streamed, and of counting tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatRequest,
    ChatResponse,
    CountTokensRequest,
    CountTokensResponse,
)
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, StreamBroken
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.providers.exchange import Translators
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.answer import Answer
from ringmain_server.providers.vertex.request import apply_options, count_request, generate_request
from ringmain_server.providers.vertex.transport import VertexRequest


@dataclass(frozen=True, slots=True)
class Resources:
    """Where the models are: https://cloud.google.com/vertex-ai/docs/reference/rest#resource-names.

    Attributes:
        project: The project that pays.
        location: The region, or `global`.
    """

    project: str
    location: str

    def name(self, model: str) -> str:
        """The full name of a model.

        Args: model: A model of Google's, `publishers/…` for another publisher's, `endpoints/…` for one's
            own, or a full name.
        """
        if model.startswith("projects/"):
            return model
        path = model if "/" in model else f"publishers/google/models/{model}"
        return f"projects/{self.project}/locations/{self.location}/{path}"

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """The request for an answer, whole or streamed.

        Raises:
            CallerError: A part, a schema or a value that this wire cannot carry.
        """
        found = generate_request(request, candidate)
        apply_options(found, request, candidate.kind)
        found.model = self.name(candidate.provider_model)
        return VertexRequest(found, found.model)


@dataclass(frozen=True, slots=True)
class ChatTranslator:
    """Chat, answered whole. See `UnaryTranslator`."""

    resources: Resources

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """The request on the wire."""
        return self.resources.request(request, candidate)

    def response(
        self, raw: wire.GenerateContentResponse, request: ChatRequest, candidate: Candidate
    ) -> ChatResponse:
        """The response of the contract: the fold of the same events that a stream would have had."""
        return response(raw, request, candidate)


@dataclass(frozen=True, slots=True)
class StreamChatTranslator:
    """Chat, answered in events. See `StreamTranslator`."""

    resources: Resources

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """The request on the wire."""
        return self.resources.request(request, candidate)

    def decoder(self, request: ChatRequest, candidate: Candidate) -> "ChatDecoder":
        """A reader for one stream."""
        return ChatDecoder(candidate.provider_id, request)


@dataclass(frozen=True, slots=True)
class CountTokensTranslator:
    """A count of tokens by the provider. See `UnaryTranslator`.

    https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/get-token-count
    """

    resources: Resources

    def request(self, request: CountTokensRequest, candidate: Candidate) -> VertexRequest:
        """The request on the wire."""
        answer = self.resources.request(request.chat, candidate)
        assert isinstance(answer.message, wire.GenerateContentRequest)
        found = count_request(answer.message)
        found.endpoint = found.model = answer.resource
        return VertexRequest(found, answer.resource)

    def response(
        self, raw: wire.CountTokensResponse, request: CountTokensRequest, candidate: Candidate
    ) -> CountTokensResponse:
        """The response of the contract."""
        if raw.total_tokens < 0:
            raise MalformedAnswer(candidate.provider_id, "answered without a count")
        return CountTokensResponse(input_token_count=raw.total_tokens)


class ChatDecoder:
    """Reads one stream of messages. See `Decoder`.

    https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#stream: the last message
    has the reason to stop and the counts. Counts that come after the reason are waited for.
    """

    __slots__ = ("_answer", "_provider_id", "complete")

    def __init__(self, provider_id: str, request: ChatRequest) -> None:
        self._provider_id = provider_id
        self._answer = Answer(provider_id, request)
        self.complete = False

    def feed(self, chunk: Sequence[wire.GenerateContentResponse]) -> Sequence[ChatEvent]:
        """The events of the messages that one read brought."""
        answer = self._answer
        if self.complete:
            return ()
        for message in chunk:
            answer.read(message)
        return self._finish() if answer.final else answer.assembler.take()

    def end(self) -> Sequence[ChatEvent]:
        """The events that the closing of the stream completes."""
        if self.complete:
            return ()
        if not self._answer.finished:
            raise StreamBroken(self._provider_id, "closed the stream before its end")
        return self._finish()

    def usage(self) -> Usage:
        """What has been consumed so far."""
        return self._answer.usage()

    def _finish(self) -> Sequence[ChatEvent]:
        events = self._answer.finish()
        self.complete = True
        return events


def response(raw: wire.GenerateContentResponse, request: ChatRequest, candidate: Candidate) -> ChatResponse:
    """The response of a whole answer.

    Raises:
        ProviderError: The answer is malformed, broken off or withheld.
    """
    answer = Answer(candidate.provider_id, request)
    answer.read(raw)
    return answer.response()


def translators(resources: Resources) -> Translators:
    """Every operation of this wire."""
    return {
        CHAT: ChatTranslator(resources),
        STREAM_CHAT: StreamChatTranslator(resources),
        COUNT_TOKENS: CountTokensTranslator(resources),
    }
