"""What models take and make besides tokens, and what media cost."""

from decimal import Decimal
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.catalog.limits import NO_LIMITS, read_limits
from ringmain_server.catalog.media_prices import MediaCounts, media_cost, read_prices
from ringmain_server.catalog.models import lookup
from ringmain_server.catalog.prices import list_price


def test_limits_of_a_file() -> None:
    """Tables become limits; what a table does not say has no limit."""
    found = read_limits(
        {
            "vision": {"mime_types": ["image/png"], "max_bytes": 5, "max_images": 3},
            "image": {"sizes": ["1x1"], "max_ratio": 3, "transparent": True},
            "embedding": {"dimensions": 8},
            "capabilities": ["chat"],
        }
    )
    assert found.vision is not None
    assert (found.vision.image.mime_types, found.vision.image.max_bytes) == (("image/png",), 5)
    assert found.vision.max_images == 3
    assert found.image is not None
    assert (found.image.sizes, found.image.max_ratio, found.image.transparent) == (("1x1",), 3.0, True)
    assert found.embedding is not None
    assert (found.embedding.dimensions, found.embedding.adjustable) == (8, False)
    assert read_limits({}) == NO_LIMITS


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"image": 3}, "image is not a table"),
        ({"image": {"size": "x"}}, "unknown image.size"),
        ({"image": {"sizes": "x"}}, "image.sizes is not a list of texts"),
        ({"image": {"step": 1.5}}, "image.step is not a whole number"),
        ({"image": {"transparent": 1}}, "image.transparent is not true or false"),
        ({"image": {"max_ratio": "3"}}, "image.max_ratio is not a number"),
        ({"vision": {"max_images": "3"}}, "vision.max_images is not a whole number"),
    ],
)
def test_mistakes_in_a_file(entry: dict[str, object], message: str) -> None:
    """A mistake is named with its place."""
    with pytest.raises(ValueError, match=message):
        read_limits(entry)


@pytest.mark.parametrize(
    ("kind", "model", "side"),
    [("openai", "gpt-4.1", 2048), ("anthropic", "claude-opus-5", 1568), ("vertex", "gemini-2.5-pro", 3072)],
)
def test_models_that_see_have_limits(kind: str, model: str, side: int) -> None:
    """Every model that sees has its vendor's limits of images; one that does not see has none."""
    known = lookup(kind, model)
    assert known is not None
    assert known.limits.vision is not None
    assert known.limits.vision.image.max_long_side == side
    blind = lookup("openai", "gpt-3.5-turbo")
    assert blind is not None
    assert blind.limits.vision is None


@pytest.mark.parametrize(
    ("kind", "model", "counts", "cost"),
    [
        ("openai", "dall-e-3", MediaCounts(images=2, quality="hd", size="1024x1792"), 240_000_000),
        ("azure", "dall-e-3", MediaCounts(images=1, quality="hd", size="1024x1024"), 80_000_000),
        ("openai", "dall-e-3", MediaCounts(images=1, quality="other", size="1024x1024"), None),
        ("openai", "tts-1", MediaCounts(characters=1000), 15_000_000),
        ("openai", "whisper-1", MediaCounts(audio_seconds=60.0), 6_000_000),
        ("groq", "whisper-large-v3", MediaCounts(audio_seconds=60.0), 1_850_000),
        ("openai", "omni-moderation-latest", MediaCounts(), 0),
        (
            "openai",
            "gpt-image-1.5",
            MediaCounts(
                input_tokens=100, image_input_tokens=50, output_tokens=1000, image_output_tokens=1000
            ),
            32_650_000,
        ),
        ("openai", "never-heard-of", MediaCounts(images=1, input_tokens=1), None),
        ("openai", "gpt-image-1.5", MediaCounts(images=1), None),
        ("ollama", "dall-e-3", MediaCounts(images=1, quality="hd", size="1024x1024"), None),
    ],
)
def test_what_media_cost(kind: str, model: str, counts: MediaCounts, cost: int | None) -> None:
    """By tokens of their kind, by quality and size, by time or by characters; unknown stays absent."""
    assert media_cost(kind, model, counts) == cost


def test_units_of_prices(tmp_path: Path) -> None:
    """A minute and a million characters are units too."""
    file = tmp_path / "media_prices.toml"
    head = '[[prices]]\nprovider = "openai"\nnames = ["m"]\nsource = "https://x"\nchecked = 2026-01-01\n'
    file.write_text(head + 'unit = "minute"\nrows = [{ usd = 0.5 }]\n')
    rows = read_prices(file)["openai", "m"]
    assert rows[0].usd == Decimal("0.5")
    for broken in (
        head + 'unit = "hour"\n',
        head.replace("https", "http") + 'unit = "minute"\n',
        head + 'unit = "minute"\nrows = [{ quality = "hd", usd = 1 }]\n',
        head + 'unit = "image"\nrows = [{ quality = "hd" }]\n',
    ):
        file.write_text(broken)
        with pytest.raises(ValueError, match=r"media_prices.toml: \['m'\]"):
            read_prices(file)


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        ("text-embedding-3-small", Usage(input_token_count=1_000_000), 20_000_000),
        ("tts-1", Usage(character_count=1000), 15_000_000),
        ("whisper-1", Usage(audio_duration=Duration(seconds=60)), 6_000_000),
    ],
)
def test_the_list_prices_other_models_than_those_of_chat(model: str, usage: Usage, cost: int) -> None:
    """Vectors cost what their texts do; speech costs by time or by characters."""
    price = list_price("openai", model)
    assert price is not None
    assert price.cost_nano_usd(usage) == cost
