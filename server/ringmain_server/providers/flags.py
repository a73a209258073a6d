"""Room 4, pure: by which fields the services of images say that a safety system objects to a picture.

Some withhold the picture, some blacken or blur it, some hand it out beside the flag. None of these is given
to a caller as a good one. What a flag's value means is read carefully: whatever is not clearly a "no" counts
as a "yes", and a list that has not one value for each picture cannot tell which ones it clears.
"""

from collections.abc import Mapping, Sequence

_FLAGS = (
    "has_nsfw_concepts",  # fal
    "has_nsfw_concept",
    "has_nsfw_content",
    "nsfw_content_detected",  # fal's older models, and models at Replicate
    "nsfw_detected",
    "nsfw",  # Leonardo.Ai
    "is_nsfw",
    "is_blurred",
    "flagged",
    "moderated",
    "content_filtered",
)
_CLEARED = ("respect_moderation",)
"""True where a picture is good. xAI's name (https://docs.x.ai/docs/guides/image-generations)."""
_NO = frozenset({"", "0", "false", "no", "none", "null", "off", "ok", "safe", "sfw"})
_LIKELY = 0.5
"""From where on a likelihood counts as a "yes"."""


def flagged(document: object) -> bool:
    """Whether an object that describes one picture, or all of an answer, says that it is objected to."""
    return any(flags(document, 1))


def flags(document: object, count: int) -> Sequence[bool]:
    """For each of so many pictures whether the object that describes them all objects to it."""
    found = [False] * count
    if not isinstance(document, Mapping):
        return found
    for name in _FLAGS:
        found = [one or more for one, more in zip(found, _each(document.get(name), count), strict=True)]
    if any(document.get(name) is not None and not means_yes(document[name]) for name in _CLEARED):
        return [True] * count
    return found


def _each(value: object, count: int) -> Sequence[bool]:
    if not isinstance(value, list):
        return [means_yes(value)] * count
    found = [means_yes(one) for one in value]
    return found if len(found) == count else [any(found)] * count


def means_yes(value: object) -> bool:
    """Whether a flag's value means that there is an objection."""
    if isinstance(value, str):
        return value.strip().lower() not in _NO and _numbermeans_yes(value)
    if isinstance(value, list | Mapping):
        return any(map(means_yes, value.values() if isinstance(value, Mapping) else value))
    return value >= _LIKELY if isinstance(value, int | float) else value is not None


def _numbermeans_yes(text: str) -> bool:
    """Whether a text that is a number means a "yes"; any other text does."""
    try:
        return float(text) >= _LIKELY
    except ValueError:
        return True
