"""Tests of images, vectors, speech and transcripts over real sockets, at Vertex AI and the developer API."""

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server import errors
from ringmain_server.config import GeminiSettings
from ringmain_server.operations import (
    CHAT,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    STREAM_CHAT,
    TRANSCRIBE,
    UPSCALE_IMAGE,
)
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.gemini import build as build_gemini
from ringmain_server.providers.sessions import HttpSessions

from tests.fakes import vertex_statuses as statuses
from tests.fakes.vertex_media import DRAWN, HEARD, HEARING, SPOKEN, picture, png, tone, vector
from tests.fakes.vertex_rest import FakeGemini
from tests.fakes.vertex_script import Fault, Status, answer, broken, predicted
from tests.fakes.vertex_server import FakeVertex
from tests.providers.vertex import media_golden
from tests.providers.vertex.test_transport import call, provider

IMAGE = Media(mime_type="image/png", data=png())
DRAW = "gemini-2.5-flash-image"
IMAGEN = "imagen-4.0-generate-001"
SPEAKS = "gemini-2.5-flash-preview-tts"
HEARS = "gemini-2.5-flash"
FOX = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
HELLO = audio_pb2.SpeakRequest(model="m", text="Hello there")


@dataclass
class Upstream:
    """A provider, and the scripted server that it reaches."""

    kind: str
    server: Any
    provider: Provider

    async def call(self, op: Any, request: Any, model: str) -> Any:
        """A whole answer."""
        asked = media_golden.candidate(model, self.kind)
        return await self.provider.backend(asked).call(op, request, call(asked))

    async def stream(self, op: Any, request: Any, model: str) -> AsyncGenerator[Any, None]:
        """A streamed answer."""
        asked = media_golden.candidate(model, self.kind)
        async with aclosing(self.provider.backend(asked).stream(op, request, call(asked))) as events:
            async for event in events:
                yield event

    async def collected(self, op: Any, request: Any, model: str) -> list[Any]:
        """All of a streamed answer."""
        return [event async for event in self.stream(op, request, model)]

    def enqueue(self, *scripts: Any) -> None:
        """Sets the scripts for the next requests."""
        if isinstance(self.server, FakeVertex):
            self.server.enqueue(*scripts)
        else:
            self.server.scripts.extend(scripts)


@pytest.fixture(params=["vertex", "gemini"])
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[Upstream]:
    """Each provider and its upstream."""
    if request.param == "vertex":
        async with FakeVertex() as server:
            found = provider(server.endpoint)
            yield Upstream("vertex", server, found)
            await found.transport.close()
        return
    sessions = HttpSessions()
    async with FakeGemini() as rest:
        given = {"kind": "gemini", "base_url": rest.base_url, "api_key": "AIza-key"}
        yield Upstream("gemini", rest, build_gemini("gem", GeminiSettings.model_validate(given), sessions))
        await sessions.close()


def recording() -> Any:
    """A recording that is there whole."""
    return media_golden.upload(audio_pb2.TranscriptionConfig(model="m", mime_type="audio/mpeg"))


@pytest.mark.parametrize("model", [DRAW, IMAGEN, "imagen-3.0-fast-generate-001", "imagegeneration@006"])
async def test_draws(upstream: Upstream, model: str) -> None:
    """Several images are drawn, by as many requests as the model needs."""
    request = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
    request.image_config.image_count = 5
    response = await upstream.call(GENERATE_IMAGES, request, model)
    assert [image.media.data for image in response.images] == [png()] * 5
    assert response.usage.image_count == 5
    assert len(upstream.server.requests) == (5 if model == DRAW else 2)


@pytest.mark.parametrize("model", [DRAW, "imagen-3.0-capability-001"])
async def test_changes(upstream: Upstream, model: str) -> None:
    """An image is changed within a mask."""
    request = image_pb2.EditImagesRequest(model="m", prompt="Blue", images=[IMAGE], mask=IMAGE)
    request.mode = image_pb2.EDIT_MODE_INPAINT
    response = await upstream.call(EDIT_IMAGES, request, model)
    assert [image.media.data for image in response.images] == [png()]


async def test_enlarges(upstream: Upstream) -> None:
    """An image is enlarged by a factor that the model has, and no other."""
    model = "imagen-4.0-upscale-preview"
    config = image_pb2.UpscaleConfig(factor=3)
    request = image_pb2.UpscaleImageRequest(model="m", image=IMAGE, upscale_config=config)
    assert (await upstream.call(UPSCALE_IMAGE, request, model)).image.data == png()
    request.upscale_config.factor = 5
    with pytest.raises(errors.InvalidField, match="enlarges 2 or 3 or 4 times"):
        await upstream.call(UPSCALE_IMAGE, request, model)


@pytest.mark.parametrize("model", ["text-embedding-005", "gemini-embedding-001", "gemini-embedding-2"])
@pytest.mark.parametrize("count", [1, 7, 301])
async def test_embeds(upstream: Upstream, model: str, count: int) -> None:
    """Texts become vectors in their order, however many requests that takes."""
    texts = ["x" * (index + 1) for index in range(count)]
    config = embedding_pb2.EmbeddingConfig(dimension_count=3)
    request = embedding_pb2.EmbedRequest(model="m", texts=texts, embedding_config=config)
    response = await upstream.call(EMBED, request, model)
    assert [list(one.values) for one in response.embeddings] == [vector(text, 3) for text in texts]
    assert response.usage.input_token_count
    assert response.usage.estimated == (upstream.kind == "gemini")


@pytest.mark.parametrize("mime_type", ["", "audio/pcm", "audio/wav"])
async def test_speaks(upstream: Upstream, mime_type: str) -> None:
    """Speech comes as it is made, as WAV or raw, and says which."""
    config = audio_pb2.SpeechConfig(mime_type=mime_type)
    request = audio_pb2.SpeakRequest(model="m", text="Hello there", speech_config=config)
    started, *chunks, finished = await upstream.collected(SPEAK, request, SPEAKS)
    data = b"".join(event.audio_chunk for event in chunks)
    if mime_type == "audio/pcm":
        assert started.started.mime_type == "audio/pcm;rate=24000"
        assert data == tone() + tone(0.5)
    else:
        assert started.started.mime_type == "audio/wav"
        assert (data[:4], data[8:16]) == (b"RIFF", b"WAVEfmt ")
        assert struct.unpack("<HHI", data[20:28]) == (1, 1, 24_000)
        assert data[44:] == tone() + tone(0.5)
    usage = finished.finished.usage
    assert (usage.audio_duration.ToMilliseconds(), usage.character_count, usage.output_token_count) == (
        750,
        11,
        19,
    )


async def test_hears(upstream: Upstream) -> None:
    """A transcript comes as deltas that add up to its text, and in segments with times."""
    events = await upstream.collected(TRANSCRIBE, recording(), HEARS)
    finished = events[-1].finished
    assert "".join(event.text_delta for event in events) == finished.text == HEARD
    segments = [event.segment for event in events if event.HasField("segment")]
    assert [one.text for one in segments] == ["Good morning.", "How are “you”?"]
    assert [one.end_offset.ToTimedelta().total_seconds() for one in segments] == [1.5, 3.25]
    assert (finished.language_code, finished.usage.input_token_count) == ("en-GB", 120)


ASKED: Sequence[tuple[Any, Any, str]] = [
    (GENERATE_IMAGES, FOX, DRAW),
    (GENERATE_IMAGES, FOX, IMAGEN),
    (EMBED, embedding_pb2.EmbedRequest(model="m", texts=["a", "b"]), "text-embedding-005"),
    (EMBED, embedding_pb2.EmbedRequest(model="m", texts=["a"]), "gemini-embedding-2"),
    (SPEAK, HELLO, SPEAKS),
    (TRANSCRIBE, None, HEARS),
]
NAMES = ["draw", "imagen", "embed", "embed-content", "speak", "transcribe"]


async def ask(upstream: Upstream, op: Any, request: Any, model: str) -> None:
    """An answer of any operation."""
    if op in (SPEAK, TRANSCRIBE):
        await upstream.collected(op, request or recording(), model)
    else:
        await upstream.call(op, request, model)


STATUSES = [
    (statuses.BAD_REQUEST, errors.Rejected),
    (statuses.UNAUTHENTICATED, errors.CredentialsRefused),
    (statuses.PERMISSION, errors.AccessRefused),
    (statuses.NOT_FOUND, errors.UnknownProviderModel),
    (statuses.RATE_LIMITED, errors.RateLimited),
    (statuses.QUOTA, errors.QuotaSpent),
    (statuses.INTERNAL, errors.ServerFault),
    (statuses.UNAVAILABLE, errors.ServerFault),
    (statuses.TIMEOUT, errors.ServerFault),
    (statuses.CONTEXT, errors.ContextTooLong),
    (statuses.SENSITIVE, errors.ContentFiltered),
]


ROWS = [
    *((status, kind, *asked) for status, kind in STATUSES[4:5] + STATUSES[7:8] for asked in ASKED),
    *((status, kind, *ASKED[1]) for status, kind in STATUSES),
]


@pytest.mark.parametrize(("status", "kind", "op", "request_", "model"), ROWS)
async def test_statuses(
    upstream: Upstream, status: Status, kind: type[errors.ProviderError], op: Any, request_: Any, model: str
) -> None:
    """Every status is the failure of its row, whatever was asked, and tells no secret."""
    upstream.enqueue(status)
    with pytest.raises(errors.ProviderError) as caught:
        await ask(upstream, op, request_, model)
    assert type(caught.value) is kind
    assert "secret-project" not in caught.value.message


async def test_a_refused_prompt_says_why(upstream: Upstream) -> None:
    """What Imagen refuses as a bad request is a matter of safety, with its category."""
    upstream.enqueue(statuses.SENSITIVE)
    with pytest.raises(errors.ContentFiltered) as caught:
        await upstream.call(GENERATE_IMAGES, FOX, IMAGEN)
    assert caught.value.metadata == {"category": "violence"}


@pytest.mark.parametrize(("op", "request_", "model"), ASKED, ids=NAMES)
@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.EMPTY])
async def test_broken_answers(upstream: Upstream, op: Any, request_: Any, model: str, fault: Fault) -> None:
    """An answer that is none is malformed; of Imagen, an empty one is an image withheld."""
    upstream.enqueue(broken(fault), broken(fault))
    with pytest.raises(errors.ProviderError) as caught:
        await ask(upstream, op, request_, model)
    withheld = fault is Fault.EMPTY and model == IMAGEN
    assert isinstance(caught.value, errors.ContentFiltered if withheld else errors.MalformedAnswer)


@pytest.mark.parametrize("script", [SPOKEN, HEARING], ids=["speak", "transcribe"])
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.NO_FINISH, Fault.MALFORMED])
async def test_broken_streams(upstream: Upstream, script: Any, fault: Fault) -> None:
    """A stream that breaks on its way is no success, and what it consumed is estimated."""
    upstream.enqueue(broken(fault, after=1, base=script))
    op: Any = SPEAK if script is SPOKEN else TRANSCRIBE
    request, model = (HELLO, SPEAKS) if script is SPOKEN else (recording(), HEARS)
    asked = media_golden.candidate(model, upstream.kind)
    running = call(asked)
    with pytest.raises(errors.ProviderError):
        async for event in upstream.provider.backend(asked).stream(op, request, running):
            assert not event.HasField("finished")
    assert running.attempt.usage is not None
    assert running.attempt.usage.estimated


async def test_events_that_are_too_large() -> None:
    """An event that has no end is malformed."""
    sessions = HttpSessions()
    async with FakeGemini() as rest:
        given = {"kind": "gemini", "base_url": rest.base_url, "api_key": "k"}
        found = build_gemini("gem", GeminiSettings.model_validate(given), sessions)
        reader = media_golden.translators(SPEAKS, "gemini")[SPEAK].decoder(
            HELLO, media_golden.candidate(SPEAKS, "gemini")
        )
        with pytest.raises(errors.MalformedAnswer):
            reader.feed(b"data: " + b"x" * ((64 << 20) + 1))
        await found.transport.close()
    await sessions.close()


@pytest.mark.parametrize(("op", "request_", "model"), ASKED, ids=NAMES)
async def test_cancelled(op: Any, request_: Any, model: str) -> None:
    """Leaving reaches the provider within 100 ms, whatever was asked."""
    async with FakeVertex() as server:
        found = Upstream("vertex", server, provider(server.endpoint))
        server.enqueue(*[broken(Fault.HANG)] * 2)
        task = asyncio.ensure_future(ask(found, op, request_, model))
        received = await server.received()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await received.ended()
        assert received.cancelled_at is not None
        await found.provider.transport.close()


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GIANT])
async def test_broken_connections(fault: Fault) -> None:
    """A reset is a failed connection, and a message beyond any size is malformed, also of `predict`."""
    async with FakeVertex() as server:
        found = Upstream("vertex", server, provider(server.endpoint))
        server.enqueue(broken(fault))
        kind = errors.ConnectionFailed if fault is Fault.RESET else errors.MalformedAnswer
        with pytest.raises(kind):
            await found.call(GENERATE_IMAGES, FOX, IMAGEN)
        await found.provider.transport.close()


async def test_some_withheld(upstream: Upstream) -> None:
    """Images that were withheld are left out while others are there."""
    request = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
    request.image_config.image_count = 2
    upstream.enqueue(predicted({"raiFilteredReason": "no"}, {"bytesBase64Encoded": "aGk="}))
    [image] = (await upstream.call(GENERATE_IMAGES, request, IMAGEN)).images
    assert "withheld" in image.note
    upstream.enqueue(answer(picture(), usage={}), answer({"text": "I cannot."}))
    [image] = (await upstream.call(GENERATE_IMAGES, request, DRAW)).images
    assert "withheld" in image.note


async def test_some_lost(upstream: Upstream) -> None:
    """Images that were not drawn, or cannot be read, take none with them that is paid for."""
    request = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
    request.image_config.image_count = 2
    upstream.enqueue(DRAWN, answer(finish="MAX_TOKENS"))
    [image] = (await upstream.call(GENERATE_IMAGES, request, DRAW)).images
    assert "lost" in image.note
    upstream.enqueue(answer(finish="MAX_TOKENS"), answer(finish="MAX_TOKENS"))
    with pytest.raises(errors.ModelOutputInvalid):
        await upstream.call(GENERATE_IMAGES, request, DRAW)
    for bad in ({"bytesBase64Encoded": "?"}, {"bytesBase64Encoded": ""}, {"unheard": "of"}):
        upstream.enqueue(predicted(bad, {"bytesBase64Encoded": "aGk="}))
        [image] = (await upstream.call(GENERATE_IMAGES, request, IMAGEN)).images
        assert "lost" in image.note


async def test_vectors_of_other_things() -> None:
    """What the developer API answers in place of vectors is malformed."""
    translator = media_golden.translators("gemini-embedding-001", "gemini")[EMBED]
    asked = media_golden.candidate("gemini-embedding-001", "gemini")
    request = embedding_pb2.EmbedRequest(model="m", texts=["a"])
    for raw in (b"{}", b'{"embeddings": [5]}', b'{"embeddings": [{"values": ["x"]}]}', b"[]"):
        steps = translator.steps(request, asked)
        next(steps)
        with pytest.raises(errors.MalformedAnswer):
            steps.send([raw])
    steps = translator.steps(request, asked)
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send([b'{"embeddings": [{"values": [1, 2.5]}], "usageMetadata": {"promptTokenCount": 3}}'])
    assert (end.value.value.usage.input_token_count, end.value.value.usage.estimated) == (3, False)


@pytest.mark.parametrize(
    ("model", "able", "unable"),
    [
        (HEARS, {CHAT, STREAM_CHAT, TRANSCRIBE}, {SPEAK, EMBED, GENERATE_IMAGES}),
        (DRAW, {CHAT, GENERATE_IMAGES, EDIT_IMAGES}, {TRANSCRIBE, EMBED}),
        ("gemini-nano-banana-2.1", {CHAT, GENERATE_IMAGES, EDIT_IMAGES}, {TRANSCRIBE, EMBED}),
        ("gemini-9-neon", {CHAT, SPEAK, TRANSCRIBE, GENERATE_IMAGES}, {UPSCALE_IMAGE}),
        (SPEAKS, {SPEAK}, {CHAT}),
        (IMAGEN, {GENERATE_IMAGES}, {EDIT_IMAGES, UPSCALE_IMAGE, CHAT}),
        ("imagen-3.0-capability-001", {EDIT_IMAGES}, {GENERATE_IMAGES}),
        ("imagegeneration@006", {GENERATE_IMAGES, UPSCALE_IMAGE}, {EDIT_IMAGES}),
        ("publishers/google/models/text-embedding-005", {EMBED}, {CHAT}),
        ("endpoints/123", {CHAT, EMBED, SPEAK, TRANSCRIBE, GENERATE_IMAGES}, {UPSCALE_IMAGE}),
    ],
)
@pytest.mark.parametrize("kind", ["vertex", "gemini"])
def test_what_a_model_can_do(model: str, able: set[Any], unable: set[Any], kind: str) -> None:
    """A model has translators for what it is for, and one whose name does not tell has all of Gemini's."""
    found = media_golden.translators(model, kind).keys()
    assert able <= found
    assert not unable & found


def test_the_gateways_own() -> None:
    """What the gateway sets cannot be passed through, nor what the wire does not know."""
    for model, given in (
        (DRAW, {"contents": []}),
        (IMAGEN, {"sampleCount": 9}),
        (IMAGEN, {"storageUri": "gs://b"}),
        (DRAW, {"nonsense": 1}),
    ):
        request = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
        request.image_config.provider_options["vertex"].update(given)
        with pytest.raises(errors.InvalidField, match="provider_options"):
            next(
                media_golden.translators(model)[GENERATE_IMAGES].steps(request, media_golden.candidate(model))
            )


def test_what_cannot_be_sent() -> None:
    """Imagen fetches from nowhere but Google's own storage, and knows no margins without a canvas."""
    model = "imagen-3.0-capability-001"
    asked = media_golden.candidate(model)
    far = Media(mime_type="image/png", uri="https://example.com/x.png")
    for request, kind in (
        (image_pb2.EditImagesRequest(prompt="x", images=[far]), errors.MediaInvalid),
        (
            image_pb2.EditImagesRequest(images=[IMAGE], mode=image_pb2.EDIT_MODE_OUTPAINT),
            errors.InvalidField,
        ),
    ):
        with pytest.raises(kind):
            next(media_golden.translators(model)[EDIT_IMAGES].steps(request, asked))
    assert media_golden.provider().edits(model).mask == "luminance"
