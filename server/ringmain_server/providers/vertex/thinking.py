"""Room 4, pure: writes how much a model shall think before it answers.

https://cloud.google.com/vertex-ai/generative-ai/docs/thinking: models up to Gemini 2.5 take a number of
tokens, later ones a level.
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

from ringmain_server.providers.efforts import effort_of
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.traits import GeminiThinking, GeminiTraits

_MINIMAL, _LOW, _MEDIUM, _HIGH = 4, 1, 2, 3
"""Values of `ThinkingConfig.ThinkingLevel`."""
_LEVELS = {
    REASONING_EFFORT_NONE: _MINIMAL,
    REASONING_EFFORT_MINIMAL: _MINIMAL,
    REASONING_EFFORT_LOW: _LOW,
    REASONING_EFFORT_MEDIUM: _MEDIUM,
    REASONING_EFFORT_HIGH: _HIGH,
    REASONING_EFFORT_EXTRA_HIGH: _HIGH,
}
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


def write(target: wire.GenerationConfig, config: GenerationConfig, traits: GeminiTraits) -> None:
    """Writes how much the model shall think, if the caller says so and the model can be told."""
    if traits.thinking is GeminiThinking.NONE:
        return
    effort = effort_of(config)
    if effort not in _BUDGETS:
        return
    has_budget = config.HasField("reasoning_token_budget")
    budget = config.reasoning_token_budget if has_budget else _BUDGETS[effort]
    thinking = target.thinking_config
    thinking.include_thoughts = effort != REASONING_EFFORT_NONE
    if traits.thinking is GeminiThinking.LEVEL:
        thinking.thinking_level = _level(effort, traits)
        return
    thinking.thinking_budget = _bounded(budget, config, traits)
    if not thinking.thinking_budget:
        thinking.include_thoughts = False  # the wire refuses to show thoughts that it forbids


def _bounded(budget: int, config: GenerationConfig, traits: GeminiTraits) -> int:
    """Returns the budget that the model accepts and that is nearest to a given one.

    Thoughts count as output: a budget as large as the limit would leave nothing for the answer, so where the
    limit leaves no room for the smallest budget, the model does not think.
    """
    if config.HasField("max_output_tokens"):
        room = int(config.max_output_tokens * _SHARE)
        budget = min(budget, room) if room >= traits.least_budget else 0
    if budget == 0 and not traits.always_thinks:
        return 0
    return min(max(budget, traits.least_budget), traits.most_budget)


def _level(effort: ReasoningEffort.ValueType, traits: GeminiTraits) -> int:
    level = _LEVELS[effort]
    if level == _MINIMAL and traits.always_thinks:
        return _LOW
    if level == _MEDIUM and traits.two_levels:
        return _HIGH
    return level
