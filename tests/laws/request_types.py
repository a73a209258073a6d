"""Tests, laws: what the request types of the vendors' own SDKs say of a body.

Pydantic drops fields that a TypedDict does not know. So a body is compared with what is left of it: a field
that is lost is one that the vendor's API does not have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming as BetaMessage
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming as Message
from google.genai import types as genai
from openai.types.audio.speech_create_params import SpeechCreateParams
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.embedding_create_params import EmbeddingCreateParams
from openai.types.image_generate_params import ImageGenerateParams
from openai.types.moderation_create_params import ModerationCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

Json = Mapping[str, Any]
Type = TypeAdapter[Any]

CHAT: Type = TypeAdapter(CompletionCreateParamsNonStreaming)
RESPONSES: Type = TypeAdapter(ResponseCreateParamsNonStreaming)
MESSAGES: tuple[Type, ...] = (TypeAdapter(Message), TypeAdapter(BetaMessage))
OPENAI_MEDIA: Mapping[str, Type] = {
    "/images/generations": TypeAdapter(ImageGenerateParams),
    "/embeddings": TypeAdapter(EmbeddingCreateParams),
    "/audio/speech": TypeAdapter(SpeechCreateParams),
    "/moderations": TypeAdapter(ModerationCreateParams),
}
"""The types of OpenAI's bodies beside chat, by the ends of their paths."""
_GOOGLE: Mapping[str, Type] = {
    "contents": TypeAdapter(list[genai.Content]),
    "content": TypeAdapter(genai.Content),
    "systemInstruction": TypeAdapter(genai.Content),
    "tools": TypeAdapter(list[genai.Tool]),
    "toolConfig": TypeAdapter(genai.ToolConfig),
    "safetySettings": TypeAdapter(list[genai.SafetySetting]),
    "generationConfig": TypeAdapter(genai.GenerationConfig),
    "cachedContent": TypeAdapter(str),
    "taskType": TypeAdapter(str),
    "outputDimensionality": TypeAdapter(int),
    "title": TypeAdapter(str),
    "model": TypeAdapter(str),
}
"""The types of the fields of Google's bodies, which refuse every field that they do not know."""
BLOCKED = frozenset({".tools[0].filters.blocked_domains"})
"""A field that OpenAI takes, and shows in its answer, but does not document."""
SAMPLING = frozenset({".temperature", ".top_p", ".top_k", ".anthropic_version"})
"""Fields of Anthropic's earlier API version, which these requests name (decision 7), and where they do."""
_SCHEMA = ".input_schema."
"""Within a schema every field may be."""


def complaint(body: Json, types: Sequence[Type], beside: frozenset[str] = frozenset()) -> str | None:
    """The first thing that is wrong with a body by each of some types; None if one of them describes it.

    Args:
        body: The body.
        types: The types.
        beside: Paths of fields that the types need not know.
    """
    found = [_complaint(body, one, beside) for one in types]
    return None if None in found else "; ".join(filter(None, found))


def of_messages(body: Json) -> str | None:
    """What is wrong with a body of Anthropic's, by its own types or by those of its betas."""
    return complaint(body, MESSAGES, SAMPLING)


def of_google(body: Json) -> str | None:
    """What is wrong with a body of the Gemini developer API."""
    config = body.get("generationConfig", {})
    # The SDK has fields for images in its own configuration alone, from which it writes them here.
    images = {name: value for name, value in config.items() if name == "imageConfig"}
    others = {name: value for name, value in config.items() if name not in images}
    found = {**body, **({"generationConfig": others} if config else {})}
    if (wrong := _of_fields(found)) is not None:
        return wrong
    try:
        genai.GenerateContentConfig.model_validate(images)
    except ValidationError as exc:
        return str(exc)
    return None


def _of_fields(body: Json) -> str | None:
    for name, value in body.items():
        if name not in _GOOGLE:
            return f"{name}: no such field"
        try:
            _GOOGLE[name].validate_python(value)
        except ValidationError as exc:
            return f"{name}: {exc}"
    return None


def _complaint(body: Json, type_: Type, beside: frozenset[str]) -> str | None:
    try:
        # Pydantic checks the items of an iterable only when they are read.
        left = _read(type_.validate_python(body))
    except ValidationError as exc:
        return str(exc)
    return next((f"{path}: no such field" for path in _lost(body, left) if path not in beside), None)


def _read(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _read(inner) for name, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_read(inner) for inner in value]
    return value


def _lost(before: object, after: object, path: str = "") -> Iterator[str]:
    """Yields the paths of fields that are in one value alone."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name, inner in before.items():
            here = f"{path}.{name}"
            if name in after:
                yield from _lost(inner, after[name], here)
            elif _SCHEMA not in here:
                yield here
    elif isinstance(before, list) and isinstance(after, list):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _lost(one, other, f"{path}[{place}]")
