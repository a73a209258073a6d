"""Room 4, pure: finds the fields in which image services say that a safety system objects to a picture.

Some services withhold the picture, some blacken or blur it, and some return it together with the flag. None
of these reaches a caller as a good picture. Values are read cautiously: anything that is not clearly a "no"
counts as a "yes", and a list that does not have one value for each picture clears none of them.
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
"""Names in lower case without separators, which differ from service to service."""
_CLEARED = frozenset({"respectmoderation", "issafe"})
"""Fields that are true for a good picture.

xAI's name is the first (https://docs.x.ai/docs/guides/image-generations).
"""
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
"""Fields with an object, or a list of objects, that may hold flags or a verdict."""
_VERDICTS = frozenset({"status", "result", "verdict", "outcome", "decision", "action"})
_CLASSES = frozenset({"moderationclassification"})  # Leonardo.Ai's, with the objections
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
"""Prefixes of verdicts that object."""
_REASON = "finishreason"
_STOPS = ("filter", "safety", "moderat", "nsfw", "policy", "prohibited")
"""Words in the finish reason of a picture, such as Stability's `CONTENT_FILTERED`."""
_NO = frozenset({"", "0", "false", "no", "none", "null", "off", "ok", "safe", "sfw"})
_LIKELY = 0.5
"""The lowest probability that counts as a "yes"."""


def flagged(document: object) -> bool:
    """Whether an object that describes one picture, or a whole answer, says that it is objected to."""
    return any(flags(document, 1))


def flags(document: object, count: int) -> Sequence[bool]:
    """Returns for each of `count` pictures whether the object that describes them all objects to it."""
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
    """Whether a safety system's verdict on a description or a picture is an objection."""
    if not isinstance(moderation, Mapping):
        return False
    if any(_plain(name) in _CLASSES and means_yes(value) for name, value in moderation.items()):
        return True
    told = [value for name, value in moderation.items() if _plain(name) in _VERDICTS]
    words = [word for value in told for word in (value if isinstance(value, list) else [value])]
    texts = [word.strip().lower() for word in words if isinstance(word, str)]
    return flagged(moderation) or any(text.startswith(_OBJECTIONS) for text in texts)


def _plain(name: object) -> str:
    """Returns a field's name in lower case without separators."""
    return name.lower().replace("_", "").replace("-", "") if isinstance(name, str) else ""


def _each(value: object, count: int) -> Sequence[bool]:
    if not isinstance(value, list):
        return [means_yes(value)] * count
    found = [means_yes(one) for one in value]
    return found if len(found) == count else [any(found)] * count


def means_yes(value: object) -> bool:
    """Whether a flag's value means that there is an objection."""
    if isinstance(value, str):
        return value.strip().lower() not in _NO and _number_means_yes(value)
    if isinstance(value, list | Mapping):
        return any(map(means_yes, value.values() if isinstance(value, Mapping) else value))
    # Written with `not`, because NaN is not below anything and must count as a "yes".
    return not value < _LIKELY if isinstance(value, int | float) else value is not None


def _number_means_yes(text: str) -> bool:
    """Whether a text is a number that means "yes", or any other text, which also does."""
    try:
        return not float(text) < _LIKELY
    except ValueError:
        return True
