"""The rules of requests for images, vectors, speech and documents, each naming its field."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.content_pb2 import Media
from ringmain.v1.generation_pb2 import (
    MODALITY_IMAGE,
    GenerationConfig,
    JsonObjectFormat,
    ResponseFormat,
)
from ringmain_server.edge.validate import VALIDATORS

PNG = Media(data=b"\x89PNG\r\n\x1a\n")


def _generate(**fields: Any) -> image_pb2.GenerateImagesRequest:
    return image_pb2.GenerateImagesRequest(**{"model": "m", "prompt": "a fox", **fields})


def _drawn(**config: Any) -> image_pb2.GenerateImagesRequest:
    return _generate(image_config=image_pb2.ImageConfig(**config))


def _edit(**fields: Any) -> image_pb2.EditImagesRequest:
    return image_pb2.EditImagesRequest(**{"model": "m", "prompt": "a fox", "images": [PNG], **fields})


def _upscale(image: Media | None = PNG, **config: Any) -> image_pb2.UpscaleImageRequest:
    upscale_config = image_pb2.UpscaleConfig(**{"factor": 2, **config})
    return image_pb2.UpscaleImageRequest(model="m", image=image, upscale_config=upscale_config)


def _analyze(**fields: Any) -> vision_pb2.AnalyzeImagesRequest:
    return vision_pb2.AnalyzeImagesRequest(**{"model": "m", "prompt": "what?", "images": [PNG], **fields})


def _read(**fields: Any) -> vision_pb2.ReadDocumentConfig:
    return vision_pb2.ReadDocumentConfig(**{"model": "m", **fields})


def _embed(**fields: Any) -> embedding_pb2.EmbedRequest:
    return embedding_pb2.EmbedRequest(**{"model": "m", "texts": ["one"], **fields})


def _embedded(**config: Any) -> embedding_pb2.EmbedRequest:
    return _embed(embedding_config=embedding_pb2.EmbeddingConfig(**config))


def _transcribe(**fields: Any) -> audio_pb2.TranscriptionConfig:
    return audio_pb2.TranscriptionConfig(**{"model": "m", **fields})


def _speak(**fields: Any) -> audio_pb2.SpeakRequest:
    return audio_pb2.SpeakRequest(**{"model": "m", "text": "hello", **fields})


def _spoken(**config: Any) -> audio_pb2.SpeakRequest:
    return _speak(speech_config=audio_pb2.SpeechConfig(**config))


def _stream(**fields: Any) -> image_pb2.StreamImagesRequest:
    return image_pb2.StreamImagesRequest(**{"generate": _generate(), **fields})


_JSON = GenerationConfig(response_format=ResponseFormat(json_object=JsonObjectFormat()))
_IMAGES = GenerationConfig(output_modalities=[MODALITY_IMAGE])
_OUTPAINT = image_pb2.EDIT_MODE_OUTPAINT
_INPAINT = image_pb2.EDIT_MODE_INPAINT
_STYLE = image_pb2.EDIT_MODE_STYLE

BAD: Sequence[tuple[Message, str]] = (
    (_generate(model=""), "model"),
    (_generate(prompt=" "), "prompt"),
    (_generate(prompt="x" * 32_001), "prompt"),
    (_generate(request_id="x" * 129), "request_id"),
    (_drawn(image_count=11), "image_config.image_count"),
    (_drawn(image_count=-1), "image_config.image_count"),
    (_drawn(aspect_ratio="wide"), "image_config.aspect_ratio"),
    (_drawn(aspect_ratio="0:1"), "image_config.aspect_ratio"),
    (_drawn(size="big"), "image_config.size"),
    (_drawn(size="99999x10"), "image_config.size"),
    (_drawn(quality=9), "image_config.quality"),
    (_drawn(mime_type="image/gif"), "image_config.mime_type"),
    (_drawn(mime_type="image/jpeg", transparent_background=True), "image_config.transparent_background"),
    (_edit(images=[]), "images"),
    (_edit(images=[PNG] * 17), "images"),
    (_edit(images=[Media()]), "images[0]"),
    (_edit(prompt=""), "prompt"),
    (_edit(mode=9), "mode"),
    (_edit(mode=_INPAINT), "mask"),
    (_edit(mode=_INPAINT, mask=Media()), "mask"),
    (_edit(mode=_STYLE, mask=PNG), "mask"),
    (_edit(mode=_OUTPAINT), "outpaint"),
    (_edit(mode=_OUTPAINT, outpaint=image_pb2.Margins(top=-1)), "outpaint.top"),
    (_edit(outpaint=image_pb2.Margins(top=1)), "outpaint"),
    (_edit(mode=_STYLE, prompt=""), "images"),
    (_stream(preview_count=4), "preview_count"),
    (image_pb2.StreamImagesRequest(), "request"),
    (_stream(generate=_generate(model="")), "generate.model"),
    (image_pb2.StreamImagesRequest(edit=_edit(mode=_INPAINT)), "edit.mask"),
    (_upscale(factor=1), "upscale_config.factor"),
    (_upscale(factor=9), "upscale_config.factor"),
    (_upscale(image=None), "image"),
    (_upscale(image=Media()), "image"),
    (_upscale(mime_type="image/bmp"), "upscale_config.mime_type"),
    (image_pb2.InspectImageRequest(), "image"),
    (_analyze(images=[]), "images"),
    (_analyze(images=[PNG, Media(uri="http://x")]), "images[1].uri"),
    (_analyze(prompt=""), "prompt"),
    (_analyze(generation_config=GenerationConfig(temperature=3)), "generation_config.temperature"),
    (_read(model=""), "model"),
    (_read(mode=7), "mode"),
    (_read(first_page=-1), "first_page"),
    (_read(generation_config=GenerationConfig(temperature=3)), "generation_config.temperature"),
    (_read(generation_config=_JSON), "generation_config.response_format"),
    (_read(generation_config=_IMAGES), "generation_config.output_modalities"),
    (_read(mime_type="pdf"), "mime_type"),
    (_embed(texts=[]), "texts"),
    (_embed(texts=["x"] * 2049), "texts"),
    (_embed(texts=["x", ""]), "texts[1]"),
    (_embed(texts=[], media=[PNG] * 2049), "media"),
    (_embed(texts=["x"] * 2048, media=[PNG]), "texts"),
    (_embed(media=[PNG, Media()]), "media[1]"),
    (_embedded(dimension_count=0), "embedding_config.dimension_count"),
    (_transcribe(language_code="?"), "language_code"),
    (_transcribe(mime_type="wav"), "mime_type"),
    (_speak(text=" "), "text"),
    (_speak(text="x" * 4097), "text"),
    (_spoken(speed=5), "speech_config.speed"),
    (_spoken(speed=math.nan), "speech_config.speed"),
    (_spoken(mime_type="audio/midi"), "speech_config.mime_type"),
)

GOOD: Sequence[Message] = (
    _generate(),
    _drawn(image_count=10, aspect_ratio="16:9", size="1024x1536", mime_type="image/webp", quality=4),
    _edit(),
    _edit(mode=_INPAINT, mask=PNG),
    _edit(mode=_OUTPAINT, prompt="", outpaint=image_pb2.Margins(left=8)),
    _edit(mode=_STYLE, prompt="", images=[PNG, PNG]),
    _stream(preview_count=3),
    _upscale(factor=8, mime_type="image/jpeg"),
    image_pb2.InspectImageRequest(image=PNG),
    _analyze(images=[PNG] * 16),
    _read(mime_type="application/pdf", mode=2, first_page=7),
    _embed(texts=["x"] * 2047, media=[PNG]),
    _embed(texts=[], media=[PNG]),
    _embedded(dimension_count=1),
    _embedded(purpose=99),
    _transcribe(language_code="pt-BR", mime_type="audio/wav"),
    _spoken(speed=0.25, mime_type="audio/ogg"),
)


_SPENDING: Sequence[Any] = (
    _generate(),
    _edit(),
    _upscale(),
    image_pb2.InspectImageRequest(image=PNG),
    _analyze(),
    _read(),
    _embed(),
    _transcribe(),
    _speak(),
)


def _changed(request: Any, path: str, value: Any) -> Any:
    """A copy of a request with another value at a path."""
    made = type(request)()
    made.CopyFrom(request)
    holder = made
    *way, name = path.split(".")
    for step in way:
        holder = getattr(holder, step)
    setattr(holder, name, value)
    return made


@pytest.mark.parametrize("request_", _SPENDING, ids=lambda one: one.DESCRIPTOR.name)
def test_the_fields_that_requests_share_have_one_rule(request_: Any) -> None:
    """Every request that reaches a provider has them, and their violations read the same."""
    assert _broken(request_) == []
    for path, value in (
        ("request_id", "x" * 129),
        ("model", "x" * 257),
        ("attribution.user_id", "x" * 129),
        ("routing_policy.cache_mode", 9),
    ):
        assert _broken(_changed(request_, path, value)) == [path]
    labelled = type(request_)()
    labelled.CopyFrom(request_)
    labelled.attribution.labels["k" * 65] = "x"
    assert [field.partition("[")[0] for field in _broken(labelled)] == ["attribution.labels"]


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (_generate(), "image_config"),
        (_upscale(), "upscale_config"),
        (_embed(), "embedding_config"),
        (_speak(), "speech_config"),
        (_transcribe(), ""),
        (_read(), "generation_config"),
    ],
)
def test_a_whole_number_that_a_double_cannot_hold_is_named(request_: Any, path: str) -> None:
    """Options hold doubles, so that such a number would arrive changed."""
    made = type(request_)()
    made.CopyFrom(request_)
    holder = getattr(made, path) if path else made
    holder.provider_options["openai"].update({"seed": 2**53 - 1, "deep": [{"seed": 2**53 + 2}]})
    (field,) = _broken(made)
    assert field == ".".join(filter(None, (path, "provider_options['openai'].deep[0].seed")))


def _broken(request: Message) -> list[str]:
    rules: Callable[[Message], Any] = VALIDATORS[request.DESCRIPTOR.full_name]
    return [violation.field for violation in rules(request)]


@pytest.mark.parametrize(("request_", "field"), BAD)
def test_a_bad_field_is_named(request_: Message, field: str) -> None:
    """A request with one bad field gets one violation, which names it."""
    assert _broken(request_) == [field]


@pytest.mark.parametrize("request_", GOOD)
def test_a_good_request_has_no_violation(request_: Message) -> None:
    """What the contract allows is let through."""
    assert _broken(request_) == []


def test_only_some_empty_texts_are_told_apart() -> None:
    """Thousands of empty texts do not make thousands of violations."""
    assert len(_broken(_embed(texts=[""] * 2000))) == 10
