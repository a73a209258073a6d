"""Room 4, pure: embeds texts on Vertex AI, and media where a model takes them.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api: texts that exceed
the limits of one request are split, and the answers are joined in order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.embeddable import check_text_alone, chooses_dimensions
from ringmain_server.providers.multi_step import Send, Steps
from ringmain_server.providers.numbers import count
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.vertex import media, unknown_numbers, vectors, wire
from ringmain_server.providers.vertex.chat import Resources
from ringmain_server.providers.vertex.passed import merge, passed
from ringmain_server.providers.vertex.port import VertexPort
from ringmain_server.providers.vertex.transport import PlainRequest
from ringmain_server.providers.vertex.vectors import Vector

PATH = "embedding_config.provider_options"
"""The place of a caller's own fields in the request."""
OWN = frozenset({"model", "content"})
"""Fields that only the gateway may set."""
TASKS = {
    embedding_pb2.EMBEDDING_PURPOSE_DOCUMENT: "RETRIEVAL_DOCUMENT",
    embedding_pb2.EMBEDDING_PURPOSE_QUERY: "RETRIEVAL_QUERY",
    embedding_pb2.EMBEDDING_PURPOSE_SIMILARITY: "SEMANTIC_SIMILARITY",
}
"""The wire's task by purpose: https://ai.google.dev/api/embeddings#v1beta.TaskType."""
_NUMBERS = {"RETRIEVAL_QUERY": 2, "RETRIEVAL_DOCUMENT": 3, "SEMANTIC_SIMILARITY": 4}
"""Values of `EmbedContentRequest.EmbeddingTaskType`."""
_TEXTS = 250
_TOKENS = 20_000
_SAFE = 0.7
"""The share of the token limit that an estimate may fill."""


@dataclass(frozen=True, slots=True)
class VertexPredictEmbedTranslator(
    MultiStepTranslator[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse]
):
    """A translator of embeddings by `predict`. See `MultiStepTranslator`."""

    resources: Resources

    def steps(
        self, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> Steps[embedding_pb2.EmbedResponse]:
        """Sends as many requests as the limits need and joins their vectors."""
        check_text_alone(request)
        config = request.embedding_config
        task = TASKS.get(config.purpose)
        shared = {"task_type": task} if task else {}
        # A text that is too long is an error, instead of being cut silently.
        parameters: dict[str, object] = {"autoTruncate": False}
        if chooses_dimensions(config, candidate):
            parameters["outputDimensionality"] = config.dimension_count
        parameters.update(passed(config.provider_options, candidate.kind, frozenset(), PATH))
        port = VertexPort(self.resources)
        wires = [
            port.predict([{"content": text, **shared} for text in batch], parameters, candidate)
            for batch in _batches(request.texts, candidate)
        ]
        raws = yield Send(wires)
        found = (one for raw in raws for one in vectors.predicted(raw, candidate.provider_id))
        return response(found, request, candidate)


@dataclass(frozen=True, slots=True)
class VertexEmbedContentTranslator(
    MultiStepTranslator[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse]
):
    """A translator of embeddings by a method of its own, one at a time. See `MultiStepTranslator`.

    https://cloud.google.com/vertex-ai/docs/reference/rpc/google.cloud.aiplatform.v1#embedcontentrequest
    """

    resources: Resources

    def steps(
        self, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> Steps[embedding_pb2.EmbedResponse]:
        """Sends one request for each text and each medium, and joins their vectors."""
        raws = yield Send([self._one(part, request, candidate) for part in embedded_parts(request)])
        found = [_content(raw, candidate.provider_id) for raw in raws]
        return response(found, request, candidate)

    def _one(
        self, part: wire.Part, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> PlainRequest:
        message = wire.EmbedContentRequest(model=self.resources.name(candidate.provider_model))
        message.content.parts.append(part)
        asked, config = request.embedding_config, message.embed_content_config
        config.auto_truncate = False
        if task := TASKS.get(asked.purpose):
            config.task_type = _NUMBERS[task]
        if chooses_dimensions(asked, candidate):
            config.output_dimensionality = asked.dimension_count
        given = passed(asked.provider_options, candidate.kind, OWN, PATH)
        merge(message, given, f"{PATH}[{candidate.kind}]")
        return PlainRequest(message, message.model)


def embedded_parts(request: embedding_pb2.EmbedRequest) -> Iterator[wire.Part]:
    """Yields what is to be embedded, texts before media, each as a part of this wire.

    Raises:
        MediaInvalid: This wire cannot carry a medium.
    """
    for text in request.texts:
        yield wire.Part(text=text)
    for index, one in enumerate(request.media):
        yield media.part(one, f"media[{index}]")


def batches(
    texts: Sequence[str], most: int, tokens: int, counted: Callable[[str], int] = text_tokens
) -> Iterator[Sequence[str]]:
    """Yields texts in order, in as few batches as the limits allow, with at least one text in each.

    Args:
        texts: At least one text.
        most: Most texts of one batch.
        tokens: The approximate maximum of tokens of one batch.
        counted: Estimates the tokens of a text.
    """
    batch: list[str] = []
    used = 0
    for text in texts:
        size = counted(text)
        if batch and (len(batch) == most or used + size > tokens):
            yield batch
            batch, used = [], 0
        batch.append(text)
        used += size
    yield batch


def response(
    found: Iterable[Vector], request: embedding_pb2.EmbedRequest, candidate: Candidate
) -> embedding_pb2.EmbedResponse:
    """Returns the response of the contract.

    Args:
        found: A vector for each text, then for each medium, in order.
        request: The caller's request, for the estimate if the provider counted no tokens.
        candidate: The candidate that answered.

    Raises:
        MalformedAnswer: The number of vectors is wrong, or their sizes differ.
    """
    answer = embedding_pb2.EmbedResponse()
    tokens: list[int | None] = []
    for vector in found:
        answer.embeddings.append(vector.embedding)
        tokens.append(vector.tokens)
    asked = len(request.texts) + len(request.media)
    if len(tokens) != asked:
        raise MalformedAnswer(candidate.provider_id, f"answered {len(tokens)} vectors for {asked}")
    if len({len(one.values) for one in answer.embeddings}) > 1:
        raise MalformedAnswer(candidate.provider_id, "answered vectors of different sizes")
    answer.usage.CopyFrom(usage(tokens, request))
    # Google bills earlier models by characters except spaces, and later ones by tokens.
    characters = sum(len("".join(text.split())) for text in request.texts)
    images, sounds = (_tokens_of(family, tokens, request) for family in ("image", "audio"))
    counts = MediaCounts(
        input_tokens=answer.usage.input_token_count,
        image_input_tokens=images,
        audio_input_tokens=sounds,
        characters=characters,
    )
    cost = media_cost(candidate.kind, candidate.provider_model, counts)
    if cost is not None:
        answer.usage.cost_nano_usd = cost
    return answer


def _tokens_of(family: str, tokens: Sequence[int | None], request: embedding_pb2.EmbedRequest) -> int:
    """Returns the tokens of media of one family, such as images."""
    counted = zip(tokens[len(request.texts) :], request.media, strict=True)
    return sum(count or 0 for count, one in counted if media.kind_of(one).startswith(f"{family}/"))


def usage(tokens: Sequence[int | None], request: embedding_pb2.EmbedRequest) -> Usage:
    """Returns the usage: the provider's counts if it gave any, otherwise an estimate."""
    counted = [one for one in tokens if one is not None]
    if len(counted) == len(tokens):
        return Usage(input_token_count=sum(counted))
    return Usage(input_token_count=sum(map(text_tokens, request.texts)), estimated=True)


def _batches(texts: Sequence[str], candidate: Candidate) -> Iterator[Sequence[str]]:
    known = candidate.limits.embedding
    most = (known.max_predict_texts or known.max_texts) if known is not None else 0
    tokens = known.max_request_tokens if known is not None else 0
    return batches(texts, most or _TEXTS, int((tokens or _TOKENS) * _SAFE))


def _content(raw: bytes, provider_id: str) -> Vector:
    try:
        found = wire.EmbedContentResponse.FromString(raw)
    except DecodeError as exc:
        raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc
    if not found.embedding.values:
        raise MalformedAnswer(provider_id, "answered without a vector")
    unknown_numbers.look(found, provider_id)
    tokens = count(found.usage_metadata.prompt_token_count) if found.HasField("usage_metadata") else None
    try:
        return Vector(vectors.packed(found.embedding.values), tokens)
    except ValueError as exc:
        raise MalformedAnswer(provider_id, "answered a vector of numbers that are not finite") from exc
