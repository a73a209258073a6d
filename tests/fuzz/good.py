"""Tests, fuzz: good requests of every method, from which nearly good ones are made."""

import base64
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from grpc_channelz.v1 import channelz_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.v1 import (
    audio_service_pb2,
    chat_service_pb2,
    embedding_service_pb2,
    image_service_pb2,
    model_service_pb2,
    usage_service_pb2,
    vision_service_pb2,
)

from tests.fuzz.files import files

FILES = files()
_FILES = (
    audio_service_pb2,
    chat_service_pb2,
    embedding_service_pb2,
    image_service_pb2,
    model_service_pb2,
    usage_service_pb2,
    vision_service_pb2,
    admin_pb2,
    health_pb2,
    reflection_pb2,
    channelz_pb2,
)
ADMIN = ("ringmain.admin.v1.", "grpc.channelz.")
ENDLESS = ("WatchEvents", "Watch")
"""Methods whose answers never end."""

CHAT_MODELS = (
    "sandbox/chat",
    "sandbox/echo",
    "all",
    "openai/gpt-4o-mini",
    "openai/o3",
    "responses/gpt-5",
    "anthropic/claude-sonnet-4-5",
    "bedrock/anthropic.claude-sonnet-4-5-v1:0",
    "gemini/gemini-2.5-flash",
    "vertex/gemini-3-pro",
    "mistral/mistral-large",
    "deepseek/deepseek-chat",
)
IMAGE_MODELS = (
    "sandbox/image",
    "openai/gpt-image-1.5",
    "openai/dall-e-3",
    "openai/dall-e-2",
    "vertex/imagen-4.0-generate-001",
    "vertex/gemini-2.5-flash-image",
    "gemini/gemini-2.5-flash-image",
    "fal/fal-ai/flux/dev",
    "replicate/black-forest-labs/flux",
    "stability/core",
    "luma/photon-1",
    "runway/gen4_image",
    "leonardo/b24e16ff",
    "images",
)
EMBED_MODELS = (
    "sandbox/embed",
    "openai/text-embedding-3-small",
    "gemini/gemini-embedding-001",
    "vertex/text-embedding-005",
    "mistral/mistral-embed",
)
SPEAK_MODELS = (
    "sandbox/speak",
    "openai/tts-1",
    "openai/gpt-4o-mini-tts",
    "gemini/gemini-2.5-flash-preview-tts",
    "vertex/gemini-2.5-flash-preview-tts",
)
HEAR_MODELS = (
    "sandbox/transcribe",
    "openai/whisper-1",
    "openai/gpt-4o-transcribe",
    "gemini/gemini-2.5-flash",
    "vertex/gemini-2.5-flash",
)
UPSCALE_MODELS = (
    "sandbox/upscale",
    "local/upscale",
    "stability/fast",
    "fal/fal-ai/aura-sr",
    "vertex/imagegeneration@002",
)
ODD_MODELS = (
    "nothing-like-it",
    "sandbox/nothing",
    "openai/fault",
    "sandbox/fault-500",
    "sandbox/fault-cut",
    "sandbox/fault-malformed",
    "sandbox/fault-no-end",
    "sandbox/fault-empty",
    "sandbox/fault-429",
    "sandbox/fault-flap",
    "sandbox/fault-filter",
    "sandbox/fault-context",
    "sandbox/fault-reset",
    "sandbox/fault-stall",
    "",
)


def methods() -> tuple[MethodDescriptor, ...]:
    """Every method of every service that the gateway has."""
    return tuple(
        method
        for file in _FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    )


def admin(method: MethodDescriptor) -> bool:
    """Whether it is served at the operators' port alone."""
    return method.full_name.startswith(ADMIN)


def good(rng: random.Random, method: MethodDescriptor) -> list[Any]:
    """The messages of a good call, one for a plain method."""
    make = _GOOD.get(method.input_type.name)
    if make is None:
        return [message_factory.GetMessageClass(method.input_type)()]
    documents = make(rng)
    kind = message_factory.GetMessageClass(method.input_type)
    return [kind(**one) if "chunk" in one else _parsed(one, kind()) for one in documents]


def _parsed(document: Any, message: Message) -> Message:
    """Like ParseDict, with bytes as they are."""
    return ParseDict(_text(document), message)


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _text(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return value


def _model(rng: random.Random, models: Sequence[str]) -> str:
    return rng.choice(models) if rng.random() < 0.9 else rng.choice(ODD_MODELS)


def _image(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice([name for name in FILES if name.startswith("image/")])
    return (
        {"data": FILES[kind]}
        if rng.random() < 0.9
        else {"uri": "https://example.com/a.png", "mimeType": "image/png"}
    )


def _media(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(list(FILES))
    return {"data": FILES[kind], "mimeType": kind if "x-" not in kind else "", "filename": "a.bin"}


def _shared(rng: random.Random) -> dict[str, Any]:
    """The fields that every request has that reaches a provider."""
    found: dict[str, Any] = {"routingPolicy": _policy(rng)}
    if rng.random() < 0.3:
        found["attribution"] = {"labels": {"team": "a"}, "userId": rng.choice(("", "u-1"))}
    if rng.random() < 0.1:
        found["requestId"] = f"request-{rng.randrange(5)}"
    return found


def _options(rng: random.Random, **fields: Any) -> dict[str, Any]:
    """Options that some provider knows, or nobody."""
    return {rng.choice(("openai", "vertex", "sandbox", "x")): {**fields, "deep": {"a": [1, None]}}}


def _policy(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.6:
        return {}
    return {
        "streamRecovery": rng.choice((0, 1, 2, 3)),
        "failoverDisabled": rng.random() < 0.2,
        "idleTimeout": "1s",
    }


_SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'


def _chat(rng: random.Random) -> dict[str, Any]:
    turns: list[Any] = []
    if rng.random() < 0.4:
        turns.append({"role": "ROLE_SYSTEM", "parts": [{"text": "Be brief."}]})
    turns.append(
        {
            "role": "ROLE_USER",
            "parts": [
                {"text": "What is the weather in Oslo?"},
                *([{"media": _media(rng)}] if rng.random() < 0.3 else []),
            ],
        }
    )
    if rng.random() < 0.4:
        call = {"toolCallId": "c1", "name": "weather", "argumentsJson": '{"city": "Oslo"}'}
        reasoning = {
            "reasoning": {"text": "Hm."},
            "signature": b"sig",
            "providerId": rng.choice(("anthropic", "openai", "vertex")),
        }
        cited = {"text": "I look.", "citations": [{"uri": "https://example.com", "title": "Rain"}]}
        turns.append(
            {
                "role": "ROLE_ASSISTANT",
                "parts": [reasoning, cited, {"toolCall": call}],
            }
        )
        turns.append(
            {
                "role": "ROLE_TOOL",
                "parts": [
                    {
                        "toolResult": {
                            "toolCallId": "c1",
                            "parts": [{"text": "Rain"}],
                            "failed": rng.random() < 0.2,
                        }
                    }
                ],
            }
        )
    found: dict[str, Any] = {
        "model": _model(rng, CHAT_MODELS),
        "messages": turns,
        **_shared(rng),
    }
    if rng.random() < 0.5:
        weather = {"name": "weather", "description": "Weather", "parametersSchemaJson": _SCHEMA}
        found["tools"] = [{"function": weather}, *([{"webSearch": {}}] if rng.random() < 0.2 else [])]
        found["toolChoice"] = rng.choice(({}, {"mode": 1}, {"mode": 3}, {"toolName": "weather"}))
    if rng.random() < 0.5:
        found["generationConfig"] = {
            "maxOutputTokens": 30,
            "temperature": 0.5,
            "stopSequences": ["END"],
            "reasoningEffort": rng.choice((0, 1, 2)),
            "responseFormat": rng.choice(
                ({}, {"jsonObject": {}}, {"jsonSchema": {"name": "city", "schemaJson": _SCHEMA}})
            ),
            "providerOptions": {
                rng.choice(("openai", "anthropic", "vertex", "sandbox")): {
                    "user": "x",
                    "deep": {"a": [1, None]},
                }
            },
        }
    return found


def _config(rng: random.Random) -> dict[str, Any]:
    return {
        "imageCount": rng.choice((0, 1, 2)),
        "size": rng.choice(("", "256x256", "1024x1024")),
        "quality": rng.choice((0, 1, 3, 4)),
        "style": rng.choice(("", "vivid")),
        "mimeType": rng.choice(("", "image/png", "image/jpeg")),
        "seed": "7",
    }


def _generate(rng: random.Random) -> dict[str, Any]:
    return {
        "model": _model(rng, IMAGE_MODELS),
        "prompt": "a red circle on blue",
        "imageConfig": _config(rng),
        **_shared(rng),
    }


def _edit(rng: random.Random) -> dict[str, Any]:
    found = {**_generate(rng), "images": [_image(rng)], "mode": rng.choice((0, 1, 2, 3))}
    if found["mode"] == 1:
        found["images"] = [{"data": FILES["image/png"]}]
        found["mask"] = {"data": FILES["image/x-mask"]}
    if found["mode"] == 2:
        found["outpaint"] = {"left": 8, "top": 0, "right": 8, "bottom": 0}
    return found


def _stream_images(rng: random.Random) -> dict[str, Any]:
    return (
        {rng.choice(("generate",)): _generate(rng), "previewCount": 2}
        if rng.random() < 0.6
        else {"edit": _edit(rng)}
    )


def _analyze(rng: random.Random) -> dict[str, Any]:
    return {
        "model": _model(rng, CHAT_MODELS),
        "prompt": "What is this?",
        "images": [_image(rng) for _ in range(rng.choice((1, 1, 2)))],
        "imageDetail": rng.choice((0, 1, 2)),
        **_shared(rng),
    }


def _chunks(rng: random.Random, data: bytes) -> list[dict[str, bytes]]:
    edges = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(rng.choice((0, 1, 4))))})
    return [{"chunk": data[start:end]} for start, end in pairwise(edges)]


def _document(rng: random.Random) -> list[dict[str, Any]]:
    kind = rng.choice([name for name in FILES if not name.startswith("audio/")])
    config = {
        "model": _model(rng, CHAT_MODELS),
        "mimeType": kind if "x-" not in kind else "",
        "mode": rng.choice((0, 1, 2)),
        "prompt": "Read",
        "generationConfig": {"temperature": 0.5},
        **_shared(rng),
    }
    return [{"config": config}, *_chunks(rng, FILES[kind])]


def _recording(rng: random.Random) -> list[dict[str, Any]]:
    kind = rng.choice(("audio/wav", "audio/mpeg"))
    config = {
        "model": _model(rng, HEAR_MODELS),
        "mimeType": kind,
        "languageCode": rng.choice(("", "en")),
        "prompt": rng.choice(("", "names")),
        "wordOffsets": rng.random() < 0.5,
        "providerOptions": _options(rng, temperature=0),
        **_shared(rng),
    }
    return [{"config": config}, *_chunks(rng, FILES[kind])]


def _speak(rng: random.Random) -> dict[str, Any]:
    return {
        "model": _model(rng, SPEAK_MODELS),
        "text": "Hello there",
        "speechConfig": {
            "voice": rng.choice(("", "alloy")),
            "mimeType": rng.choice(("", "audio/wav")),
            "speed": rng.choice((0.5, 1, 2)),
            "providerOptions": _options(rng) if rng.random() < 0.2 else {},
        },
        **_shared(rng),
    }


def _embed(rng: random.Random) -> dict[str, Any]:
    return {
        "model": _model(rng, EMBED_MODELS),
        "texts": ["one", "two"][: rng.choice((1, 2))],
        "media": [_media(rng)] if rng.random() < 0.3 else [],
        "embeddingConfig": {
            "purpose": rng.choice((0, 1, 2, 3)),
            "dimensionCount": rng.choice((8, 64)),
            "providerOptions": _options(rng) if rng.random() < 0.2 else {},
        },
        **_shared(rng),
    }


def _upscale(rng: random.Random) -> dict[str, Any]:
    return {
        "model": _model(rng, UPSCALE_MODELS),
        "image": _image(rng),
        "upscaleConfig": {"factor": rng.choice((2, 4))},
        **_shared(rng),
    }


def _inspect(rng: random.Random) -> dict[str, Any]:
    return {
        "image": _image(rng),
        "model": rng.choice(("", "sandbox/classify", "openai/omni-moderation-latest")),
        **_shared(rng),
    }


def _provider(rng: random.Random) -> dict[str, Any]:
    return {"providerId": rng.choice(("spare", "spare", "sandbox"))}


One = Callable[[random.Random], dict[str, Any]]


def _one(make: One) -> Callable[[random.Random], list[dict[str, Any]]]:
    return lambda rng: [make(rng)]


_GOOD: Mapping[str, Callable[[random.Random], list[dict[str, Any]]]] = {
    "ChatRequest": _one(_chat),
    "CountTokensRequest": _one(lambda rng: {"chat": _chat(rng)}),
    "EstimateCostRequest": _one(lambda rng: {"chat": _chat(rng)}),
    "AnalyzeImagesRequest": _one(_analyze),
    "ReadDocumentRequest": _document,
    "TranscribeRequest": _recording,
    "SpeakRequest": _one(_speak),
    "EmbedRequest": _one(_embed),
    "GenerateImagesRequest": _one(_generate),
    "StreamImagesRequest": _one(_stream_images),
    "EditImagesRequest": _one(_edit),
    "UpscaleImageRequest": _one(_upscale),
    "InspectImageRequest": _one(_inspect),
    "GetModelRequest": _one(lambda rng: {"model": _model(rng, CHAT_MODELS)}),
    "ListModelsRequest": _one(
        lambda rng: {"pageSize": rng.choice((0, 1, 50)), "pageToken": rng.choice(("", "x"))}
    ),
    "DrainProviderRequest": _one(lambda rng: {"providerId": "spare"}),
    "RestoreProviderRequest": _one(_provider),
    "CheckProviderRequest": _one(
        lambda rng: {"providerId": rng.choice(("sandbox", "openai", "anthropic", "gemini", "vertex", "fal"))}
    ),
    "SetPrimaryProviderRequest": _one(
        lambda rng: {"model": "spare-model", "providerId": rng.choice(("spare", "sandbox"))}
    ),
    "FlushCacheRequest": _one(lambda rng: {"model": "all"}),
    "HealthCheckRequest": _one(
        lambda rng: {"service": rng.choice(("", "readiness", "liveness", "ringmain.v1.ChatService", "x"))}
    ),
    "ServerReflectionRequest": lambda rng: [
        {"listServices": ""},
        {"fileContainingSymbol": "ringmain.v1.ChatService"},
        {"fileByFilename": "ringmain/v1/chat_service.proto"},
    ][: rng.choice((1, 2, 3))],
    "GetServerRequest": _one(lambda rng: {"serverId": str(rng.randrange(4))}),
    "GetChannelRequest": _one(lambda rng: {"channelId": str(rng.randrange(4))}),
    "GetSocketRequest": _one(lambda rng: {"socketId": str(rng.randrange(9))}),
}
