"""Room 4, pure: finds the reasoning effort that comes nearest to what a request asks for."""

from collections.abc import Mapping, Sequence

from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_EXTRA_HIGH,
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_MINIMAL,
    REASONING_EFFORT_NONE,
    REASONING_EFFORT_UNSPECIFIED,
    GenerationConfig,
    ReasoningEffort,
)

_KNOWN = frozenset(ReasoningEffort.values())
_BUDGETS: Sequence[tuple[int, ReasoningEffort.ValueType]] = (
    (0, REASONING_EFFORT_NONE),
    (1024, REASONING_EFFORT_MINIMAL),
    (4096, REASONING_EFFORT_LOW),
    (12_288, REASONING_EFFORT_MEDIUM),
    (32_768, REASONING_EFFORT_HIGH),
)
"""The most tokens of each effort. Vendors publish no numbers; these double or triple from step to step."""


def effort_of(config: GenerationConfig) -> ReasoningEffort.ValueType:
    """Returns the effort that a request asks for: that of its budget of tokens, if it has one.

    An effort from a newer contract counts as unspecified.
    """
    if config.HasField("reasoning_token_budget"):
        budget = config.reasoning_token_budget
        return next((effort for most, effort in _BUDGETS if budget <= most), REASONING_EFFORT_EXTRA_HIGH)
    effort = config.reasoning_effort
    return effort if effort in _KNOWN else REASONING_EFFORT_UNSPECIFIED


def nearest(effort: ReasoningEffort.ValueType, words: Mapping[ReasoningEffort.ValueType, str]) -> str:
    """Returns the word for an effort, or else for the nearest one that a model has.

    Args:
        effort: The effort.
        words: The model's words. Of two that are equally near, the smaller effort wins.

    Returns:
        The word; empty where nothing was asked for, where the model has no words, and where it cannot do
        without reasoning as asked.
    """
    if effort == REASONING_EFFORT_UNSPECIFIED or not words:
        return ""
    if effort == REASONING_EFFORT_NONE:
        return words.get(effort, "")
    steps = [step for step in words if step != REASONING_EFFORT_NONE]
    return words[min(steps, key=lambda step: (abs(step - effort), step))] if steps else ""
