"""Tests, fuzz: every wire of a provider, with the good answers that fuzzing starts from.

They are those of the golden files. A wire is one operation over one kind of provider.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2

from tests.fakes.jobs_server import SERVICES, mask_picture
from tests.fakes.openai_media import picture

FOLDER = Path(__file__).parents[1] / "golden"
PNG = picture("64x64")
ENCODED = base64.b64encode(PNG).decode()
MASK = mask_picture((64, 64))
ENDPOINTS = ("vertex",)
"""Providers that are reached over gRPC."""

_CHAT = chat_pb2.DESCRIPTOR.services_by_name["ChatService"].methods_by_name
_IMAGE = image_pb2.DESCRIPTOR.services_by_name["ImageService"].methods_by_name
_AUDIO = audio_pb2.DESCRIPTOR.services_by_name["AudioService"].methods_by_name
_EMBED = embedding_pb2.DESCRIPTOR.services_by_name["EmbeddingService"].methods_by_name["Embed"]
_OPERATIONS: Mapping[str, tuple[MethodDescriptor, Any]] = {
    "generate": (_IMAGE["GenerateImages"], image_pb2.GenerateImagesRequest),
    "edit": (_IMAGE["EditImages"], image_pb2.EditImagesRequest),
    "upscale": (_IMAGE["UpscaleImage"], image_pb2.UpscaleImageRequest),
    "stream": (_IMAGE["StreamImages"], image_pb2.StreamImagesRequest),
    "classify": (_IMAGE["InspectImage"], image_pb2.InspectImageRequest),
    "embed": (_EMBED, embedding_pb2.EmbedRequest),
    "speak": (_AUDIO["Speak"], audio_pb2.SpeakRequest),
    "transcribe": (_AUDIO["Transcribe"], audio_pb2.TranscriptionConfig),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A good answer before it is bytes.

    Attributes:
        content: A document; a list of events; text of bytes that are no JSON.
        events: Whether it is a stream of events.
        framed: Whether Bedrock's frames hold them.
    """

    content: Any
    events: bool = False
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A request and what answers it.

    Attributes:
        model: The provider's.
        request: The caller's.
        answers: One for each request to the provider, the last for all more.
        good: Whether it comes to an answer of the model's, rather than to an error.
    """

    model: str
    request: Message
    answers: tuple[Given, ...]
    good: bool = True


@dataclass(frozen=True, slots=True)
class Wire:
    """An operation over a kind of provider.

    Attributes:
        provider: Its id, which `bad-` or `good-` precedes.
        settings: Of the provider.
        method: What callers call.
        examples: Good ones.
        alone: Whether its requests hold nothing that tells whose they are, so that one runs at a time.
        job: The image service whose exchange it is.
    """

    provider: str
    settings: Mapping[str, object]
    method: MethodDescriptor
    examples: tuple[Example, ...]
    alone: bool = False
    job: str = ""

    @property
    def name(self) -> str:
        """For the table."""
        return f"{self.provider} {self.method.name}"


def wires() -> tuple[Wire, ...]:
    """All of them."""
    return (*_chats(), *_counts(), *_openai_media(), *_google_media(), *_jobs())


# --- requests -----------------------------------------------------------------------------------------------


def _pictured(request: Any, *, addresses: bool = False) -> Any:
    """With real pictures for those of a golden file, all of one size, but for those given by address."""
    edit = request.edit if isinstance(request, image_pb2.StreamImagesRequest) else request
    for media in [*getattr(edit, "images", ()), *([edit.image] if hasattr(edit, "image") else ())]:
        if not (media.uri and addresses):
            media.ClearField("mime_type")
            media.data = PNG
    if hasattr(edit, "mask") and edit.HasField("mask") and not addresses:
        edit.mask.ClearField("mime_type")
        edit.mask.data = MASK
    return request


def messages(wire: Wire, request: Message, model: str, mark: str) -> list[Message]:
    """What a caller sends to ask a model, with a mark in it where the operation has a text."""
    made: Any = type(request)()
    made.CopyFrom(request)
    owner = made
    if isinstance(made, image_pb2.StreamImagesRequest):
        owner = made.generate if made.HasField("generate") else made.edit
    elif isinstance(made, chat_pb2.CountTokensRequest):
        owner = made.chat
    owner.model = model
    if isinstance(owner, chat_pb2.ChatRequest):
        owner.messages[0].parts[0].text += f" {mark}"
    elif isinstance(owner, embedding_pb2.EmbedRequest):
        owner.texts[:] = [f"{text} {mark}" for text in owner.texts]
    elif isinstance(owner, audio_pb2.SpeakRequest):
        owner.text += f" {mark}"
    elif isinstance(owner, audio_pb2.TranscriptionConfig):
        return [
            audio_pb2.TranscribeRequest(config=owner),
            audio_pb2.TranscribeRequest(chunk=b"RIFF....WAVE a recording"),
        ]
    elif hasattr(owner, "prompt"):
        owner.prompt += f" {mark}"
    return [made]


# --- chat ---------------------------------------------------------------------------------------------------

GOOGLE: Mapping[str, Mapping[str, object]] = {
    "gemini": {"kind": "gemini"},
    "vertex": {"kind": "vertex", "insecure": True, "project": "p", "location": "us-central1"},
}


HELLO = ParseDict({"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}, chat_pb2.ChatRequest())


def _chats() -> Iterator[Wire]:
    claude = {"kind": "anthropic"}
    settings: Mapping[str, object]
    bedrock = {"kind": "anthropic", "platform": "bedrock", "location": "us-east-1"}
    for provider, settings, folder, model in (
        ("openai", {"kind": "openai", "wire": "chat"}, "openai", "gpt-4o-mini"),
        ("responses", {"kind": "openai", "wire": "responses"}, "openai_responses", "gpt-4o-mini"),
        ("anthropic", claude, "anthropic", "claude-sonnet-4-5"),
        ("bedrock", bedrock, "anthropic", "anthropic.claude-sonnet-4-5-v1:0"),
    ):
        found = list(_golden(folder, "stream"))
        wholes = [one["answer"] for one in found if "answer" in one]
        streams = [one["stream"] for one in found]
        yield Wire(provider, settings, _CHAT["Chat"], _examples(model, map(Given, wholes)))
        yield Wire(
            provider,
            settings,
            _CHAT["StreamChat"],
            _examples(model, [Given(one, events=True, framed=provider == "bedrock") for one in streams]),
        )
    told = [(one["messages"], "response" in one) for one in _golden("vertex", "messages") if one["messages"]]
    for provider, settings in GOOGLE.items():
        model = "gemini-2.5-flash"
        wholes = [Example(model, HELLO, (Given(one[-1]),), good and len(one) == 1) for one, good in told]
        streams = [Example(model, HELLO, (Given(one, events=True),), good) for one, good in told]
        yield Wire(provider, settings, _CHAT["Chat"], tuple(wholes))
        yield Wire(provider, settings, _CHAT["StreamChat"], tuple(streams))


def _examples(model: str, answers: Any) -> tuple[Example, ...]:
    return tuple(Example(model, HELLO, (answer,)) for answer in answers)


def _counts() -> Iterator[Wire]:
    asked = chat_pb2.CountTokensRequest(chat=HELLO)
    for provider, settings, model, document in (
        ("anthropic", {"kind": "anthropic"}, "claude-sonnet-4-5", {"input_tokens": 42}),
        ("gemini", GOOGLE["gemini"], "gemini-2.5-flash", {"totalTokens": 42, "totalBillableCharacters": 9}),
        ("vertex", GOOGLE["vertex"], "gemini-2.5-flash", {"totalTokens": 42}),
    ):
        yield Wire(provider, settings, _CHAT["CountTokens"], (Example(model, asked, (Given(document),)),))


# --- everything else ----------------------------------------------------------------------------------------


def _openai_media() -> Iterator[Wire]:
    wide: dict[tuple[str, str], list[Example]] = {}
    for one in _golden("openai_media", "answers"):
        if one.get("deployments") or one["kind"] == "azure":
            continue
        operation = one["operation"].lower().partition("_")[0]
        request = _pictured(ParseDict(filled(one["request"]), _OPERATIONS[operation][1]()))
        answers = tuple(Given(filled(answer), events=isinstance(answer, list)) for answer in one["answers"])
        wide.setdefault((one["kind"], operation), []).append(Example(one["model"], request, answers))
    for (kind, operation), examples in wide.items():
        method, _ = _OPERATIONS[operation]
        alone = operation in ("transcribe", "classify")
        yield Wire(kind, {"kind": kind}, method, tuple(examples), alone=alone)


def _google_media() -> Iterator[Wire]:
    for provider, settings in GOOGLE.items():
        wide: dict[str, list[Example]] = {}
        for one in _golden("vertex_media", "answers"):
            if provider == "gemini" and ("json" not in one or one["operation"] == "embed"):
                continue
            operation = one["operation"]
            request = _pictured(ParseDict(one["request"], _OPERATIONS[operation][1]()))
            events = operation in ("transcribe", "speak")
            given = _decodable(one["answers"])
            answers = (Given(given, events=True),) if events else tuple(map(Given, given))
            wide.setdefault(operation, []).append(Example(one["model"], request, answers, "error" not in one))
        if provider == "gemini":
            asked = embedding_pb2.EmbedRequest(texts=["a", "bc"])
            given = Given({"embeddings": [{"values": [0.5, 1]}, {"values": [-1, 0.25]}]})
            wide["embed"] = [Example("gemini-embedding-001", asked, (given,))]
        for operation, examples in wide.items():
            method, _ = _OPERATIONS[operation]
            alone = operation in ("transcribe", "upscale")
            yield Wire(provider, settings, method, tuple(examples), alone=alone)


def _decodable(answers: Any) -> Any:
    """With real pictures in place of the first bytes of one."""
    return json.loads(json.dumps(answers).replace('"iVBORw0KGgo="', f'"{ENCODED}"'))


def _jobs() -> Iterator[Wire]:
    wide: dict[tuple[str, str], list[Example]] = {}
    for one in _golden("jobs", "response"):
        operation = one["operation"].lower().partition("_")[0]
        made = ParseDict(filled(one["request"]), _OPERATIONS[operation][1]())
        request = _pictured(made, addresses=one["kind"] == "luma")
        if hasattr(request, "image_config"):
            # Not every service has it in every format.
            request.image_config.transparent_background = False
        wide.setdefault((one["kind"], operation), []).append(Example(one["model"], request, ()))
    for (kind, operation), examples in wide.items():
        assert kind in SERVICES
        method, _ = _OPERATIONS[operation]
        settings = {"kind": kind, "poll_interval": 0.02}
        yield Wire(kind, settings, method, tuple(examples), alone=operation == "upscale", job=kind)


def _golden(folder: str, field: str) -> Iterator[dict[str, Any]]:
    for path in sorted((FOLDER / folder).glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        if field in content:
            yield content


def filled(value: Any) -> Any:
    """With a picture where a golden file has a sign for it."""
    if isinstance(value, dict):
        return {name: filled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    if isinstance(value, str) and (value == "PNG" or value.endswith(",PNG")):
        return value.removesuffix("PNG") + ENCODED
    return value


# --- ends ---------------------------------------------------------------------------------------------------


def ends(event: Any) -> bool:
    """Whether an event may be the one that says that an answer is whole."""
    if not isinstance(event, dict):
        return bool(event == "[DONE]")
    kind = str(event.get("type", ""))
    if kind.endswith((".completed", ".incomplete", ".failed", ".done")) and not kind.startswith(
        "response.out"
    ):
        return True
    if kind in ("message_stop", "error"):
        return True
    if kind == "message_delta":
        return bool((event.get("delta") or {}).get("stop_reason"))
    choices = [*(event.get("choices") or ()), *(event.get("candidates") or ())]
    if any(one.get("finish_reason") or one.get("finishReason") for one in choices if isinstance(one, dict)):
        return True
    return "promptFeedback" in event or "error" in event
