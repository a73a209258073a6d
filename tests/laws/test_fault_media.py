"""Laws: mistakes beside chat, of any wording and at any wire, leave the model to everybody else."""

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc.aio
import orjson
import pytest
import pytest_asyncio
from grpc import StatusCode
from ringmain.admin.v1 import admin_service_pb2 as admin
from ringmain.v1 import audio_service_pb2 as audio
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import vision_service_pb2 as vision
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc

from tests.e2e.gateway import Gateway, gateway
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Canned, FaultKind, broken
from tests.fakes.vertex_script import Answer, Fault, Status
from tests.fakes.vertex_server import FakeVertex
from tests.laws.lab import Failure
from tests.laws.modalities import MODALITIES, PNG, ended
from tests.laws.wire import KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIVE = 5


def _says(status: int, body: object) -> Canned:
    return Canned(status=status, body=body.encode() if isinstance(body, str) else orjson.dumps(body))


HTTP: Mapping[str, Canned] = {
    "fields": _says(422, {"errors": {"prompt": ["is too long"]}}),
    "list": _says(400, {"errors": [{"message": "size is not one of those known"}]}),
    "text": _says(400, "the prompt is empty"),
    "picture": _says(400, {"error": {"message": "Invalid image data", "code": "invalid_image"}}),
    "picture-500": _says(500, {"error": {"message": "cannot identify image file <_io.BytesIO>"}}),
    "picture-502": _says(502, "Failed to decode image"),
    "download": _says(400, {"error": {"code": "invalid_image_url", "message": "Error while downloading"}}),
    "download-500": _says(500, {"detail": "Failed to download image from https://pictures.example/a.png"}),
    "gone-500": _says(500, {"error": "404, message='Not Found', url='https://pictures.example/a.png'"}),
    "forbidden-500": _says(500, "403 Client Error: Forbidden for url: https://pictures.example/a.png"),
    "truncated-500": _says(500, {"message": "image file is truncated (4 bytes not processed)"}),
    "sound-500": _says(500, {"error": {"message": "Could not decode audio file"}}),
    "schema-500": _says(500, {"error": "json schema conversion failed: unrecognized schema"}),
    "tools-500": _says(500, {"error": {"message": "tools are not supported by this model"}}),
    "voice": _says(404, {"detail": "Voice 'x' was not found"}),
    "moderated": _says(403, {"error": "Your prompt was flagged by our moderation"}),
}
GOOGLE: Mapping[str, object] = {
    "argument": Status(code=StatusCode.INVALID_ARGUMENT, message="Unable to process input image."),
    "picture": Status(code=StatusCode.INTERNAL, message="Failed to decode image"),
    "download": Status(code=StatusCode.NOT_FOUND, message="Cannot fetch content from the provided URL."),
    "safety": Status(code=StatusCode.INVALID_ARGUMENT, message="The prompt was blocked by safety filters."),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A call, and where it goes.

    Attributes:
        name: For the test's id.
        model: The provider's name for the model.
        begin: Begins it.
        streamed: Whether events come.
        google: Whether it goes over Google's wire.
    """

    name: str
    model: str
    begin: Callable[[Any, str], Any]
    streamed: bool = False
    google: bool = False

    def __str__(self) -> str:
        return self.name


def _describe(channel: Any, model: str) -> Any:
    request = vision.AnalyzeImagesRequest(model=model, prompt="What is this?", images=[PNG])
    return vision_grpc.VisionServiceStub(channel).AnalyzeImages(request)


def _draw(channel: Any, model: str) -> Any:
    request = image.GenerateImagesRequest(model=model, prompt="A fox")
    return image_grpc.ImageServiceStub(channel).GenerateImages(request)


def _edit(channel: Any, model: str) -> Any:
    request = image.EditImagesRequest(model=model, prompt="A fox", images=[PNG])
    return image_grpc.ImageServiceStub(channel).EditImages(request)


def _embed(channel: Any, model: str) -> Any:
    request = embedding.EmbedRequest(model=model, texts=["one"])
    return embedding_grpc.EmbeddingServiceStub(channel).Embed(request)


def _speak(channel: Any, model: str) -> Any:
    return audio_grpc.AudioServiceStub(channel).Speak(audio.SpeakRequest(model=model, text="Hello"))


OPENAI = tuple(Ask(one.name, f"{one.model}-{one}", one.ask, one.streamed) for one in MODALITIES)
ASKS = (
    *OPENAI,
    Ask("describe", "gpt-9-describe", _describe),
    Ask("google-draw", "gemini-2.5-flash-image", _draw, google=True),
    Ask("google-imagen", "imagen-4.0-generate-001", _draw, google=True),
    Ask("google-imagen-edit", "imagen-3.0-capability-001", _edit, google=True),
    Ask("google-embed", "text-embedding-005", _embed, google=True),
    Ask("google-speak", "gemini-2.5-flash-tts", _speak, streamed=True, google=True),
)
EACH = pytest.mark.parametrize("ask", ASKS, ids=str)


@dataclass(slots=True)
class Here:
    """The gateway and its upstreams."""

    gateway: Gateway
    openai: FakeOpenAI
    google: FakeVertex

    def plays(self, ask: Ask, script: Any) -> None:
        """Sets what the upstream does with a model; None for a usual answer."""
        upstream: Any = self.google if ask.google else self.openai
        if script is None:
            upstream.models.pop(ask.model, None)
        else:
            upstream.models[ask.model] = script

    async def outcome(self, ask: Ask, *, within: float | None = None) -> Failure | list[Any]:
        """How a call ends."""
        channel: Any = self.gateway.channel if within is None else Hurried(self.gateway.channel, within)
        return await ended(ask.begin(channel, _name(ask)), streamed=ask.streamed)

    async def at_rest(self) -> None:
        """Checks that no candidate is in cooldown, and that no breaker is open."""
        listed = await self.gateway.admin.ListProviders(admin.ListProvidersRequest())
        for breaker in (one for provider in listed.providers for one in provider.breakers):
            assert breaker.state == admin.BREAKER_STATE_CLOSED, breaker
            assert not breaker.cooldown_reason, breaker


@dataclass(frozen=True, slots=True)
class Hurried:
    """A channel whose callers wait for no longer than a span."""

    channel: grpc.aio.Channel
    timeout: float

    def __getattr__(self, kind: str) -> Any:
        return lambda *args, **more: functools.partial(
            getattr(self.channel, kind)(*args, **more), timeout=self.timeout
        )


def _name(ask: Ask) -> str:
    return f"m.{ask}"


def _candidate(ask: Ask) -> Mapping[str, object]:
    found: dict[str, object] = {"provider": "google" if ask.google else "openai", "model": ask.model}
    extra = {"inspect": "image_classification", "describe": "vision"}.get(ask.name)
    return {**found, "capabilities": [extra]} if extra else found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Here]:
    """A gateway over both wires, whose models are asked once for each call."""
    async with AsyncExitStack() as stack:
        openai = await stack.enter_async_context(FakeOpenAI())
        google = await stack.enter_async_context(FakeVertex())
        config = {
            "providers": {
                "openai": {"kind": "openai", "base_url": openai.base_url, "api_key": KEY},
                "google": {
                    "kind": "vertex",
                    "project": "p",
                    "location": "us-central1",
                    "endpoint": google.endpoint,
                    "insecure": True,
                },
            },
            "models": {_name(ask): {"candidates": [_candidate(ask)]} for ask in ASKS},
            "retry": {"attempts": 0, "rate_limit_wait": 0},
        }
        yield Here(await stack.enter_async_context(gateway(config)), openai, google)


@EACH
async def test_mistakes_leave_others_alone(here: Here, ask: Ask) -> None:
    """Five of each mistake fail for their callers, and the next call to the same model is answered."""
    scripts: Mapping[str, object] = GOOGLE if ask.google else HTTP
    for name, script in scripts.items():
        here.plays(ask, script)
        for _ in range(FIVE):
            found = await here.outcome(ask)
            assert isinstance(found, Failure), name
            assert found.info.reason in ("PROVIDER_REJECTED", "CONTENT_FILTERED"), (name, found)
        here.plays(ask, None)
        assert not isinstance(found := await here.outcome(ask), Failure), (name, found)
    await here.at_rest()


@EACH
async def test_limits_of_callers_leave_others_alone(here: Here, ask: Ask) -> None:
    """Five callers that leave a silent provider too early do so too."""
    here.plays(ask, Answer(messages=(), fault=Fault.HANG) if ask.google else broken(FaultKind.HANG))
    for _ in range(FIVE):
        found = await here.outcome(ask, within=0.03)
        assert isinstance(found, Failure)
        assert found.code == "DEADLINE_EXCEEDED"
    here.plays(ask, None)
    assert not isinstance(found := await here.outcome(ask), Failure), found
    await here.at_rest()
