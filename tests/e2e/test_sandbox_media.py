"""Every modality of the sandbox over real gRPC, as a caller meets it."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator

import grpc
import PIL.Image
import pytest
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import model_service_pb2 as model_pb2
from ringmain.v1 import model_service_pb2_grpc as model_grpc
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc
from ringmain_server.operations.chat_fold import fold as fold_chat
from ringmain_server.operations.image_events import fold

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details
from tests.fakes.pictures import photo, saved, scene
from tests.fakes.waiting import until

TEXT = "The ring main feeds every house from two sides. Ohne Strom ist niemand, 你好!"
LARGE = [("grpc.max_receive_message_length", 64 << 20)]


def _images(ringmain: Gateway, channel: grpc.aio.Channel | None = None) -> "image_grpc.ImageServiceAsyncStub":
    stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(channel or ringmain.channel)
    return stub


def _audio(ringmain: Gateway) -> "audio_grpc.AudioServiceAsyncStub":
    stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(ringmain.channel)
    return stub


def _drawing(prompt: str, model: str = "sandbox/image", **config: object) -> image_pb2.GenerateImagesRequest:
    config = {"size": "320x240", **config}
    return image_pb2.GenerateImagesRequest(model=model, prompt=prompt, image_config=config)  # type: ignore[arg-type]


def _picture(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data))


def _png() -> image_pb2.EditImagesRequest:
    """A request to change a scene of four colours."""
    request = image_pb2.EditImagesRequest(model="sandbox/image", prompt="a yellow star on purple")
    request.images.add(mime_type="image/png", data=saved(scene(), "PNG"))
    return request


async def _spoken(ringmain: Gateway, **wishes: object) -> list[audio_pb2.SpeakEvent]:
    request = audio_pb2.SpeakRequest(model="sandbox/speak", text=TEXT)
    request.speech_config.MergeFrom(audio_pb2.SpeechConfig(**wishes))  # type: ignore[arg-type]
    return [event async for event in _audio(ringmain).Speak(request)]


async def _recording(data: bytes, size: int, **config: object) -> AsyncIterator[audio_pb2.TranscribeRequest]:
    head = audio_pb2.TranscriptionConfig(model="sandbox/transcribe", **config)  # type: ignore[arg-type]
    yield audio_pb2.TranscribeRequest(config=head)
    for at in range(0, len(data), size):
        yield audio_pb2.TranscribeRequest(chunk=data[at : at + size])


async def test_generate_draws_what_the_prompt_names_for_nothing() -> None:
    """The picture has its size and colours; usage counts it, at a known cost of zero."""
    async with gateway() as ringmain:
        request = _drawing("three red circles on blue", image_count=2)
        answer = await _images(ringmain).GenerateImages(request)
        assert [_picture(one.media.data).size for one in answer.images] == [(320, 240)] * 2
        assert answer.images[0].media.data != answer.images[1].media.data
        assert answer.response_id.startswith("resp_")
        assert answer.usage.image_count == 2
        assert answer.usage.HasField("cost_nano_usd")
        assert answer.usage.cost_nano_usd == 0
        assert (answer.route.provider_id, answer.route.provider_model) == ("sandbox", "image")


async def test_streams_fold_to_the_whole_answer() -> None:
    """Previews come before each image; its bytes are those of the whole answer to the same request."""
    async with gateway() as ringmain:
        request = _drawing("a fox in the snow", seed=7, image_count=2, mime_type="image/webp")
        asked = image_pb2.StreamImagesRequest(generate=request, preview_count=2)
        events = [event async for event in _images(ringmain).StreamImages(asked)]
        kinds = [event.WhichOneof("event") for event in events]
        assert kinds == ["started", *(2 * ["preview", "preview", "chunk"]), "finished"]
        whole = await _images(ringmain).GenerateImages(request)
        folded = fold(events, image_pb2.GenerateImagesResponse)
        assert [one.media for one in folded.images] == [one.media for one in whole.images]
        assert folded.usage == whole.usage
        assert events[1].preview.media.mime_type == "image/webp"


async def test_edits_in_three_modes() -> None:
    """Inpaint keeps what the mask covers, outpaint what was there, style the size."""
    async with gateway() as ringmain:
        base = scene().convert("RGB")
        request = _png()
        request.mode = image_pb2.EDIT_MODE_INPAINT
        mask = PIL.Image.new("RGBA", base.size, (0, 0, 0, 255))
        mask.paste((0, 0, 0, 0), (30, 20, 90, 60))
        request.mask.data = saved(mask, "PNG")
        changed = _picture((await _images(ringmain).EditImages(request)).images[0].media.data).convert("RGB")
        assert changed.crop((0, 0, 30, 80)).tobytes() == base.crop((0, 0, 30, 80)).tobytes()
        assert changed.crop((30, 20, 90, 60)).tobytes() != base.crop((30, 20, 90, 60)).tobytes()
        request = _png()
        request.mode = image_pb2.EDIT_MODE_OUTPAINT
        request.outpaint.left, request.outpaint.bottom = 40, 30
        changed = _picture((await _images(ringmain).EditImages(request)).images[0].media.data).convert("RGB")
        assert changed.size == (base.width + 40, base.height + 30)
        assert changed.crop((40, 0, 40 + base.width, base.height)).tobytes() == base.tobytes()
        request = _png()
        request.mode, request.prompt = image_pb2.EDIT_MODE_STYLE, "as a sepia photo"
        asked = image_pb2.StreamImagesRequest(edit=request, preview_count=1)
        events = [event async for event in _images(ringmain).StreamImages(asked)]
        changed = _picture(fold(events, image_pb2.EditImagesResponse).images[0].media.data)
        assert changed.size == base.size


@pytest.mark.parametrize("model", ["sandbox/upscale", "local/lanczos", "local/bicubic"])
async def test_upscaling_is_free_and_keeps_the_format(model: str) -> None:
    """An enlarged image has factor times the sides, in its own format, with or without a provider."""
    async with gateway() as ringmain:
        image = {"data": saved(scene(), "JPEG")}
        asked = image_pb2.UpscaleImageRequest(model=model, image=image)  # type: ignore[arg-type]
        asked.upscale_config.factor = 3
        answer = await _images(ringmain).UpscaleImage(asked)
        assert (_picture(answer.image.data).size, answer.image.mime_type) == ((360, 240), "image/jpeg")
        assert (answer.usage.image_count, answer.usage.cost_nano_usd) == (1, 0)
        assert answer.usage.HasField("cost_nano_usd")


async def test_an_image_can_be_inspected_and_classified() -> None:
    """The sandbox adds ratings and labels to what the file says."""
    async with gateway() as ringmain:
        red = saved(PIL.Image.new("RGB", (64, 32), (200, 20, 20)), "PNG")
        asked = image_pb2.InspectImageRequest(image={"data": red}, model="sandbox/classify")  # type: ignore[arg-type]
        found = await _images(ringmain).InspectImage(asked)
        assert (found.width, found.height) == (64, 32)
        flagged = {one.category for one in found.safety_ratings if one.flagged}
        assert flagged == {"violence"}
        assert "red" in found.labels
        assert "landscape format" in found.labels


async def test_texts_become_vectors_of_one_space() -> None:
    """Near texts are near; dimensions are those asked for; tokens are counted."""
    async with gateway() as ringmain:
        stub: embedding_grpc.EmbeddingServiceAsyncStub = embedding_grpc.EmbeddingServiceStub(ringmain.channel)
        asked = embedding_pb2.EmbedRequest(
            model="sandbox/embed",
            texts=["a red fox", "the red fox", "quarterly taxes"],
            embedding_config=embedding_pb2.EmbeddingConfig(dimension_count=256),
        )
        answer = await stub.Embed(asked)
        one, near, far = (list(vector.values) for vector in answer.embeddings)
        assert len(one) == 256
        assert _dot(one, near) > 0.5 > _dot(one, far) + 0.2
        assert answer.usage.input_token_count == 8
        assert answer.usage.cost_nano_usd == 0


def _dot(left: list[float], right: list[float]) -> float:
    return sum(one * other for one, other in zip(left, right, strict=True))


async def test_what_is_spoken_is_heard_word_for_word() -> None:
    """Speech is real WAV that says so, and comes back as the same text in timed segments."""
    async with gateway() as ringmain:
        events = await _spoken(ringmain)
        assert events[0].started.mime_type == "audio/wav"
        assert events[0].started.response_id.startswith("resp_")
        data = b"".join(event.audio_chunk for event in events)
        with wave.open(io.BytesIO(data)) as file:
            seconds = file.getnframes() / file.getframerate()
        usage = events[-1].finished.usage
        assert usage.character_count == len(TEXT)
        assert usage.audio_duration.ToMilliseconds() == round(seconds * 1000)
        heard = [event async for event in _audio(ringmain).Transcribe(_recording(data, 5000))]
        finished = heard[-1].finished
        assert finished.text == TEXT
        assert "".join(event.text_delta for event in heard) == TEXT
        segments = [event.segment for event in heard if event.HasField("segment")]
        assert "".join(segment.text for segment in segments) == TEXT
        assert segments[0].end_offset.ToMilliseconds() == segments[1].start_offset.ToMilliseconds()
        assert segments[-1].end_offset.ToMilliseconds() <= seconds * 1000
        assert finished.usage.audio_duration.ToMilliseconds() == round(seconds * 1000)
        assert finished.usage.HasField("cost_nano_usd")
        assert finished.language_code == "en"


async def test_formats_that_need_an_encoder_are_refused() -> None:
    """MP3 that was asked for is not silently something else."""
    async with gateway() as ringmain:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _spoken(ringmain, mime_type="audio/mpeg")
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "wav and pcm" in (refused.value.details() or "")


async def test_images_are_analysed_whole_and_streamed() -> None:
    """`chat` names each image's format and size, also for the vision service."""
    async with gateway() as ringmain:
        stub: vision_grpc.VisionServiceAsyncStub = vision_grpc.VisionServiceStub(ringmain.channel)
        asked = vision_pb2.AnalyzeImagesRequest(model="sandbox/chat", prompt="What is this?")
        asked.images.add(data=saved(scene(), "PNG"))
        asked.images.add(data=saved(scene((60, 50)), "JPEG"))
        answer = await stub.AnalyzeImages(asked)
        text = "".join(part.text for part in answer.message.parts)
        assert "120x80" in text
        assert "60x50" in text
        events = [event async for event in stub.StreamAnalyzeImages(asked)]
        folded = fold_chat(events)
        for one in (answer, folded):
            assert one.response_id.startswith("resp_")
            one.response_id = ""
            one.route.attempts[0].ClearField("latency")
        assert folded == answer
        assert events[-1].finished.response_id == events[0].started.response_id
        asked.images.add(mime_type="image/png", data=b"no image")
        for answering in (stub.AnalyzeImages(asked), aiter(stub.StreamAnalyzeImages(asked))):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await (anext(answering) if hasattr(answering, "__anext__") else answering)
            assert "images[2].data" in str(details(refused.value))


async def test_answers_of_more_than_4_mib_come_whole_and_in_pieces() -> None:
    """A large picture needs a client that takes it; its stream does not."""
    request = _png()
    request.images[0].data = saved(photo((1700, 1700)), "PNG")
    request.mode, request.outpaint.top = image_pb2.EDIT_MODE_OUTPAINT, 20
    async with (
        gateway() as ringmain,
        grpc.aio.insecure_channel(f"127.0.0.1:{ringmain.app.port}", options=LARGE) as large,
    ):
        whole = await _images(ringmain, large).EditImages(request)
        assert whole.ByteSize() > 4 << 20
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _images(ringmain).EditImages(request)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        asked = image_pb2.StreamImagesRequest(edit=request)
        events = [event async for event in _images(ringmain).StreamImages(asked)]
        assert max(len(event.chunk.data) for event in events) <= 256 << 10
        folded = fold(events, image_pb2.EditImagesResponse)
        assert [one.media for one in folded.images] == [one.media for one in whole.images]


async def test_a_cancelled_drawing_ends() -> None:
    """A caller who leaves while it is drawn, or while its answer is awaited, leaves nothing under way."""
    async with gateway({"providers": {"slow": {"kind": "sandbox", "first_token_ms": 600_000}}}) as ringmain:
        request = _drawing("a pattern", "slow/image", size="2048x2048")

        async def begun() -> bool:
            return await _in_flight(ringmain) == 1

        async def over() -> bool:
            return await _in_flight(ringmain) == 0

        for wait in (0, 0.6):
            call = _images(ringmain).GenerateImages(request)
            await until(begun)
            await asyncio.sleep(wait)
            call.cancel()
            await until(over)


async def _in_flight(ringmain: Gateway) -> int:
    listed = await ringmain.admin.ListProviders(admin_pb2.ListProvidersRequest())
    return sum(one.in_flight_count for one in listed.providers)


async def test_deadlines_hold_for_every_modality() -> None:
    """A caller's deadline ends what would take longer."""
    async with gateway({"providers": {"slow": {"kind": "sandbox", "first_token_ms": 60_000}}}) as ringmain:
        speech = audio_pb2.SpeakRequest(model="slow/speak", text="Hello")
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await _images(ringmain).GenerateImages(_drawing("a star", "slow/image"), timeout=0.3)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        with pytest.raises(grpc.aio.AioRpcError) as late:
            async for _ in _audio(ringmain).Speak(speech, timeout=0.3):
                pass
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_failover_goes_from_a_failing_model_to_one_that_draws() -> None:
    """A model over a fault and a healthy candidate answers, and its route tells both."""
    models = {"demo": {"candidates": ["sandbox/fault-503", "sandbox/image"]}}
    async with gateway({"models": models}) as ringmain:
        answer = await _images(ringmain).GenerateImages(_drawing("a star", "demo"))
        assert [one.provider_model for one in answer.route.attempts][-1] == "image"
        assert len(answer.route.attempts) >= 2


async def test_the_models_say_what_each_can_do() -> None:
    """The list has the process's own models and the sandbox's, each with its capabilities."""
    async with gateway() as ringmain:
        stub: model_grpc.ModelServiceAsyncStub = model_grpc.ModelServiceStub(ringmain.channel)
        listed = await stub.ListModels(model_pb2.ListModelsRequest(page_size=100))
        found = {model.model: set(model.capabilities) for model in listed.models}
        assert found["local/lanczos"] == found["local/bicubic"] == {model_pb2.CAPABILITY_IMAGE_UPSCALING}
        assert found["sandbox/embed"] == {model_pb2.CAPABILITY_EMBEDDING}
        assert model_pb2.CAPABILITY_IMAGE_GENERATION not in found["sandbox/chat"]
        assert found["sandbox/image"] == {
            model_pb2.CAPABILITY_IMAGE_GENERATION,
            model_pb2.CAPABILITY_IMAGE_EDITING,
        }
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _images(ringmain).GenerateImages(_drawing("a star", "sandbox/chat"))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
