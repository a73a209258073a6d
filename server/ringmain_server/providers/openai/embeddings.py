"""Room 4, pure: embeddings over OpenAI's wire.

https://platform.openai.com/docs/api-reference/embeddings/create. A batch is split to fit the model's limits,
and the answers are joined in order. Vectors are requested as base64 where the server supports it, which takes
a third of the bytes and a thirtieth of the CPU of numbers in JSON.
"""

import binascii
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ringmain.v1.embedding_service_pb2 import Embedding, EmbedRequest, EmbedResponse
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.limits import EmbeddingLimits
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.kinds.openai import EmbeddingEndpoint
from ringmain_server.providers.embeddable import check_text_alone, chooses_dimensions
from ringmain_server.providers.multi_step import Send, Steps
from ringmain_server.providers.numbers import all_finite, place, total
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.media_answer import count, document, malformed
from ringmain_server.providers.openai.media_fields import EMBEDDINGS, EMBEDDINGS_WIRE
from ringmain_server.providers.openai.media_wire import MediaWire
from ringmain_server.providers.openai.request_pieces import options
from ringmain_server.providers.openai.told_cost import told_cost
from ringmain_server.providers.openai.vectors import names, packed
from ringmain_server.providers.pseudonyms import user_hash
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import look

_PATH = "/embeddings"
_GATEWAYS_OWN = frozenset({"model", "input", "encoding_format"})
"""Fields that decide what is embedded and how the answer is read."""
_Row = tuple[object, bytes]
"""A vector's index, and the vector as a serialized `Embedding`."""
_FLOAT_SIZE = 4
_VALUES = bytes((Embedding.VALUES_FIELD_NUMBER << 3 | 2,))
"""The tag of a vector's numbers: they are packed, so their wire type is 2."""


@dataclass(frozen=True, slots=True)
class OpenAIEmbedTranslator(MultiStepTranslator[EmbedRequest, EmbedResponse]):
    """A translator of embeddings. See `MultiStepTranslator`.

    Attributes:
        wire: The facts that every translator except chat needs.
        endpoint: The embedding endpoint of this kind of provider.
    """

    wire: MediaWire
    endpoint: EmbeddingEndpoint

    def steps(self, request: EmbedRequest, candidate: Candidate) -> Steps[EmbedResponse]:
        """Sends as many requests as the limits need; the wire has no field for the vectors' purpose."""
        check_text_alone(request)
        batches = list(self._batches(request.texts, candidate))
        answers = yield Send([self._request(batch, request, candidate) for batch in batches])
        response = EmbedResponse()
        for batch, answer in zip(batches, answers, strict=True):
            self._read(answer, batch, response, candidate)
        if len({len(one.values) for one in response.embeddings}) > 1:
            raise malformed(candidate.provider_id, "with vectors of different sizes")
        return response

    def _batches(self, texts: Sequence[str], candidate: Candidate) -> Iterator[Sequence[str]]:
        limits = candidate.limits.embedding or EmbeddingLimits()
        most = limits.max_texts or self.endpoint.max_texts
        tokens, start = 0, 0
        for index, text in enumerate(texts):
            # The provider's vocabulary is unknown, so the estimate is doubled; a token has at least a byte.
            more = min(text_tokens(text) * 2, len(text) * 4) if limits.max_request_tokens else 0
            full = limits.max_request_tokens and tokens + more > limits.max_request_tokens
            if index > start and (full or index - start == most):
                yield texts[start:index]
                tokens, start = 0, index
            tokens += more
        yield texts[start:]

    def _request(self, batch: Sequence[str], request: EmbedRequest, candidate: Candidate) -> HttpRequest:
        config = request.embedding_config
        body: Object = {"model": candidate.provider_model, "input": list(batch)}
        if self.endpoint.base64:
            body["encoding_format"] = "base64"
        if self.endpoint.dimensions and chooses_dimensions(config, candidate):
            body[self.endpoint.dimensions] = config.dimension_count
        if self.endpoint.user and (user := user_hash(request, candidate)):
            body[self.endpoint.user] = user
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN, "embedding_config"):
            body.update(passed_through)
        return HttpRequest(self.wire.path(candidate, _PATH), body)

    def _read(self, raw: bytes, batch: Sequence[str], response: EmbedResponse, candidate: Candidate) -> None:
        who = candidate.provider_id
        rows, counts = _rows(raw, who, self.wire.errors)
        if len(rows) != len(batch):
            raise malformed(who, "with more or fewer vectors than there are texts")
        for serialized in _ordered(rows, who):
            response.embeddings.add().MergeFromString(serialized)
        read = count(counts, "prompt_tokens", "total_tokens")
        usage = response.usage
        if not read:
            read, usage.estimated = sum(map(text_tokens, batch)), True
        usage.input_token_count = total(usage.input_token_count, read)
        self._add_cost(usage, told_cost(counts), is_first=len(response.embeddings) == len(batch))

    @staticmethod
    def _add_cost(usage: Usage, told: int | None, *, is_first: bool) -> None:
        """Adds the cost of a batch: the whole has one only if every batch has."""
        if told is not None and (is_first or usage.HasField("cost_nano_usd")):
            usage.cost_nano_usd = total(usage.cost_nano_usd, told)
        else:
            usage.ClearField("cost_nano_usd")


def _rows(raw: bytes, who: str, errors: OpenAIErrors) -> tuple[Sequence[_Row], object]:
    """Returns the vectors of an answer, each with its index if it has one, and the token counts."""
    # Base64 goes through pydantic; numbers, errors and anything else go through the JSON parser.
    quick = packed(raw)
    if quick is not None:
        look(EMBEDDINGS_WIRE, who, names(quick), EMBEDDINGS)
        return [(one.index, _checked(one.embedding, who)) for one in quick.data], quick.usage
    found = document(raw, who, errors)
    look(EMBEDDINGS_WIRE, who, found, EMBEDDINGS)
    items = found.get("data")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise malformed(who, "without vectors of a known shape")
    return [(item.get("index"), vector(item.get("embedding"), who)) for item in items], found.get("usage")


def _ordered(rows: Sequence[_Row], who: str) -> Sequence[bytes]:
    """Returns the vectors sorted by index, since they may arrive in another order."""
    told = [place(index) for index, _ in rows]
    places = [at if known is None else known for at, known in enumerate(told)]
    found = dict(zip(places, (row for _, row in rows), strict=True))
    # Each text must have exactly one vector, or vectors would be assigned to wrong texts.
    if found.keys() != set(range(len(rows))):
        raise malformed(who, "with vectors for other texts")
    return [found[at] for at in range(len(rows))]


def vector(value: object, who: str) -> bytes:
    """Returns a vector as a serialized `Embedding`.

    A vector comes as base64 of little-endian 32-bit floats, or as a list of numbers. Protobuf packs floats in
    the same layout, so numbers that come as base64 never become Python objects.

    Raises:
        MalformedAnswer: The value is neither, or is empty.
    """
    try:
        if isinstance(value, str):
            return _serialized(binascii.a2b_base64(value, strict_mode=True))
        if isinstance(value, list) and value:
            return _serialized(struct.pack(f"<{len(value)}f", *value))
    except (binascii.Error, ValueError, TypeError, OverflowError, struct.error) as exc:
        raise malformed(who, "with a vector that cannot be read") from exc
    raise malformed(who, "with a vector of no known shape")


def _checked(numbers: bytes, who: str) -> bytes:
    try:
        return _serialized(numbers)
    except ValueError as exc:
        raise malformed(who, "with a vector that cannot be read") from exc


def _serialized(numbers: bytes) -> bytes:
    """Returns packed floats as a field: a tag, a length, and the numbers.

    https://protobuf.dev/programming-guides/encoding/#packed
    """
    if not numbers or len(numbers) % _FLOAT_SIZE or not all_finite(numbers):
        raise ValueError(f"{len(numbers)} bytes are no vector of finite numbers")
    return _VALUES + _varint(len(numbers)) + numbers


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
