"""Room 4: tells which parts of a conversation hold state that belongs to another provider.

The state that a provider gives with a part (`Part.signature`, a tool that it ran itself) is of use to that
provider only, and another one may refuse it. A translator leaves it out, and with it a part that has no
meaning without it. Whose state was left out is noted, for the log line of the call.
"""

from collections.abc import Sequence

from ringmain.v1.content_pb2 import Part

_left_out: set[str] = set()
"""Translating a request has no pause: what is noted here is of the request that was translated last."""


def is_foreign(part: Part, provider_id: str) -> bool:
    """Whether the state of a part was not given by a provider, in which case it is left out.

    Args:
        part: A part of an earlier turn.
        provider_id: The provider that is asked now.
    """
    if part.provider_id == provider_id:
        return False
    if part.provider_id:
        _left_out.add(part.provider_id)
    return True


def left_out() -> Sequence[str]:
    """Returns the providers whose state was left out since the last time."""
    if not _left_out:
        return ()
    found = sorted(_left_out)
    _left_out.clear()
    return found
