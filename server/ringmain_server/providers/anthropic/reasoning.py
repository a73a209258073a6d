"""Room 4, the pure side of `anthropic`: translates thinking blocks into reasoning, and back.

The wire requires thinking blocks unchanged in the next turn, and has two kinds: `thinking` with words and a
signature, and `redacted_thinking` with only ciphertext. `Part.signature` holds either, and its first
byte says which (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
"""

from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.anthropic.blocks import Block
from ringmain_server.providers.foreign import is_foreign

_SIGNED = b"s"
_REDACTED = b"r"


def signed(signature: str) -> bytes:
    """Returns the state of a `thinking` block."""
    return _SIGNED + signature.encode()


def redacted(data: str) -> bytes:
    """Returns the state of a `redacted_thinking` block."""
    return _REDACTED + data.encode()


def block(part: Part, provider_id: str) -> Block | None:
    """Returns the block of an earlier turn's reasoning; None if another provider signed it.

    Args:
        part: The reasoning as the caller sent it back.
        provider_id: The provider that is asked now. It would refuse what another provider signed.
    """
    if is_foreign(part, provider_id):
        return None
    kind, raw = part.signature[:1], part.signature[1:]
    try:
        state = raw.decode()
    except UnicodeDecodeError:
        return None  # the caller changed it
    if kind == _SIGNED:
        return {"type": "thinking", "thinking": part.reasoning.text, "signature": state}
    if kind == _REDACTED:
        return {"type": "redacted_thinking", "data": state}
    return None
