"""The contract's rules: every bad field is named by its path."""

from collections.abc import Callable

import pytest
from google.protobuf import text_format
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import model_service_pb2 as model_pb2
from ringmain_server.edge.validate import VALIDATORS, chat

PNG = r"\211PNG\r\n\032\n0000"
GOOD = 'model: "m" messages { role: ROLE_USER parts { text: "hi" } } '


def _request(text: str) -> chat_pb2.ChatRequest:
    return text_format.Parse(text, chat_pb2.ChatRequest())


def _fields(request: chat_pb2.ChatRequest) -> list[str]:
    return [violation.field for violation in chat(request)]


def test_a_good_request_has_no_violation() -> None:
    """A request with everything in it that the contract allows passes."""
    request = _request(
        'request_id: "r" model: "m" '
        'messages { role: ROLE_SYSTEM parts { text: "be brief" } } '
        'messages { role: ROLE_USER parts { text: "" } '
        f'parts {{ media {{ data: "{PNG}" }} }} '
        'parts { media { uri: "https://example.com/a.png" } } '
        'parts { media { mime_type: "application/pdf" data: "x" } } } '
        'messages { role: ROLE_ASSISTANT parts { reasoning { text: "hm" } } '
        'parts { tool_call { tool_call_id: "1" name: "f" } } } '
        'messages { role: ROLE_TOOL parts { tool_result { tool_call_id: "1" parts { text: "ok" } '
        f'parts {{ media {{ data: "{PNG}" }} }} }} }} }} '
        "generation_config { max_output_tokens: 1 temperature: 0 top_p: 1 top_k: 1 frequency_penalty: -2 "
        'presence_penalty: 2 seed: 7 stop_sequences: "x" reasoning_effort: REASONING_EFFORT_LOW '
        'response_format { json_schema { name: "n" schema_json: "{}" } } } '
        'tools { function { name: "f" parameters_schema_json: "{}" } } tools { function { name: "g" } } '
        'tool_choice { tool_name: "f" } '
        'attribution { labels { key: "a" value: "b" } user_id: "u" } '
        "routing_policy { idle_timeout { seconds: 1 } "
        "first_content_timeout { nanos: 5 } stream_recovery: STREAM_RECOVERY_FAIL }"
    )
    assert chat(request) == []


USER = "messages { role: ROLE_USER parts { %s } }"
CASES = {
    "empty": ("", ["model", "messages"]),
    "request id": (GOOD + f'request_id: "{"x" * 129}"', ["request_id"]),
    "role unset": ('model: "m" messages { parts { text: "x" } }', ["messages[0].role"]),
    "role unknown": ('model: "m" messages { role: 99 parts { text: "x" } }', ["messages[0].role"]),
    "no parts": (GOOD + "messages { role: ROLE_USER }", ["messages[1].parts"]),
    "empty part": (GOOD + USER % "", ["messages[1].parts[0]"]),
    "no source": (GOOD + USER % "media {}", ["messages[1].parts[0].media"]),
    "no data": (GOOD + USER % 'media { data: "" }', ["messages[1].parts[0].media.data"]),
    "unknown bytes": (GOOD + USER % 'media { data: "??" }', ["messages[1].parts[0].media.mime_type"]),
    "http": (GOOD + USER % 'media { uri: "http://x" }', ["messages[1].parts[0].media.uri"]),
    "bad type": (
        GOOD + USER % 'media { mime_type: "png" data: "x" }',
        ["messages[1].parts[0].media.mime_type"],
    ),
    "media in system": (
        f'model: "m" messages {{ role: ROLE_SYSTEM parts {{ media {{ data: "{PNG}" }} }} }}',
        ["messages[0].parts[0].media"],
    ),
    "text in tool": (
        GOOD + 'messages { role: ROLE_TOOL parts { text: "x" } }',
        ["messages[1].parts[0].text"],
    ),
    "call by user": (
        GOOD + USER % 'tool_call { tool_call_id: "1" name: "f" }',
        ["messages[1].parts[0].tool_call"],
    ),
    "call without id or name": (
        GOOD + "messages { role: ROLE_ASSISTANT parts { tool_call {} } }",
        ["messages[1].parts[0].tool_call.tool_call_id", "messages[1].parts[0].tool_call.name"],
    ),
    "call id twice": (
        GOOD + 'messages { role: ROLE_ASSISTANT parts { tool_call { tool_call_id: "1" name: "f" } } '
        'parts { tool_call { tool_call_id: "1" name: "g" } } }',
        [],  # results belong to such calls in their order
    ),
    "result of nothing": (
        GOOD + 'messages { role: ROLE_TOOL parts { tool_result { tool_call_id: "1" } } }',
        ["messages[1].parts[0].tool_result.tool_call_id"],
    ),
    "result inside": (
        GOOD + 'messages { role: ROLE_ASSISTANT parts { tool_call { tool_call_id: "1" name: "f" } } } '
        'messages { role: ROLE_TOOL parts { tool_result { tool_call_id: "1" parts { reasoning {} } '
        "parts { media {} } } } }",
        ["messages[2].parts[0].tool_result.parts[0]", "messages[2].parts[0].tool_result.parts[1].media"],
    ),
    "ranges": (
        GOOD + "generation_config { max_output_tokens: 0 temperature: 2.1 top_p: 0 top_k: 0 "
        "frequency_penalty: -3 presence_penalty: nan }",
        [
            f"generation_config.{name}"
            for name in (
                "max_output_tokens",
                "temperature",
                "top_p",
                "top_k",
                "frequency_penalty",
                "presence_penalty",
            )
        ],
    ),
    "stops": (
        GOOD + "generation_config {" + ' stop_sequences: ""' * 9 + "}",
        ["generation_config.stop_sequences"]
        + [f"generation_config.stop_sequences[{index}]" for index in range(8)],
    ),
    "a newer effort": (GOOD + "generation_config { reasoning_effort: 9 }", []),
    "no format": (GOOD + "generation_config { response_format {} }", ["generation_config.response_format"]),
    "schema": (
        GOOD + 'generation_config { response_format { json_schema { name: "a b" } } }',
        [
            "generation_config.response_format.json_schema.name",
            "generation_config.response_format.json_schema.schema_json",
        ],
    ),
    "schema not JSON": (
        GOOD + 'generation_config { response_format { json_schema { schema_json: "{" } } }',
        ["generation_config.response_format.json_schema.schema_json"],
    ),
    "tools": (
        GOOD + 'tools { function { name: "a b" } } tools { function { name: "f" } } '
        'tools { function { name: "f" parameters_schema_json: "[]" } }',
        [
            "tools[0].function.name",
            "tools[2].function.parameters_schema_json",
            "tools[2].function.name",
        ],
    ),
    "choice of nothing": (GOOD + 'tool_choice { tool_name: "f" }', ["tool_choice.tool_name"]),
    "choice unknown": (GOOD + "tool_choice { mode: 9 }", ["tool_choice.mode"]),
    "choice without tools": (GOOD + "tool_choice { mode: TOOL_MODE_REQUIRED }", ["tool_choice.mode"]),
    "labels": (
        GOOD + "attribution {" + "".join(f'labels {{ key: "{i}" value: "v" }}' for i in range(17)) + "}",
        ["attribution.labels"],
    ),
    "label length": (
        GOOD + f'attribution {{ labels {{ key: "k" value: "{"x" * 65}" }} }}',
        ["attribution.labels['k']"],
    ),
    "times": (
        GOOD + "routing_policy { idle_timeout {} first_content_timeout { seconds: -1 } }",
        ["routing_policy.first_content_timeout", "routing_policy.idle_timeout"],
    ),
    "modes": (
        GOOD + "routing_policy { cache_mode: 9 stream_recovery: 9 }",
        ["routing_policy.cache_mode", "routing_policy.stream_recovery"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_bad_field_is_named(case: str) -> None:
    """Each broken rule is a violation with the path of its field, and all of them are found at once."""
    text, expected = CASES[case]
    assert _fields(_request(text)) == expected


@pytest.mark.parametrize("wrapper", [chat_pb2.CountTokensRequest, chat_pb2.EstimateCostRequest])
def test_a_wrapped_request_is_named_through_its_wrapper(wrapper: Callable[..., object]) -> None:
    """The path of a field within CountTokens and EstimateCost starts with `chat.`."""
    validate = VALIDATORS[f"ringmain.v1.{wrapper.__name__}"]
    assert [violation.field for violation in validate(wrapper())] == ["chat.model", "chat.messages"]
    assert validate(wrapper(chat=_request(GOOD))) == []


def test_pages_and_names_of_models_are_checked() -> None:
    """ListModels refuses negative pages, GetModel an empty name; an unknown capability is none's."""
    validate = VALIDATORS["ringmain.v1.ListModelsRequest"]
    request = model_pb2.ListModelsRequest(page_size=-1, capabilities=[model_pb2.CAPABILITY_CHAT])
    request.capabilities.extend([0, 99])  # type: ignore[list-item] # what no typed caller can send
    assert [v.field for v in validate(request)] == ["page_size"]
    get = VALIDATORS["ringmain.v1.GetModelRequest"]
    assert [v.field for v in get(model_pb2.GetModelRequest())] == ["model"]
    assert get(model_pb2.GetModelRequest(model="m")) == []
