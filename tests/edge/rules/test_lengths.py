"""Every text, list and map that a caller chooses has a length, in the contract and behind a rule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from ringmain_server.edge.validate import VALIDATORS

from tests.edge.rules.places import PLACES, Place, is_map

PROTOS = Path(__file__).parents[3] / "protos"


@dataclass(frozen=True)
class Limit:
    """Most characters of a text or of a map's key, and most items of a list or a map.

    `pattern` is for a field whose rule is its form: a text of that many characters that breaks it in length.
    """

    length: int | None = None
    count: int | None = None
    fill: str = "x"


NAME = Limit(256)
LIMITS: Mapping[str, Limit] = {
    "ChatRequest.request_id": Limit(128),
    "ChatRequest.model": NAME,
    "ChatRequest.messages": Limit(count=10_000),
    "ChatRequest.tools": Limit(count=128),
    "Message.parts": Limit(count=100_000),
    "Media.mime_type": Limit(256, fill="x/" + "x" * 254),
    "Media.uri": Limit(8192, fill="https://x/" + "x" * 8182),
    "Media.filename": NAME,
    "ToolCall.tool_call_id": NAME,
    "ToolCall.name": NAME,
    "ToolResult.tool_call_id": NAME,
    "ToolResult.parts": Limit(count=1_000),
    "Part.provider_id": NAME,
    "ProviderToolCall.tool_call_id": NAME,
    "ProviderToolCall.name": NAME,
    "ProviderToolCall.results": Limit(count=1_000),
    "GenerationConfig.stop_sequences": Limit(256, 8),
    "GenerationConfig.provider_options": Limit(256, 32),
    "JsonSchemaFormat.name": Limit(64),
    "AudioOutput.voice": NAME,
    "PromptCache.key": Limit(64),
    "GenerationConfig.output_modalities": Limit(count=16),
    "FunctionTool.name": Limit(64),
    "WebSearchTool.allowed_domains": Limit(256, 100),
    "WebSearchTool.blocked_domains": Limit(256, 100),
    "ToolChoice.tool_name": NAME,
    "RoutingPolicy.provider_ids": Limit(256, 64),
    "Attribution.labels": Limit(64, 16),
    "Attribution.user_id": Limit(128),
    "AnalyzeImagesRequest.request_id": Limit(128),
    "AnalyzeImagesRequest.model": NAME,
    "AnalyzeImagesRequest.images": Limit(count=16),
    "ReadDocumentConfig.request_id": Limit(128),
    "ReadDocumentConfig.model": NAME,
    "ReadDocumentConfig.mime_type": Limit(256, fill="x/" + "x" * 254),
    "GenerateImagesRequest.request_id": Limit(128),
    "GenerateImagesRequest.model": NAME,
    "GenerateImagesRequest.prompt": Limit(32_000),
    "EditImagesRequest.request_id": Limit(128),
    "EditImagesRequest.model": NAME,
    "EditImagesRequest.prompt": Limit(32_000),
    "EditImagesRequest.images": Limit(count=16),
    "ImageConfig.style": NAME,
    "ImageConfig.negative_prompt": Limit(32_000),
    "ImageConfig.provider_options": Limit(256, 32),
    "UpscaleImageRequest.request_id": Limit(128),
    "UpscaleImageRequest.model": NAME,
    "UpscaleConfig.prompt": Limit(32_000),
    "UpscaleConfig.provider_options": Limit(256, 32),
    "InspectImageRequest.request_id": Limit(128),
    "InspectImageRequest.model": NAME,
    "EmbedRequest.request_id": Limit(128),
    "EmbedRequest.model": NAME,
    "EmbedRequest.texts": Limit(count=2048),
    "EmbedRequest.media": Limit(count=2048),
    "EmbeddingConfig.provider_options": Limit(256, 32),
    "TranscriptionConfig.request_id": Limit(128),
    "TranscriptionConfig.model": NAME,
    "TranscriptionConfig.mime_type": Limit(256, fill="x/" + "x" * 254),
    "TranscriptionConfig.language_code": Limit(64, fill="en" + "-aaaaaaa" * 7 + "-aaaaa"),
    "TranscriptionConfig.prompt": Limit(32_000),
    "TranscriptionConfig.provider_options": Limit(256, 32),
    "SpeakRequest.request_id": Limit(128),
    "SpeakRequest.model": NAME,
    "SpeakRequest.text": Limit(4096),
    "SpeechConfig.voice": NAME,
    "SpeechConfig.instructions": Limit(4096),
    "SpeechConfig.provider_options": Limit(256, 32),
    "ListModelsRequest.page_token": Limit(2048),
    "ListModelsRequest.capabilities": Limit(count=64),
    "GetModelRequest.model": NAME,
    "DrainProviderRequest.provider_id": NAME,
    "RestoreProviderRequest.provider_id": NAME,
    "SetPrimaryProviderRequest.model": NAME,
    "SetPrimaryProviderRequest.provider_id": NAME,
    "CheckProviderRequest.provider_id": NAME,
    "ApiKey.tenant_id": NAME,
    "ApiKey.display_name": NAME,
    "ApiKey.allowed_models": Limit(256, 1_000),
    "ApiKey.allowed_methods": Limit(256, 100),
    "ApiKey.allowed_networks": Limit(64, 100),
    "ListApiKeysRequest.page_token": Limit(2048),
    "ListApiKeysRequest.tenant_id": NAME,
    "RotateApiKeyRequest.key_id": NAME,
    "RevokeApiKeyRequest.key_id": NAME,
}
FREE: Mapping[str, str] = {
    "Part.text": "what the model reads",
    "Media.data": "the medium itself; media have limits of bytes of their own",
    "ToolCall.arguments_json": "what the model wrote, read by it again; its nesting has a rule",
    "Reasoning.text": "what the model wrote, read by it again",
    "Part.signature": "a provider's state, which only it can judge",
    "FunctionTool.description": "what the model reads",
    "FunctionTool.parameters_schema_json": "what the model reads; its nesting has a rule",
    "JsonSchemaFormat.description": "what the model reads",
    "ProviderToolCall.arguments_json": "what the model wrote, read by it again; its nesting has a rule",
    "Citation.uri": "what a provider said; parts and citations are counted together",
    "Citation.title": "as its address",
    "Citation.quoted_text": "as its address",
    "Citation.filename": "as its address",
    "Part.citations": "counted with the parts",
    "Part.logprobs": "ignored in requests",
    "TokenLogprobs.token": "ignored in requests",
    "TokenLogprobs.top": "ignored in requests",
    "TokenLogprobs.utf8_bytes": "ignored in requests",
    "TokenLogprob.token": "ignored in requests",
    "TokenLogprob.utf8_bytes": "ignored in requests",
    "WebSearchTool.country_code": "two letters",
    "JsonSchemaFormat.schema_json": "what the model reads; its nesting has a rule",
    "AnalyzeImagesRequest.prompt": "what the model reads",
    "ReadDocumentConfig.prompt": "what the model reads",
    "ImageConfig.aspect_ratio": "a form of at most nine characters",
    "ImageConfig.size": "a form of at most eleven characters",
    "ImageConfig.mime_type": "one of three words",
    "UpscaleConfig.mime_type": "one of three words",
    "SpeechConfig.mime_type": "one of six words",
    "AudioOutput.mime_type": "one of six words",
    "WatchEventsRequest.kinds": "some of eight words",
    "ApiKey.key_id": "ignored in a new key; in a change it names a key, which is looked up",
    "ApiKey.scopes": "some of three words",
}


SIZED = [
    place
    for place in PLACES
    if place.field.is_repeated
    or place.field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
]
LIMITED = [place for place in SIZED if place.name in LIMITS]


def _text(fill: str, length: int) -> str:
    return (fill * length)[:length]


def _filled(place: Place, text: str | None, count: int) -> Message:
    """A request whose one field holds that many items, each of them with that text."""
    request, holder = place.request()
    field = place.field
    value = getattr(holder, field.name)
    if is_map(field):
        for number in range(count):
            key = f"{number}" if text is None else text[: len(text) - len(f"{number}")] + f"{number}"
            if place.name == "Attribution.labels":
                value[key] = "x"
            else:
                value[key].SetInParent()
    elif field.is_repeated and field.message_type is not None:
        for _ in range(count):
            value.add()
    elif field.is_repeated:
        value.extend([1 if field.enum_type else ("x" if text is None else text)] * count)
    else:
        setattr(holder, field.name, text)
    return request


@pytest.mark.parametrize("place", SIZED, ids=str)
def test_every_text_list_and_map_is_limited_or_free_for_a_reason(place: Place) -> None:
    """A field that is added has to have a limit here, or a reason why it has none."""
    assert (place.name in LIMITS) != (place.name in FREE)
    assert place.kind.full_name in VALIDATORS


def test_no_limit_is_of_a_field_that_is_gone() -> None:
    """The tables name nothing but fields of requests."""
    assert LIMITS.keys() | FREE.keys() <= {place.name for place in SIZED}


@pytest.mark.parametrize("place", [one for one in LIMITED if LIMITS[one.name].length], ids=str)
def test_a_text_has_its_length(place: Place) -> None:
    """A text as long as it may be breaks no rule of length; one of a character more is named by its path."""
    limit = LIMITS[place.name]
    assert limit.length is not None
    # In a text that has to begin in a certain way, what is added is at its end.
    most = _text(limit.fill, limit.length)
    for text, refused in ((most, False), (most + "a", True)):
        told = _lengths(place, _filled(place, text, 1))
        assert bool(told) == refused


def _lengths(place: Place, request: Message) -> list[str]:
    """What is said of lengths at the place."""
    found = VALIDATORS[place.kind.full_name](request)
    return [
        one.description
        for one in found
        if one.field.startswith(place.path) and re.search("longer than|is not 1 to 64", one.description)
    ]


@pytest.mark.parametrize("place", [one for one in LIMITED if LIMITS[one.name].count], ids=str)
def test_a_list_or_map_has_its_count(place: Place) -> None:
    """A list or map with as many items as it may have breaks no rule of counts; with one more it does."""
    limit = LIMITS[place.name]
    assert limit.count is not None
    for count, refused in ((limit.count, False), (limit.count + 1, True)):
        found = VALIDATORS[place.kind.full_name](_filled(place, None, count))
        told = [
            one.description
            for one in found
            if one.field == place.path
            and re.search(r"more than|beyond the|are allowed", one.description)
            and not (count == limit.count and "0 " in one.description[:8])
        ]
        assert bool(told) == refused, told


@pytest.mark.parametrize("name", [name for name in LIMITS if name != "Message.parts"])
def test_the_contract_says_each_limit(name: str) -> None:
    """The comment of the field, or of its message, has the number."""
    comment = _comments()[name]
    if "as GenerationConfig.provider_options" in comment:
        comment = _comments()["GenerationConfig.provider_options"]
    for number in (LIMITS[name].length, LIMITS[name].count):
        if number is not None and name not in ("EmbedRequest.texts", "EmbedRequest.media"):
            assert f"{number:,}" in comment or (number == 1 and "one" in comment), comment


@cache
def _comments() -> Mapping[str, str]:
    """The comment of each field of the contract, in one line."""
    found: dict[str, str] = {}
    for path in sorted(PROTOS.rglob("*.proto")):
        message, comment = "", ""
        for line in path.read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if text.startswith("//"):
                comment += text.removeprefix("//")
            elif begin := re.match(r"message (\w+) \{", text):
                message, comment = begin[1], ""
            elif field := re.match(r"(?:[\w<>., ]+) (\w+) = \d+", text):
                found[f"{message}.{field[1]}"] = comment
                comment = ""
            else:
                comment = ""
    # A comment may refer to that of another field instead of repeating it.
    for name, comment in found.items():
        if same := re.search(r" as (\w+\.\w+)\.", comment):
            found[name] = f"{comment} {found[same[1]]}"
    return found
