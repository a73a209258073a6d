"""Room 4, pure: finds fields in messages of this wire that the library's messages do not have.

Protobuf keeps such a field under its number, https://protobuf.dev/programming-guides/proto3/#unknowns, and so
it is counted under its number: `candidates.content.parts.15`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from ringmain_server.providers.known_fields import Fields, below
from ringmain_server.providers.unknown_fields import UnknownFields
from ringmain_server.providers.vertex import exact, ids, wire

WIRE = "vertex"
"""The name of this wire where unknown fields are counted."""

PREDICTIONS = Fields(
    predictions=Fields(
        "bytesBase64Encoded mimeType prompt raiFilteredReason contentType textEmbedding imageEmbedding",
        free="safetyAttributes",
    )
)
"""The fields of images and of vectors of media, which come as JSON within a message.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api#response-body,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/multimodal-embeddings-api
"""
VECTORS = Fields(predictions=Fields(embeddings=Fields("values", statistics=Fields("token_count truncated"))))
"""The fields of vectors, which come as JSON within a message.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api#response-body
"""
PREDICTED = frozenset(field.number for field in wire.PredictResponse.DESCRIPTOR.fields)
"""The numbers of the fields of such an answer, which may be read with a schema that lacks some of them."""
_READ: Mapping[str, Collection[int]] = {
    wire.FunctionCall.DESCRIPTOR.full_name: (ids.NUMBER, exact.NUMBER),
    wire.FunctionResponse.DESCRIPTOR.full_name: (ids.NUMBER,),
}
"""The numbers of fields that are read, although the library does not know them, by message."""
_OURS = wire.GenerateContentResponse.DESCRIPTOR.file.package
"""The package whose messages are searched, unlike those with any JSON."""


def look(message: Message, provider_id: str, read: Collection[int] = ()) -> None:
    """Counts the unknown fields of a whole answer.

    Args:
        message: The answer.
        provider_id: The provider that answers.
        read: The numbers of its fields that are known all the same.
    """
    if found := [path for path in _unknown(message) if path not in map(str, read)]:
        UnknownFields(WIRE, provider_id).add(found)


class UnknownNumbers:
    """The unknown fields of one streamed answer.

    Args:
        provider_id: The provider that answers.
    """

    __slots__ = ("_fields",)

    def __init__(self, provider_id: str) -> None:
        self._fields = UnknownFields(WIRE, provider_id)

    def look(self, message: Message) -> None:
        """Counts the unknown fields of a message."""
        if found := list(_unknown(message)):
            self._fields.add(found)


def _unknown(message: Any) -> Iterator[str]:
    unknown = UnknownFieldSet(message)
    if len(unknown):
        known = _READ.get(message.DESCRIPTOR.full_name, ())
        numbers = {field.field_number for field in map(unknown.__getitem__, range(len(unknown)))}
        yield from (str(number) for number in sorted(numbers) if number not in known)
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.file.package != _OURS:
            continue
        for inner in value if field.is_repeated else (value,):
            yield from (below(field.name, path) for path in _unknown(inner))
