"""Room 1: bytes that come in become a message, or are refused like any other request that breaks a rule.

gRPC lets a parser's exception end the call as UNKNOWN, unseen by log and metrics and with the library's own
words. So what cannot be parsed is None here, and refused where every request is checked. The usual case is
text that is not UTF-8, which protobuf writes in some languages and reads in none.
"""

from collections.abc import Callable

from google.protobuf.message import DecodeError, Message

from ringmain_server.errors import InvalidField

Parser = Callable[[bytes], Message | None]


def parser(kind: type[Message]) -> Parser:
    """Reads messages of a type. What it returns is None for bytes that are none."""
    parse = kind.FromString

    def parsed(data: bytes) -> Message | None:
        try:
            return parse(data)
        except DecodeError:
            return None

    return parsed


def unparsed() -> InvalidField:
    """What a caller is told whose request is None."""
    return InvalidField.at("", "the bytes are no request of this method, or hold text that is not UTF-8")
