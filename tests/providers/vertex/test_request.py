"""Tests of what this wire cannot carry, and of options, schemas and counts."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest, CountTokensRequest
from ringmain_server.errors import CallerError, CapabilityMissing, Inexpressible, InvalidField, MediaInvalid
from ringmain_server.providers.vertex import schemas, wire
from ringmain_server.providers.vertex.chat import VertexChatTranslator, VertexCountTokensTranslator
from ringmain_server.providers.vertex.request import options

from tests.providers.vertex import golden

HI = {"role": "ROLE_USER", "parts": [{"text": "Hi"}]}


def asked(*messages: Any, **fields: Any) -> ChatRequest:
    """A request from JSON."""
    return ParseDict({"model": "m", "messages": list(messages), **fields}, ChatRequest())


def user(**part: Any) -> ChatRequest:
    """A request with one part of the user's."""
    return asked({"role": "ROLE_USER", "parts": [part]})


def with_options(**given: Any) -> ChatRequest:
    """A request with options for the wire."""
    return asked(HI, generationConfig={"providerOptions": {"vertex": given}})


PART = "messages[0].parts[0].media"
CONFIG = "generation_config"
CHOICE = f"{CONFIG}.provider_options[vertex].toolConfig.functionCallingConfig.streamFunctionCallArguments"
RESULT = {"role": "ROLE_TOOL", "parts": [{"toolResult": {"toolCallId": "lost"}}]}
TOOL = {"function": {"name": "f", "parametersSchemaJson": "[]"}}
FORMAT = {"responseFormat": {"jsonSchema": {"schemaJson": "{oops"}}}


@pytest.mark.parametrize(
    ("request_", "kind", "field", "description"),
    [
        (
            user(media={"mimeType": "model/gltf+binary", "data": "eA=="}),
            MediaInvalid,
            PART,
            "is model/gltf+binary",
        ),
        (user(media={"data": "eA=="}), MediaInvalid, PART, "has no mime_type"),
        (user(media={"uri": "https://example.org/x"}), MediaInvalid, PART, "has no mime_type"),
        (user(media={"mimeType": "text/plain", "data": "//8="}), MediaInvalid, PART, "is not text in UTF-8"),
        (user(text=""), InvalidField, "messages", "holds nothing to answer"),
        (
            asked(RESULT),
            InvalidField,
            "messages[0].parts[0].tool_result.tool_call_id",
            "answers no tool call",
        ),
        (
            asked(HI, tools=[TOOL]),
            InvalidField,
            "tools[0].function.parameters_schema_json",
            "is not a JSON object",
        ),
        (
            asked(HI, generationConfig=FORMAT),
            InvalidField,
            f"{CONFIG}.response_format.json_schema.schema_json",
            "is not a JSON object",
        ),
        (with_options(model="x"), InvalidField, f"{CONFIG}.provider_options[vertex].model", "is set by"),
        (with_options(contents=[]), InvalidField, f"{CONFIG}.provider_options[vertex].contents", "is set by"),
        (
            with_options(toolConfig={"functionCallingConfig": {"streamFunctionCallArguments": True}}),
            InvalidField,
            CHOICE,
            "is set by the gateway",
        ),
        (with_options(nonsense=1), InvalidField, f"{CONFIG}.provider_options[vertex]", "is not of this wire"),
    ],
)
def test_refusals(request_: ChatRequest, kind: type[CallerError], field: str, description: str) -> None:
    """What the wire cannot carry is refused with the path of its field, never dropped."""
    with pytest.raises(InvalidField) as caught:
        golden.body(request_)
    assert type(caught.value) is kind
    assert caught.value.violations[0].field == field
    assert caught.value.violations[0].description.startswith(description)


def search(**fields: Any) -> ChatRequest:
    """A request with a web search and a function."""
    return asked(HI, tools=[{"webSearch": fields}, {"function": {"name": "now"}}])


def test_domains() -> None:
    """A search leaves out the domains that the caller blocks."""
    sent = golden.body(search(blockedDomains=["a.test", "b.test"]))
    assert MessageToDict(sent)["tools"] == [
        {"functionDeclarations": [{"name": "now"}]},
        {"googleSearch": {"excludeDomains": ["a.test", "b.test"]}},
    ]


def test_domains_that_it_cannot_keep_to() -> None:
    """A restriction that the wire has no field for passes the candidate over."""
    with pytest.raises(CapabilityMissing) as caught:
        golden.body(search(allowedDomains=["a.test"]))
    assert caught.value.metadata["capability"] == "web_search"


STRICT = "cannot be enforced by this provider, which ignores"


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"type": "string", "pattern": "a"}, "pattern"),
        ({"properties": {"pattern": {"items": {"minLength": 1}}}}, "minLength"),
        ({"anyOf": [{"type": "null"}, {"not": {}}]}, "not"),
        ({"$defs": {"x": {"const": 1}}}, "const"),
        ({"allOf": []}, "allOf"),
    ],
)
def test_schemas_that_it_cannot_enforce(schema: Any, keyword: str) -> None:
    """A schema that shall be enforced, and cannot be, is refused by name; without strictness it is sent."""
    described = {"schemaJson": json.dumps(schema)}
    format_ = {"responseFormat": {"jsonSchema": {**described, "strict": True}}}
    with pytest.raises(Inexpressible) as caught:
        golden.body(asked(HI, generationConfig=format_))
    [violation] = caught.value.violations
    assert violation.field == f"{CONFIG}.response_format.json_schema.schema_json"
    assert violation.description.startswith(STRICT)
    assert keyword in violation.description
    sent = golden.body(asked(HI, generationConfig={"responseFormat": {"jsonSchema": described}}))
    assert sent.generation_config.HasField("response_json_schema")


FOR = {
    "labels": {"Feature One": "Ärger", "9lives": "x" * 64, "team": "", "42": "none"},
    "userId": "u1",
}


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({}, {}),
        ({"send_labels": True}, {"feature_one": "_rger", "lives": "x" * 63, "team": ""}),
        ({"user_id_key": b"k"}, {"user_id": 63}),
    ],
)
def test_who_it_is_for(configured: Any, expected: dict[str, Any]) -> None:
    """Labels, and the hash of the end user, are sent where the operator says so, as the wire wants them."""
    candidate = replace(golden.candidate(), **configured)
    sent = VertexChatTranslator(golden.RESOURCES).request(asked(HI, attribution=FOR), candidate).message
    assert isinstance(sent, wire.GenerateContentRequest)
    found = {name: value if name != "user_id" else len(value) for name, value in sent.labels.items()}
    assert found == expected
    assert "u1" not in str(sent)


def test_state_of_another_version() -> None:
    """A part with a word that the wire does not know is left out."""
    state = b'{"part": {"executableCode": {"language": "KLINGON", "code": "1"}}}'
    part = {
        "providerToolCall": {"name": "code_execution"},
        "providerId": "gem",
        "signature": base64.b64encode(state).decode(),
    }
    sent = golden.body(asked(HI, {"role": "ROLE_ASSISTANT", "parts": [part, {"text": "One."}]}, HI))
    assert [part.WhichOneof("data") for part in sent.contents[1].parts] == ["text"]


def test_options_of_others_are_not_looked_at() -> None:
    """Options count for their own provider kind alone."""
    request = with_options(model="x")
    assert options(request, "gemini") == {}
    assert options(asked(HI), "vertex") == {}


def test_options_take_either_spelling() -> None:
    """Options may have the wire's names in JSON or in protobuf."""
    sent = golden.body(with_options(safety_settings=[{"category": 3, "threshold": "OFF"}], tool_config=None))
    assert MessageToDict(sent)["safetySettings"] == [
        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}
    ]


def test_neighbours_of_one_role() -> None:
    """Messages of one side that follow each other, or have nothing between them, are one turn."""
    system = {"role": "ROLE_SYSTEM", "parts": [{"text": ""}, {"text": "Be brief."}]}
    empty = {"role": "ROLE_ASSISTANT", "parts": [{"text": ""}]}
    there, again = ({"role": "ROLE_USER", "parts": [{"text": text}]} for text in ("there", "again"))
    sent = golden.body(asked(system, HI, there, empty, again))
    assert [part.text for part in sent.system_instruction.parts] == ["Be brief."]
    assert [[part.text for part in turn.parts] for turn in sent.contents] == [["Hi", "there", "again"]]


def test_count() -> None:
    """A count asks about everything that an answer would be asked with, and comes back as the provider's."""
    chat = asked(
        {"role": "ROLE_SYSTEM", "parts": [{"text": "Be brief."}]},
        HI,
        tools=[{"function": {"name": "now"}}],
        generationConfig={"temperature": 1},
    )
    translator = VertexCountTokensTranslator(golden.RESOURCES)
    request = CountTokensRequest(chat=chat)
    sent = translator.request(request, golden.candidate())
    name = "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"
    assert sent.resource == name
    assert MessageToDict(sent.message) == {
        "endpoint": name,
        "model": name,
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [{"functionDeclarations": [{"name": "now"}]}],
        "generationConfig": {"temperature": 1.0},
    }
    found = translator.response(wire.CountTokensResponse(total_tokens=5), request, golden.candidate())
    assert (found.input_token_count, found.estimated) == (5, False)
    plain = translator.request(CountTokensRequest(chat=asked(HI)), golden.candidate()).message
    assert not plain.HasField("system_instruction")


def test_order_of_properties() -> None:
    """The caller's order of properties goes along, and one that the caller gave stays."""
    text = json.dumps(
        {
            "properties": {"b": {"items": {"properties": {"y": {}, "x": {}}}}, "a": {"anyOf": [{}, True]}},
            "propertyOrdering": ["a", "b"],
            "additionalProperties": False,
        }
    )
    found = MessageToDict(schemas.response(text, "p"))
    assert found["propertyOrdering"] == ["a", "b"]
    assert found["properties"]["b"]["items"]["propertyOrdering"] == ["y", "x"]
    assert "propertyOrdering" not in MessageToDict(
        schemas.parameters('{"properties": {"b": {}, "a": {}}}', "p")
    )


@pytest.mark.parametrize(
    ("model", "config", "expected"),
    [
        ("gemini-2.5-flash", {"maxOutputTokens": 300, "reasoningEffort": "REASONING_EFFORT_HIGH"}, 270),
        ("gemini-2.5-flash", {"maxOutputTokens": 300, "reasoningTokenBudget": 5000}, 270),
        ("gemini-2.5-flash", {"maxOutputTokens": 1, "reasoningEffort": "REASONING_EFFORT_LOW"}, 0),
        ("gemini-2.5-flash-lite", {"maxOutputTokens": 300, "reasoningEffort": "REASONING_EFFORT_LOW"}, 0),
        ("gemini-2.5-flash-lite", {"maxOutputTokens": 900, "reasoningTokenBudget": 100}, 512),
        ("gemini-2.5-pro", {"maxOutputTokens": 100, "reasoningEffort": "REASONING_EFFORT_HIGH"}, 128),
        ("gemini-2.5-pro", {"maxOutputTokens": 90_000, "reasoningTokenBudget": 80_000}, 32_768),
        ("gemini-2.5-pro", {"maxOutputTokens": 300, "reasoningEffort": "REASONING_EFFORT_NONE"}, 128),
    ],
)
def test_thoughts_leave_room_for_the_answer(model: str, config: dict[str, Any], expected: int) -> None:
    """Thoughts are part of the output: the limit of tokens leaves some of them for the answer."""
    thinking = golden.body(asked(HI, generationConfig=config), model).generation_config.thinking_config
    assert thinking.thinking_budget == expected
    assert thinking.include_thoughts == (bool(expected) and "NONE" not in str(config))


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({}, False),
        ({"type": "object"}, False),
        ({"type": "object", "properties": {}, "required": [], "$schema": "x"}, False),
        ({"type": "object", "properties": {"a": {}}}, True),
        ({"type": "object", "additionalProperties": {"type": "string"}}, True),
        ({"anyOf": [{"type": "object"}]}, True),
    ],
)
def test_functions_without_parameters(schema: dict[str, Any], sent: bool) -> None:
    """A schema that names no parameters is left out, as that of a function without any is."""
    tool = {"function": {"name": "f", "parametersSchemaJson": json.dumps(schema)}}
    for _ in range(2):  # schemas are cached
        [declared] = golden.body(asked(HI, tools=[tool])).tools[0].function_declarations
        assert declared.HasField("parameters_json_schema") == sent
