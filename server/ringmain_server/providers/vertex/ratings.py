"""Room 4, pure: reads how Google's safety system rates a prompt and an answer.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#safetyrating.
The developer API has more categories, which have no numbers on this wire, and neither severities nor scores.
"""

from collections.abc import Iterable, Iterator, Mapping

from ringmain.v1.chat_service_pb2 import HarmLevel, HarmRating

from ringmain_server.providers.numbers import share
from ringmain_server.providers.vertex import wire

CATEGORIES: Mapping[str, int] = {
    "HARM_CATEGORY_HATE_SPEECH": 1,
    "HARM_CATEGORY_DANGEROUS_CONTENT": 2,
    "HARM_CATEGORY_HARASSMENT": 3,
    "HARM_CATEGORY_SEXUALLY_EXPLICIT": 4,
    "HARM_CATEGORY_CIVIC_INTEGRITY": 5,
    "HARM_CATEGORY_JAILBREAK": 6,
    # Names of the developer API alone; the numbers are our own.
    "HARM_CATEGORY_IMAGE_HATE": 1001,
    "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT": 1002,
    "HARM_CATEGORY_IMAGE_HARASSMENT": 1003,
    "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT": 1004,
    "HARM_CATEGORY_DEROGATORY": 1005,
    "HARM_CATEGORY_TOXICITY": 1006,
    "HARM_CATEGORY_VIOLENCE": 1007,
    "HARM_CATEGORY_SEXUAL": 1008,
    "HARM_CATEGORY_MEDICAL": 1009,
    "HARM_CATEGORY_DANGEROUS": 1010,
}
PROBABILITIES: Mapping[str, int] = {"NEGLIGIBLE": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4}
SEVERITIES: Mapping[str, int] = {f"HARM_SEVERITY_{name}": value for name, value in PROBABILITIES.items()}

_NAMES = {number: name.removeprefix("HARM_CATEGORY_").lower() for name, number in CATEGORIES.items()}
_OTHER = "other"
_LEVELS = frozenset(HarmLevel.values())
"""The contract's levels, which have the numbers of this wire."""


def category_of(rating: wire.SafetyRating) -> str:
    """Returns the contract's name of a category."""
    return _NAMES.get(rating.category, _OTHER)


def ratings(found: Iterable[wire.SafetyRating], *, of_prompt: bool = False) -> Iterator[HarmRating]:
    """Yields ratings as the contract has them.

    Args:
        found: The wire's ratings.
        of_prompt: Whether the prompt is rated rather than the answer.
    """
    for one in found:
        rating = HarmRating(
            category=category_of(one),
            of_prompt=of_prompt,
            probability=_level(one.probability),
            severity=_level(one.severity),
            blocked=one.blocked,
        )
        # Messages do not tell a score of zero from none.
        if score := share(one.probability_score):
            rating.probability_score = score
        if score := share(one.severity_score):
            rating.severity_score = score
        yield rating


def _level(number: int) -> HarmLevel.ValueType:
    return HarmLevel.ValueType(number if number in _LEVELS else 0)
