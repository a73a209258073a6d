"""Room 4, pure: reads a `google.protobuf.Struct` as JSON. All its numbers have double precision."""

from google.protobuf.struct_pb2 import Struct, Value

EXACT = 2**53
"""The largest whole number up to which a double holds every one exactly."""


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
