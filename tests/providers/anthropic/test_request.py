"""Tests of requests that this wire cannot carry, and of what differs between its models."""

from dataclasses import replace
from typing import Any

import pytest
from ringmain_server import errors
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.translators import (
    AnthropicChatTranslator,
    AnthropicStreamChatTranslator,
)
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.pseudonyms import user_hash
from ringmain_server.providers.transport import HttpRequest

from tests.providers.anthropic.golden import asked, candidate


def sent(model: str = "claude-sonnet-4-5", options: Options | None = None, **fields: Any) -> HttpRequest:
    """The request on the wire."""
    return AnthropicChatTranslator(options or Options(), AnthropicErrors()).request(
        asked(**fields), candidate(model)
    )


def body(model: str, **fields: Any) -> dict[str, Any]:
    """The body of the request on the wire, as JSON."""
    found: dict[str, Any] = plain(sent(model, **fields).body)
    return found


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


TOOL = {"function": {"name": "look", "parametersSchemaJson": '{"type": "object"}'}}
UNFORCED = "claude-opus-5-5"
CLOSED = '{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}'
BOUNDED = '{"type": "object", "minProperties": 2}'


@pytest.mark.parametrize("choice", [{"mode": "TOOL_MODE_REQUIRED"}, {"toolName": "look"}])
def test_a_model_that_cannot_be_made_to_call_a_tool_is_not_asked(choice: dict[str, str]) -> None:
    """The caller demands a call, so another candidate must answer; other choices are as for all models."""
    with pytest.raises(errors.CapabilityMissing) as caught:
        sent(UNFORCED, tools=[TOOL], toolChoice=choice)
    assert caught.value.metadata["capability"] == "tool_choice"
    assert "tool_choice" in body("claude-opus-5", tools=[TOOL], toolChoice=choice)
    assert "tool_choice" not in body(UNFORCED, tools=[TOOL])


def test_a_model_that_cannot_be_made_to_call_a_tool_is_asked_for_json_in_words() -> None:
    """Elsewhere a tool makes sure of the object; here words must do. Schemas that need a tool are refused."""
    wanted: dict[str, Any] = {"responseFormat": {"jsonObject": {}}}
    found = body(UNFORCED, generationConfig=wanted, tools=[TOOL])
    assert found["system"] == [{"type": "text", "text": "Answer with a JSON object."}]
    assert [tool["name"] for tool in found["tools"]] == ["look"]
    assert "system" not in body("claude-opus-5", generationConfig=wanted)
    closed = {"responseFormat": {"jsonSchema": {"schemaJson": CLOSED}}}
    assert "format" in body(UNFORCED, generationConfig=closed)["output_config"]
    with pytest.raises(errors.Inexpressible) as caught:
        sent(UNFORCED, generationConfig={"responseFormat": {"jsonSchema": {"schemaJson": BOUNDED}}})
    assert caught.value.violations[0].field.endswith("json_schema.schema_json")


def test_reasoning_is_turned_off_in_the_models_own_word() -> None:
    """Some models cannot be told not to reason at all, and one only not to before it begins."""
    none = {"reasoningEffort": "REASONING_EFFORT_NONE"}
    assert body("claude-opus-5", generationConfig=none)["thinking"] == {"type": "disabled"}
    assert body("claude-sonnet-5-5", generationConfig=none)["thinking"] == {"type": "between_tools"}
    assert "thinking" not in body(UNFORCED, generationConfig=none)


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-5-5", "claude-mythos-preview"])
def test_the_greatest_effort_is_the_most_that_a_model_can(model: str) -> None:
    """`EXTRA_HIGH` is as much as the model can, whatever lies between."""
    found = body(model, generationConfig={"reasoningEffort": "REASONING_EFFORT_EXTRA_HIGH"})
    assert found["output_config"] == {"effort": "max"}
