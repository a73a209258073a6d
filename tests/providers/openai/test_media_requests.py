"""Tests of what is asked beside chat: refusals, and wishes that a model meets in its own way."""

import pytest
from ringmain_server.errors import CapabilityMissing, Inexpressible, InvalidField, MediaInvalid

from tests.providers.openai.media_golden import MediaGolden, asked, sent


def test_too_many_images_for_one_stream() -> None:
    """What would take two streams is refused rather than drawn in part."""
    with pytest.raises(CapabilityMissing, match="that many images in one stream"):
        sent(asked("STREAM_GENERATE_IMAGES", model="dall-e-3"))


def test_a_voice_must_be_named_where_there_is_none() -> None:
    """A provider without a voice of its own choice needs the caller's."""
    with pytest.raises(InvalidField) as refused:
        sent(asked("SPEAK", kind="groq", model="playai-tts"))
    assert [one.field for one in refused.value.violations] == ["speech_config.voice"]


@pytest.mark.parametrize(
    ("kind", "model", "quality"),
    [
        ("openai", "gpt-image-2.5-flare", "max"),
        ("openai", "gpt-image-2", "high"),
        ("openai", "dall-e-3", "hd"),
        ("azure", "a-deployment", "high"),
        ("xai", "grok-2-image", None),
    ],
)
def test_the_best_quality_is_the_best_that_a_model_has(kind: str, model: str, quality: str | None) -> None:
    """EXTRA_HIGH is what the catalog lists last; a model without any quality is asked for none."""
    config = {"quality": "IMAGE_QUALITY_EXTRA_HIGH"}
    (wire,) = sent(asked("GENERATE_IMAGES", kind=kind, model=model, imageConfig=config))
    assert wire.body.get("quality") == quality


def test_media_are_not_embedded() -> None:
    """No model of this wire embeds media; the refusal names the first."""
    with pytest.raises(MediaInvalid) as refused:
        sent(asked("EMBED", media=[{"data": "PNG"}]))
    assert [one.field for one in refused.value.violations] == ["media[0]"]


@pytest.mark.parametrize(
    ("operation", "config", "name"),
    [
        ("EMBED", "embeddingConfig", "encoding_format"),
        ("SPEAK", "speechConfig", "stream_format"),
        ("TRANSCRIBE", "", "response_format"),
    ],
)
def test_options_that_would_change_how_the_answer_is_read(operation: str, config: str, name: str) -> None:
    """The fields by which an answer is read belong to the gateway alone."""
    given = {"providerOptions": {"openai": {name: "x"}}}
    if operation == "SPEAK":
        given["voice"] = "nova"  # type: ignore[assignment]
    with pytest.raises(InvalidField, match="is set by the gateway") as refused:
        sent(asked(operation, **({config: given} if config else given)))
    (violation,) = refused.value.violations
    assert violation.field.endswith(f"config.provider_options[openai].{name}")


def test_a_format_that_is_not_made() -> None:
    """The refusal of a format names those that there are."""
    wanted = {"voice": "Fritz", "mimeType": "audio/aac"}
    with pytest.raises(InvalidField, match="audio/wav, audio/mpeg") as refused:
        sent(asked("SPEAK", kind="groq", model="playai-tts", speechConfig=wanted))
    assert [one.field for one in refused.value.violations] == ["speech_config.mime_type"]


@pytest.mark.parametrize(
    ("kind", "model", "own", "field"),
    [
        ("openai", "text-embedding-ada-002", 1536, "dimensions"),
        ("mistral", "mistral-embed", 1024, "output_dimension"),
    ],
)
def test_models_with_one_number_of_dimensions(kind: str, model: str, own: int, field: str) -> None:
    """A model that refuses to be asked for a number of dimensions is not asked for any."""

    def embed(count: int) -> MediaGolden:
        return asked("EMBED", kind=kind, model=model, texts=["Hi"], embeddingConfig={"dimensionCount": count})

    (wire,) = sent(embed(own))
    assert field not in wire.body
    with pytest.raises(Inexpressible, match=f"must be {own}"):
        sent(embed(own - 1))
