"""Laws: a call that has ended holds nothing, whatever way it took: candidates, repeats, uploads, media."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
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
from tests.fakes.papers import text_pdf
from tests.fakes.pictures import png_bomb
from tests.laws.held import BytesChannel, ended, left, uncollected

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_CUT, _DOWN = "sandbox/fault-cut", "sandbox/fault-500"
_CONFIG = {
    "providers": {"sandbox": {"kind": "sandbox"}},
    "retry": {"attempts": 1},
    "breaker": {"enabled": False},
    "models": {
        "over": {
            "candidates": [_DOWN, "sandbox/fault-filter", "sandbox/chat"],
            "failover_on": ["server_fault"],
        },
        "down": {"candidates": [_DOWN, "sandbox/fault-503"]},
        "late": {"candidates": ["sandbox/fault-stall", "sandbox/fault-hang"], "hedge": {"after": "20ms"}},
        "cut": {"candidates": [_CUT, "sandbox/chat"], "stream_recovery": "restart"},
        "gone": {"candidates": [_CUT, _DOWN], "stream_recovery": "continue"},
        "read": {
            "candidates": ["sandbox/fault-stall"],
            "on_cancel": "drain",
            "timeouts": {"attempt": "600ms", "idle": "600ms"},
        },
        "silent": {
            "candidates": ["sandbox/fault-hang"],
            "timeouts": {"attempt": "100ms", "first_content": "100ms"},
        },
    },
}
_BROKEN = Media(data=png_bomb(), mime_type="image/png")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Gateway]:
    """A gateway over the sandbox."""
    async with gateway(_CONFIG) as found:
        yield found


def _channel(served: Gateway) -> Any:
    return BytesChannel(served.channel)


_WAYS = ("over", "down", "late", "cut", "gone", "silent", "read", "nowhere", "sandbox/nothing")
_SHARED = (False, True)


def _asked(method: Any, model: str, *, shared: bool, text: str, timeout: float) -> list[Any]:
    """Three calls of one request, which share an answer or not."""
    request = ask(model, f"{text} {method}")
    request.request_id = f"{text}-{model}-{method}" if shared else ""
    return [method(request, timeout=timeout) for _ in range(3)]


async def test_ways_of_a_chat(served: Gateway) -> None:
    """Nothing is left of chats that went on, were hedged, recovered, shared one answer, or found nobody."""
    stub: Any = chat_grpc.ChatServiceStub(_channel(served))
    with uncollected():
        for method in (stub.Chat, stub.StreamChat):
            calls = [
                call
                for model in _WAYS
                for shared in _SHARED
                for call in _asked(method, model, shared=shared, text="Say", timeout=0.9)
            ]
            await asyncio.gather(*map(ended, calls))
            del calls
        assert not await left()


async def test_ways_of_a_chat_that_is_left(served: Gateway) -> None:
    """Nothing is left when every caller leaves, or the first of several that share an answer."""
    stub: Any = chat_grpc.ChatServiceStub(_channel(served))
    with uncollected():
        for method in (stub.Chat, stub.StreamChat):
            threes = [
                _asked(method, model, shared=shared, text="Begin", timeout=0.4)
                for model in _WAYS
                for shared in _SHARED
            ]
            outcomes = asyncio.gather(*(ended(call) for three in threes for call in three))
            await asyncio.sleep(0.1)
            for three in threes:
                three[0].cancel()
                three[1].cancel()
            await outcomes
            del three, threes, outcomes
        assert not await left()


def _mistakes(channel: Any) -> Iterator[Any]:
    """Calls that are refused before any provider is asked."""
    chat, vision = chat_grpc.ChatServiceStub(channel), vision_grpc.VisionServiceStub(channel)
    image, embed = image_grpc.ImageServiceStub(channel), embedding_grpc.EmbeddingServiceStub(channel)
    speech = audio_grpc.AudioServiceStub(channel)
    roleless = ask("over")
    roleless.messages[0].ClearField("role")
    look = vision_pb2.AnalyzeImagesRequest(model="sandbox/chat", prompt="What is it?", images=[_BROKEN])
    edit = image_pb2.EditImagesRequest(model="sandbox/image", prompt="Redder", images=[_BROKEN])
    yield from (method(roleless) for method in (chat.Chat, chat.StreamChat))
    yield from (method(look) for method in (vision.AnalyzeImages, vision.StreamAnalyzeImages))
    yield image.EditImages(edit)
    yield image.StreamImages(image_pb2.StreamImagesRequest(edit=edit))
    yield image.InspectImage(image_pb2.InspectImageRequest(image=_BROKEN))
    config = image_pb2.UpscaleConfig(factor=2)
    enlarged = image_pb2.UpscaleImageRequest(model="local/lanczos", image=_BROKEN, upscale_config=config)
    yield image.UpscaleImage(enlarged)
    yield embed.Embed(embedding_pb2.EmbedRequest(model="sandbox/chat", texts=["x"]))
    yield embed.Embed(embedding_pb2.EmbedRequest(model="sandbox/embed"))
    yield speech.Speak(audio_pb2.SpeakRequest(model="sandbox/chat", text="x"))


async def test_requests_that_are_refused(served: Gateway) -> None:
    """Nothing is left of requests that break a rule, bring broken pictures, or ask what a model cannot do."""
    with uncollected():
        codes = [await ended(call) for call in _mistakes(_channel(served))]
        assert "OK" not in codes
        assert not await left()


def _document(data: bytes, model: str, chunk: int = 1000) -> list[vision_pb2.ReadDocumentRequest]:
    config = vision_pb2.ReadDocumentConfig(model=model)
    pieces = [data[start : start + chunk] for start in range(0, len(data), chunk)]
    return [
        vision_pb2.ReadDocumentRequest(config=config),
        *(vision_pb2.ReadDocumentRequest(chunk=piece) for piece in pieces),
    ]


def _recording(model: str, *chunks: bytes) -> list[audio_pb2.TranscribeRequest]:
    config = audio_pb2.TranscriptionConfig(model=model, mime_type="audio/wav")
    return [
        audio_pb2.TranscribeRequest(config=config),
        *(audio_pb2.TranscribeRequest(chunk=chunk) for chunk in chunks),
    ]


_PAPER = text_pdf(2, picture_every=1)
_UPLOADS: dict[str, tuple[str, list[Any]]] = {
    "document": ("read", _document(_PAPER, "sandbox/chat")),
    "document-without-a-model": ("read", _document(_PAPER, "nowhere")),
    "document-at-a-provider-that-is-down": ("read", _document(_PAPER, "down")),
    "document-cut": ("read", _document(_PAPER[:-900], "sandbox/chat")),
    "document-of-no-kind": ("read", _document(b"no document" * 400, "sandbox/chat")),
    "document-in-a-chunk-too-large": ("read", _document(_PAPER + b" " * (3 << 20), "sandbox/chat", 2 << 20)),
    "recording": ("hear", _recording("sandbox/transcribe", b"RIFF", b"x" * 1000)),
    "recording-at-a-provider-that-is-down": ("hear", _recording("down", b"x" * 1000)),
    "recording-in-a-chunk-too-large": ("hear", _recording("sandbox/transcribe", b"x" * (2 << 20))),
    "recording-configured-twice": ("hear", _recording("sandbox/transcribe") * 2),
    "recording-without-a-configuration": ("hear", _recording("sandbox/transcribe", b"x")[1:]),
}


def _upload(served: Gateway, name: str) -> Any:
    kind, messages = _UPLOADS[name]
    channel = _channel(served)
    if kind == "read":
        return vision_grpc.VisionServiceStub(channel).ReadDocument(messages)
    return audio_grpc.AudioServiceStub(channel).Transcribe(messages)


async def test_uploads(served: Gateway) -> None:
    """Nothing is left of what was sent in pieces, read to its end, refused on the way, or failed later."""
    with uncollected():
        codes = [await ended(_upload(served, name)) for name in _UPLOADS]
        assert Counter(codes)["OK"] in range(1, len(codes))
        assert not await left()


async def test_uploads_that_stop(served: Gateway) -> None:
    """Nothing is left of uploads whose caller falls silent or leaves before their end."""
    with uncollected():
        await asyncio.gather(
            *(_stopped(served, path, blobs=blobs) for path in _PATHS for blobs in (True, False))
        )
        assert not await left()


_PATHS = ("VisionService/ReadDocument", "AudioService/Transcribe")


async def _stopped(served: Gateway, path: str, *, blobs: bool) -> None:
    begun = (
        _document(_PAPER, "sandbox/chat")[:3] if "Vision" in path else _recording("sandbox/transcribe", b"R")
    )
    call: Any = served.channel.stream_stream(f"/ringmain.v1.{path}")(timeout=0.3)
    for message in begun:
        await call.write(message.SerializeToString())
    await asyncio.sleep(0.1)
    if blobs:
        call.cancel()
    await ended(call)
