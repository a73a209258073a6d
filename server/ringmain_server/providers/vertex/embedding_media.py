"""Room 4, pure: embeds texts and images in one space on Vertex AI, by `predict`.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/multimodal-embeddings-api: an instance
may hold a text and an image, and gets a vector for each; here it holds one of them. The model takes videos
too, but gives them a vector for every few seconds, so they are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.providers.embeddable import chooses_dimensions
from ringmain_server.providers.multi_step import Send, Steps
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.vertex import references, vectors
from ringmain_server.providers.vertex.embedding import PATH, response
from ringmain_server.providers.vertex.passed import passed
from ringmain_server.providers.vertex.port import Object, Port
from ringmain_server.providers.vertex.vectors import Vector

_VECTORS = ("textEmbedding", "imageEmbedding")


@dataclass(frozen=True, slots=True)
class VertexMediaEmbedTranslator(
    MultiStepTranslator[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse]
):
    """A translator of embeddings of texts and images. See `MultiStepTranslator`."""

    port: Port

    def steps(
        self, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> Steps[embedding_pb2.EmbedResponse]:
        """Sends one request for each text and image, which is the model's limit, and joins their vectors."""
        config = request.embedding_config
        parameters: dict[str, object] = {}
        if chooses_dimensions(config, candidate):
            parameters["dimension"] = config.dimension_count
        parameters.update(passed(config.provider_options, candidate.kind, frozenset(), PATH))
        raws = yield Send([self.port.predict((one,), parameters, candidate) for one in _instances(request)])
        found = [self._read(raw, candidate.provider_id) for raw in raws]
        return response(found, request, candidate)

    def _read(self, raw: object, provider_id: str) -> Vector:
        predictions = self.port.predictions(raw, provider_id)
        found = [one[name] for one in predictions for name in _VECTORS if one.get(name)]
        if len(found) != 1 or not isinstance(found[0], list):
            raise MalformedAnswer(provider_id, "answered a prediction that is no vector")
        try:
            return Vector(vectors.packed(found[0]), None)
        except (TypeError, ValueError, OverflowError) as exc:
            raise MalformedAnswer(provider_id, "answered a vector of something else than numbers") from exc


def _instances(request: embedding_pb2.EmbedRequest) -> Iterator[Object]:
    for text in request.texts:
        yield {"text": text}
    for index, media in enumerate(request.media):
        yield {"image": _image(media, f"media[{index}]")}


def _image(media: Media, path: str) -> Mapping[str, object]:
    kind = detect(media.data) or media.mime_type
    if kind and not kind.startswith("image/"):
        raise MediaInvalid.at(path, f"is {kind}: this model embeds texts and images")
    return references.inline(media, path)
