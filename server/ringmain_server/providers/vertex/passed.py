"""Room 4, pure: reads the options that a caller passes through to this provider kind."""

from collections.abc import Mapping

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from ringmain_server.errors import InvalidField
from ringmain_server.providers import structs

PATH = "image_config.provider_options"


def passed(
    options: Mapping[str, Struct], kind: str, own: frozenset[str], path: str = PATH
) -> dict[str, object]:
    """Returns the fields for a provider kind, as the wire's JSON.

    Args:
        options: The request's options.
        kind: The provider's kind.
        own: Names that only the gateway may set.
        path: The options' place in the request, for error messages.

    Raises:
        InvalidField: An option has one of those names.
    """
    if kind not in options:
        return {}
    found = structs.read_object(options[kind])
    for name in sorted(own & found.keys()):
        raise InvalidField.at(f"{path}[{kind}].{name}", "is set by the gateway")
    return found


def merge(message: Message, given: Mapping[str, object], path: str) -> None:
    """Writes a caller's own fields over a message: messages are merged, lists and values are replaced.

    Args:
        message: The message, which is changed.
        given: The fields, as JSON.
        path: Their place in the request, for error messages.

    Raises:
        InvalidField: A field does not exist on this wire.
    """
    try:
        ParseDict(dict(given), message)
    except ParseError as exc:
        raise InvalidField.at(path, f"is not of this wire: {str(exc)[:200]}") from exc
