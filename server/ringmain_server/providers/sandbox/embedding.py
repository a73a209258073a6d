"""Room 4, the sandbox, pure: embeddings on its wire, which is OpenAI's with fields for purpose and images."""

from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType

from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_sandbox.vectors.endpoint import PATH

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.providers.sandbox.answers import count, decoded, document, malformed, objects
from ringmain_server.providers.sandbox.image_requests import inline
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.translator import UnaryTranslator
from ringmain_server.providers.transport import HttpRequest

_PURPOSES: Mapping[int, str] = MappingProxyType(
    {
        embedding_pb2.EMBEDDING_PURPOSE_DOCUMENT: "document",
        embedding_pb2.EMBEDDING_PURPOSE_QUERY: "query",
        embedding_pb2.EMBEDDING_PURPOSE_SIMILARITY: "similarity",
    }
)

_TAG = bytes((embedding_pb2.Embedding.VALUES_FIELD_NUMBER << 3 | 2,))


class EmbedTranslator(
    UnaryTranslator[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse, HttpRequest, bytes]
):
    """The translator of texts to vectors. See `UnaryTranslator`."""

    def request(self, request: embedding_pb2.EmbedRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire. Vectors come as base64, a tenth of the work of numbers."""
        config = request.embedding_config
        body: dict[str, object] = {
            "model": candidate.provider_model,
            "input": list(request.texts),
            "encoding_format": "base64",
        }
        if request.media:
            body["images"] = [_encoded(one, f"media[{index}]") for index, one in enumerate(request.media)]
        if config.HasField("dimension_count"):
            body["dimensions"] = config.dimension_count
        if purpose := _PURPOSES.get(config.purpose):  # none of a newer contract's
            body["input_type"] = purpose
        body.update(read_options(config, candidate.kind))
        return HttpRequest(PATH, body)

    def response(
        self, raw: bytes, request: embedding_pb2.EmbedRequest, candidate: Candidate
    ) -> embedding_pb2.EmbedResponse:
        """Returns the response of the contract."""
        answer = document(raw, candidate)
        response = embedding_pb2.EmbedResponse()
        for one in objects(answer.get("data"), candidate):
            response.embeddings.append(_vector(one.get("embedding"), candidate))
        if len(response.embeddings) != len(request.texts) + len(request.media):
            raise malformed(candidate, "an answer with another number of vectors than was asked for")
        response.usage.input_token_count = count(answer, "prompt_tokens")
        return response


def _encoded(media: Media, path: str) -> str:
    """Returns an image as the sandbox takes it, in base64.

    Raises:
        MediaInvalid: It is no image, or is given by its address.
    """
    data = inline(media, path)
    kind = detect(data) or media.mime_type
    if not kind.startswith("image/"):
        raise MediaInvalid.at(path, f"is {kind}: this model embeds texts and images")
    return b64encode(data).decode()


def _vector(encoded: object, candidate: Candidate) -> embedding_pb2.Embedding:
    """Returns a vector from base64.

    Protobuf encodes its numbers in the same way as base64 holds them, in 32 bits and little-endian
    (https://protobuf.dev/programming-guides/encoding/#packed), so that they never become numbers in Python.
    """
    packed = decoded(encoded, candidate)
    if len(packed) % 4:
        raise malformed(candidate, "a vector that is not one")
    return embedding_pb2.Embedding.FromString(_TAG + _varint(len(packed)) + packed)


def _varint(number: int) -> bytes:
    """Encodes a number as https://protobuf.dev/programming-guides/encoding/#varints describes."""
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    digits.append(number)
    return bytes(digits)
