"""Room 4: tells which parts of a conversation hold state that belongs to another provider.

The state that a provider gives with a part (`Part.signature`, a tool that it ran itself) is of use to that
provider only, and another one may refuse it. A translator leaves it out, and with it a part that has no
meaning without it.
"""

import logging

from ringmain.v1.content_pb2 import Part

_LOG = logging.getLogger(__name__)


def is_foreign(part: Part, provider_id: str) -> bool:
    """Whether the state of a part was not given by a provider, in which case it is left out.

    Args:
        part: A part of an earlier turn.
        provider_id: The provider that is asked now.
    """
    if part.provider_id == provider_id:
        return False
    if part.provider_id:
        kind = part.WhichOneof("content")
        _LOG.debug("%s does not get the state of a %s of %s", provider_id, kind, part.provider_id)
    return True
