"""Tests, laws: operations beside chat over OpenAI's wire, and what is asked of each.

Every trial has a model of its own, named after its modality and its trial.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from ringmain.v1 import audio_service_pb2 as audio
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import embedding_service_pb2 as embedding
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media

from tests.e2e.gateway import Gateway, gateway
from tests.fakes.openai_media import picture
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import FaultKind, broken
from tests.laws.documented import OPENAI
from tests.laws.lab import Failure, failure_of
from tests.laws.wire import KEY

PATIENCE = 0.4
"""Seconds of silence that are borne where a provider falls silent for good."""
PATIENT = 600
"""Beyond any wait of a test: what ends earlier was ended by something else."""
HANG = "hang-forever"
RECORDING = (b"Hello ", b"from the ", b"recording")
PNG = Media(data=picture("64x64"), mime_type="image/png")
FAULTS = {
    "reset": (FaultKind.RESET, 1),
    "cut": (FaultKind.CUT, 1),
    "stall": (FaultKind.STALL, 1),
    "hang": (FaultKind.HANG, 0),
    "refused": (FaultKind.RESET_BEFORE_HEADERS, 0),
    "empty": (FaultKind.EMPTY_BODY, 0),
    "malformed": (FaultKind.MALFORMED, 0),
    "truncated": (FaultKind.TRUNCATED, 0),
    "nothing": (FaultKind.EMPTY_CHOICES, 0),
    "error": (FaultKind.ERROR_EVENT, 0),
}
"""What breaks an answer, and after how many of its events."""


@dataclass(frozen=True, slots=True)
class Modality:
    """An operation.

    Attributes:
        name: For the test's id.
        model: What the provider's models are called, a trial's name appended.
        ask: Begins a call for a model of the gateway.
        streamed: Whether events come.
        opaque: Whether any bytes are an answer.
    """

    name: str
    model: str
    ask: Callable[[grpc.aio.Channel, str], Any]
    streamed: bool = False
    opaque: bool = False

    def __str__(self) -> str:
        return self.name


def _generate(channel: grpc.aio.Channel, model: str) -> Any:
    request = image.GenerateImagesRequest(model=model, prompt="A fox")
    return image_grpc.ImageServiceStub(channel).GenerateImages(request)


def _edit(channel: grpc.aio.Channel, model: str) -> Any:
    request = image.EditImagesRequest(model=model, prompt="A fox", images=[PNG])
    return image_grpc.ImageServiceStub(channel).EditImages(request)


def _stream(channel: grpc.aio.Channel, model: str) -> Any:
    generate = image.GenerateImagesRequest(model=model, prompt="A fox")
    request = image.StreamImagesRequest(generate=generate, preview_count=2)
    return image_grpc.ImageServiceStub(channel).StreamImages(request)


def _stream_edit(channel: grpc.aio.Channel, model: str) -> Any:
    edit = image.EditImagesRequest(model=model, prompt="A fox", images=[PNG])
    request = image.StreamImagesRequest(edit=edit, preview_count=2)
    return image_grpc.ImageServiceStub(channel).StreamImages(request)


def _inspect(channel: grpc.aio.Channel, model: str) -> Any:
    request = image.InspectImageRequest(image=PNG, model=model)
    return image_grpc.ImageServiceStub(channel).InspectImage(request)


def _embed(channel: grpc.aio.Channel, model: str) -> Any:
    request = embedding.EmbedRequest(model=model, texts=["one", "two"])
    return embedding_grpc.EmbeddingServiceStub(channel).Embed(request)


def _speak(channel: grpc.aio.Channel, model: str) -> Any:
    return audio_grpc.AudioServiceStub(channel).Speak(audio.SpeakRequest(model=model, text="Hello there"))


def transcribe(channel: grpc.aio.Channel, model: str, **config: Any) -> Any:
    """Begins a transcription."""
    first = audio.TranscriptionConfig(model=model, mime_type="audio/wav", **config)
    requests = [audio.TranscribeRequest(config=first)]
    requests += [audio.TranscribeRequest(chunk=chunk) for chunk in RECORDING]
    stub: audio_grpc.AudioServiceAsyncStub = audio_grpc.AudioServiceStub(channel)
    return stub.Transcribe(iter(requests))


MODALITIES = (
    Modality("generate", "gpt-image-9", _generate),
    Modality("edit", "gpt-image-9", _edit),
    Modality("stream", "gpt-image-9", _stream, streamed=True),
    Modality("stream-edit", "gpt-image-9", _stream_edit, streamed=True),
    Modality("whole-stream", "dall-e-9", _stream, streamed=True),
    Modality("inspect", "omni-moderation-9", _inspect),
    Modality("embed", "text-embedding-9", _embed),
    Modality("speak", "tts-9", _speak, streamed=True, opaque=True),
    Modality("transcribe", "gpt-9-transcribe", transcribe, streamed=True),
    Modality("transcribe-whole", "whisper-9", transcribe, streamed=True),
)


@dataclass(slots=True)
class MediaLab:
    """The gateway and its upstream."""

    gateway: Gateway
    upstream: FakeOpenAI

    async def outcome(self, modality: Modality, trial: str) -> Failure | list[Any]:
        """How a trial ends: its failure, or its response or events."""
        call = modality.ask(self.gateway.channel, model(modality, trial))
        return await ended(call, streamed=modality.streamed)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may show nowhere."""
        # With its colon: five digits alone can also be part of a random id.
        return (KEY, f":{self.upstream.port}", "sk-fake-key", "org-fake", "<html", "Traceback")


async def ended(call: Any, *, streamed: bool) -> Failure | list[Any]:
    """How a call ends."""
    events: list[Any] = []
    try:
        if not streamed:
            return [await call]
        async for event in call:
            events.append(event)  # noqa: PERF401, what came before an error counts
    except grpc.aio.AioRpcError as exc:
        return failure_of(exc)
    return events


def model(modality: Modality, trial: str) -> str:
    """The gateway's name for a trial's model."""
    return f"{modality}.{trial}"


def trials() -> Mapping[str, Any]:
    """What the upstream does in each trial, by its name."""
    statuses = {f"status-{name}": row.script for name, row in OPENAI.items()}
    faults = {name: broken(kind, after_tokens=after) for name, (kind, after) in FAULTS.items()}
    return {**statuses, **{f"fault-{name}": script for name, script in faults.items()}}


def _candidate(modality: Modality, trial: str) -> Mapping[str, object]:
    found: dict[str, object] = {"provider": "up", "model": f"{modality.model}-{modality}-{trial}"}
    # A model of which nothing is known is asked in words what it sees.
    return {**found, "capabilities": ["image_classification"]} if modality.name == "inspect" else found


@asynccontextmanager
async def media_lab() -> AsyncIterator[MediaLab]:
    """Starts everything."""
    scripts = {
        f"{modality.model}-{modality}-{trial}": script
        for modality in MODALITIES
        for trial, script in {**trials(), HANG: broken(FaultKind.HANG)}.items()
    }
    models = {}
    for modality in MODALITIES:
        for trial in (*trials(), "plain", HANG):
            span = PATIENCE if trial in ("fault-hang", "fault-stall") else PATIENT
            models[model(modality, trial)] = {
                "candidates": [_candidate(modality, trial)],
                "timeouts": {"first_content": span, "idle": span, "attempt": span},
            }
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(FakeOpenAI(models=scripts))
        settings = {"kind": "openai", "base_url": upstream.base_url, "api_key": KEY}
        config = {
            "providers": {"up": settings},
            "models": models,
            "retry": {"attempts": 0, "rate_limit_wait": 0},
        }
        yield MediaLab(await stack.enter_async_context(gateway(config)), upstream)
