"""Tests, fakes: what Claude's answers have beside those of other wires, as values without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anthropic.types import StopReason

from tests.fakes.script import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Claude(Answer):
    """An answer of the Messages wire. `finish_reason` is not used.

    Attributes:
        signature: What signs the reasoning; empty leaves it unsigned.
        hidden_reasoning: Whether it reasoned and shows nothing of it but the signature.
        redacted: Ciphertext of reasoning that is withheld, a block each, before the text.
        stopped: Why it stopped. None derives it: `tool_use` if there are any, `refusal` if it refuses, else
            `end_turn`.
        stop_sequence: The sequence that was met.
        category: The policy by which it refuses.
        cache_written: The part of the prompt's tokens that went into the cache.
        blocks: Blocks before the text, in the JSON of a whole answer: tools that ran, texts with citations.
        searches: How many searches of the web are counted.
    """

    signature: str = "sig_fake=="
    hidden_reasoning: bool = False
    redacted: tuple[str, ...] = ()
    stopped: StopReason | None = None
    stop_sequence: str | None = None
    category: str | None = None
    cache_written: int = 0
    blocks: tuple[Mapping[str, Any], ...] = ()
    searches: int = 0

    @property
    def stop_word(self) -> StopReason:
        """The reason to stop that is sent."""
        if self.stopped:
            return self.stopped
        if self.refusal is not None or self.category:
            return "refusal"
        return "tool_use" if self.tool_calls else "end_turn"


def claude(answer: Answer) -> Claude:
    """Any answer as this wire's: how it ends is this wire's own affair."""
    if isinstance(answer, Claude):
        return answer
    return Claude(
        tokens=answer.tokens,
        reasoning=answer.reasoning,
        tool_calls=answer.tool_calls,
        interleave_tool_calls=answer.interleave_tool_calls,
        refusal=answer.refusal,
        usage=answer.usage,
        pace=answer.pace,
        framing=answer.framing,
        fault=answer.fault,
    )
