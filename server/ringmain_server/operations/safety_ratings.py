"""Room 3, pure: collects how a provider's safety system rated a prompt and its answer."""

from collections.abc import Iterable

from ringmain.v1.chat_service_pb2 import HarmRating

_LIMIT = 100
"""Most ratings of an answer, as the contract promises."""


class SafetyRatings:
    """The ratings of one answer, at most one for each category of the prompt and of the answer.

    A stream may rate each stretch of an answer by itself. The worst rating is that of the whole.
    """

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[bool, str], HarmRating] = {}

    def add(self, rating: HarmRating) -> None:
        """Adds a rating, which is taken over and may be changed."""
        key = (rating.of_prompt, rating.category)
        if (known := self._found.get(key)) is not None:
            _worsen(known, rating)
        elif len(self._found) < _LIMIT:
            self._found[key] = rating

    @property
    def found(self) -> Iterable[HarmRating]:
        """The ratings, those of the prompt first, by category: a stream may tell them in any order."""
        return [self._found[key] for key in sorted(self._found, key=lambda key: (not key[0], key[1]))]


def _worsen(known: HarmRating, other: HarmRating) -> None:
    """Makes a rating the worse of two, in each of its fields."""
    known.probability = max(known.probability, other.probability)
    known.severity = max(known.severity, other.severity)
    if other.HasField("probability_score"):
        known.probability_score = max(known.probability_score, other.probability_score)
    if other.HasField("severity_score"):
        known.severity_score = max(known.severity_score, other.severity_score)
    if other.HasField("detected"):
        known.detected = known.detected or other.detected
    known.blocked = known.blocked or other.blocked
