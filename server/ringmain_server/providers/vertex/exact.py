"""Room 4, pure: arguments of calls with whole numbers that a `google.protobuf.Struct` would round.

The developer API writes arguments as JSON, where numbers have any size. Where a number needs more than double
precision, the JSON goes with the message of the call, under a number that no field has. Vertex AI itself has
no such arguments: its messages hold nothing but doubles.
"""

from collections.abc import Mapping

from ringmain_server.providers.json_reader import read_again, written
from ringmain_server.providers.structs import EXACT
from ringmain_server.providers.vertex import extra_fields, wire

NUMBER = 2**29 - 1
"""The number of the field for the JSON: the largest that there is."""


def keep(call: wire.FunctionCall, arguments: object) -> None:
    """Keeps the arguments of a call with it, if they cannot be in its Struct."""
    if isinstance(arguments, Mapping) and _is_beyond(arguments):
        extra_fields.add_text(call, NUMBER, written(_sorted(arguments)))


def kept(call: wire.FunctionCall) -> str:
    """Returns the arguments that were kept with a call, as JSON text; empty if its Struct has them."""
    return extra_fields.text_of(call, NUMBER)


def restore(call: wire.FunctionCall, target: dict[str, object]) -> None:
    """Writes the arguments that were kept with a call into its JSON."""
    if text := kept(call):
        target["args"] = read_again(text)


def _is_beyond(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_beyond, value.values()))
    if isinstance(value, list):
        return any(map(_is_beyond, value))
    return type(value) is int and abs(value) > EXACT


def _sorted(value: object) -> object:
    """Returns a value with names in alphabetical order, as those of a Struct are written."""
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return list(map(_sorted, value)) if isinstance(value, list) else value
