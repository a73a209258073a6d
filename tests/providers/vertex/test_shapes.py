"""Ratios and sizes of drawn images, by model."""

import pytest
from ringmain.v1.image_service_pb2 import ImageConfig
from ringmain_server.catalog.models import DATA, read
from ringmain_server.providers.vertex import shapes

from tests.candidates import known_candidate


@pytest.mark.parametrize(
    ("model", "size", "grade"),
    [
        ("gemini-3.1-flash-image", "512x512", "512"),
        ("gemini-nano-banana-2.1", "512x512", "1K"),
        ("gemini-nano-banana-2.1", "3000x3000", "4K"),
        ("gemini-9-flash-image", "2048x2048", "2K"),
        ("gemini-3.1-flash-lite-image", "2048x2048", ""),
        ("gemini-2.5-flash-image", "2048x2048", ""),
        ("imagen-4.0-generate-001", "4096x4096", "2K"),
        ("imagen-4.0-fast-generate-001", "2048x2048", ""),
        ("imagen-3.0-generate-002", "2048x2048", ""),
        ("endpoints/123", "2048x2048", ""),
    ],
)
def test_a_model_is_asked_for_the_nearest_size_that_it_has(model: str, size: str, grade: str) -> None:
    """A model without sizes is asked for none."""
    assert shapes.grade(ImageConfig(size=size), known_candidate("gem", "gemini", model)) == grade


@pytest.mark.parametrize(
    ("model", "asked", "drawn"),
    [
        ("gemini-nano-banana-2.1", "1:4", "1:4"),
        ("gemini-3.1-flash-image", "8:1", "8:1"),
        ("gemini-3-pro-image", "1:4", "9:16"),
        ("gemini-9-flash-image", "1:8", "1:8"),
        ("imagen-9.0-generate-001", "1:4", "9:16"),
        ("endpoints/123", "8:1", "21:9"),
    ],
)
def test_a_model_draws_the_nearest_ratio_that_it_has(model: str, asked: str, drawn: str) -> None:
    """Extreme ratios go to the models that have them."""
    found = shapes.ratio(ImageConfig(aspect_ratio=asked), known_candidate("gem", "vertex", model))
    assert found == drawn


def test_every_size_of_the_catalog_is_known_here() -> None:
    """The catalog states no size whose pixels this wire does not know."""
    family = read(DATA / "google.toml")
    known = [*family.exact.values(), *(model for _, model in family.patterns)]
    stated = {grade for model in known if model.limits.image for grade in model.limits.image.grades}
    assert stated <= shapes._PIXELS.keys()
    assert stated
