"""Room 4, pure: the ids of calls of functions, which Google's newer models give and want back.

https://ai.google.dev/api/caching#FunctionCall: a result has the id of its call. The messages of the API's
version v1 have no such field; those of v1beta1 have it under one number, and protobuf keeps fields that a
message does not know. So the id is read and written under that number, which both versions can carry.
"""

from ringmain_server.providers.vertex import extra_fields, wire

NUMBER = 3
"""The number of `id` in `FunctionCall` and in `FunctionResponse`."""

Named = wire.FunctionCall | wire.FunctionResponse


def id_of(message: Named) -> str:
    """Returns the id of a call, or of the call that a result belongs to; empty if it has none."""
    return extra_fields.text_of(message, NUMBER)


def give(message: Named, call_id: str) -> None:
    """Gives a call or a result the id of the call."""
    extra_fields.add_text(message, NUMBER, call_id)
