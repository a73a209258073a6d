"""Tests of the choice of sizes: the nearest in shape, then in area, said when it is another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.errors import InvalidField
from ringmain_server.media.sizes import SizeChoice, choose

SIZES = ("1024x1024", "1024x1536", "1536x1024")
RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")


@pytest.mark.parametrize(
    ("offered", "size", "ratio", "value", "is_exact"),
    [
        (SIZES, "1024x1536", "", "1024x1536", True),
        (SIZES, "1024X1536", "16:9", "1024x1536", True),
        (SIZES, "1920x1080", "", "1536x1024", False),
        (SIZES, "512x512", "", "1024x1024", False),
        (SIZES, "", "2:3", "1024x1536", True),
        (SIZES, "", "16:9", "1536x1024", False),
        (SIZES, "", "1.5:1", "1536x1024", True),
        (RATIOS, "", "16:9", "16:9", True),
        (RATIOS, "", "32:18", "16:9", True),
        (RATIOS, "", "21:9", "16:9", False),
        (RATIOS, "1920x1080", "", "16:9", False),
        (("256x256", "512x512", "1024x1024", "auto"), "600x600", "", "512x512", False),
        (("256x256", "1024x1024"), "", "1:1", "1024x1024", True),
        (SIZES, "", "", "", True),
    ],
)
def test_the_nearest_is_chosen(
    offered: tuple[str, ...], size: str, ratio: str, value: str, is_exact: bool
) -> None:
    """Shape decides before area; another than was wanted is said."""
    choice = choose(offered, size=size, aspect_ratio=ratio)
    assert choice.value == value
    assert (choice.note == "") == is_exact
    assert is_exact or value in choice.note


@pytest.mark.parametrize("wanted", ["big", "0x5", "16x9x3", "1024", "-5x5", "100000x5", "16:9"])
def test_nonsense_is_refused_as_a_size(wanted: str) -> None:
    """What is no size is refused with an example."""
    with pytest.raises(InvalidField, match=r"image_config.size: is .*must be such as 1024x1536"):
        choose(SIZES, size=wanted)


def test_nonsense_is_refused_as_a_ratio() -> None:
    """What is no ratio is refused with an example."""
    with pytest.raises(InvalidField, match=r"image_config.aspect_ratio: is .*must be such as 16:9"):
        choose(SIZES, aspect_ratio="1024x1024")


@given(st.sampled_from(SIZES + RATIOS), st.permutations(SIZES + RATIOS))
def test_what_is_offered_is_its_own_nearest(wanted: str, offered: list[str]) -> None:
    """Whatever a model has is chosen exactly, in any order of the list."""
    key = "size" if "x" in wanted else "aspect_ratio"
    choice = choose([text for text in offered if ("x" in text) == ("x" in wanted)], **{key: wanted})
    assert choice == SizeChoice(wanted)
