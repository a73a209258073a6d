"""Tests of ratings that come in stretches."""

import random

from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import (
    HARM_LEVEL_HIGH,
    HARM_LEVEL_LOW,
    HARM_LEVEL_NEGLIGIBLE,
    HarmLevel,
    HarmRating,
)
from ringmain_server.operations.safety_ratings import SafetyRatings

_RATINGS = st.builds(
    HarmRating,
    category=st.sampled_from("abc"),
    of_prompt=st.booleans(),
    probability=st.sampled_from(HarmLevel.values()),
    severity_score=st.none() | st.floats(0, 1, width=32),
    detected=st.none() | st.booleans(),
    blocked=st.booleans(),
)


def collected(*ratings: HarmRating) -> list[HarmRating]:
    """What ratings amount to."""
    found = SafetyRatings()
    for rating in ratings:
        found.add(HarmRating.FromString(rating.SerializeToString()))
    return list(found.found)


def test_the_worst_of_each_category() -> None:
    """Each field of a rating is the worst that was told; what was never told stays unset."""
    first = HarmRating(category="a", severity=HARM_LEVEL_LOW, detected=False, probability_score=0.5)
    second = HarmRating(category="a", severity=HARM_LEVEL_NEGLIGIBLE, detected=True, probability_score=0.25)
    prompt = HarmRating(category="b", of_prompt=True, probability=HARM_LEVEL_HIGH, blocked=True)
    worst = HarmRating(category="a", severity=HARM_LEVEL_LOW, detected=True, probability_score=0.5)
    assert collected(first, prompt, second) == [prompt, worst]


def test_there_are_not_many() -> None:
    """However many categories a provider makes up, an answer has at most a hundred."""
    assert len(collected(*(HarmRating(category=str(number)) for number in range(1000)))) == 100


@given(st.lists(_RATINGS, max_size=8), st.randoms())
def test_order_and_repeats_change_nothing(ratings: list[HarmRating], chance: random.Random) -> None:
    """In whatever order ratings come, and however often, they amount to the same."""
    mixed = [*ratings, *ratings]
    chance.shuffle(mixed)
    assert collected(*mixed) == collected(*ratings)
