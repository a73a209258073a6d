"""Room 4, pure: finds the reasoning effort that comes nearest to what a request asks for."""

import functools
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

from ringmain_server.catalog.knobs import Knobs

_WORDS: Mapping[str, ReasoningEffort.ValueType] = {
    "none": REASONING_EFFORT_NONE,
    "minimal": REASONING_EFFORT_MINIMAL,
    "low": REASONING_EFFORT_LOW,
    "default": REASONING_EFFORT_MEDIUM,
    "medium": REASONING_EFFORT_MEDIUM,
    "high": REASONING_EFFORT_HIGH,
    "xhigh": REASONING_EFFORT_EXTRA_HIGH,
    # The contract's greatest effort is the most that a model can do.
    "max": REASONING_EFFORT_EXTRA_HIGH,
}
"""The words of a model's knobs (`catalog/knobs.py`), the smallest first."""
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


def effort_word(config: GenerationConfig, knobs: Knobs) -> str:
    """Returns the word for the effort that a request asks for, or for the nearest one that a model has.

    Args:
        config: The request's configuration.
        knobs: The knobs of the model.

    Returns:
        The word; empty as of `nearest`, and where the model takes none.
    """
    effort = effort_of(config)
    return nearest(effort, _by_effort(knobs.efforts)) if effort and knobs.reasoning == "effort" else ""


@functools.lru_cache(maxsize=64)
def _by_effort(efforts: tuple[str, ...]) -> Mapping[ReasoningEffort.ValueType, str]:
    return {effort: word for word, effort in _WORDS.items() if word in efforts}


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
