"""Room 4, pure: the translators of chat, whole and streamed, and of token counts."""

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
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.translator import Decoder, StreamTranslator, Translators, UnaryTranslator
from ringmain_server.providers.vertex import unknown_numbers, wire
from ringmain_server.providers.vertex.answer import VertexAnswer
from ringmain_server.providers.vertex.request import apply_options, count_request, generate_request
from ringmain_server.providers.vertex.transport import VertexRequest
from ringmain_server.providers.vertex.unknown_numbers import UnknownNumbers


@dataclass(frozen=True, slots=True)
class Resources:
    """The project and the location of the models.

    https://cloud.google.com/vertex-ai/docs/reference/rest#resource-names

    Attributes:
        project: The project that is billed.
        location: The region, or `global`.
    """

    project: str
    location: str

    def name(self, model: str) -> str:
        """Returns the full name of a model.

        Args:
            model: The name of one of Google's models, `publishers/…` for another publisher's model,
                `endpoints/…` for an endpoint of the project, or a full name.
        """
        if model.startswith("projects/"):
            return model
        path = model if "/" in model else f"publishers/google/models/{model}"
        return f"projects/{self.project}/locations/{self.location}/{path}"

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """Builds the request for an answer, whole or streamed.

        Raises:
            CallerError: This wire cannot carry a part, a schema or a value.
        """
        found = generate_request(request, candidate)
        apply_options(found, request, candidate.kind)
        found.model = self.name(candidate.provider_model)
        return VertexRequest(found, found.model)


@dataclass(frozen=True, slots=True)
class VertexChatTranslator(
    UnaryTranslator[ChatRequest, ChatResponse, VertexRequest, wire.GenerateContentResponse]
):
    """A translator of chats that are answered whole. See `UnaryTranslator`."""

    resources: Resources

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """Builds the request."""
        return self.resources.request(request, candidate)

    def response(
        self, raw: wire.GenerateContentResponse, request: ChatRequest, candidate: Candidate
    ) -> ChatResponse:
        """Reads the answer, by folding the same events that a stream would have produced."""
        unknown_numbers.look(raw, candidate.provider_id)
        return response(raw, request, candidate)


@dataclass(frozen=True, slots=True)
class VertexStreamChatTranslator(
    StreamTranslator[ChatRequest, ChatEvent, VertexRequest, Sequence[wire.GenerateContentResponse]]
):
    """A translator of chats that are answered in events. See `StreamTranslator`."""

    resources: Resources

    def request(self, request: ChatRequest, candidate: Candidate) -> VertexRequest:
        """Builds the request."""
        return self.resources.request(request, candidate)

    def decoder(self, request: ChatRequest, candidate: Candidate) -> "VertexChatDecoder":
        """Returns a decoder for one stream."""
        unknown = UnknownNumbers(candidate.provider_id)
        return VertexChatDecoder(candidate.provider_id, request, unknown)


@dataclass(frozen=True, slots=True)
class VertexCountTokensTranslator(
    UnaryTranslator[CountTokensRequest, CountTokensResponse, VertexRequest, wire.CountTokensResponse]
):
    """A translator of token counts by the provider. See `UnaryTranslator`.

    https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/get-token-count
    """

    resources: Resources

    def request(self, request: CountTokensRequest, candidate: Candidate) -> VertexRequest:
        """Builds the request."""
        answer = self.resources.request(request.chat, candidate)
        assert isinstance(answer.message, wire.GenerateContentRequest)
        found = count_request(answer.message)
        found.endpoint = found.model = answer.resource
        return VertexRequest(found, answer.resource)

    def response(
        self, raw: wire.CountTokensResponse, request: CountTokensRequest, candidate: Candidate
    ) -> CountTokensResponse:
        """Reads the answer."""
        unknown_numbers.look(raw, candidate.provider_id)
        if raw.total_tokens < 0:
            raise MalformedAnswer(candidate.provider_id, "answered without a count")
        return CountTokensResponse(input_token_count=raw.total_tokens)


class VertexChatDecoder(Decoder[ChatEvent, Sequence[wire.GenerateContentResponse]]):
    """A decoder for one stream of messages. See `Decoder`.

    https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#stream: the last message
    has the finish reason and the counts. If the counts come after the finish reason, the decoder waits for
    them.

    Args:
        provider_id: The provider that answers.
        request: The caller's request.
        unknown: Counts unknown fields; None if the messages were made here.
    """

    __slots__ = ("_answer", "_provider_id", "_unknown", "complete")

    def __init__(self, provider_id: str, request: ChatRequest, unknown: UnknownNumbers | None = None) -> None:
        self._provider_id = provider_id
        self._unknown = unknown
        self._answer = VertexAnswer(provider_id, request)
        self.complete = False

    def feed(self, chunk: Sequence[wire.GenerateContentResponse]) -> Sequence[ChatEvent]:
        """Returns the events of the messages that one read brought."""
        answer = self._answer
        if self.complete:
            return ()
        assembler = answer.assembler
        for message in chunk:
            before = assembler.parts, len(assembler.pending)
            answer.read(message)
            if self._unknown is not None and (answer.finished or not _only_grew(assembler, *before)):
                self._unknown.look(message)
        # Not `finished`: the counts may still come after the finish reason.
        return self._finish() if answer.final else assembler.take()

    def end(self) -> Sequence[ChatEvent]:
        """Returns the events that the end of the stream completes."""
        if self.complete:
            return ()
        if not self._answer.finished:
            raise StreamBroken(self._provider_id, "closed the stream before its end")
        return self._finish()

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._answer.usage()

    def _finish(self) -> Sequence[ChatEvent]:
        events = self._answer.finish()
        self.complete = True
        return events


def _only_grew(assembler: ChatAssembler, parts: int, pieces: int) -> bool:
    """Whether all that a message did was to add a piece to a text, as nearly every message does.

    To look for unknown fields in each of these would take longer than to read it.
    """
    return assembler.parts == parts > 0 and len(assembler.pending) > pieces


def response(raw: wire.GenerateContentResponse, request: ChatRequest, candidate: Candidate) -> ChatResponse:
    """Returns the response of a whole answer.

    Raises:
        ProviderError: The answer is malformed, cut short or withheld.
    """
    answer = VertexAnswer(candidate.provider_id, request)
    answer.read(raw)
    return answer.response()


def translators(resources: Resources) -> Translators:
    """Returns the translators of every operation of this wire."""
    return {
        CHAT: VertexChatTranslator(resources),
        STREAM_CHAT: VertexStreamChatTranslator(resources),
        COUNT_TOKENS: VertexCountTokensTranslator(resources),
    }
