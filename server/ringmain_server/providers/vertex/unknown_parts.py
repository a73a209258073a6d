"""Room 4, pure: shows parts of an answer that have no place of their own in the contract.

A part of a kind that this version does not know is a `ProviderToolCall` that is named after it and whose
result is what it holds: as JSON, or as the field's bytes where the messages of the wire have no such field.
It has no state: a part that is not known to be harmless does not go back.

A model that thinks in pictures draws sketches (https://ai.google.dev/gemini-api/docs/image-generation), which
are not the picture that was asked for. They are the results of a `ProviderToolCall` that is called `thought`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.unknown_fields import UnknownFieldSet
from ringmain.v1.content_pb2 import Media, Part

from ringmain_server.providers.json_reader import written
from ringmain_server.providers.structs import read_object
from ringmain_server.providers.vertex import provider_tools, wire

CARRIER = "ringmain/unknown"
"""The name of a function response that stands for a part of an unknown kind; see `provider_tools.CARRIER`."""
THOUGHT = "thought"
"""The name of the call whose results are what a model draws or says while it thinks."""

_CARRIERS = frozenset({CARRIER, provider_tools.CARRIER})
_RESPONSE = "functionResponse"
_BYTES = "application/protobuf"
_LENGTH_DELIMITED = 2
"""The type of texts, bytes and messages on the wire: https://protobuf.dev/programming-guides/encoding."""
_NAME_LIMIT = 256
"""Most characters of a name, as the contract promises."""


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """A part of an unknown kind.

    Attributes:
        name: The provider's name of the kind, or `part_` and the number of its field.
        shown: What it holds.
    """

    name: str
    shown: Part


def carried(content: Mapping[str, object]) -> dict[str, object]:
    """Returns the fields of a part that the messages of Vertex AI lack as a part that they have, in JSON.

    Args:
        content: The fields; at least one. The first of them names the part.
    """
    name = next(iter(content))
    shown = written(content if len(content) > 1 else content[name])
    return {_RESPONSE: {"name": CARRIER, "response": {name: shown}}}


def unknown_part(part: wire.Part, kind: str | None) -> UnknownPart | None:
    """Returns what a part of an answer holds if nothing else is known of it; None if it holds nothing.

    Args:
        part: The part.
        kind: The name of its content in the message.
    """
    if kind == "function_response":
        return _response(part.function_response)
    if kind is not None:
        return None
    unknown = UnknownFieldSet(part)
    for field in map(unknown.__getitem__, range(len(unknown))):
        if field.wire_type == _LENGTH_DELIMITED and field.data:
            media = Media(mime_type=_BYTES, data=bytes(field.data))
            return UnknownPart(f"part_{field.field_number}", Part(media=media))
    return None


def _response(found: wire.FunctionResponse) -> UnknownPart:
    """Returns a part that was carried, or the result of a function, which only callers are to give."""
    if found.name in _CARRIERS and len(found.response.fields) == 1:
        [(name, value)] = found.response.fields.items()
        return UnknownPart(name[:_NAME_LIMIT], Part(text=value.string_value))
    shown = {"name": found.name, "response": read_object(found.response)}
    return UnknownPart(_RESPONSE, Part(text=written(shown)))
