"""Room 4, the pure side of `anthropic`: says how much the model shall reason.

Older models reason within a budget of tokens, newer ones as much as they think fit, guided by an effort
(https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking,
https://platform.claude.com/docs/en/build-with-claude/effort). A request may name either, and the other is
derived: the nearest effort from a budget, and a share of the output tokens from an effort.
"""

from collections.abc import Mapping, Sequence

from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_EXTRA_HIGH,
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_MINIMAL,
    REASONING_EFFORT_NONE,
    GenerationConfig,
)

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.providers.anthropic.server_calls import CALLS
from ringmain_server.providers.anthropic.server_results import RESULT
from ringmain_server.providers.anthropic.turns import MessagesTurn
from ringmain_server.providers.efforts import effort_of

Json = Mapping[str, object]

_SHARES = {
    REASONING_EFFORT_MINIMAL: 0.0,
    REASONING_EFFORT_LOW: 0.25,
    REASONING_EFFORT_MEDIUM: 0.5,
    REASONING_EFFORT_HIGH: 0.75,
    REASONING_EFFORT_EXTRA_HIGH: 0.9,
}
"""The share of the output tokens for an effort, for models with a budget."""
_MOST = 32_000
"""The largest budget for an effort: the most that a connection with a usual timeout should wait for."""
_SHARE = 0.9
"""The largest share of the output tokens; the rest is left for the answer."""
_THOUGHTS = ("thinking", "redacted_thinking")


def thinking_of(
    config: GenerationConfig,
    knobs: Knobs,
    max_tokens: int,
    turns: Sequence[MessagesTurn],
    *,
    forces_tool: bool,
) -> Json | None:
    """Returns the wire's `thinking`; None leaves it to the model's default.

    Args:
        config: What is asked.
        knobs: What the model takes.
        max_tokens: The most tokens of output.
        turns: The conversation.
        forces_tool: Whether a tool must be called, which excludes reasoning for some models.
    """
    effort = effort_of(config)
    if (forces_tool and not knobs.forced_while_reasoning) or effort == REASONING_EFFORT_NONE:
        can_be_told = knobs.reasons_unasked and "none" in knobs.efforts
        return {"type": knobs.reasoning_off} if can_be_told else None
    if effort not in _SHARES or knobs.reasoning == "none":
        return None
    if knobs.reasoning == "effort":
        return {"type": "adaptive", "display": "summarized"}
    budget = _budget(config, knobs, max_tokens)
    # The wire refuses a budget that leaves no tokens for the answer.
    if budget >= max_tokens or not _may_think(turns):
        return None
    return {"type": "enabled", "budget_tokens": budget}


def _budget(config: GenerationConfig, knobs: Knobs, max_tokens: int) -> int:
    least = knobs.min_reasoning_tokens
    if config.HasField("reasoning_token_budget"):
        return max(min(config.reasoning_token_budget, int(max_tokens * _SHARE)), least)
    share = _SHARES[config.reasoning_effort]
    return min(max(int(max_tokens * share), least), _MOST)


def _may_think(turns: Sequence[MessagesTurn]) -> bool:
    """Whether a model with a budget may reason at this point.

    It may not begin to do so within a turn of its own, for example while tools run that it called without
    reasoning or that another provider called
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking). A turn that the provider
    paused goes on as it began.
    """
    last = turns[-1]
    if last.role == "assistant":
        return _is_paused(last) and last.content[0]["type"] in _THOUGHTS
    if not last.results or len(turns) < 2:
        return True
    return turns[-2].content[0]["type"] in _THOUGHTS


def _is_paused(turn: MessagesTurn) -> bool:
    """Whether a turn of the model's own was paused by the provider, not begun by the caller."""
    kinds = [str(block["type"]) for block in turn.blocks]
    return any(kind in CALLS or kind.endswith(RESULT) for kind in kinds)
