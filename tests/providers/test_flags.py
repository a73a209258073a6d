"""The flags of safety systems: whatever is not clearly a "no" counts as a "yes"."""

from typing import Any

import pytest
from ringmain_server.providers.flags import flagged, flags


@pytest.mark.parametrize(
    "value",
    [True, "true", "True ", "yes", 1, 1.0, 0.9, "0.7", float("nan"), "NaN", [False, True], {"sexual": 1}],
)
@pytest.mark.parametrize(
    "name", ["nsfw", "has_nsfw_concepts", "nsfw_content_detected", "is_blurred", "flagged", "isNSFW"]
)
def test_what_means_yes(name: str, value: Any) -> None:
    """Every form of a "yes", of whatever type, withholds the picture."""
    assert flagged({name: value})


@pytest.mark.parametrize(
    "value", [False, None, "false", "", "no", 0, 0.0, 0.1, "0.02", [], [False], {"sexual": False}]
)
def test_what_means_no(value: Any) -> None:
    """A clear "no", or nothing, withholds nothing."""
    assert not flagged({"nsfw": value, "url": "https://example.com/a.png"})
    assert not flagged({})
    assert not flagged("https://example.com/a.png")


def test_flags_within() -> None:
    """A flag counts within an object of a safety system too, but not in what repeats the request."""
    assert flagged({"url": "https://example.com/a.png", "moderation": {"flagged": True}})
    assert not flagged({"safety": {"flagged": False, "score": 0.9}, "input": {"nsfw": True}})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([False, True], [False, True]),
        (["false", 1], [False, True]),
        ([None, True], [False, True]),
        ([True], [True, True]),
        ([False, False, True], [True, True]),
        ([False], [False, False]),
        (True, [True, True]),
        ("true", [True, True]),
    ],
)
def test_lists_are_by_place(value: Any, expected: list[bool]) -> None:
    """A list clears pictures by their places only where it has a value for each."""
    assert list(flags({"has_nsfw_concepts": value}, 2)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(False, True), ("false", True), (0, True), ([], True), (True, False), (None, False)],
)
def test_respected(value: Any, expected: bool) -> None:
    """xAI's flag is the other way around."""
    assert flagged({"respect_moderation": value}) is expected
