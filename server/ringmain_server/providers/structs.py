"""Room 4, pure: a `google.protobuf.Struct` as JSON. All numbers of a Struct have double precision."""

from google.protobuf.struct_pb2 import Struct, Value

EXACT = 2**53
"""Whole numbers up to here are exact as a double."""


def read(value: Value) -> object:
    """The JSON of a Value; whole numbers are whole again."""
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
    """The JSON object of a Struct."""
    return {name: read(value) for name, value in struct.fields.items()}
