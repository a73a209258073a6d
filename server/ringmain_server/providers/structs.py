"""Room 4, pure: reads a `google.protobuf.Struct` as JSON. All its numbers have double precision."""

from collections.abc import Mapping
from typing import Protocol

from google.protobuf.struct_pb2 import Struct, Value

EXACT = 2**53
"""The largest whole number up to which a double holds every one exactly."""


class HasOptions(Protocol):
    """A configuration with the options that a caller passes through to providers."""

    @property
    def provider_options(self) -> Mapping[str, Struct]:
        """The options by provider kind."""
        ...


def read_options(config: HasOptions, kind: str) -> dict[str, object]:
    """Returns the options of a provider kind; empty where there are none."""
    # A look at a missing key of a map of messages would add it.
    return read_object(config.provider_options[kind]) if kind in config.provider_options else {}


def read(value: Value) -> object:
    """Returns the JSON of a Value, with integers for whole numbers."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return read_object(value.struct_value)
        case "list_value":
            return [read(item) for item in value.list_value.values]
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) <= EXACT else number
    return None


def read_object(struct: Struct) -> dict[str, object]:
    """Returns the JSON object of a Struct."""
    return {name: read(value) for name, value in struct.fields.items()}
