"""Room 4, pure: what a caller passes through to this provider kind, beside the contract's own fields."""

from collections.abc import Mapping

from google.protobuf.struct_pb2 import Struct

from ringmain_server.errors import InvalidField
from ringmain_server.providers import structs

PATH = "image_config.provider_options"


def passed(
    options: Mapping[str, Struct], kind: str, own: frozenset[str], path: str = PATH
) -> dict[str, object]:
    """The fields for a provider kind, as the wire's JSON.

    Args:
        options: The request's.
        kind: The provider's kind.
        own: Names that are the gateway's own.
        path: Where they are in the request, for errors.

    Raises:
        InvalidField: One of them is the gateway's own.
    """
    if kind not in options:
        return {}
    found = structs.read_object(options[kind])
    for name in sorted(own & found.keys()):
        raise InvalidField.at(f"{path}[{kind}].{name}", "is set by the gateway")
    return found
