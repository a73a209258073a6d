"""Room 4, pure: tells the differences between the Gemini models by their names.

https://cloud.google.com/vertex-ai/generative-ai/docs/thinking says which models think and how they are told
how much, and https://cloud.google.com/vertex-ai/generative-ai/docs/start/get-started-with-gemini-3 what
Gemini 3 changed.
"""

import enum
import re
from dataclasses import dataclass
from functools import lru_cache

_NUMBERED = re.compile(r"gemini-(\d+)(?:[.-](\d{1,2})(?!\d))?")
_LATEST = re.compile(r"gemini-[a-z-]*latest")
_NEWEST = (99, 0)


class GeminiThinking(enum.Enum):
    """The way in which a model is told how much to think."""

    NONE = "none"
    BUDGET = "budget"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class GeminiTraits:
    """The differences of a model that matter on this wire.

    Attributes:
        thinking: The way in which it is told how much to think.
        always_thinks: Whether thinking cannot be turned off or nearly off.
        least_budget: The smallest number of tokens to think with, if it is told one.
        most_budget: The largest number of tokens to think with, if it is told one.
        two_levels: Whether it has only a low and a high level of thinking.
        result_media: Whether results of tools may hold media.
        resolution: Whether each medium may state a resolution.
        wants_signatures: Whether it refuses its own calls without their signatures.
        penalties: Whether it accepts penalties.
        prefix: Whether a conversation may end with the model's own turn.
    """

    thinking: GeminiThinking = GeminiThinking.NONE
    always_thinks: bool = False
    least_budget: int = 1
    most_budget: int = 24_576
    two_levels: bool = False
    result_media: bool = False
    resolution: bool = False
    wants_signatures: bool = False
    penalties: bool = True
    prefix: bool = True


@lru_cache(maxsize=256)
def traits_of(model: str) -> GeminiTraits:
    """Returns the traits of a model, or the defaults if its name says nothing, as for a tuned model."""
    name = model.rpartition("/")[2].lower()
    version = version_of(name)
    if version is None:
        return GeminiTraits()
    pro = "pro" in name
    if version < (3, 0):
        thinking = GeminiThinking.BUDGET if version >= (2, 5) else GeminiThinking.NONE
        if pro:
            return GeminiTraits(thinking, always_thinks=True, least_budget=128, most_budget=32_768)
        return GeminiTraits(thinking, least_budget=512 if "lite" in name else 1)
    # https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/3-5-flash-lite
    strict = version >= (3, 5)
    return GeminiTraits(
        GeminiThinking.LEVEL,
        always_thinks=pro,
        two_levels=pro and version == (3, 0),
        result_media=True,
        resolution=True,
        wants_signatures=True,
        penalties=not strict,
        prefix=not strict,
    )


def version_of(name: str) -> tuple[int, int] | None:
    """Returns the version that a model's name states; None if it states none.

    Args:
        name: The name in lower case, without a path.
    """
    if _LATEST.fullmatch(name):
        return _NEWEST
    found = _NUMBERED.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else None
