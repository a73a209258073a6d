"""Client: requests for images, speech, vectors and documents. Pure, except for reading the given files."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Unpack

from ringmain._choice import choose, refuse_unknown
from ringmain._media_options import (
    DrawOptions,
    EditOptions,
    EmbedOptions,
    InspectOptions,
    Picture,
    ReadOptions,
    Recording,
    SeeOptions,
    SpeakOptions,
    TranscribeOptions,
    UpscaleOptions,
)
from ringmain._request import ChatOptions, generation_config, set_provider_options, set_shared
from ringmain.files import pieces
from ringmain.messages import image, image_detail
from ringmain.pictures import Image
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.content_pb2 import Media
from ringmain.v1.generation_pb2 import GenerationConfig

UPLOAD_PIECE: Final = 256 * 1024
"""The bytes in one message of an upload: quick to send, and well below the contract's limit."""

_QUALITIES: Final = {
    "low": image_pb2.IMAGE_QUALITY_LOW,
    "medium": image_pb2.IMAGE_QUALITY_MEDIUM,
    "high": image_pb2.IMAGE_QUALITY_HIGH,
    "extra_high": image_pb2.IMAGE_QUALITY_EXTRA_HIGH,
}
_MODES: Final = {
    "inpaint": image_pb2.EDIT_MODE_INPAINT,
    "outpaint": image_pb2.EDIT_MODE_OUTPAINT,
    "style": image_pb2.EDIT_MODE_STYLE,
}
_PURPOSES: Final = {
    "document": embedding_pb2.EMBEDDING_PURPOSE_DOCUMENT,
    "query": embedding_pb2.EMBEDDING_PURPOSE_QUERY,
    "similarity": embedding_pb2.EMBEDDING_PURPOSE_SIMILARITY,
}
_DOCUMENT_MODES: Final = {
    "text": vision_pb2.DOCUMENT_MODE_TEXT_AND_IMAGES,
    "page": vision_pb2.DOCUMENT_MODE_PAGE_AS_IMAGE,
}


_AUDIO: Final = {name: f"audio/{name}" for name in ("wav", "ogg", "flac", "aac", "pcm")} | {
    "mp3": "audio/mpeg"
}


def generate_request(prompt: str, **options: Unpack[DrawOptions]) -> image_pb2.GenerateImagesRequest:
    """Returns a request for pictures that a model draws from a description."""
    refuse_unknown("drawing", options, DrawOptions.__annotations__)
    request = image_pb2.GenerateImagesRequest(prompt=prompt)
    _set_drawing(request, options)
    return request


def edit_request(
    images: Picture | Iterable[Picture], prompt: str, **options: Unpack[EditOptions]
) -> image_pb2.EditImagesRequest:
    """Returns a request to change pictures."""
    refuse_unknown("an edit", options, EditOptions.__annotations__)
    request = image_pb2.EditImagesRequest(
        prompt=prompt,
        images=_pictures(images),
        mode=_edit_mode(options),
    )
    if (mask := options.get("mask")) is not None:
        request.mask.CopyFrom(_picture(mask))
    if (margins := options.get("outpaint")) is not None:
        sides = margins if isinstance(margins, Mapping) else dict.fromkeys(_SIDES, margins)
        request.outpaint.CopyFrom(image_pb2.Margins(**sides))
    _set_drawing(request, options)
    return request


_SIDES: Final = ("left", "top", "right", "bottom")


def upscale_request(
    picture: Picture, factor: int, **options: Unpack[UpscaleOptions]
) -> image_pb2.UpscaleImageRequest:
    """Returns a request to enlarge a picture."""
    refuse_unknown("enlarging", options, UpscaleOptions.__annotations__)
    wanted = options.get("format")
    config = image_pb2.UpscaleConfig(
        factor=factor,
        prompt=options.get("prompt") or "",
        mime_type=f"image/{wanted}" if wanted else "",
    )
    set_provider_options(config, options.get("provider_options"))
    request = image_pb2.UpscaleImageRequest(image=_picture(picture), upscale_config=config)
    set_shared(request, options)
    return request


def inspect_request(picture: Picture, **options: Unpack[InspectOptions]) -> image_pb2.InspectImageRequest:
    """Returns a request for the facts about a picture."""
    refuse_unknown("an inspection", options, InspectOptions.__annotations__)
    request = image_pb2.InspectImageRequest(image=_picture(picture))
    set_shared(request, options)
    return request


def analyze_request(
    images: Picture | Iterable[Picture], prompt: str, **options: Unpack[SeeOptions]
) -> vision_pb2.AnalyzeImagesRequest:
    """Returns a request with a question about images."""
    refuse_unknown("a question about images", options, SeeOptions.__annotations__)
    request = vision_pb2.AnalyzeImagesRequest(prompt=prompt, images=_pictures(images))
    if (detail := options.get("detail")) is not None:
        request.image_detail = image_detail(detail)
    if (config := _knobs(options)).ByteSize():
        request.generation_config.CopyFrom(config)
    set_shared(request, options)
    return request


def read_messages(
    document: Recording, **options: Unpack[ReadOptions]
) -> Iterator[vision_pb2.ReadDocumentRequest]:
    """Yields the messages that upload a document, with the options in the first."""
    refuse_unknown("reading", options, ReadOptions.__annotations__)
    config = vision_pb2.ReadDocumentConfig(
        mime_type=options.get("mime_type") or "",
        prompt=options.get("prompt") or "",
        first_page=options.get("first_page") or 0,
    )
    if (mode := options.get("mode")) is not None:
        config.mode = choose("mode", mode, _DOCUMENT_MODES)
    if (knobs := _knobs(options)).ByteSize():
        config.generation_config.CopyFrom(knobs)
    set_shared(config, options)
    yield vision_pb2.ReadDocumentRequest(config=config)
    for chunk in pieces(document, UPLOAD_PIECE):
        yield vision_pb2.ReadDocumentRequest(chunk=chunk)


def transcribe_messages(
    recording: Recording, **options: Unpack[TranscribeOptions]
) -> Iterator[audio_pb2.TranscribeRequest]:
    """Yields the messages that upload a recording, with the options in the first."""
    refuse_unknown("listening", options, TranscribeOptions.__annotations__)
    config = audio_pb2.TranscriptionConfig(
        mime_type=options.get("mime_type") or "",
        language_code=options.get("language") or "",
        translate=options.get("translate") or False,
        prompt=options.get("prompt") or "",
        word_offsets=options.get("word_offsets") or False,
    )
    set_provider_options(config, options.get("provider_options"))
    set_shared(config, options)
    yield audio_pb2.TranscribeRequest(config=config)
    for chunk in pieces(recording, UPLOAD_PIECE):
        yield audio_pb2.TranscribeRequest(chunk=chunk)


def speak_request(text: str, **options: Unpack[SpeakOptions]) -> audio_pb2.SpeakRequest:
    """Returns a request for speech."""
    refuse_unknown("speech", options, SpeakOptions.__annotations__)
    config = audio_pb2.SpeechConfig(
        voice=options.get("voice") or "",
        instructions=options.get("instructions") or "",
        speed=options.get("speed"),
    )
    if (wanted := options.get("format")) is not None:
        config.mime_type = choose("format", wanted, _AUDIO)
    set_provider_options(config, options.get("provider_options"))
    request = audio_pb2.SpeakRequest(text=text)
    if config.ByteSize():
        request.speech_config.CopyFrom(config)
    set_shared(request, options)
    return request


def embed_request(texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> embedding_pb2.EmbedRequest:
    """Returns a request for the vectors of texts and media."""
    refuse_unknown("embedding", options, EmbedOptions.__annotations__)
    config = embedding_pb2.EmbeddingConfig(dimension_count=options.get("dimensions"))
    if (purpose := options.get("purpose")) is not None:
        config.purpose = choose("purpose", purpose, _PURPOSES)
    set_provider_options(config, options.get("provider_options"))
    request = embedding_pb2.EmbedRequest(
        texts=[texts] if isinstance(texts, str) else texts,
        media=_pictures(options.get("media") or ()),
    )
    if config.ByteSize():
        request.embedding_config.CopyFrom(config)
    set_shared(request, options)
    return request


def _knobs(options: SeeOptions | ReadOptions) -> GenerationConfig:
    """Returns the generation config of a call that writes about images."""
    knobs: ChatOptions = {
        "max_output_tokens": options.get("max_output_tokens"),
        "temperature": options.get("temperature"),
        "seed": options.get("seed"),
        "provider_options": options.get("provider_options"),
    }
    return generation_config(knobs)


def _set_drawing(
    request: image_pb2.GenerateImagesRequest | image_pb2.EditImagesRequest, options: DrawOptions
) -> None:
    """Sets the image config and the shared fields of a request."""
    if (config := _image_config(options)).ByteSize():
        request.image_config.CopyFrom(config)
    set_shared(request, options)


def _image_config(options: DrawOptions) -> image_pb2.ImageConfig:
    wanted = options.get("format")
    config = image_pb2.ImageConfig(
        image_count=options.get("count") or 0,
        size=options.get("size") or "",
        aspect_ratio=options.get("aspect_ratio") or "",
        style=options.get("style") or "",
        mime_type=f"image/{wanted}" if wanted else "",
        transparent_background=options.get("transparent") or False,
        seed=options.get("seed"),
        negative_prompt=options.get("negative_prompt") or "",
    )
    if (quality := options.get("quality")) is not None:
        config.quality = choose("quality", quality, _QUALITIES)
    set_provider_options(config, options.get("provider_options"))
    return config


def _edit_mode(options: EditOptions) -> image_pb2.EditMode.ValueType:
    mode = options.get("mode")
    if mode is None:
        mode = "inpaint" if options.get("mask") is not None else None
        mode = "outpaint" if options.get("outpaint") is not None else mode
    return image_pb2.EDIT_MODE_UNSPECIFIED if mode is None else choose("mode", mode, _MODES)


def _pictures(given: Picture | Iterable[Picture]) -> list[Media]:
    if isinstance(given, (str, bytes, os.PathLike, Media, Image)):
        return [_picture(given)]
    return [_picture(one) for one in given]


def _picture(given: Picture) -> Media:
    if isinstance(given, Image):
        return given.media()
    return given if isinstance(given, Media) else image(given)
