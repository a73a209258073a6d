"""Room 4, pure: writes how much a model shall think before it answers.

https://cloud.google.com/vertex-ai/generative-ai/docs/thinking: some models take a number of tokens, others a
level (`Knobs.reasoning`).
"""

from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_EXTRA_HIGH,
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_MINIMAL,
    REASONING_EFFORT_NONE,
    GenerationConfig,
    ReasoningEffort,
)

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.providers.efforts import effort_of
from ringmain_server.providers.vertex import wire

_LEVELS = {"minimal": 4, "low": 1, "medium": 2, "high": 3}
"""Values of `ThinkingConfig.ThinkingLevel` by the words of knobs, the smallest first."""
_AT_LEAST = {
    REASONING_EFFORT_NONE: "minimal",
    REASONING_EFFORT_MINIMAL: "minimal",
    REASONING_EFFORT_LOW: "low",
    REASONING_EFFORT_MEDIUM: "medium",
    REASONING_EFFORT_HIGH: "high",
    REASONING_EFFORT_EXTRA_HIGH: "high",
}
"""The level for an effort. A model without it gets the next one, or its highest."""
_BUDGETS = {
    REASONING_EFFORT_NONE: 0,
    REASONING_EFFORT_MINIMAL: 512,
    REASONING_EFFORT_LOW: 1024,
    REASONING_EFFORT_MEDIUM: 8192,
    REASONING_EFFORT_HIGH: 24_576,
    REASONING_EFFORT_EXTRA_HIGH: 32_768,
}
"""Tokens by effort. Every model that takes a number takes 512; each has a maximum of its own."""
_SHARE = 0.9
"""The largest share of the output tokens to think with; the rest is left for the answer."""


def write(target: wire.GenerationConfig, config: GenerationConfig, knobs: Knobs) -> None:
    """Writes how much the model shall think, if the caller says so and the model can be told."""
    if knobs.reasoning == "none":
        return
    effort = effort_of(config)
    if effort not in _BUDGETS:
        return
    has_budget = config.HasField("reasoning_token_budget")
    budget = config.reasoning_token_budget if has_budget else _BUDGETS[effort]
    thinking = target.thinking_config
    thinking.include_thoughts = effort != REASONING_EFFORT_NONE
    if knobs.reasoning == "effort":
        thinking.thinking_level = _level(effort, knobs)
        return
    thinking.thinking_budget = _bounded(budget, config, knobs)
    if not thinking.thinking_budget:
        thinking.include_thoughts = False  # the wire refuses to show thoughts that it forbids


def _bounded(budget: int, config: GenerationConfig, knobs: Knobs) -> int:
    """Returns the budget that the model accepts and that is nearest to a given one.

    Thoughts count as output: a budget as large as the limit would leave nothing for the answer, so where the
    limit leaves no room for the smallest budget, the model does not think.
    """
    if config.HasField("max_output_tokens"):
        room = int(config.max_output_tokens * _SHARE)
        budget = min(budget, room) if room >= knobs.min_reasoning_tokens else 0
    if budget == 0 and "none" in knobs.efforts:
        return 0
    return min(max(budget, knobs.min_reasoning_tokens), knobs.max_reasoning_tokens or budget)


def _level(effort: ReasoningEffort.ValueType, knobs: Knobs) -> int:
    levels = [level for level in _LEVELS if level in knobs.efforts]
    from_here = list(_LEVELS)[list(_LEVELS).index(_AT_LEAST[effort]) :]
    found = next((level for level in from_here if level in levels), levels[-1] if levels else "high")
    return _LEVELS[found]
