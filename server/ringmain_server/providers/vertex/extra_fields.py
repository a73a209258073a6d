"""Room 4, pure: texts in fields that the messages of Vertex AI do not have.

Protobuf keeps fields that a message does not know, so they can be read and written by their numbers.
"""

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

_BYTES = 2
"""The type of texts on the wire: https://protobuf.dev/programming-guides/encoding."""
_MORE = 128
"""The bit of a number's byte that says that another follows."""


def text_of(message: Message, number: int) -> str:
    """Returns the text in a field; empty if there is none."""
    unknown = UnknownFieldSet(message)
    for field in map(unknown.__getitem__, range(len(unknown))):
        if field.field_number == number and field.wire_type == _BYTES:
            return bytes(field.data).decode("utf-8", "replace")
    return ""


def add_text(message: Message, number: int, text: str) -> None:
    """Adds a field with a text, unless the text is empty."""
    raw = text.encode()
    if raw:
        message.MergeFromString(_varint(number << 3 | _BYTES) + _varint(len(raw)) + raw)


def _varint(count: int) -> bytes:
    found = bytearray()
    while count >= _MORE:
        found.append(count % _MORE + _MORE)
        count //= _MORE
    return bytes((*found, count))
