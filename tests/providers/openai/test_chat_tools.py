"""Tests of what a chat completion can ask for, and of what it refuses to leave out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Media, Part, Reasoning
from ringmain_server.errors import CapabilityMissing, Inexpressible
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.chat import OpenAIChatTranslator, OpenAIStreamChatTranslator
from ringmain_server.providers.openai.chat_state import audio_of, audio_state, details_of

from tests.providers.openai import golden

OPEN = '{"type": "object", "properties": {"x": {"type": "string"}}}'
"""A schema to which strict mode cannot hold a model."""
SPEECH = {"outputModalities": ["MODALITY_AUDIO"], "audioOutput": {"voice": "ash", "mimeType": "audio/mpeg"}}


def _body(
    given: Mapping[str, object],
    kind: str = "openai",
    *,
    stream: bool = False,
    model: str = "gpt-x",
    **more: Any,
) -> dict[str, Any]:
    said = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}], **given}
    request = ParseDict(said, ChatRequest(model="m"))
    candidate = replace(golden.candidate(kind, model), **more)
    shape = OpenAIStreamChatTranslator if stream else OpenAIChatTranslator
    body: dict[str, Any] = plain(shape(golden.wire(kind)).request(request, candidate).body)
    return body


@pytest.mark.parametrize(
    ("given", "kind", "capability"),
    [
        ({"tools": [{"codeExecution": {}}]}, "openai", "code_execution"),
        ({"tools": [{"webSearch": {}}]}, "openai", "web_search"),
        ({"tools": [{"webSearch": {}}]}, "ollama", "web_search"),
        ({"tools": [{"webSearch": {"allowedDomains": ["x.test"]}}]}, "openrouter", "web_search"),
        ({"tools": [{"webSearch": {"blockedDomains": ["x.test"]}}]}, "openrouter", "web_search"),
        ({"generationConfig": SPEECH}, "ollama", "audio_output"),
        ({"generationConfig": {"outputModalities": ["MODALITY_IMAGE"]}}, "openai", "image_output"),
    ],
)
def test_what_a_server_lacks_is_refused_and_never_left_out(
    given: Mapping[str, object], kind: str, capability: str
) -> None:
    """A tool, a restriction or a modality that a wire cannot express is missing: others are tried."""
    with pytest.raises(CapabilityMissing) as missing:
        _body(given, kind)
    assert missing.value.metadata["capability"] == capability


def test_a_model_that_searches_is_told_where_from() -> None:
    """OpenAI's models that search take the country; a search is not offered where no tool may be called."""
    search = {"tools": [{"webSearch": {"countryCode": "DE"}}]}
    body = _body(search, model="gpt-4o-search-preview")
    place = {"type": "approximate", "approximate": {"country": "DE"}}
    assert body["web_search_options"] == {"user_location": place}
    assert "tools" not in body
    silent = _body({**search, "toolChoice": {"mode": "TOOL_MODE_NONE"}}, model="gpt-4o-search-preview")
    assert "web_search_options" not in silent


def test_what_must_be_strict_and_cannot_be_is_refused_by_name() -> None:
    """Strict mode knows a part of JSON Schema only."""
    function = {"name": "f", "parametersSchemaJson": OPEN, "strict": True}
    with pytest.raises(Inexpressible) as refused:
        _body({"tools": [{"function": function}]})
    assert refused.value.violations[0].field == "tools[0].function.strict"
    shape = {"jsonSchema": {"schemaJson": OPEN, "strict": True}}
    with pytest.raises(Inexpressible) as refused:
        _body({"generationConfig": {"responseFormat": shape}})
    assert refused.value.violations[0].field == "generation_config.response_format.json_schema.strict"


def test_speech_has_any_format_whole_and_one_in_a_stream() -> None:
    """https://platform.openai.com/docs/guides/audio: a stream has PCM alone."""
    whole, streamed = (_body({"generationConfig": SPEECH}, stream=stream) for stream in (False, True))
    assert whole["modalities"] == streamed["modalities"] == ["text", "audio"]
    assert whole["audio"] == {"voice": "ash", "format": "mp3"}
    assert streamed["audio"] == {"voice": "ash", "format": "pcm16"}


@pytest.mark.parametrize(
    ("kind", "field"), [("openai", "safety_identifier"), ("ollama", "user"), ("mistral", "")]
)
def test_the_end_user_is_told_as_a_hash_where_the_operator_gave_a_key(kind: str, field: str) -> None:
    """Each server has its field for it, or none; the id itself never shows."""
    said = {"attribution": {"userId": "ann@x.test"}}
    keyed = _body(said, kind, user_id_key=b"secret")
    assert len(keyed.get(field, "")) == (64 if field else 0)
    assert "ann@x.test" not in json.dumps(keyed)
    assert not {"safety_identifier", "user"} & _body(said, kind).keys()


@pytest.mark.parametrize(
    ("model", "effort", "word"),
    [
        ("gpt-5", "MINIMAL", "minimal"),
        ("gpt-5-mini-2025-08-07", "MINIMAL", "minimal"),
        ("o3", "MINIMAL", "low"),
        ("gpt-5.2", "EXTRA_HIGH", "xhigh"),
        ("gpt-5", "EXTRA_HIGH", "high"),
        ("gpt-5.1", "MINIMAL", "low"),
    ],
)
def test_a_model_gets_the_nearest_effort_that_it_has(model: str, effort: str, word: str) -> None:
    """Only some models know the outermost steps."""
    config = {"generationConfig": {"reasoningEffort": f"REASONING_EFFORT_{effort}"}}
    assert _body(config, model=model)["reasoning_effort"] == word


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"chat:",
        b"chat:[]",
        b'chat:{"details": [{"type": "x", "role": "system"}], "audio": 7}',
        b'chat:{"details": [{"text": {"deep": 1}}], "audio": ["id"]}',
        b"responses:{}",
        b"chat:\xff",
    ],
)
def test_edited_state_is_left_out(signature: bytes) -> None:
    """What is not of the form that we wrote goes nowhere, and what is goes to its provider only."""
    for part in (Part(reasoning=Reasoning()), Part(media=Media(data=b"x"))):
        part.signature, part.provider_id = signature, "up"
        assert not details_of(part, "up")
        assert not audio_of(part, "up")
    good = Part(media=Media(data=b"x"), signature=audio_state("audio_1"), provider_id="up")
    assert (audio_of(good, "up"), audio_of(good, "other")) == ("audio_1", "")


@pytest.mark.parametrize(
    ("model", "long"),
    [
        ("gpt-5", True),
        ("gpt-5.1-codex-mini", True),
        ("openai/gpt-5.4", True),
        ("gpt-5-2025-08-07", True),
        ("gpt-5-mini", False),
        ("gpt-5.4-nano", False),
        ("gpt-4.1", False),
        ("gpt-4o-mini", False),
        ("my-deployment", False),
    ],
)
def test_only_models_that_can_are_asked_to_keep_the_prompt_for_long(model: str, long: bool) -> None:
    """The others refuse the field, and a knob that a provider lacks is ignored."""
    for ttl, asked in (("86400s", long), ("3600s", False)):
        body = _body({"generationConfig": {"promptCache": {"ttl": ttl}}}, model=model)
        assert body.get("prompt_cache_retention") == ("24h" if asked else None)
