import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from ringmain import chat_request, document, image, system, tool, user
from ringmain.v1 import generation_pb2 as gen
from ringmain.v1 import routing_pb2 as routing
from ringmain.v1.attribution_pb2 import Attribution
from ringmain.v1.chat_service_pb2 import ChatRequest

PNG = b"\x89PNG\r\n\x1a\n"


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@dataclass
class City:
    name: str


def test_a_question_is_all_it_takes() -> None:
    """A question alone sets nothing but its message."""
    assert chat_request("Hi") == ChatRequest(messages=[user("Hi")])


def test_none_means_unset() -> None:
    """An option of None leaves its field absent, so that defaults pass through."""
    options = dict.fromkeys(("model", "system", "images", "tools", "temperature", "seed", "labels"))
    assert chat_request("Hi", **cast("Any", options)) == chat_request("Hi")


def test_every_generation_field_is_sent() -> None:
    """Each option of generation arrives in the field of its name, zero included."""
    request = chat_request(
        "Hi",
        max_output_tokens=5,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        frequency_penalty=-1.0,
        presence_penalty=1.0,
        seed=0,
        stop_sequences=["a", "b"],
        reasoning_effort="extra_high",
        reasoning_token_budget=0,
        output_modalities=["text", "audio"],
        audio_output={"voice": "alloy"},
        top_logprobs=0,
        prompt_cache={"key": "k", "ttl": 3600},
        response_format="json",
        provider_options={"openai": {"user": "u", "nested": {"list": (1, True, None)}}},
    )
    config = request.generation_config
    assert config.HasField("temperature")
    assert config.HasField("seed")
    assert MessageToDict(config, preserving_proto_field_name=True) == {
        "max_output_tokens": 5,
        "temperature": 0.0,
        "top_p": 0.5,
        "top_k": 3,
        "frequency_penalty": -1.0,
        "presence_penalty": 1.0,
        "seed": "0",
        "stop_sequences": ["a", "b"],
        "reasoning_effort": "REASONING_EFFORT_EXTRA_HIGH",
        "reasoning_token_budget": 0,
        "output_modalities": ["MODALITY_TEXT", "MODALITY_AUDIO"],
        "audio_output": {"voice": "alloy"},
        "top_logprobs": 0,
        "prompt_cache": {"key": "k", "ttl": "3600s"},
        "response_format": {"json_object": {}},
        "provider_options": {"openai": {"user": "u", "nested": {"list": [1.0, True, None]}}},
    }


def test_every_routing_field_is_sent() -> None:
    """Each option of routing arrives in the field of its name, seconds as durations."""
    request = chat_request(
        "Hi",
        provider_ids=["a", "b"],
        failover_disabled=True,
        cache_mode="refresh",
        stream_recovery="continue",
        first_content_timeout=1.5,
        idle_timeout=2,
        labels={"feature": "search"},
        user_id="u-1",
        request_id="q-1",
        model="smart",
    )
    assert request.routing_policy == routing.RoutingPolicy(
        provider_ids=["a", "b"],
        failover_disabled=True,
        cache_mode=routing.CACHE_MODE_REFRESH,
        stream_recovery=routing.STREAM_RECOVERY_CONTINUE,
        first_content_timeout=Duration(seconds=1, nanos=500_000_000),
        idle_timeout=Duration(seconds=2),
    )
    assert request.attribution == Attribution(labels={"feature": "search"}, user_id="u-1")
    assert (request.request_id, request.model) == ("q-1", "smart")


def test_options_cover_the_contract() -> None:
    """Every field of the generation config, the routing policy and the attribution is an option."""
    from ringmain import ChatOptions

    fields = {*gen.GenerationConfig.DESCRIPTOR.fields_by_name}
    fields |= {*routing.RoutingPolicy.DESCRIPTOR.fields_by_name}
    fields |= {*Attribution.DESCRIPTOR.fields_by_name}
    assert fields <= set(ChatOptions.__annotations__)


def test_system_comes_first_and_media_join_the_last_turn(tmp_path: Path) -> None:
    """Instructions open the conversation; images and files extend the user's last turn."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF")
    question = user("What is this?")
    ready = image(PNG, detail="high")
    request = chat_request([question], system="Be brief.", images=[PNG, ready], files=[path])
    assert request.messages[0] == system("Be brief.")
    assert request.messages[1] == user("What is this?", image(PNG), ready, document(path))
    assert question == user("What is this?")


def test_media_need_a_turn_of_the_user() -> None:
    """Images after an assistant's turn, or after nothing, have no place."""
    for turns in ([{"role": "assistant", "content": "x"}], []):
        with pytest.raises(ValueError, match="need a last turn by the user"):
            chat_request(turns, images=[PNG])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", gen.ToolChoice(mode=gen.TOOL_MODE_AUTO)),
        ("none", gen.ToolChoice(mode=gen.TOOL_MODE_NONE)),
        ("required", gen.ToolChoice(mode=gen.TOOL_MODE_REQUIRED)),
        ("add", gen.ToolChoice(tool_name="add")),
        (add, gen.ToolChoice(tool_name="add")),
        (gen.ToolChoice(tool_name="x"), gen.ToolChoice(tool_name="x")),
    ],
)
def test_tool_choice(choice: str | gen.ToolChoice, expected: gen.ToolChoice) -> None:
    """A mode, a tool's name, a function and a message all say which tool to call."""
    request = chat_request("1 + 1?", tools=[add], tool_choice=choice)
    assert request.tool_choice == expected
    assert list(request.tools) == [tool(add)]


def test_parallel_tool_calls() -> None:
    """Whether several tools may be asked for at once stands beside the choice, or alone."""
    alone = chat_request("1 + 1?", tools=[add], parallel_tool_calls=False)
    assert alone.tool_choice == gen.ToolChoice(parallel_tool_calls=False)
    beside = chat_request("1 + 1?", tools=[add], tool_choice="required", parallel_tool_calls=True)
    assert beside.tool_choice == gen.ToolChoice(mode=gen.TOOL_MODE_REQUIRED, parallel_tool_calls=True)


def test_prompt_caches() -> None:
    """True asks for the provider's prompt cache, False and nothing do not, and keys are checked."""
    config = chat_request("Hi", prompt_cache=True).generation_config
    assert config.HasField("prompt_cache")
    assert config.prompt_cache == gen.PromptCache()
    assert chat_request("Hi", prompt_cache=False) == chat_request("Hi")
    with pytest.raises(TypeError, match="prompt_cache has no 'tll', did you mean 'ttl'"):
        chat_request("Hi", prompt_cache=cast("Any", {"tll": 1}))
    with pytest.raises(TypeError, match="audio_output has no 'speed'"):
        chat_request("Hi", audio_output=cast("Any", {"speed": 1}))


def test_json_schemas() -> None:
    """A schema may be a dict, text or a dataclass."""
    by_dict = chat_request("Hi", json_schema={"title": "City", "type": "object"})
    by_text = chat_request("Hi", json_schema='{"type": "object"}', response_format="json")
    by_type = chat_request("Hi", json_schema=City)
    formats = [r.generation_config.response_format.json_schema for r in (by_dict, by_text, by_type)]
    assert [form.name for form in formats] == ["City", "answer", "City"]
    assert json.loads(formats[0].schema_json)["type"] == "object"
    assert formats[1].schema_json == '{"type": "object"}'
    assert json.loads(formats[2].schema_json)["properties"] == {"name": {"type": "string"}}


def test_response_formats() -> None:
    """Text is the absence of a format, a message is taken as it is, two at once are refused."""
    assert chat_request("Hi", response_format="text") == chat_request("Hi")
    wanted = gen.ResponseFormat(json_object=gen.JsonObjectFormat())
    given = chat_request("Hi", response_format=wanted)
    assert given == chat_request("Hi", response_format="json")
    with pytest.raises(ValueError, match="not both"):
        chat_request("Hi", response_format="text", json_schema=City)


def test_a_single_stop_sequence() -> None:
    """One stop sequence needs no list."""
    assert list(chat_request("Hi", stop_sequences="END").generation_config.stop_sequences) == ["END"]


@pytest.mark.parametrize("option", ["reasoning_effort", "cache_mode", "stream_recovery"])
def test_unknown_values_are_refused(option: str) -> None:
    """A value that the contract does not have is refused by the option's name."""
    with pytest.raises(ValueError, match=f"unknown {option} 'wild'"):
        chat_request("Hi", **cast("Any", {option: "wild"}))


def test_unknown_options_are_refused() -> None:
    """A misspelt option is refused with the nearest known one."""
    with pytest.raises(TypeError, match="no 'temprature', did you mean 'temperature'"):
        chat_request("Hi", **cast("Any", {"temprature": 1}))
    with pytest.raises(TypeError, match=r"no 'zzz'$"):
        chat_request("Hi", **cast("Any", {"zzz": 1}))


def test_a_ready_request_is_sent_as_it_is() -> None:
    """A ChatRequest is copied, gets a model if it has none, and takes no other options."""
    ready = ChatRequest(messages=[user("Hi")])
    assert chat_request(ready, model="m", timeout=1) == ChatRequest(messages=[user("Hi")], model="m")
    assert ready.model == ""
    assert chat_request(ChatRequest(model="mine"), model="m").model == "mine"
    with pytest.raises(TypeError, match="set seed in the ChatRequest itself"):
        chat_request(ready, seed=1)
