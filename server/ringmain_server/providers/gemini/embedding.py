"""Room 4, pure: embeds texts by the Gemini developer API, and media where a model takes them.

https://ai.google.dev/api/embeddings#method:-models.batchembedcontents: up to a hundred texts per request. Not
every model reports a token count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.json_format import MessageToDict
from ringmain.v1 import embedding_service_pb2 as embedding_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.embeddable import check_text_alone, chooses_dimensions
from ringmain_server.providers.gemini.chat import document, model_of, path_of
from ringmain_server.providers.gemini.documents import Object, merged
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.gemini.fields import ANSWER, WIRE
from ringmain_server.providers.multi_step import Send, Steps
from ringmain_server.providers.numbers import count_of
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import look
from ringmain_server.providers.vertex import media, vectors, wire
from ringmain_server.providers.vertex.embedding import OWN, PATH, TASKS, batches, response
from ringmain_server.providers.vertex.passed import passed
from ringmain_server.providers.vertex.vectors import Vector

_TEXTS = 100
_TOKENS = 200_000
"""The approximate maximum of tokens of one request, well below the size limit of an HTTP body."""


@dataclass(frozen=True, slots=True)
class GeminiEmbedTranslator(MultiStepTranslator[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse]):
    """A translator of embeddings. See `MultiStepTranslator`."""

    errors: GeminiErrors

    def steps(
        self, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> Steps[embedding_pb2.EmbedResponse]:
        """Sends as many requests as the limits need and joins their vectors."""
        if candidate.knobs.purpose != "embed_content":
            check_text_alone(request)
        config = request.embedding_config
        shared: Object = {"model": model_of(candidate)}
        if task := TASKS.get(config.purpose):
            shared["taskType"] = task
        if chooses_dimensions(config, candidate):
            shared["outputDimensionality"] = config.dimension_count
        given = passed(config.provider_options, candidate.kind, OWN, PATH)
        path = path_of(candidate, "batchEmbedContents")
        shared = merged(shared, given)
        texts = batches(request.texts, _TEXTS, _TOKENS) if request.texts else ()
        bodies = [[{**shared, "content": {"parts": [{"text": text}]}} for text in batch] for batch in texts]
        # A medium may have megabytes, so that each goes by itself.
        bodies += [[{**shared, "content": content}] for content in _media(request)]
        wires = [HttpRequest(path, {"requests": body}) for body in bodies]
        raws = yield Send(wires)
        found = [vector for raw in raws for vector in self._read(raw, candidate.provider_id)]
        return response(found, request, candidate)

    def _read(self, raw: bytes, provider_id: str) -> list[Vector]:
        found = document(raw, provider_id, self.errors)
        look(WIRE, provider_id, found, ANSWER)
        embeddings = found.get("embeddings")
        if not isinstance(embeddings, list) or not embeddings:
            raise MalformedAnswer(provider_id, "answered without vectors")
        tokens = _tokens(found.get("usageMetadata"))
        # A batch reports only the sum, which the first vector gets.
        others = None if tokens is None else 0
        return [
            _vector(one, others if index else tokens, provider_id) for index, one in enumerate(embeddings)
        ]


def _media(request: embedding_pb2.EmbedRequest) -> Iterator[object]:
    for index, one in enumerate(request.media):
        message = wire.GenerateContentRequest()
        message.contents.add().parts.append(media.part(one, f"media[{index}]"))
        (content,) = MessageToDict(message)["contents"]
        yield content


def _tokens(found: object) -> int | None:
    return count_of(found, "promptTokenCount")


def _vector(found: object, tokens: int | None, provider_id: str) -> Vector:
    numbers = found.get("values") if isinstance(found, dict) else None
    if not isinstance(numbers, list) or not numbers:
        raise MalformedAnswer(provider_id, "answered an embedding that is no vector")
    try:
        return Vector(vectors.packed(numbers), tokens)
    except (TypeError, ValueError, OverflowError) as exc:
        raise MalformedAnswer(provider_id, "answered a vector of something else than numbers") from exc
