"""Room 4, pure: reads vectors from the bytes of this wire.

A vector comes as a `ListValue` with each number wrapped in a `Value` in a field: eleven bytes, of which the
first three are its type. Parsed as messages, 2,048 vectors of 1,536 numbers take two seconds. So the answer
is parsed with a schema that leaves each list as bytes, which are unpacked at once.

    ListValue   repeated Value values = 1        0a 09                 a field of nine bytes
    Value       double number_value = 2          11 xx xx xx xx …      a double, little-endian
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from ringmain.v1.embedding_service_pb2 import Embedding

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.numbers import all_finite, count
from ringmain_server.providers.unknown_fields import look
from ringmain_server.providers.vertex import unknown_numbers
from ringmain_server.providers.vertex.unknown_numbers import PREDICTED, VECTORS, WIRE

_STRIDE = 11
_PREFIX = (b"\x0a", b"\x09", b"\x11")
_VALUES_TAG = b"\x0a"
"""The tag of `Embedding.values`, which is packed."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A prediction of an embedding model.

    Attributes:
        embedding: The vector.
        tokens: Tokens of the text; None if the model does not say.
    """

    embedding: Embedding
    tokens: int | None


def packed(numbers: Sequence[float]) -> Embedding:
    """Returns a vector of these numbers, several times as fast as adding them one by one.

    Raises:
        TypeError: A value is not a number.
        ValueError: A number is not finite, or there are none.
        OverflowError: A number is an integer that is too large.
    """
    try:
        data = _floats(len(numbers)).pack(*numbers)
    except (struct.error, OverflowError):
        data = _any_floats(numbers)
    if not data or not all_finite(data):
        raise ValueError("no vector of finite numbers")
    return Embedding.FromString(_VALUES_TAG + _varint(len(data)) + data)


def _any_floats(numbers: Sequence[float]) -> bytes:
    """Packs numbers that may exceed 32 bits and then become infinite, at a quarter of the speed."""
    data = array("f", numbers)
    if sys.byteorder == "big":
        data.byteswap()
    return data.tobytes()


def predicted(raw: bytes, provider_id: str) -> list[Vector]:
    """Returns the vectors of a `PredictResponse`, in its order.

    https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api#response-body

    Raises:
        MalformedAnswer: The answer has another shape.
    """
    try:
        answer = _schema().FromString(raw)
    except DecodeError as exc:
        raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc
    names = _Names()
    vectors = [_vector(dict(_fields(one)), provider_id, names) for one in answer.predictions]
    unknown_numbers.look(answer, provider_id, PREDICTED)
    look(WIRE, provider_id, names.document, VECTORS)
    return vectors


class _Names:
    """The names of the fields of all predictions, without what they hold."""

    def __init__(self) -> None:
        self._statistics: dict[str, object] = {}
        self._embeddings: dict[str, object] = {"statistics": self._statistics}
        self._prediction: dict[str, object] = {"embeddings": self._embeddings}

    @property
    def document(self) -> Mapping[str, object]:
        """An answer with these names."""
        return {"predictions": self._prediction}

    def add(
        self, prediction: Mapping[str, Any], embeddings: Mapping[str, Any], statistics: Mapping[str, Any]
    ) -> None:
        """Adds the names of a prediction, unless they are those of another."""
        for names, found in (
            (self._prediction, prediction),
            (self._embeddings, embeddings),
            (self._statistics, statistics),
        ):
            if not names.keys() >= found.keys():
                names.update({name: None for name in found if name not in names})


def _vector(prediction: dict[str, Any], provider_id: str, names: _Names) -> Vector:
    found = dict(_fields(prediction["embeddings"])) if "embeddings" in prediction else {}
    data = found["values"].list_value if "values" in found else b""
    size, rest = divmod(len(data), _STRIDE)
    # Every number must have the same three leading bytes; only then can all be unpacked at once.
    if not size or rest or any(data[at::_STRIDE] != byte * size for at, byte in enumerate(_PREFIX)):
        raise MalformedAnswer(provider_id, "answered a prediction that is no vector")
    numbers = _wrapped(size).unpack(data)
    statistics = dict(_fields(found["statistics"])) if "statistics" in found else {}
    names.add(prediction, found, statistics)
    tokens = _tokens(statistics["token_count"].number_value) if "token_count" in statistics else None
    try:
        return Vector(packed(numbers), tokens)
    except ValueError as exc:
        raise MalformedAnswer(provider_id, "answered a vector of numbers that are not finite") from exc


def _tokens(number: float) -> int | None:
    return count(int(number)) if number.is_integer() else None


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for entry in value.struct_value.fields:
        yield entry.key, entry.value


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


# All vectors of an answer have one size, and parsing a layout takes as long as unpacking its numbers.
@lru_cache(maxsize=8)
def _wrapped(count: int) -> struct.Struct:
    return struct.Struct("<" + "3xd" * count)


@lru_cache(maxsize=8)
def _floats(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}f")


_DOUBLE, _MESSAGE, _BYTES, _STRING = 1, 11, 12, 9
"""Values of `FieldDescriptorProto.Type`."""
_ONE, _MANY = 1, 3
"""Values of `FieldDescriptorProto.Label`."""


@lru_cache(maxsize=1)
def _schema() -> Any:
    """Returns the part of `PredictResponse` that vectors need, with lists left as bytes."""
    file = FileDescriptorProto(name="predictions.proto", package="ringmain.vertex", syntax="proto3")
    _message(file, "Answer", _field("predictions", 1, _MESSAGE, "Value", _MANY))
    _message(file, "Struct", _field("fields", 1, _MESSAGE, "Entry", _MANY))
    _message(file, "Entry", _field("key", 1, _STRING), _field("value", 2, _MESSAGE, "Value"))
    value = (
        _field("number_value", 2, _DOUBLE),
        _field("struct_value", 5, _MESSAGE, "Struct"),
        _field("list_value", 6, _BYTES),
    )
    _message(file, "Value", *value)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("ringmain.vertex.Answer"))


def _message(file: FileDescriptorProto, name: str, *fields: FieldDescriptorProto) -> None:
    file.message_type.add(name=name).field.extend(fields)


def _field(name: str, number: int, kind: int, of: str = "", label: int = _ONE) -> FieldDescriptorProto:
    found = FieldDescriptorProto(name=name, number=number, type=kind, label=label)  # type: ignore[arg-type]
    if of:
        found.type_name = f".ringmain.vertex.{of}"
    return found
