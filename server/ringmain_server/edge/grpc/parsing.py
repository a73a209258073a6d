"""Room 1: parses messages; bytes that cannot be parsed are refused like any other request that breaks a rule.

gRPC lets a parser's exception end the call as UNKNOWN, unseen by log and metrics and with the library's own
words. So unparsable bytes become None here, and are refused where every request is checked. The usual case is
text that is not UTF-8, which protobuf writes in some languages and reads in none.
"""

from collections.abc import Callable

from google.protobuf.message import DecodeError, Message

from ringmain_server.errors import InvalidField

Parser = Callable[[bytes], Message | None]


def parser(kind: type[Message]) -> Parser:
    """Returns a parser of messages of a type, which returns None for bytes that cannot be parsed."""
    parse = kind.FromString

    def parsed(data: bytes) -> Message | None:
        try:
            return parse(data)
        except DecodeError:
            return None

    return parsed


def unparsed() -> InvalidField:
    """Returns the error for a request that could not be parsed."""
    return InvalidField.at("", "the bytes are no request of this method, or hold text that is not UTF-8")
