"""Tests of what may be embedded: media where a model takes them, and fields that are the gateway's own."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server import errors
from ringmain_server.operations import EMBED, SPEAK
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_media import png
from tests.providers.vertex import media_golden

IMAGE = Media(mime_type="image/png", data=png())
SPEAKS = "gemini-2.5-flash-preview-tts"


@pytest.mark.parametrize(
    ("model", "kind", "medium"),
    [
        ("gemini-embedding-001", "vertex", Media(data=b"%PDF-")),
        ("gemini-embedding-001", "gemini", Media(data=b"%PDF-")),
        ("multimodalembedding@001", "vertex", Media(data=b"%PDF-")),
        ("multimodalembedding@001", "vertex", Media(uri="https://example.com/x.png")),
        ("gemini-embedding-2", "vertex", Media(data=b"?", mime_type="application/zip")),
    ],
)
def test_media_that_a_model_does_not_embed(model: str, kind: str, medium: Media) -> None:
    """A model of texts takes no media, one of images no documents; the refusal names the first."""
    request = embedding_pb2.EmbedRequest(model="m", texts=["x"], media=[medium])
    translator = media_golden.translators(model, kind)[EMBED]
    with pytest.raises(errors.MediaInvalid) as refused:
        next(translator.steps(request, media_golden.candidate(model, kind)))
    assert refused.value.violations[0].field == "media[0]"


@pytest.mark.parametrize(
    "predictions",
    [[], [{}], [{"imageEmbedding": []}], [{"imageEmbedding": "x"}], [{"imageEmbedding": ["x"]}]],
)
def test_a_prediction_without_a_vector_of_an_image(predictions: list[Any]) -> None:
    """What is no vector of numbers is no answer."""
    model = "multimodalembedding@001"
    request = embedding_pb2.EmbedRequest(model="m", media=[IMAGE])
    message = ParseDict({"predictions": predictions}, wire.PredictResponse())
    steps = media_golden.translators(model)[EMBED].steps(request, media_golden.candidate(model))
    next(steps)
    with pytest.raises(errors.MalformedAnswer):
        steps.send([message.SerializeToString()])


def test_the_gateways_own_of_other_operations() -> None:
    """What is embedded, spoken or heard cannot be passed through either."""
    embed = embedding_pb2.EmbedRequest(model="m", texts=["x"])
    embed.embedding_config.provider_options["vertex"].update({"content": {}})
    speak = audio_pb2.SpeakRequest(model="m", text="x")
    speak.speech_config.provider_options["vertex"].update({"contents": []})
    for op, request, model in ((EMBED, embed, "gemini-embedding-2"), (SPEAK, speak, SPEAKS)):
        translator = media_golden.translators(model)[op]
        with pytest.raises(errors.InvalidField, match="provider_options"):
            asked = media_golden.candidate(model)
            next(translator.steps(request, asked)) if op is EMBED else translator.request(request, asked)
