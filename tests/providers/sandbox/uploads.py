"""Requests for every operation of the sandbox but chat, and recordings as they come in."""

from collections.abc import AsyncIterator, Iterable

from ringmain.v1.audio_service_pb2 import SpeakEvent, SpeakRequest, SpeechConfig, TranscriptionConfig
from ringmain.v1.embedding_service_pb2 import EmbeddingConfig, EmbedRequest
from ringmain.v1.image_service_pb2 import (
    EditImagesRequest,
    GenerateImagesRequest,
    InspectImageRequest,
    StreamImagesRequest,
    UpscaleConfig,
    UpscaleImageRequest,
)
from ringmain_server.errors import MediaInvalid
from ringmain_server.operations import SPEAK, AudioUpload
from ringmain_server.operations.upload import ReplayBuffer

from tests.fakes.pictures import saved, scene
from tests.providers.sandbox.bench import Bench

TEXT = "Three words here. Then some more of them, spoken slowly."


async def upload(data: bytes, *sizes: int, mime_type: str = "audio/wav", **config: object) -> AudioUpload:
    """A recording that came in as pieces of these sizes, the rest as one."""
    buffer = ReplayBuffer(64 << 20, lambda: MediaInvalid.at("chunk", "too large"))
    await buffer.fill(_pieces(data, sizes))
    return AudioUpload(TranscriptionConfig(mime_type=mime_type, **config), buffer)  # type: ignore[arg-type]


async def _pieces(data: bytes, sizes: Iterable[int]) -> AsyncIterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


def sound_of(events: Iterable[SpeakEvent]) -> bytes:
    """The bytes of spoken events."""
    return b"".join(event.audio_chunk for event in events)


async def spoken(text: str = TEXT, **wishes: object) -> bytes:
    """A text as the sandbox speaks it."""
    request = SpeakRequest(text=text, speech_config=SpeechConfig(**wishes))  # type: ignore[arg-type]
    return sound_of(await Bench().events(SPEAK, "speak", request))


def generation(prompt: str = "a red circle on blue", **config: object) -> GenerateImagesRequest:
    """A small picture."""
    return GenerateImagesRequest(prompt=prompt, image_config={"size": "96x96", **config})  # type: ignore[arg-type]


def edit(prompt: str = "a red circle", **fields: object) -> EditImagesRequest:
    """A picture to change."""
    image = {"mime_type": "image/png", "data": saved(scene(), "PNG")}
    return EditImagesRequest(**{"prompt": prompt, "images": [image], **fields})  # type: ignore[arg-type]


def stream(request: GenerateImagesRequest | EditImagesRequest, previews: int = 0) -> StreamImagesRequest:
    """The same as a stream."""
    if isinstance(request, GenerateImagesRequest):
        return StreamImagesRequest(generate=request, preview_count=previews)
    return StreamImagesRequest(edit=request, preview_count=previews)


def enlargement(factor: int = 2) -> UpscaleImageRequest:
    """A picture to enlarge."""
    image = {"mime_type": "image/png", "data": saved(scene(), "PNG")}
    config = UpscaleConfig(factor=factor)
    return UpscaleImageRequest(image=image, upscale_config=config)  # type: ignore[arg-type]


def inspection(data: bytes | None = None) -> InspectImageRequest:
    """A picture to classify."""
    image = {"mime_type": "image/png", "data": data or saved(scene(), "PNG")}
    return InspectImageRequest(image=image)  # type: ignore[arg-type]


def texts(*given: str, **wishes: object) -> EmbedRequest:
    """Texts to embed."""
    config = EmbeddingConfig(**wishes)  # type: ignore[arg-type]
    return EmbedRequest(texts=given or ("one", "two"), embedding_config=config)
