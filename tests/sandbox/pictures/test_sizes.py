"""How large pictures are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_sandbox.pictures.sizes import LONGEST, SHORTEST, wanted
from ringmain_sandbox.refusal import RefusedError


@pytest.mark.parametrize(
    ("size", "ratio", "found"),
    [
        ("", "", (1024, 1024)),
        ("auto", "", (1024, 1024)),
        ("333x222", "16:9", (333, 222)),
        ("", "16:9", (1360, 768)),
        ("", "1:1", (1024, 1024)),
        ("8192x4096", "", (4096, 2048)),
        ("8x8", "", (16, 16)),
        ("4x4000", "", (16, 4096)),
    ],
)
def test_sizes_are_met_as_near_as_can_be(size: str, ratio: str, found: tuple[int, int]) -> None:
    """A size wins over a ratio; what is too large or too small is scaled."""
    assert wanted(size, ratio) == found


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_every_ratio_has_a_size(width: int, height: int) -> None:
    """Sides stay within their limits, whatever the ratio."""
    assert all(SHORTEST <= side <= LONGEST for side in wanted("", f"{width}:{height}"))


@pytest.mark.parametrize(("size", "ratio"), [("large", ""), ("0x9", ""), ("", "16/9"), ("", "0:1")])
def test_what_is_no_size_is_refused(size: str, ratio: str) -> None:
    """A 400 for what is neither."""
    with pytest.raises(RefusedError):
        wanted(size, ratio)
