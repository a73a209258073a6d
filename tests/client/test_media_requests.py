from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from ringmain import _media_requests as build
from ringmain._media_base import PageFold
from ringmain.pictures import ImageFold
from ringmain.sound import TranscriptFold, Word
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage

PNG = b"\x89PNG\r\n\x1a\n"
PROVIDER = {"openai": {"user": "u"}}
SHARED: Mapping[str, Any] = {
    "request_id": "q-1",
    "model": "smart",
    "labels": {"feature": "search"},
    "user_id": "u-1",
    "provider_ids": ["a"],
    "idle_timeout": 2,
}
SENT = {
    "request_id": "q-1",
    "model": "smart",
    "attribution": {"labels": {"feature": "search"}, "user_id": "u-1"},
    "routing_policy": {"provider_ids": ["a"], "idle_timeout": "2s"},
}


def first(messages: Any) -> Message:
    """Returns the config of an upload."""
    return cast("Message", next(messages).config)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda **options: build.generate_request("a fox", **options),
        lambda **options: build.edit_request(PNG, "a fox", **options),
        lambda **options: build.upscale_request(PNG, 2, **options),
        lambda **options: build.inspect_request(PNG, **options),
        lambda **options: build.analyze_request(PNG, "How many?", **options),
        lambda **options: build.speak_request("Hi", **options),
        lambda **options: build.embed_request("Hi", **options),
        lambda **options: first(build.read_messages(b"%PDF", **options)),
        lambda **options: first(build.transcribe_messages(b"RIFF", **options)),
    ],
)
def test_every_call_takes_the_shared_options(request_of: Callable[..., Message]) -> None:
    """The id, the model, who it is for and how to route are options of every call, and unset otherwise."""
    with_all = MessageToDict(request_of(**SHARED), preserving_proto_field_name=True)
    without = MessageToDict(request_of(), preserving_proto_field_name=True)
    assert {name: with_all[name] for name in SENT} == SENT
    assert not SENT.keys() & without.keys()
    assert {name: value for name, value in with_all.items() if name not in SENT} == without


@pytest.mark.parametrize(
    ("request_of", "config"),
    [
        (
            lambda: build.generate_request("a fox", quality="extra_high", provider_options=PROVIDER),
            {"image_config": {"quality": "IMAGE_QUALITY_EXTRA_HIGH"}},
        ),
        (
            lambda: build.upscale_request(PNG, 2, prompt="a fox", format="png", provider_options=PROVIDER),
            {"upscale_config": {"factor": 2, "prompt": "a fox", "mime_type": "image/png"}},
        ),
        (
            lambda: build.analyze_request(PNG, "?", seed=1, provider_options=PROVIDER),
            {"generation_config": {"seed": "1"}},
        ),
        (
            lambda: build.speak_request("Hi", voice="alloy", format="wav", provider_options=PROVIDER),
            {"speech_config": {"voice": "alloy", "mime_type": "audio/wav"}},
        ),
        (
            lambda: build.embed_request("Hi", purpose="query", dimensions=8, provider_options=PROVIDER),
            {"embedding_config": {"purpose": "EMBEDDING_PURPOSE_QUERY", "dimension_count": 8}},
        ),
        (
            lambda: first(build.read_messages(b"x", max_output_tokens=5, provider_options=PROVIDER)),
            {"generation_config": {"max_output_tokens": 5}},
        ),
    ],
)
def test_configs(request_of: Callable[[], Message], config: dict[str, dict[str, object]]) -> None:
    """Each option arrives in the config of its call, with the provider's own fields beside it."""
    found = MessageToDict(request_of(), preserving_proto_field_name=True)
    for name, fields in config.items():
        assert found[name] == {**fields, "provider_options": PROVIDER}


def test_transcription_options() -> None:
    """Words are told on request; the provider's own fields are passed on."""
    options: dict[str, Any] = {"word_offsets": True, "provider_options": PROVIDER}
    config = first(build.transcribe_messages(b"RIFF", **options))
    assert MessageToDict(config, preserving_proto_field_name=True) == options


def test_image_detail_of_a_question() -> None:
    """One detail holds for all images of a question."""
    request = build.analyze_request([PNG, PNG], "What differs?", detail="high")
    assert MessageToDict(request)["imageDetail"] == "IMAGE_DETAIL_HIGH"
    with pytest.raises(ValueError, match="unknown detail 'huge'"):
        build.analyze_request(PNG, "?", detail=cast("Any", "huge"))


def test_media_are_embedded_too() -> None:
    """Media to embed go beside the texts, or alone."""
    request = build.embed_request((), media=[PNG])
    assert [medium.data for medium in request.media] == [PNG]
    assert not request.texts


def test_what_is_said_about_images_goes_to_its_image() -> None:
    """The notes of a stream's end name their image, whatever their order."""
    fold = ImageFold(image_pb2.GenerateImagesResponse)
    for index in (0, 1):
        chunk = image_pb2.ImageChunk(image_index=index, mime_type="image/png", data=PNG, last=True)
        fold.add(image_pb2.ImageEvent(chunk=chunk))
    said = [image_pb2.FinishedImage(image_index=1, note="smaller", revised_prompt="a red fox")]
    fold.add(image_pb2.ImageEvent(finished=image_pb2.ImageFinished(images=said)))
    images = fold.images()
    assert [(image.note, image.revised_prompt) for image in images] == [("", ""), ("smaller", "a red fox")]


def test_segments_say_who_speaks_and_when() -> None:
    """A segment has its speaker and its words, with their times in seconds."""
    word = audio_pb2.TranscriptWord(
        text="Hi", start_offset=Duration(), end_offset=Duration(nanos=500_000_000)
    )
    fold = TranscriptFold()
    fold.add(
        audio_pb2.TranscribeEvent(segment=audio_pb2.TranscriptSegment(text="Hi", speaker="A", words=[word]))
    )
    fold.add(audio_pb2.TranscribeEvent(finished=audio_pb2.TranscriptFinished(response_id="r-1")))
    transcript = fold.transcript()
    (segment,) = transcript.segments
    assert (segment.speaker, segment.words) == ("A", (Word("Hi", 0.0, 0.5),))
    assert (segment.start, transcript.response_id) == (None, "r-1")


def test_pages_say_how_they_were_served() -> None:
    """A page that a model read has its route, one that needed no model has none."""
    fold = PageFold()
    route = Route(provider_id="sandbox")
    served = vision_pb2.DocumentPage(page_number=1, usage=Usage(), route=route)
    assert fold.add(vision_pb2.ReadDocumentEvent(page=served)).route == route
    assert fold.add(vision_pb2.ReadDocumentEvent(page=vision_pb2.DocumentPage())).route is None
    assert not fold.finished
    fold.add(vision_pb2.ReadDocumentEvent(finished=vision_pb2.DocumentFinished()))
    assert fold.finished
