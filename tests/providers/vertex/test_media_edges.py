"""What golden files of Google's media do not show: answers in pieces, and models that nobody knows."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Media
from ringmain_server import errors
from ringmain_server.operations import EMBED, SPEAK, STREAM_CHAT, TRANSCRIBE
from ringmain_server.providers.vertex import edits, wire

from tests.fakes.vertex_media import png
from tests.providers.vertex.media_golden import candidate, translators, upload

IMAGE = Media(mime_type="image/png", data=png())


def piece(*parts: dict[str, Any], finish: str = "") -> wire.GenerateContentResponse:
    """A message of a streamed answer."""
    found = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return ParseDict(
        {"candidates": [{name: one for name, one in found.items() if one}]}, wire.GenerateContentResponse()
    )


def test_a_transcript_in_pieces() -> None:
    """Words come as they are written, without thoughts before them; a time that is not told stays away."""
    asked = candidate("gemini-2.5-flash")
    recording = upload(audio_pb2.TranscriptionConfig(mime_type="audio/mpeg"))
    decoder = translators(asked.provider_model)[TRANSCRIBE].decoder(recording, asked)
    events = [
        *decoder.feed([piece({"text": "It is English.", "thought": True})]),
        *decoder.feed([piece({"text": '{"language":"en","segments":[{"text":"Hello'})]),
        *decoder.feed([piece({"text": '","end":1.5}]}'}, {"text": ""}, finish="STOP")]),
        *decoder.end(),
    ]
    assert [event.text_delta for event in events if event.text_delta] == ["Hello"]
    (segment,) = (event.segment for event in events if event.HasField("segment"))
    assert (segment.text, segment.end_offset.ToMilliseconds()) == ("Hello", 1500)
    assert not segment.HasField("start_offset")
    assert events[-1].finished.text == "Hello"


@pytest.mark.parametrize("operation", [SPEAK, TRANSCRIBE, STREAM_CHAT], ids=["speak", "transcribe", "chat"])
def test_nothing_but_counts(operation: Any) -> None:
    """An answer of counts alone, as prompts bring about, is the model's and no broken stream."""
    asked = candidate("gemini-2.5-flash-tts" if operation is SPEAK else "gemini-2.5-flash")
    requests: dict[Any, Any] = {
        SPEAK: audio_pb2.SpeakRequest(model="m", text="Hello"),
        TRANSCRIBE: upload(audio_pb2.TranscriptionConfig(mime_type="audio/mpeg")),
        STREAM_CHAT: ChatRequest(model="m"),
    }
    decoder = translators(asked.provider_model)[operation].decoder(requests[operation], asked)
    told = ParseDict({"usageMetadata": {"promptTokenCount": 3}}, wire.GenerateContentResponse())
    with pytest.raises(errors.ModelOutputInvalid):
        decoder.feed([told])
        decoder.end()


@pytest.mark.parametrize("blocked", [True, False])
def test_feedback_without_a_reason(blocked: bool) -> None:
    """A prompt whose feedback has no reason, or an unknown one, is never the provider's fault."""
    asked = candidate("gemini-2.5-flash")
    kind = errors.ContentFiltered if blocked else errors.ModelOutputInvalid
    feedback: dict[str, Any] = {"safetyRatings": [{"category": 2, "blocked": blocked}]}
    for more in ({}, {"blockReason": 77}) if blocked else ({},):
        decoder = translators(asked.provider_model)[STREAM_CHAT].decoder(ChatRequest(model="m"), asked)
        message = ParseDict({"promptFeedback": {**feedback, **more}}, wire.GenerateContentResponse())
        with pytest.raises(kind):
            decoder.feed([message])
            decoder.end()


def test_a_canvas_needs_no_margins_in_words() -> None:
    """Where what lies beyond a border is a canvas and its mask already, the mask says where to draw."""
    request = image_pb2.EditImagesRequest(
        prompt="a wide sea",
        images=[IMAGE],
        mask=IMAGE,
        mode=image_pb2.EDIT_MODE_OUTPAINT,
        outpaint=image_pb2.Margins(left=8),
    )
    *pictures, words = edits.parts(request)
    assert [part.inline_data.mime_type for part in pictures] == ["image/png"] * 2
    assert "beyond its borders" in words.text
    assert "mask of the first one" in words.text
    assert "pixels" not in words.text
    assert words.text.endswith("a wide sea")


def test_vectors_of_a_model_without_a_price() -> None:
    """What a model costs that nobody knows is not told as nothing."""
    asked = candidate("text-embedding-2099")
    request = embedding_pb2.EmbedRequest(model="m", texts=["a"])
    steps = translators(asked.provider_model)[EMBED].steps(request, asked)
    next(steps)
    answer = {"predictions": [{"embeddings": {"values": [1.0], "statistics": {"token_count": 1}}}]}
    with pytest.raises(StopIteration) as end:
        steps.send([ParseDict(answer, wire.PredictResponse()).SerializeToString()])
    assert end.value.value.usage.input_token_count == 1
    assert not end.value.value.usage.HasField("cost_nano_usd")
