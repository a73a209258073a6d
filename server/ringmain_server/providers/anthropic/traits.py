"""Room 4, the pure side of `anthropic`: the fields of the wire that each generation of Claude accepts.

There is one wire, but older models refuse newer fields and newer models refuse older fields. The tables are
https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting (thinking, by model),
https://platform.claude.com/docs/en/build-with-claude/effort and
https://platform.claude.com/docs/en/build-with-claude/structured-outputs; for Bedrock's prompt cache,
https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html.
"""

import enum
import functools
import re
from dataclasses import dataclass

_NAMED = re.compile(r"(?:opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?")
_NUMBERED = re.compile(r"claude-(?:instant-)?v?(\d)(?:[-.](\d)(?!\d))?")
"""Up to Claude 3.7 the number comes first: `claude-3-7-sonnet-20250219`."""
_ALWAYS_THINKING = ("fable", "mythos")
_NEWEST = (99, 0)


class ClaudeThinking(enum.Enum):
    """The way in which a model is told to reason."""

    NONE = "none"
    BUDGET = "budget"
    """`{"type": "enabled", "budget_tokens": …}`: only if the request says so, within a budget."""
    ADAPTIVE = "adaptive"
    """`{"type": "adaptive"}` and `output_config.effort`: the model decides when and how much."""


@dataclass(frozen=True, slots=True)
class ClaudeTraits:
    """The fields that a model accepts.

    Attributes:
        thinking: The way in which it is told to reason.
        thinks_unasked: Whether it reasons when the request says nothing.
        thinking_optional: Whether it can be told not to.
        sampling: Whether it accepts `temperature`, `top_p` and `top_k`.
        sampling_exclusive: Whether it accepts only one of `temperature` and `top_p`.
        schema: Whether it can be held to a JSON schema (`output_config.format`).
        hour_at_bedrock: Whether Bedrock, too, can keep its prompts for an hour.
    """

    thinking: ClaudeThinking
    thinks_unasked: bool
    thinking_optional: bool
    sampling: bool
    sampling_exclusive: bool
    schema: bool
    hour_at_bedrock: bool

    @property
    def prefill(self) -> bool:
        """Whether it continues an assistant's unfinished turn; models from 4.6 on refuse that.

        https://platform.claude.com/docs/en/build-with-claude/working-with-messages
        """
        return self.thinking is not ClaudeThinking.ADAPTIVE


@functools.lru_cache(maxsize=1024)
def traits_of(model: str) -> ClaudeTraits:
    """Returns the traits of a model. A name without a version counts as the newest model.

    Args:
        model: The provider's name, including the forms of Vertex (`claude-opus-4-5@20251101`) and Bedrock
            (`eu.anthropic.claude-sonnet-4-5-20250929-v1:0`).
    """
    version = _version(model)
    return ClaudeTraits(
        thinking=_thinking(version),
        thinks_unasked=version >= (5, 0),
        thinking_optional=not any(family in model for family in _ALWAYS_THINKING),
        sampling=version < (4, 7),
        sampling_exclusive=version >= (4, 1),
        schema=version >= (4, 5),
        hour_at_bedrock=version >= (4, 5),
    )


def _thinking(version: tuple[int, int]) -> ClaudeThinking:
    if version < (3, 7):
        return ClaudeThinking.NONE
    return ClaudeThinking.BUDGET if version < (4, 6) else ClaudeThinking.ADAPTIVE


def _version(model: str) -> tuple[int, int]:
    found = _NAMED.search(model) or _NUMBERED.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST
