"""Room 4, pure: by which fields the services of images say that a safety system objects to a picture.

Some withhold the picture, some blacken or blur it, some hand it out beside the flag. None of these is given
to a caller as a good one. What a flag's value means is read carefully: whatever is not clearly a "no" counts
as a "yes", and a list that has not one value for each picture cannot tell which ones it clears.
"""

from collections.abc import Mapping, Sequence

_FLAGS = frozenset(
    {
        "hasnsfwconcepts",  # fal
        "hasnsfwconcept",
        "hasnsfwcontent",
        "hasnsfw",
        "containsnsfw",
        "nsfwcontentdetected",  # fal's older models, and models at Replicate
        "nsfwdetected",
        "nsfw",  # Leonardo.Ai
        "isnsfw",
        "nsfwscore",
        "nsfwprobability",
        "isblurred",
        "blurred",
        "censored",
        "flagged",
        "isflagged",
        "moderated",
        "ismoderated",
        "contentfiltered",
        "unsafe",
        "isunsafe",
    }
)
"""Names in lower case without what joins their words, which differs from service to service."""
_CLEARED = frozenset({"respectmoderation", "issafe"})
"""True where a picture is good. xAI's name is the first (https://docs.x.ai/docs/guides/image-generations)."""
_WITHIN = frozenset(
    {
        "moderation",
        "moderations",
        "moderationresult",
        "promptmoderation",
        "promptmoderations",  # Leonardo.Ai
        "imagemoderation",
        "imagemoderations",
        "safety",
        "contentmoderation",
        "safetycheck",
    }
)
"""Objects, or lists of them, in which the flags may stand, or a verdict."""
_VERDICTS = frozenset({"status", "result", "verdict", "outcome", "decision", "action"})
_CLASSES = frozenset({"moderationclassification"})  # Leonardo.Ai's, of what is objected to
_OBJECTIONS = (
    "flag",
    "block",
    "reject",
    "den",
    "fail",
    "moderated",
    "filter",
    "unsafe",
    "nsfw",
    "violat",
    "censor",
)
"""How words begin by which a verdict objects."""
_REASON = "finishreason"
_STOPS = ("filter", "safety", "moderat", "nsfw", "policy", "prohibited")
"""Within the reason for which the drawing of a picture ended: Stability's `CONTENT_FILTERED`."""
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
    for written, value in document.items():
        name = _plain(written)
        if name in _FLAGS:
            more = _each(value, count)
        elif name in _WITHIN and isinstance(value, Mapping | list):
            more = [any(map(objects, value if isinstance(value, list) else [value]))] * count
        elif name == _REASON and isinstance(value, str):
            more = [any(word in value.lower() for word in _STOPS)] * count
        else:
            more = [name in _CLEARED and value is not None and not means_yes(value)] * count
        found = [one or other for one, other in zip(found, more, strict=True)]
    return found


def objects(moderation: object) -> bool:
    """Whether what a safety system says of a description or a picture is an objection to it."""
    if not isinstance(moderation, Mapping):
        return False
    if any(_plain(name) in _CLASSES and means_yes(value) for name, value in moderation.items()):
        return True
    told = [value for name, value in moderation.items() if _plain(name) in _VERDICTS]
    words = [word for value in told for word in (value if isinstance(value, list) else [value])]
    texts = [word.strip().lower() for word in words if isinstance(word, str)]
    return flagged(moderation) or any(text.startswith(_OBJECTIONS) for text in texts)


def _plain(name: object) -> str:
    """A field's name, whichever way its words are joined."""
    return name.lower().replace("_", "").replace("-", "") if isinstance(name, str) else ""


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
    # No number at all, NaN, is not below anything.
    return not value < _LIKELY if isinstance(value, int | float) else value is not None


def _numbermeans_yes(text: str) -> bool:
    """Whether a text that is a number means a "yes"; any other text does."""
    try:
        return not float(text) < _LIKELY
    except ValueError:
        return True
