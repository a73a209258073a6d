"""Tests of requests that this wire cannot carry, and of what the traits of models are read from."""

from dataclasses import replace
from typing import Any

import pytest
from ringmain_server import errors
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.traits import ClaudeThinking, traits_of
from ringmain_server.providers.anthropic.translators import (
    AnthropicChatTranslator,
    AnthropicStreamChatTranslator,
)
from ringmain_server.providers.pseudonyms import user_hash
from ringmain_server.providers.transport import HttpRequest

from tests.providers.anthropic.golden import asked, candidate


def sent(model: str = "claude-sonnet-4-5", options: Options | None = None, **fields: Any) -> HttpRequest:
    """The request on the wire."""
    return AnthropicChatTranslator(options or Options(), AnthropicErrors()).request(
        asked(**fields), candidate(model)
    )


def user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """One message of the user."""
    return [{"role": "ROLE_USER", "parts": list(parts)}]


@pytest.mark.parametrize(
    "media",
    [
        {"mimeType": "audio/wav", "data": "AAAA"},
        {"mimeType": "image/tiff", "data": "AAAA"},
        {"mimeType": "text/plain", "uri": "https://x.example/a.txt"},
        {"mimeType": "text/plain", "data": "/////w=="},
        {"mimeType": "application/zip", "uri": "https://x.example/a.zip"},
        {"data": "AAAA"},
    ],
)
def test_media_that_is_refused(media: dict[str, str]) -> None:
    """Media that this wire cannot carry is refused where it stands, wherever it stands."""
    with pytest.raises(errors.MediaInvalid) as caught:
        sent(messages=user({"text": "Look."}, {"media": media}))
    assert caught.value.violations[0].field == "messages[0].parts[1].media"
    result = {"toolCallId": "a", "parts": [{"media": media}]}
    with pytest.raises(errors.MediaInvalid) as caught:
        sent(messages=[{"role": "ROLE_TOOL", "parts": [{"toolResult": result}]}])
    assert caught.value.violations[0].field == "messages[0].parts[0].tool_result.parts[0].media"
    with pytest.raises(errors.MediaInvalid):
        sent(messages=[{"role": "ROLE_ASSISTANT", "parts": [{"media": media}]}])


def test_nothing_to_answer() -> None:
    """A conversation of blank texts leaves nothing to send."""
    with pytest.raises(errors.InvalidField) as caught:
        sent(messages=user({"text": " \n"}))
    assert caught.value.violations[0].field == "messages"


@pytest.mark.parametrize("schema", ['{"type": "array", "minItems": 2}', "{", "[]", '{"$ref": "#/nowhere"}'])
def test_schemas_that_are_refused(schema: str) -> None:
    """A schema that neither the wire nor a tool can carry is refused."""
    wanted = {"jsonSchema": {"name": "x", "schemaJson": schema}}
    with pytest.raises(errors.InvalidField) as caught:
        sent(generationConfig={"responseFormat": wanted})
    assert caught.value.violations[0].field == "generation_config.response_format.json_schema.schema_json"


@pytest.mark.parametrize("schema", ["{", "[]"])
def test_tools_that_are_refused(schema: str) -> None:
    """Parameters that are no schema are refused where they stand."""
    with pytest.raises(errors.InvalidField) as caught:
        sent(
            tools=[
                {"function": {"name": "f"}},
                {"function": {"name": "g", "parametersSchemaJson": schema}},
            ]
        )
    assert caught.value.violations[0].field == "tools[1].function.parameters_schema_json"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"model": "x"}, "model"),
        ({"messages": []}, "messages"),
        ({"stream": True}, "stream"),
        ({"betas": "b"}, "betas"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], field: str) -> None:
    """What decides how the answer is read and billed cannot be passed through."""
    with pytest.raises(errors.InvalidField) as caught:
        sent(generationConfig={"providerOptions": {"anthropic": options}})
    assert caught.value.violations[0].field == f"generation_config.provider_options[anthropic].{field}"


def test_numbers_of_options() -> None:
    """Whole numbers stay whole wherever they stand, and others stay what they are."""
    given = {"metadata": {"n": [1, 1.5, {"m": 2}], "huge": 1e300}, "x": "1"}
    body = sent(generationConfig={"providerOptions": {"anthropic": given}}).body
    assert body["metadata"] == {"n": [1, 1.5, {"m": 2}], "huge": 1e300}
    assert repr(dict(sorted(body["metadata"].items()))) == "{'huge': 1e+300, 'n': [1, 1.5, {'m': 2}]}"


def test_betas_of_operator_and_caller_add_up() -> None:
    """The operator's beta features go with every request, and the caller's join them."""
    options = Options(betas=("a",))
    assert sent(options=options).headers == {"anthropic-beta": "a"}
    more = {"providerOptions": {"anthropic": {"betas": ["b"]}}}
    assert sent(options=options, generationConfig=more).headers == {"anthropic-beta": "a,b"}


def test_the_reader_knows_the_answers_own_tool() -> None:
    """The name of the tool that carries the answer is found again from the request alone."""
    wanted: dict[str, Any] = {"responseFormat": {"jsonObject": {}}}
    request = asked(generationConfig=wanted, tools=[{"function": {"name": "answer"}}])
    chat, stream = (
        AnthropicChatTranslator(Options(), AnthropicErrors()),
        AnthropicStreamChatTranslator(Options(), AnthropicErrors()),
    )
    raw = (
        b'{"content": [{"type": "tool_use", "id": "t", "name": "answer_", "input": {"a": 1}}],'
        b'"stop_reason": "tool_use"}'
    )
    assert chat.response(raw, request, candidate()).message.parts[0].text == '{"a": 1}'
    assert stream.decoder(request, candidate()).complete is False


OPEN = '{"type": "object", "additionalProperties": {"type": "integer"}}'
CLOSED = '{"type": "object", "properties": {"a": {"type": "integer"}}}'


@pytest.mark.parametrize(
    ("fields", "model", "field"),
    [
        (
            {"tools": [{"function": {"name": "f", "parametersSchemaJson": OPEN, "strict": True}}]},
            "claude-sonnet-4-5",
            "tools[0].function.strict",
        ),
        (
            {"generationConfig": {"responseFormat": {"jsonSchema": {"schemaJson": OPEN, "strict": True}}}},
            "claude-sonnet-4-5",
            "generation_config.response_format.json_schema.strict",
        ),
        (
            {"generationConfig": {"responseFormat": {"jsonSchema": {"schemaJson": CLOSED, "strict": True}}}},
            "claude-sonnet-4-20250514",
            "generation_config.response_format.json_schema.strict",
        ),
    ],
)
def test_schemas_that_cannot_be_held_to(fields: dict[str, Any], model: str, field: str) -> None:
    """A schema that must hold and cannot be held to is refused before anything is sent."""
    with pytest.raises(errors.Inexpressible) as caught:
        sent(model, **fields)
    assert (caught.value.reason, caught.value.violations[0].field) == ("PROVIDER_REJECTED", field)


@pytest.mark.parametrize(
    ("tool", "platform"),
    [("web_search", "bedrock"), ("code_execution", "bedrock"), ("code_execution", "vertex")],
)
def test_tools_that_a_platform_lacks(tool: str, platform: str) -> None:
    """A tool of the provider is never left out: a platform without it is not asked."""
    with pytest.raises(errors.CapabilityMissing) as caught:
        sent(options=Options(platform=platform), tools=[{tool: {}}])
    assert caught.value.metadata["capability"] == tool


def test_the_end_user_is_a_hash() -> None:
    """The provider is told of the end user where the operator gave a key for it, and then a hash alone."""
    request = asked(attribution={"userId": "ann"})
    translator = AnthropicChatTranslator(Options(), AnthropicErrors())
    keyed = replace(candidate(), user_id_key=b"a secret")
    assert "metadata" not in translator.request(request, candidate()).body
    assert translator.request(request, keyed).body["metadata"] == {"user_id": user_hash(request, keyed)}


@pytest.mark.parametrize(
    ("model", "thinking", "unasked", "optional", "sampling", "schema"),
    [
        ("claude-instant-1.2", ClaudeThinking.NONE, False, True, True, False),
        ("claude-2.1", ClaudeThinking.NONE, False, True, True, False),
        ("claude-3-opus-20240229", ClaudeThinking.NONE, False, True, True, False),
        ("claude-3-5-sonnet-20241022", ClaudeThinking.NONE, False, True, True, False),
        ("claude-3-7-sonnet-latest", ClaudeThinking.BUDGET, False, True, True, False),
        ("claude-sonnet-4-20250514", ClaudeThinking.BUDGET, False, True, True, False),
        ("claude-opus-4-1@20250805", ClaudeThinking.BUDGET, False, True, True, False),
        ("claude-haiku-4-5-20251001", ClaudeThinking.BUDGET, False, True, True, True),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", ClaudeThinking.BUDGET, False, True, True, True),
        ("claude-opus-4-6", ClaudeThinking.ADAPTIVE, False, True, True, True),
        ("claude-opus-4-7", ClaudeThinking.ADAPTIVE, False, True, False, True),
        ("claude-sonnet-5", ClaudeThinking.ADAPTIVE, True, True, False, True),
        ("claude-haiku-5-5", ClaudeThinking.ADAPTIVE, True, True, False, True),
        ("claude-fable-5-1", ClaudeThinking.ADAPTIVE, True, False, False, True),
        ("claude-mythos-preview", ClaudeThinking.ADAPTIVE, True, False, False, True),
        ("some-alias", ClaudeThinking.ADAPTIVE, True, True, False, True),
    ],
)
def test_traits(
    model: str, thinking: ClaudeThinking, unasked: bool, optional: bool, sampling: bool, schema: bool
) -> None:
    """What a model takes follows from the version in its name; a name without one counts as the newest."""
    found = traits_of(model)
    assert (found.thinking, found.thinks_unasked, found.thinking_optional) == (thinking, unasked, optional)
    assert (found.sampling, found.schema) == (sampling, schema)
    assert found.prefill == (thinking is not ClaudeThinking.ADAPTIVE)
