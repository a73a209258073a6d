"""A repeated request of every method that spends is answered again from the store and paid once."""

import io
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc
from ringmain.v1.content_pb2 import Media

from tests.e2e.gateway import Gateway, ask, gateway
from tests.e2e.test_documents import pdf
from tests.edge.serving import details
from tests.fakes.pictures import saved, scene


def _sound(seconds: float) -> bytes:
    """A WAV file of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(round(seconds * 32_000)))
    return file.getvalue()


DOCUMENT = pdf(2, pictures=("red",))
PICTURE = Media(mime_type="image/png", data=saved(scene(), "PNG"))


@dataclass(frozen=True)
class Method:
    """A method, a request of it, and another one that a caller might send under the same id."""

    stub: Callable[[grpc.aio.Channel], Any]
    name: str
    request: Any
    other: Any
    upload: bytes = b""

    async def answers(self, ringmain: Gateway, request: Any, data: bytes | None = None) -> list[Message]:
        """Everything that the method answers to a request."""
        method = getattr(self.stub(ringmain.channel), self.name)
        if self.upload:
            return [event async for event in method(self._pieces(request, data or self.upload))]
        answer = method(request)
        if isinstance(answer, grpc.aio.UnaryStreamCall):
            return [event async for event in answer]
        return [await answer]

    async def _pieces(self, config: Message, data: bytes) -> AsyncIterator[Message]:
        whole: Any = (
            vision_pb2.ReadDocumentRequest
            if isinstance(config, vision_pb2.ReadDocumentConfig)
            else audio_pb2.TranscribeRequest
        )
        yield whole(config=config)
        for at in range(0, len(data), 1000):
            yield whole(chunk=data[at : at + 1000])


def _upscale(factor: int) -> image_pb2.UpscaleImageRequest:
    config = image_pb2.UpscaleConfig(factor=factor)
    return image_pb2.UpscaleImageRequest(model="local/bicubic", image=PICTURE, upscale_config=config)


def _analyze(prompt: str) -> vision_pb2.AnalyzeImagesRequest:
    return vision_pb2.AnalyzeImagesRequest(model="sandbox/chat", prompt=prompt, images=[PICTURE])


def _generate(prompt: str) -> image_pb2.GenerateImagesRequest:
    config = image_pb2.ImageConfig(size="96x96")
    return image_pb2.GenerateImagesRequest(model="sandbox/image", prompt=prompt, image_config=config)


def _edit(prompt: str) -> image_pb2.EditImagesRequest:
    return image_pb2.EditImagesRequest(model="sandbox/image", prompt=prompt, images=[PICTURE])


def _inspect(model: str) -> image_pb2.InspectImageRequest:
    return image_pb2.InspectImageRequest(model=model, image=PICTURE)


def _embed(text: str) -> embedding_pb2.EmbedRequest:
    return embedding_pb2.EmbedRequest(model="sandbox/embed", texts=[text])


def _speak(text: str) -> audio_pb2.SpeakRequest:
    return audio_pb2.SpeakRequest(model="sandbox/speak", text=text)


def _transcribe(language: str) -> audio_pb2.TranscriptionConfig:
    return audio_pb2.TranscriptionConfig(
        model="sandbox/transcribe", language_code=language, mime_type="audio/wav"
    )


def _read(prompt: str) -> vision_pb2.ReadDocumentConfig:
    return vision_pb2.ReadDocumentConfig(model="sandbox/chat", prompt=prompt)


METHODS: Sequence[Method] = (
    Method(chat_grpc.ChatServiceStub, "Chat", ask("sandbox/echo", "a"), ask("sandbox/echo", "b")),
    Method(chat_grpc.ChatServiceStub, "StreamChat", ask("sandbox/echo", "a"), ask("sandbox/echo", "b")),
    Method(vision_grpc.VisionServiceStub, "AnalyzeImages", _analyze("a"), _analyze("b")),
    Method(vision_grpc.VisionServiceStub, "StreamAnalyzeImages", _analyze("a"), _analyze("b")),
    Method(image_grpc.ImageServiceStub, "GenerateImages", _generate("a"), _generate("b")),
    Method(image_grpc.ImageServiceStub, "EditImages", _edit("a"), _edit("b")),
    Method(image_grpc.ImageServiceStub, "UpscaleImage", _upscale(2), _upscale(3)),
    Method(image_grpc.ImageServiceStub, "InspectImage", _inspect("sandbox/chat"), _inspect("")),
    Method(image_grpc.ImageServiceStub, "InspectImage", _inspect("sandbox/classify"), _inspect("")),
    Method(embedding_grpc.EmbeddingServiceStub, "Embed", _embed("a"), _embed("b")),
    Method(audio_grpc.AudioServiceStub, "Speak", _speak("a"), _speak("b")),
    Method(
        audio_grpc.AudioServiceStub, "Transcribe", _transcribe("en"), _transcribe("de"), upload=_sound(0.5)
    ),
    Method(
        vision_grpc.VisionServiceStub,
        "ReadDocument",
        _read("a"),
        _read("b"),
        upload=pdf(2, pictures=("red",)),
    ),
)


def _once(request: Any, **labels: str) -> Any:
    made = type(request)()
    made.CopyFrom(request)
    made.request_id = "order-1"
    made.attribution.labels.update(labels)
    made.attribution.user_id = labels.get("try", "")
    return made


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_a_repeat_gets_the_first_answer(method: Method) -> None:
    """Labels and timeouts may differ; the answer is the same to the byte, and the log says so."""
    async with gateway() as ringmain:
        first = await method.answers(ringmain, _once(method.request))
        again = _once(method.request, **{"try": "2"})
        again.routing_policy.idle_timeout.FromSeconds(9)
        assert await method.answers(ringmain, again) == first
        one, two = (line for line in ringmain.log() if line["event"] == "call")
        assert "replayed" not in one
        assert two["replayed"] is True
        assert two["labels"] == {"try": "2"}
        assert "cost_nano_usd" not in two


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_an_id_is_of_one_request(method: Method) -> None:
    """Another request under the same id is refused."""
    async with gateway() as ringmain:
        await method.answers(ringmain, _once(method.request))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await method.answers(ringmain, _once(method.other))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "request_id" in str(details(refused.value))


@pytest.mark.parametrize("method", [one for one in METHODS if one.upload], ids=lambda method: method.name)
async def test_other_bytes_are_another_request(method: Method) -> None:
    """What is uploaded belongs to the request."""
    async with gateway() as ringmain:
        await method.answers(ringmain, _once(method.request))
        other = _sound(0.7) if method.name == "Transcribe" else pdf(3)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await method.answers(ringmain, _once(method.request), other)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
