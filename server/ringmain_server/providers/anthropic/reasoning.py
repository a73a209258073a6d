"""Room 4, the pure side of `anthropic`: translates thinking blocks into reasoning, and back.

The wire requires thinking blocks unchanged in the next turn, and has two kinds: `thinking` with words and a
signature, and `redacted_thinking` with only ciphertext. `Part.signature` holds either, and its first
byte says which (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
"""

from collections.abc import Mapping

from ringmain.v1.content_pb2 import Part

_SIGNED = b"s"
_REDACTED = b"r"


def signed(signature: str) -> bytes:
    """Returns the state of a `thinking` block."""
    return _SIGNED + signature.encode()


def redacted(data: str) -> bytes:
    """Returns the state of a `redacted_thinking` block."""
    return _REDACTED + data.encode()


def block(part: Part, provider_id: str) -> Mapping[str, object] | None:
    """Returns the block of an earlier turn's reasoning; None if another provider signed it.

    Args:
        part: The reasoning as the caller sent it back.
        provider_id: The provider that is asked now. It would refuse what another provider signed.
    """
    if part.provider_id != provider_id:
        return None
    kind, state = part.signature[:1], part.signature[1:].decode(errors="replace")
    if kind == _SIGNED:
        return {"type": "thinking", "thinking": part.reasoning.text, "signature": state}
    if kind == _REDACTED:
        return {"type": "redacted_thinking", "data": state}
    return None
