"""Room 4, the pure side of `anthropic`: thinking blocks as `Reasoning`, and back for the next turn.

The wire wants thinking blocks back unchanged, and has two kinds: `thinking` with words and a signature, and
`redacted_thinking` with nothing but ciphertext. `Reasoning.signature` holds either, and its first byte says
which (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
"""

from collections.abc import Mapping

from ringmain.v1.content_pb2 import Reasoning

_SIGNED = b"s"
_REDACTED = b"r"


def signed(signature: str) -> bytes:
    """The state of a `thinking` block."""
    return _SIGNED + signature.encode()


def redacted(data: str) -> bytes:
    """The state of a `redacted_thinking` block."""
    return _REDACTED + data.encode()


def block(reasoning: Reasoning, provider_id: str) -> Mapping[str, object] | None:
    """The block of an earlier turn's reasoning, None if it is not this provider's.

    Args:
        reasoning: As the caller sent it back.
        provider_id: Who is asked now. What another signed would be refused, so it is dropped.
    """
    if reasoning.provider_id != provider_id:
        return None
    kind, state = reasoning.signature[:1], reasoning.signature[1:].decode(errors="replace")
    if kind == _SIGNED:
        return {"type": "thinking", "thinking": reasoning.text, "signature": state}
    if kind == _REDACTED:
        return {"type": "redacted_thinking", "data": state}
    return None
