"""Tests of images, vectors, speech and transcripts through a whole gateway, of Google's models."""

import io
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from PIL import Image
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media

from tests.e2e.gateway import Gateway, gateway
from tests.fakes.vertex_media import HEARD, png, tone, vector
from tests.fakes.vertex_script import answer
from tests.fakes.vertex_server import FakeVertex

DRAW = "g/gemini-2.5-flash-image"


@pytest.fixture
async def upstream() -> AsyncIterator[FakeVertex]:
    """Vertex AI, for one test."""
    async with FakeVertex() as server:
        yield server


@pytest.fixture
async def running(upstream: FakeVertex) -> AsyncIterator[Gateway]:
    """A gateway in front of it."""
    settings = {
        "kind": "vertex",
        "project": "p",
        "location": "us-central1",
        "endpoint": upstream.endpoint,
        "insecure": True,
    }
    async with gateway({"providers": {"g": settings}}) as found:
        yield found


async def test_images(running: Gateway, upstream: FakeVertex) -> None:
    """An image is drawn in the format that was asked for, and says what it cost and what was not met."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    request = image_pb2.GenerateImagesRequest(model=DRAW, prompt="A fox")
    request.image_config.mime_type = "image/webp"
    request.image_config.size = "1024x1536"
    response = await stub.GenerateImages(request)
    [image] = response.images
    assert image.media.mime_type == "image/webp"
    assert Image.open(io.BytesIO(image.media.data)).size == (64, 64)
    assert "64x64" in image.note
    assert response.usage.cost_nano_usd == 38_702_100
    assert response.route.provider_id == "g"
    config = upstream.requests[0].message.generation_config.image_config
    assert config.aspect_ratio == "2:3"


async def test_a_stream_of_images(running: Gateway) -> None:
    """A stream of what is only answered whole comes in pieces."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    request = image_pb2.StreamImagesRequest(
        generate=image_pb2.GenerateImagesRequest(model="g/imagen-4.0-generate-001", prompt="A fox"),
        preview_count=2,
    )
    events = [event async for event in stub.StreamImages(request)]
    assert [event.WhichOneof("event") for event in events] == ["started", "chunk", "finished"]
    assert events[1].chunk.data == png()
    assert events[2].finished.usage.cost_nano_usd == 40_000_000


@pytest.mark.parametrize("model", [DRAW, "g/imagen-3.0-capability-001"])
async def test_outpainting(running: Gateway, upstream: FakeVertex, model: str) -> None:
    """What is to be drawn beyond the border becomes a canvas and a mask that is white there."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    request = image_pb2.EditImagesRequest(model=model, images=[Media(mime_type="image/png", data=png())])
    request.mode = image_pb2.EDIT_MODE_OUTPAINT
    request.outpaint.left = 16
    response = await stub.EditImages(request)
    assert len(response.images) == 1
    message = upstream.requests[0].message
    if model == DRAW:
        mask = message.contents[0].parts[1].inline_data.data
        found = Image.open(io.BytesIO(mask)).convert("L")
        assert (found.size, found.getpixel((0, 0)), found.getpixel((40, 0))) == ((80, 64), 255, 0)
    else:
        parameters = message.parameters.struct_value.fields
        assert parameters["editMode"].string_value in ("EDIT_MODE_INPAINT_INSERTION", "EDIT_MODE_OUTPAINT")


async def test_refused(running: Gateway, upstream: FakeVertex) -> None:
    """An image that is withheld is an error with its category, never an empty success."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    upstream.enqueue(answer(finish=11))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GenerateImages(image_pb2.GenerateImagesRequest(model=DRAW, prompt="A fox"))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    trailers = caught.value.trailing_metadata()
    assert trailers is not None
    packed = trailers["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    info = ErrorInfo()
    assert any(one.Unpack(info) for one in Status.FromString(packed).details)
    assert (info.reason, info.metadata["category"]) == ("CONTENT_FILTERED", "image_safety")


async def test_enlarging(running: Gateway) -> None:
    """An image is enlarged by a model for that, and by no other."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    image = Media(mime_type="image/png", data=png())
    request = image_pb2.UpscaleImageRequest(
        model="g/imagen-4.0-upscale-preview",
        image=image,
        upscale_config=image_pb2.UpscaleConfig(factor=2),
    )
    assert (await stub.UpscaleImage(request)).image.data == png()
    request.model = "g/gemini-2.5-flash"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.UpscaleImage(request)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_vectors(running: Gateway) -> None:
    """Vectors come in the order of the texts, across requests."""
    stub: Any = embedding_grpc.EmbeddingServiceStub(running.channel)
    texts = ["x" * (1 + index % 50) for index in range(300)]
    response = await stub.Embed(embedding_pb2.EmbedRequest(model="g/text-embedding-005", texts=texts))
    assert [list(one.values) for one in response.embeddings] == [vector(text) for text in texts]
    assert response.usage.input_token_count == sum(map(len, texts))
    assert response.usage.cost_nano_usd == sum(map(len, texts)) * 25


async def test_speech(running: Gateway) -> None:
    """Speech comes in pieces, and says that it is WAV."""
    stub: Any = audio_grpc.AudioServiceStub(running.channel)
    request = audio_pb2.SpeakRequest(model="g/gemini-2.5-flash-tts", text="Hello there")
    events = [event async for event in stub.Speak(request)]
    assert events[0].started.mime_type == "audio/wav"
    assert events[0].started.response_id
    assert b"".join(event.audio_chunk for event in events)[44:] == tone() + tone(0.5)
    assert events[-1].finished.usage.cost_nano_usd


async def test_a_transcript(running: Gateway, upstream: FakeVertex) -> None:
    """A recording goes to the model whole, and its transcript comes as it is heard."""
    stub: Any = audio_grpc.AudioServiceStub(running.channel)

    async def upload() -> AsyncIterator[audio_pb2.TranscribeRequest]:
        yield audio_pb2.TranscribeRequest(config=audio_pb2.TranscriptionConfig(model="g/gemini-2.5-flash"))
        for chunk in (b"ID3", b" a recording"):
            yield audio_pb2.TranscribeRequest(chunk=chunk)

    events = [event async for event in stub.Transcribe(upload())]
    finished = events[-1].finished
    assert finished.text == "".join(event.text_delta for event in events) == HEARD
    assert finished.usage.cost_nano_usd
    sent = upstream.requests[0].message.contents[0].parts[0].inline_data
    assert (sent.mime_type, sent.data) == ("audio/mpeg", b"ID3 a recording")
