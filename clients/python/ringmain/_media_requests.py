"""Client: requests for images, speech, vectors and documents. Pure, except for reading the given files."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, Protocol, TypeAlias, Unpack

from ringmain._choice import choose, refuse_unknown
from ringmain._request import ChatOptions, RoutingOptions, generation_config, routing_policy, struct
from ringmain.files import pieces
from ringmain.messages import Source, image
from ringmain.pictures import Image
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.content_pb2 import Media
from ringmain.v1.routing_pb2 import RoutingPolicy

Picture: TypeAlias = Source | Media | Image
"""An image: its address, its path, its bytes, a message of the contract, or an image that a model drew."""

Recording: TypeAlias = str | bytes | os.PathLike[str] | Iterable[bytes]
"""A file: its path, its bytes, or an iterable of its bytes."""

UPLOAD_PIECE: Final = 256 * 1024
"""The bytes in one message of an upload: quick to send, and well below the contract's limit."""

_QUALITIES: Final = {
    "low": image_pb2.IMAGE_QUALITY_LOW,
    "medium": image_pb2.IMAGE_QUALITY_MEDIUM,
    "high": image_pb2.IMAGE_QUALITY_HIGH,
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


class CallOptions(RoutingOptions, total=False):
    """Options that every call takes. None means unset, except for `timeout`."""

    model: str | None
    """A model of the gateway, or `provider/model`. Unset means the client's model."""
    timeout: float | None
    """The timeout of the call in seconds. None means no limit; absent means the client's timeout."""


class DrawOptions(CallOptions, total=False):
    """Options for drawing pictures."""

    count: int | None
    """The number of pictures, 1 to 10."""
    size: str | None
    """The size, such as `1024x1536`. A model that lacks it draws the nearest size that it has."""
    aspect_ratio: str | None
    """The aspect ratio, such as `16:9`."""
    quality: Literal["low", "medium", "high"] | None
    """The effort that the model spends on each picture."""
    style: str | None
    """A style, as the provider names it."""
    format: Literal["png", "jpeg", "webp"] | None
    """The format of the files. Unset means PNG."""
    transparent: bool | None
    """Whether the background is transparent, if the model can draw it so."""
    seed: int | None
    """A seed, with which a provider tries to repeat its results."""
    negative_prompt: str | None
    """A description of content that must not appear."""
    provider_options: Mapping[str, Mapping[str, object]] | None
    """Fields to pass to a provider unchanged, by provider kind."""
    request_id: str | None
    """An id that you choose. A call that repeats it within a day returns the first answer, for free."""


class EditOptions(DrawOptions, total=False):
    """Options for changing pictures."""

    mask: Picture | None
    """A mask, whose transparent pixels mark the area to redraw."""
    outpaint: Mapping[str, int] | int | None
    """The pixels to draw beyond the border: on every side, or by `left`, `top`, `right` and `bottom`."""
    mode: Literal["inpaint", "outpaint", "style"] | None
    """The kind of change. Unset means the one that `mask`, `outpaint` or else the prompt implies."""


class UpscaleOptions(CallOptions, total=False):
    """Options for enlarging a picture."""

    prompt: str | None
    """A description of the picture, for models that need one."""
    format: Literal["png", "jpeg", "webp"] | None
    """The format of the file. Unset means that of the picture."""


class InspectOptions(CallOptions, total=False):
    """Options for inspecting a picture."""

    classifier: str | None
    """A model that classifies images, or that sees them. Unset means no classification."""


class ReadOptions(CallOptions, total=False):
    """Options for reading a document."""

    mime_type: str | None
    """The document's media type. Unset means that the gateway detects it."""
    mode: Literal["text", "page"] | None
    """The way to read: `text` takes the text and describes each picture, `page` shows the model each page as
    a picture."""
    prompt: str | None
    """The instructions to the model for each page or picture."""
    parallel: int | None
    """The most pages that are read at once."""
    first_page: int | None
    """The first page to read, counted from 1. Use it to resume after a failure."""


class TranscribeOptions(CallOptions, total=False):
    """Options for a transcription."""

    mime_type: str | None
    """The recording's media type. Unset means that the gateway detects it."""
    language: str | None
    """The spoken language as a BCP 47 code. Unset means that the model detects it."""
    translate: bool | None
    """Whether to translate into English."""
    prompt: str | None
    """Words that the recording is likely to have."""


class SpeakOptions(CallOptions, total=False):
    """Options for speech."""

    voice: str | None
    """The voice, as the provider names it."""
    instructions: str | None
    """A description of the way to speak."""
    speed: float | None
    """The speed, 0.25 to 4."""
    format: Literal["mp3", "wav", "ogg", "flac", "aac", "pcm"] | None
    """The format of the file. Unset means MP3, or a format that the model has."""


class SeeOptions(CallOptions, total=False):
    """Options for questions about images."""

    max_output_tokens: int | None
    """The most tokens that the model may write."""
    temperature: float | None
    """The sampling temperature, 0 to 2."""
    seed: int | None
    """A seed, with which a provider tries to repeat its results."""


class EmbedOptions(CallOptions, total=False):
    """Options for embedding texts."""

    purpose: Literal["document", "query", "similarity"] | None
    """The purpose of the vectors."""
    dimensions: int | None
    """The number of dimensions of each vector."""


_AUDIO: Final = {name: f"audio/{name}" for name in ("wav", "ogg", "flac", "aac", "pcm")} | {
    "mp3": "audio/mpeg"
}


def generate_request(prompt: str, **options: Unpack[DrawOptions]) -> image_pb2.GenerateImagesRequest:
    """Returns a request for pictures that a model draws from a description."""
    refuse_unknown("drawing", options, DrawOptions.__annotations__)
    request = image_pb2.GenerateImagesRequest(
        request_id=options.get("request_id") or "", model=options.get("model") or "", prompt=prompt
    )
    _set_drawing(request, options)
    return request


def edit_request(
    images: Picture | Iterable[Picture], prompt: str, **options: Unpack[EditOptions]
) -> image_pb2.EditImagesRequest:
    """Returns a request to change pictures."""
    refuse_unknown("an edit", options, EditOptions.__annotations__)
    request = image_pb2.EditImagesRequest(
        request_id=options.get("request_id") or "",
        model=options.get("model") or "",
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
    request = image_pb2.UpscaleImageRequest(
        model=options.get("model") or "",
        image=_picture(picture),
        factor=factor,
        prompt=options.get("prompt") or "",
        mime_type=f"image/{wanted}" if wanted else "",
    )
    _set_routing(request, options)
    return request


def inspect_request(picture: Picture, **options: Unpack[InspectOptions]) -> image_pb2.InspectImageRequest:
    """Returns a request for the facts about a picture."""
    refuse_unknown("an inspection", options, InspectOptions.__annotations__)
    request = image_pb2.InspectImageRequest(
        image=_picture(picture), classifier_model=options.get("classifier") or options.get("model") or ""
    )
    _set_routing(request, options)
    return request


def analyze_request(
    images: Picture | Iterable[Picture], prompt: str, **options: Unpack[SeeOptions]
) -> vision_pb2.AnalyzeImagesRequest:
    """Returns a request with a question about images."""
    refuse_unknown("a question about images", options, SeeOptions.__annotations__)
    request = vision_pb2.AnalyzeImagesRequest(
        model=options.get("model") or "", prompt=prompt, images=_pictures(images)
    )
    knobs: ChatOptions = {
        "max_output_tokens": options.get("max_output_tokens"),
        "temperature": options.get("temperature"),
        "seed": options.get("seed"),
    }
    if (config := generation_config(knobs)).ByteSize():
        request.generation_config.CopyFrom(config)
    _set_routing(request, options)
    return request


def read_messages(
    document: Recording, **options: Unpack[ReadOptions]
) -> Iterator[vision_pb2.ReadDocumentRequest]:
    """Yields the messages that upload a document, with the options in the first."""
    refuse_unknown("reading", options, ReadOptions.__annotations__)
    config = vision_pb2.ReadDocumentConfig(
        model=options.get("model") or "",
        mime_type=options.get("mime_type") or "",
        prompt=options.get("prompt") or "",
        max_parallel_pages=options.get("parallel") or 0,
        first_page=options.get("first_page") or 0,
    )
    if (mode := options.get("mode")) is not None:
        config.mode = choose("mode", mode, _DOCUMENT_MODES)
    _set_routing(config, options)
    yield vision_pb2.ReadDocumentRequest(config=config)
    for chunk in pieces(document, UPLOAD_PIECE):
        yield vision_pb2.ReadDocumentRequest(chunk=chunk)


def transcribe_messages(
    recording: Recording, **options: Unpack[TranscribeOptions]
) -> Iterator[audio_pb2.TranscribeRequest]:
    """Yields the messages that upload a recording, with the options in the first."""
    refuse_unknown("listening", options, TranscribeOptions.__annotations__)
    config = audio_pb2.TranscriptionConfig(
        model=options.get("model") or "",
        mime_type=options.get("mime_type") or "",
        language_code=options.get("language") or "",
        translate=options.get("translate") or False,
        prompt=options.get("prompt") or "",
    )
    _set_routing(config, options)
    yield audio_pb2.TranscribeRequest(config=config)
    for chunk in pieces(recording, UPLOAD_PIECE):
        yield audio_pb2.TranscribeRequest(chunk=chunk)


def speak_request(text: str, **options: Unpack[SpeakOptions]) -> audio_pb2.SpeakRequest:
    """Returns a request for speech."""
    refuse_unknown("speech", options, SpeakOptions.__annotations__)
    request = audio_pb2.SpeakRequest(
        model=options.get("model") or "",
        text=text,
        voice=options.get("voice") or "",
        instructions=options.get("instructions") or "",
        speed=options.get("speed"),
    )
    if (wanted := options.get("format")) is not None:
        request.mime_type = choose("format", wanted, _AUDIO)
    _set_routing(request, options)
    return request


def embed_request(texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> embedding_pb2.EmbedRequest:
    """Returns a request for the vectors of texts."""
    refuse_unknown("embedding", options, EmbedOptions.__annotations__)
    request = embedding_pb2.EmbedRequest(
        model=options.get("model") or "",
        texts=[texts] if isinstance(texts, str) else texts,
        dimension_count=options.get("dimensions"),
    )
    if (purpose := options.get("purpose")) is not None:
        request.purpose = choose("purpose", purpose, _PURPOSES)
    _set_routing(request, options)
    return request


class _Routed(Protocol):
    """A request that has a routing policy."""

    @property
    def routing_policy(self) -> RoutingPolicy: ...


def _set_routing(request: _Routed, options: CallOptions) -> None:
    """Sets the routing policy of a request, unless it is empty."""
    if (policy := routing_policy(options)).ByteSize():
        request.routing_policy.CopyFrom(policy)


def _set_drawing(
    request: image_pb2.GenerateImagesRequest | image_pb2.EditImagesRequest, options: DrawOptions
) -> None:
    """Sets the image config and the routing policy of a request, unless they are empty."""
    if (config := _image_config(options)).ByteSize():
        request.image_config.CopyFrom(config)
    _set_routing(request, options)


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
    for kind, fields in (options.get("provider_options") or {}).items():
        config.provider_options[kind].CopyFrom(struct(fields))
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
