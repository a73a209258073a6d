"""Room 4, pure: JSON that leaves the gateway in the signature of a part and comes back from a caller.

Whoever holds a signature can change it, so it is read as untrusted data: it may be no JSON at all, or be
nested so deeply that no writer of JSON takes it. Which fields are taken from it is for each wire to say.
"""

from collections.abc import Mapping

from ringmain_server.providers.json_reader import NotJson, read_again, written

LEVELS = 40
"""Most levels of objects and lists: those of a call's arguments, and what stands around them."""


def write_state(state: Mapping[str, object]) -> bytes:
    """Returns an object as JSON; nothing if it is nested so deeply that `read_state` would refuse it."""
    return written(state).encode() if is_shallow(state) else b""


def read_state(raw: bytes) -> dict[str, object] | None:
    """Returns the object that `write_state` wrote; None if this is nothing that it writes."""
    try:
        found = read_again(raw.decode())
    except (NotJson, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) and is_shallow(found) else None


def is_shallow(value: object, levels: int = LEVELS) -> bool:
    """Whether a value has at most so many levels of objects and lists."""
    if isinstance(value, Mapping):
        return levels > 0 and all(is_shallow(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels > 0 and all(is_shallow(inner, levels - 1) for inner in value)
    return True
