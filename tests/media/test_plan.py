"""Tests of the plan: what must change about an image, and no more."""

from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.plan import ImageProperties, fit, plan, scaled

SIDES = st.integers(1, 20_000)
LIMITS = st.builds(
    ModelLimits,
    max_width=st.integers(0, 9000),
    max_height=st.integers(0, 9000),
    max_long_side=st.integers(0, 9000),
    max_pixels=st.integers(0, 5_000_000),
)


@given(st.tuples(SIDES, SIDES), LIMITS)
def test_every_size_is_made_to_fit(size: tuple[int, int], limits: ModelLimits) -> None:
    """The planned size keeps to every limit, is never larger than the image, and fits again unchanged."""
    width, height = fit(size, limits)
    assert 1 <= width <= size[0]
    assert 1 <= height <= size[1]
    assert width <= (limits.max_width or width)
    assert height <= (limits.max_height or height)
    assert max(width, height) <= (limits.max_long_side or max(width, height))
    assert width * height <= (limits.max_pixels or width * height)


@given(st.tuples(SIDES, SIDES), LIMITS)
def test_the_shape_stays(size: tuple[int, int], limits: ModelLimits) -> None:
    """A side is off by little from what the other asks for, unless it was raised to one pixel."""
    width, height = fit(size, limits)
    if min(width, height) > 1:
        ratio = min(width / size[0], height / size[1])
        assert abs(width - size[0] * ratio) < 2 * max(1, size[0] / size[1])
        assert abs(height - size[1] * ratio) < 2 * max(1, size[1] / size[0])


def test_what_fits_is_left_alone() -> None:
    """An image within all limits is not touched."""
    source = ImageProperties("image/png", (100, 100), 5000)
    assert plan(source, ModelLimits(max_long_side=100, max_bytes=5000)).is_untouched


def test_the_target_keeps_what_the_picture_has() -> None:
    """Transparency keeps a format with transparency, a photo goes as JPEG, a drawing as PNG."""
    limits = ModelLimits(mime_types=("image/jpeg", "image/png", "image/webp"))
    assert (
        plan(ImageProperties("image/tiff", (100, 100), 90_000, has_alpha=True), limits).mime_type
        == "image/png"
    )
    assert plan(ImageProperties("image/tiff", (100, 100), 90_000), limits).mime_type == "image/jpeg"
    assert plan(ImageProperties("image/tiff", (100, 100), 900), limits).mime_type == "image/png"
    assert plan(ImageProperties("image/heic", (100, 100), 900), limits).mime_type == "image/jpeg"
    only_jpeg = ModelLimits(mime_types=("image/jpeg",))
    assert (
        plan(ImageProperties("image/png", (9, 9), 900, has_alpha=True), only_jpeg).mime_type == "image/jpeg"
    )


def test_rounding_stays_below_the_pixels_allowed() -> None:
    """Where rounding would exceed the pixels allowed, sides go down, and a thin one stays a pixel."""
    assert scaled((3, 3), 0.5, 3) == (1, 1)
    assert scaled((1000, 1), 0.1, 50) == (50, 1)
    assert scaled((1, 1000), 0.1, 50) == (1, 50)
