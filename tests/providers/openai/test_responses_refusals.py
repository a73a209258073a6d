"""Tests of what the responses wire cannot carry: refused with the field's path, never dropped."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.errors import InvalidField, MediaInvalid

from tests.providers.openai.responses_golden import candidate, translator
from tests.providers.openai.test_refusals import PDF, PNG, WAV, config, message


def refused(request: dict[str, Any], kind: str = "openai") -> InvalidField:
    """The refusal of a request."""
    with pytest.raises(InvalidField) as caught:
        translator(kind).request(ParseDict(request, ChatRequest()), candidate())
    return caught.value


@pytest.mark.parametrize(
    ("media", "kind", "why"),
    [
        ({"data": "AAAA"}, "openai", "unknown type"),
        ({"data": "AAAA", "mimeType": "video/mp4"}, "openai", "video/mp4"),
        (WAV, "openai", "not taken"),
        (PDF, "vllm", "no documents"),
        ({"uri": "https://example.com/a.pdf"}, "groq", "no documents"),
        ({"uri": "https://example.com/a.png"}, "ollama", "no addresses"),
        ({"uri": "https://example.com/a", "mimeType": "audio/wav"}, "openai", "audio/wav"),
        ({"data": "//8=", "mimeType": "text/plain"}, "openai", "UTF-8"),
    ],
)
def test_media_that_is_not_taken(media: dict[str, str], kind: str, why: str) -> None:
    """Media that a server does not take is refused where it stands, and the refusal says why."""
    refusal = refused(message({"media": media}), kind)
    assert isinstance(refusal, MediaInvalid)
    assert refusal.violations[0].field == "messages[1].parts[1].media"
    assert why in refusal.violations[0].description


@pytest.mark.parametrize(
    ("part", "role", "field"),
    [
        ({"toolCall": {"toolCallId": "a", "name": "f"}}, "USER", "messages[1].parts[1].tool_call"),
        ({"media": PNG}, "SYSTEM", "messages[1].parts[1].media"),
        ({"media": {"data": "AAAA"}}, "ASSISTANT", "messages[1].parts[1].media"),
        ({"reasoning": {"text": "x"}}, "SYSTEM", "messages[1].parts[1].reasoning"),
        ({"toolResult": {"toolCallId": "a"}}, "ASSISTANT", "messages[1].parts[1].tool_result"),
        ({"text": "x"}, "TOOL", "messages[1].parts[0].text"),
        (
            {"toolResult": {"toolCallId": "a", "parts": [{"text": "x"}, {"reasoning": {}}]}},
            "TOOL",
            "messages[1].parts[0].tool_result.parts[1].reasoning",
        ),
        (
            {"toolResult": {"toolCallId": "a", "parts": [{"media": {"data": "AAAA"}}]}},
            "TOOL",
            "messages[1].parts[0].tool_result.parts[0].media",
        ),
    ],
)
def test_parts_that_do_not_belong(part: dict[str, Any], role: str, field: str) -> None:
    """A part in a message of another role is refused, not reinterpreted."""
    assert refused(message(part, role)).violations[0].field == field


@pytest.mark.parametrize("schema", ["{", "[]", "7"])
def test_schemas_that_are_no_objects(schema: str) -> None:
    """A schema must be the text of a JSON object."""
    tools = [{"function": {"name": "ok"}}, {"function": {"name": "f", "parametersSchemaJson": schema}}]
    refusal = refused({**config(), "tools": tools})
    assert refusal.violations[0].field == "tools[1].function.parameters_schema_json"
    refusal = refused(config(responseFormat={"jsonSchema": {"schemaJson": schema}}))
    assert refusal.violations[0].field.endswith("response_format.json_schema.schema_json")


@pytest.mark.parametrize("name", ["background", "input", "model", "stream"])
def test_options_that_are_the_gateways_own(name: str) -> None:
    """What decides how an answer is read and billed cannot be passed through."""
    refusal = refused(config(providerOptions={"openai": {name: True}}))
    assert refusal.violations[0].field == f"generation_config.provider_options[openai].{name}"
