"""Operations beside chat through a whole gateway, over OpenAI's wire."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import orjson
import pytest
from ringmain.v1 import audio_service_pb2 as audio
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media
from ringmain_server.media.detect import detect
from ringmain_server.media.header import read_header

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details
from tests.fakes.openai_media import numbers, picture
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.planner import Reply, Send
from tests.fakes.received import Received
from tests.fakes.script import Canned
from tests.fakes.upstream import json_reply
from tests.laws.lab import failure_of

PNG = picture("64x32")


@asynccontextmanager
async def running(**models: Mapping[str, object]) -> AsyncIterator[tuple[Gateway, FakeOpenAI]]:
    """A gateway before a scripted upstream."""
    async with FakeOpenAI() as upstream:
        provider = {"kind": "openai", "base_url": upstream.base_url, "api_key": "sk-up-secret-key"}
        async with gateway({"providers": {"up": provider}, "models": models}) as found:
            yield found, upstream


async def test_an_image_of_the_nearest_size_in_the_wanted_format() -> None:
    """A size the model lacks becomes the nearest, and the answer says so; the format is the wanted one."""
    async with running() as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        config = image.ImageConfig(size="500x700", mime_type="image/webp", image_count=2)
        request = image.GenerateImagesRequest(model="up/gpt-image-1.5", prompt="A fox", image_config=config)
        answer = await stub.GenerateImages(request)
        assert upstream.requests[0].body["size"] == "1024x1536"
        assert [one.media.mime_type for one in answer.images] == ["image/webp"] * 2
        assert all("1024x1536" in one.note for one in answer.images)
        assert (answer.usage.image_count, answer.usage.output_token_count) == (2, 1056)
        assert answer.usage.cost_nano_usd == 34_072_000

        dall_e = image.GenerateImagesRequest(model="up/dall-e-3", prompt="A fox", image_config=config)
        converted = await stub.GenerateImages(dall_e)
        assert [detect(one.media.data) for one in converted.images] == ["image/webp"] * 2
        assert converted.images[0].revised_prompt == "A fox, drawn by the upstream."
        assert len(upstream.requests) == 3  # one image at a time


async def test_dall_e_does_not_stream_and_is_streamed_all_the_same() -> None:
    """A stream of a model that answers whole has the bytes and no previews."""
    async with running() as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        generate = image.GenerateImagesRequest(model="up/dall-e-3", prompt="A fox")
        request = image.StreamImagesRequest(generate=generate, preview_count=3)
        events = [event async for event in stub.StreamImages(request)]
        kinds = [event.WhichOneof("event") for event in events]
        assert kinds[0] == "started"
        assert kinds[-1] == "finished"
        assert "preview" not in kinds
        assert "stream" not in upstream.requests[0].body
        assert events[-1].finished.usage.cost_nano_usd == 40_000_000


async def test_drawing_beyond_the_border() -> None:
    """Margins become a larger canvas and a mask of its size; the answer has the canvas' shape."""
    async with running() as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        request = image.EditImagesRequest(
            model="up/gpt-image-1.5",
            images=[Media(data=PNG)],
            mode=image.EDIT_MODE_OUTPAINT,
            outpaint=image.Margins(left=32),
        )
        answer = await stub.EditImages(request)
        canvas, mask = upstream.requests[0].files
        for file in (canvas, mask):
            header = read_header(file.data, "image/png", max_frames=1)
            assert header is not None
            assert (header.width, header.height) == (96, 32)
        assert upstream.requests[0].body["size"] == "1536x1024"
        assert upstream.requests[0].body["prompt"]
        assert len(answer.images) == 1


@pytest.mark.parametrize(
    ("model", "images", "field"),
    [
        ("dall-e-2", [Media(data=PNG)], "images[0]"),
        ("dall-e-2", [Media(data=picture("8x8"))] * 2, "images"),
        ("gpt-image-1.5", [Media(uri="https://example.com/x.png")], "images[0]"),
    ],
)
async def test_images_that_a_model_does_not_take(model: str, images: list[Media], field: str) -> None:
    """They are refused by name, and nothing is sent."""
    async with running() as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        request = image.EditImagesRequest(model=f"up/{model}", prompt="A hat", images=images)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.EditImages(request)
        failure = failure_of(caught.value)
        assert (failure.info.reason, failure.violations) == ("MEDIA_INVALID", (field,))
        assert upstream.requests == []


async def test_what_an_image_shows() -> None:
    """The moderation's scores and flags stand beside what the file holds, and cost nothing."""
    async with running() as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        request = image.InspectImageRequest(image=Media(data=PNG), model="up/omni-moderation-latest")
        answer = await stub.InspectImage(request)
        assert (answer.width, answer.height) == (64, 32)
        violent = {one.category: one for one in answer.safety_ratings}["violence"]
        assert (violent.score, violent.flagged) == (0.875, True)
        assert answer.usage.HasField("cost_nano_usd")
        assert upstream.requests[0].path.endswith("/moderations")


async def test_many_texts() -> None:
    """A batch that exceeds the provider's tokens is split, and joined in order."""
    texts = [f"{index} " + "word " * 1000 for index in range(200)]
    async with running() as (found, upstream):
        stub: embedding_grpc.EmbeddingServiceAsyncStub = embedding_grpc.EmbeddingServiceStub(found.channel)
        answer = await stub.Embed(embedding.EmbedRequest(model="up/text-embedding-3-small", texts=texts))
        assert len(upstream.requests) > 1
        assert sum(len(one.body["input"]) for one in upstream.requests) == len(texts)
        assert [list(one.values) for one in answer.embeddings] == [list(numbers(text)) for text in texts]
        assert answer.usage.input_token_count == 2 * len(texts)
        assert answer.usage.cost_nano_usd == 8_000


async def test_the_operators_price_holds() -> None:
    """A configured price goes before what the translator knows."""
    price = {"input_per_mtok": 0, "output_per_mtok": 0, "per_image": 0.5}
    drawn = {"candidates": [{"provider": "up", "model": "gpt-image-1.5", "price": price}]}
    async with running(drawn=drawn) as (found, _):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        answer = await stub.GenerateImages(image.GenerateImagesRequest(model="drawn", prompt="A fox"))
        assert answer.usage.cost_nano_usd == 500_000_000


async def test_speech() -> None:
    """Speech comes in its pieces, with its media type first and its characters last."""
    async with running() as (found, _):
        stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(found.channel)
        config = audio.SpeechConfig(voice="nova", mime_type="audio/flac")
        request = audio.SpeakRequest(model="up/tts-1", text="Hello", speech_config=config)
        events = [event async for event in stub.Speak(request)]
        assert events[0].started.mime_type == "audio/flac"
        assert events[0].started.response_id
        assert b"".join(event.audio_chunk for event in events) == b"flac:nova:Hello"
        assert events[-1].finished.usage.character_count == 5
        assert events[-1].finished.usage.cost_nano_usd == 75_000


def _uploads(model: str, *chunks: bytes, **config: Any) -> Iterator[audio.TranscribeRequest]:
    first = audio.TranscriptionConfig(model=model, mime_type="audio/wav", **config)
    yield audio.TranscribeRequest(config=first)
    for chunk in chunks:
        yield audio.TranscribeRequest(chunk=chunk)


async def test_a_translated_recording() -> None:
    """Whisper translates; the transcribing GPTs cannot, and say so before anything is sent."""
    async with running() as (found, upstream):
        stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(found.channel)
        heard = stub.Transcribe(_uploads("up/whisper-1", b"Hallo ", b"Welt", translate=True))
        events = [event async for event in heard]
        assert events[-1].finished.text == "In English: Hallo Welt"
        assert upstream.requests[0].files[0].data == b"Hallo Welt"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _all(stub.Transcribe(_uploads("up/gpt-4o-transcribe", b"Hallo", translate=True)))
        assert failure_of(caught.value).info.reason == "CAPABILITY_MISSING"
        assert len(upstream.requests) == 1


async def test_a_mistake_of_the_caller_in_mid_upload() -> None:
    """What a caller does wrong while its recording goes up is its own error, not the provider's."""
    async with running() as (found, _):
        stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(found.channel)
        chunks = (b"Hallo", b"x" * ((1 << 20) + 1), b"Welt")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _all(stub.Transcribe(_uploads("up/whisper-1", *chunks)))
        failure = failure_of(caught.value)
        assert (failure.code, failure.info.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
        assert failure.violations == ("chunk",)


async def _all(call: Any) -> None:
    async for _ in call:
        pass


async def test_images_of_which_one_is_refused() -> None:
    """Of several images that are ordered one by one, only what failed is ordered again."""
    async with running(m={"candidates": ["up/dall-e-3"]}) as (found, upstream):
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
        request = image.GenerateImagesRequest(
            model="m", prompt="A fox", image_config=image.ImageConfig(image_count=3)
        )
        upstream.enqueue(Canned(status=503))
        assert len((await stub.GenerateImages(request)).images) == 3
        assert len(upstream.requests) == 4

        upstream.enqueue(Canned(status=400, body=b'{"error": {"code": "moderation_blocked"}}'))
        answer = await stub.GenerateImages(request)
        assert ["withheld" in one.note for one in answer.images] == [True, True]
        assert len(upstream.requests) == 7


class Elsewhere(FakeOpenAI):
    """An upstream that answers with the address of a picture, and has trouble with giving it out."""

    def __init__(self, *troubles: int) -> None:
        super().__init__()
        self.troubles = list(troubles)

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""
        if received.path.startswith("/files/"):
            status = self.troubles.pop(0) if self.troubles else 200
            return Reply(status=status, length=len(PNG), body=(Send(PNG),))
        address = f"http://{self.host}:{self.port}/files/a.png?sig=1"
        return json_reply({"created": 1, "data": [{"url": address}]})


async def test_a_picture_by_its_address() -> None:
    """A server that tells an address in place of bytes is asked for these, patiently, and draws once."""
    async with Elsewhere(404, 503) as upstream:
        provider = {"kind": "openai", "base_url": upstream.base_url, "api_key": "sk-up-secret-key"}
        async with gateway({"providers": {"up": provider}}) as found:
            stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
            answer = await stub.GenerateImages(
                image.GenerateImagesRequest(model="up/dall-e-2", prompt="A fox")
            )
    assert [one.media.data for one in answer.images] == [PNG]
    assert [one.method for one in upstream.requests] == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize("header", ["x-venice-is-content-violation", "x-venice-is-blurred"])
async def test_a_picture_that_venice_objects_to(header: str) -> None:
    """Venice says in a header that it objects to a picture, or has blurred it."""
    async with FakeOpenAI() as upstream:
        provider = {"kind": "venice", "base_url": upstream.base_url, "api_key": "key-up-secret-key"}
        async with gateway({"providers": {"up": provider}}) as found:
            stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(found.channel)
            body = orjson.dumps({"data": [{"b64_json": base64.b64encode(picture()).decode()}]})
            upstream.enqueue(Canned(body=body, headers=((header, "true"),)))
            request = image.GenerateImagesRequest(model="up/dall-e-2", prompt="A fox")
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await stub.GenerateImages(request)
            assert details(failed.value)["ErrorInfo"].reason == "CONTENT_FILTERED"  # type: ignore[attr-defined]
            upstream.enqueue(Canned(body=body, headers=((header, "false"),)))
            assert len((await stub.GenerateImages(request)).images) == 1
