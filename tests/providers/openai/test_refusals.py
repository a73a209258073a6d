"""Tests of what the wire cannot carry: refused with the field's path, never dropped."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.errors import InvalidField, MediaInvalid
from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai.chat import ChatWire, OpenAIChatTranslator
from ringmain_server.providers.openai.errors import OpenAIErrors

from tests.providers.openai.golden import candidate, wire

PDF = {"data": "JVBERi0xLjc=", "mimeType": "application/pdf"}
WAV = {"data": "UklGRgQAAABXQVZF"}
PNG = {"data": "iVBORw0KGgo=", "mimeType": "image/png"}


def message(part: dict[str, Any], role: str = "USER") -> dict[str, Any]:
    """A request whose second message holds this part behind another."""
    turns = [
        {"role": "ROLE_USER", "parts": [{"text": "Hi"}]},
        {"role": f"ROLE_{role}", "parts": [{"text": "See:"}, part] if role != "TOOL" else [part]},
    ]
    return {"model": "m", "messages": turns}


def config(**fields: Any) -> dict[str, Any]:
    """A request with this generation config."""
    turns = [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]
    return {"model": "m", "messages": turns, "generationConfig": fields}


def refused(request: dict[str, Any], kind: str = "openai") -> InvalidField:
    """The refusal of a request."""
    with pytest.raises(InvalidField) as caught:
        OpenAIChatTranslator(wire(kind)).request(ParseDict(request, ChatRequest()), candidate(kind))
    return caught.value


@pytest.mark.parametrize(
    ("media", "kind", "why"),
    [
        ({"data": "AAAA"}, "openai", "unknown type"),
        ({"data": "AAAA", "mimeType": "video/mp4"}, "openai", "video/mp4"),
        ({"data": "AAAA", "mimeType": "application/msword"}, "openai", "application/msword"),
        ({"data": "T2dnUwA=", "mimeType": "audio/ogg"}, "openai", "WAV or MP3"),
        (WAV, "groq", "no audio"),
        (PDF, "vllm", "no documents"),
        ({"uri": "https://example.com/a.pdf", "mimeType": "application/pdf"}, "openai", "only images"),
        ({"uri": "https://example.com/a.png"}, "ollama", "no addresses"),
        ({"data": "//8=", "mimeType": "text/plain"}, "openai", "UTF-8"),
    ],
)
def test_media_that_is_not_taken(media: dict[str, str], kind: str, why: str) -> None:
    """Media that a server does not take is refused where it stands, and the refusal says why."""
    refusal = refused(message({"media": media}), kind)
    assert isinstance(refusal, MediaInvalid)
    assert refusal.violations[0].field == "messages[1].parts[1].media"
    assert why in refusal.violations[0].description


def test_media_where_the_wire_has_no_place() -> None:
    """Instructions hold no media."""
    refusal = refused(message({"media": PNG}, "SYSTEM"))
    assert isinstance(refusal, MediaInvalid)
    assert refusal.violations[0].field == "messages[1].parts[1].media"


@pytest.mark.parametrize(
    ("part", "role", "field"),
    [
        ({"toolCall": {"toolCallId": "a", "name": "f"}}, "USER", "messages[1].parts[1].tool_call"),
        ({"toolResult": {"toolCallId": "a"}}, "USER", "messages[1].parts[1].tool_result"),
        ({"reasoning": {"text": "x"}}, "SYSTEM", "messages[1].parts[1].reasoning"),
        ({"toolResult": {"toolCallId": "a"}}, "ASSISTANT", "messages[1].parts[1].tool_result"),
        ({"text": "x"}, "TOOL", "messages[1].parts[0].text"),
        (
            {"toolResult": {"toolCallId": "a", "parts": [{"text": "x"}, {"reasoning": {}}]}},
            "TOOL",
            "messages[1].parts[0].tool_result.parts[1].reasoning",
        ),
    ],
)
def test_parts_that_do_not_belong(part: dict[str, Any], role: str, field: str) -> None:
    """A part in a message of another role is refused, not reinterpreted."""
    assert refused(message(part, role)).violations[0].field == field


def test_media_within_tool_results_is_named_by_its_path() -> None:
    """The path of refused media leads into the tool result."""
    result = {"toolResult": {"toolCallId": "a", "parts": [{"media": {"data": "AAAA"}}]}}
    assert refused(message(result, "TOOL")).violations[0].field == (
        "messages[1].parts[0].tool_result.parts[0].media"
    )


@pytest.mark.parametrize("schema", ["{", "[]", "7"])
def test_schemas_that_are_no_objects(schema: str) -> None:
    """A schema must be the text of a JSON object."""
    tools = [{"function": {"name": "ok"}}, {"function": {"name": "f", "parametersSchemaJson": schema}}]
    refusal = refused({**config(), "tools": tools})
    assert refusal.violations[0].field == "tools[1].function.parameters_schema_json"
    refusal = refused(config(responseFormat={"jsonSchema": {"schemaJson": schema}}))
    assert refusal.violations[0].field.endswith("response_format.json_schema.schema_json")


@pytest.mark.parametrize("name", ["model", "messages", "stream", "n"])
def test_options_that_are_the_gateways_own(name: str) -> None:
    """What decides how an answer is read and billed cannot be passed through."""
    refusal = refused(config(providerOptions={"openai": {name: 2}}))
    assert refusal.violations[0].field == f"generation_config.provider_options[openai].{name}"


def test_a_deployment_is_named_in_the_path() -> None:
    """Azure's deployments are addressed by their name, quoted."""
    deployments = ChatWire(openai_kind("azure").dialect, OpenAIErrors(), deployments=True)
    assert deployments.path(candidate("azure")) == "/deployments/gpt-x/chat/completions"
    named = OpenAIChatTranslator(deployments).request(
        ParseDict(config(), ChatRequest()), type(candidate())("up", "azure", "my model/1")
    )
    assert named.path == "/deployments/my%20model%2F1/chat/completions"
