"""Room 4, pure: writes JSON as `google.protobuf.Value`. `structs.py` reads it back.

A Value has only double precision. Whole numbers from 2**53 on in a tool's arguments are written as text
instead of being rounded.
"""

from collections.abc import Mapping

import orjson
from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from ringmain_server.providers.json_reader import NotJson, read_again
from ringmain_server.providers.structs import EXACT, read_object


def write(target: Value, found: object) -> None:
    """Writes JSON into a Value."""
    match found:
        case None:
            target.null_value = NULL_VALUE
        case bool():
            target.bool_value = found
        case int() if abs(found) > EXACT:
            target.string_value = str(found)
        case int() | float():
            target.number_value = found
        case str():
            target.string_value = found
        case list():
            target.list_value.SetInParent()
            for item in found:
                write(target.list_value.values.add(), item)
        case _:
            assert isinstance(found, Mapping), "JSON has no other types"
            target.struct_value.SetInParent()
            fill(target.struct_value, found)


def fill(target: Struct, found: Mapping[str, object]) -> None:
    """Writes a JSON object into a Struct."""
    for name, item in found.items():
        write(target.fields[name], item)


def text_of(struct: Struct) -> str:
    """Returns a Struct as JSON text, with names in alphabetical order, because a Struct has no order."""
    return orjson.dumps(read_object(struct), option=orjson.OPT_SORT_KEYS).decode()


def arguments(text: str) -> dict[str, object]:
    """Returns the arguments of an earlier call as an object.

    The wire requires an object, but the model that wrote them may have written something else.
    """
    if not text.strip():
        return {}
    try:
        found = read_again(text)
    except NotJson:
        return {"invalid_json": text}
    return found if isinstance(found, dict) else {"value": found}
