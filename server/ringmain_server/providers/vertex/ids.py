"""Room 4, pure: the ids of calls of functions, which Google's newer models give and want back.

https://ai.google.dev/api/caching#FunctionCall: a result has the id of its call. The messages of the API's
version v1 have no such field; those of v1beta1 have it under one number, and protobuf keeps fields that a
message does not know. So the id is read and written under that number, which both versions can carry.
"""

from google.protobuf.unknown_fields import UnknownFieldSet

from ringmain_server.providers.vertex import wire

_NUMBER = 3
"""The number of `id` in `FunctionCall` and in `FunctionResponse`."""
_BYTES = 2
"""The type of texts on the wire: https://protobuf.dev/programming-guides/encoding."""
_MORE = 128
"""The bit of a number's byte that says that another follows."""

Named = wire.FunctionCall | wire.FunctionResponse


def id_of(message: Named) -> str:
    """Returns the id of a call, or of the call that a result belongs to; empty if it has none."""
    unknown = UnknownFieldSet(message)
    for field in map(unknown.__getitem__, range(len(unknown))):
        if field.field_number == _NUMBER and field.wire_type == _BYTES:
            return bytes(field.data).decode("utf-8", "replace")
    return ""


def give(message: Named, call_id: str) -> None:
    """Gives a call or a result the id of the call."""
    raw = call_id.encode()
    if raw:
        message.MergeFromString(bytes((_NUMBER << 3 | _BYTES,)) + _length(len(raw)) + raw)


def _length(count: int) -> bytes:
    found = bytearray()
    while count >= _MORE:
        found.append(count % _MORE + _MORE)
        count //= _MORE
    return bytes((*found, count))
