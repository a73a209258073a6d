"""Laws: a call that has ended holds nothing, at the image services and at Google's models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc

from tests.e2e.gateway import Gateway, gateway
from tests.fakes import vertex_statuses
from tests.fakes.jobs_server import JobsServer, jobs_server
from tests.fakes.vertex_server import FakeVertex
from tests.laws.held import BytesChannel, ended, left, uncollected
from tests.laws.modalities import PNG
from tests.providers.jobs.test_services import MODELS

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_image_services() -> None:
    """Nothing is left of jobs at any service: drawn, refused at any step, or left by their caller."""
    async with AsyncExitStack() as stack:
        upstreams = {kind: await stack.enter_async_context(jobs_server(kind)) for kind in MODELS}
        settings = {"api_key": "k" * 20, "poll_interval": 0.02}
        config = {
            "providers": {
                kind: {"kind": kind, "base_url": one.url, **settings} for kind, one in upstreams.items()
            },
            "breaker": {"enabled": False},
            "cooldown": {"first": 0.001, "growing_max": 0.001, "long": 0.001},
        }
        served = await stack.enter_async_context(gateway(config))
        channel: Any = BytesChannel(served.channel)
        stub: Any = image_grpc.ImageServiceStub(channel)
        assert {await ended(stub.GenerateImages(_draw(kind))) for kind in MODELS} == {"OK"}
        with uncollected():
            await asyncio.gather(*(_tried(stub, kind, upstreams[kind]) for kind in MODELS))
            assert not await left()


def _draw(kind: str) -> image_pb2.GenerateImagesRequest:
    return image_pb2.GenerateImagesRequest(model=f"{kind}/{MODELS[kind]}", prompt="A fox")


async def _tried(stub: Any, kind: str, upstream: JobsServer) -> None:
    edit = image_pb2.EditImagesRequest(model=f"{kind}/{MODELS[kind]}", prompt="A fox", images=[PNG])
    for start in ("/", "/files/"):
        for status in (400, 401, 403, 404, 429, 500):
            upstream.refuse = {start: (status, {"detail": "no"})}
            calls = (stub.GenerateImages(_draw(kind), timeout=0.2), stub.EditImages(edit, timeout=0.2))
            codes = await asyncio.gather(*map(ended, calls))
            assert start != "/" or "OK" not in codes
            del calls
    upstream.refuse, upstream.fail = {}, "it went wrong"
    await ended(stub.GenerateImages(_draw(kind)))
    upstream.fail, upstream.looks = None, 1000
    call = stub.GenerateImages(_draw(kind))
    asyncio.get_running_loop().call_later(0.1, call.cancel)
    await ended(call)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def google() -> AsyncIterator[Gateway]:
    """A gateway in front of Vertex AI, which refuses what a model's name ends in."""
    async with FakeVertex() as upstream:
        settings = {
            "kind": "vertex",
            "project": "p",
            "location": "us-central1",
            "endpoint": upstream.endpoint,
            "insecure": True,
        }
        for model in _GOOGLES:
            for name in _STATUSES:
                upstream.models[f"{model}-{name}"] = getattr(vertex_statuses, name)
        config = {"providers": {"g": settings}, "retry": {"attempts": 0, "rate_limit_wait": 0}}
        async with gateway(config) as found:
            yield found


_GOOGLES = (
    "gemini-2.5-flash-image",
    "imagen-4.0-generate-001",
    "gemini-embedding-001",
    "gemini-2.5-flash-preview-tts",
)
_STATUSES = ("BAD_REQUEST", "UNAUTHENTICATED", "PERMISSION", "RATE_LIMITED", "INTERNAL")


async def test_googles_media(google: Gateway) -> None:
    """Nothing is left of images, vectors, speech and transcripts of Google's models, made or refused."""
    channel: Any = BytesChannel(google.channel)
    images, embeddings = image_grpc.ImageServiceStub(channel), embedding_grpc.EmbeddingServiceStub(channel)
    audio = audio_grpc.AudioServiceStub(channel)
    draw, imagen, vectors, speech = _GOOGLES
    with uncollected():
        codes = []
        for end in ("", *(f"-{name}" for name in _STATUSES)):
            calls: list[Any] = [
                images.GenerateImages(image_pb2.GenerateImagesRequest(model=f"g/{name}{end}", prompt="A fox"))
                for name in (draw, imagen)
            ]
            calls.append(
                embeddings.Embed(embedding_pb2.EmbedRequest(model=f"g/{vectors}{end}", texts=["x", "y"]))
            )
            config = audio_pb2.SpeechConfig(voice="Kore")
            request = audio_pb2.SpeakRequest(model=f"g/{speech}{end}", text="Hello", speech_config=config)
            calls.append(audio.Speak(request))
            codes += await asyncio.gather(*map(ended, calls))
            del calls, config, request
        assert codes.count("OK") == len(_GOOGLES), codes
        assert not await left()
