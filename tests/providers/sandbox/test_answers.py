"""The sandbox answers from what it was given, the same whole and streamed."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    Media,
    Message,
    Part,
    ToolCall,
    ToolResult,
)
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    FunctionTool,
    Tool,
    ToolChoice,
)
from ringmain_sandbox import tokens
from ringmain_sandbox.prompt import CONTEXT_TOKENS
from ringmain_server.errors import ContextTooLong, Rejected
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import Bench, ask, body, options, text_of, user

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\0" * 9
GIF = b"GIF89a" + struct.pack("<HH", 2, 3) + b"\0" * 3 + b"," + b"\0" * 9 + b"\2\0;"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 3}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


async def both(request: ChatRequest, seed: int = 0) -> ChatResponse:
    """The answer, once it is known to be the same whole and streamed."""
    whole = await Bench(seed=seed).chat(request)
    assert fold(await Bench(seed=seed).stream(request)) == whole
    return whole


def with_tools(text: str, *names: str, choice: ToolChoice | None = None) -> ChatRequest:
    """A request with tools of the weather's parameters."""
    request = ask(text=text)
    for name in names:
        request.tools.append(
            Tool(function=FunctionTool(name=name, parameters_schema_json=json.dumps(WEATHER)))
        )
    if choice is not None:
        request.tool_choice.CopyFrom(choice)
    return request


def calls_of(response: ChatResponse) -> list[ToolCall]:
    """The tool calls of an answer."""
    return [part.tool_call for part in response.message.parts if part.HasField("tool_call")]


async def test_chat_says_that_it_is_a_sandbox_and_what_it_got() -> None:
    """The answer is honest, counts messages and tools, and repeats the user's last words."""
    request = with_tools("How are you?", "weather", "clock")
    request.messages.insert(0, Message(role=ROLE_SYSTEM, parts=[Part(text="Be brief.")]))
    text = text_of(await both(request))
    assert "sandbox" in text
    assert "2 messages (1 system, 1 user) and 2 tools (weather, clock)" in text
    assert "“How are you?”" in text


async def test_long_text_is_quoted_in_part() -> None:
    """Only the start of a long text is repeated."""
    text = text_of(await both(ask(text="word " * 100)))
    assert text.endswith("…”")
    assert len(text) < 500


async def test_same_request_and_seed_are_the_same_bytes() -> None:
    """An answer depends on request and seed alone, and its words on the seed."""
    request = HttpRequest("/chat/completions", body())
    first = await Bench(seed=1).transport.send(request)
    assert await Bench(seed=1).transport.send(request) == first
    assert await Bench(seed=1).reads(body()) == await Bench(seed=1).reads(body())
    texts = {text_of(await both(ask(), seed)) for seed in range(8)}
    assert len(texts) > 5
    seeded = {text_of(await both(ask(seed=str(seed)))) for seed in range(8)}
    assert len(seeded) > 5
    assert json.loads(first)["model"] == "sandbox-chat"


async def test_images_are_named_by_format_and_size() -> None:
    """Each image is told apart; what cannot be read is said to be unreadable."""
    request = ask()
    request.messages[0].parts.extend(
        [
            Part(media=Media(mime_type="image/png", data=PNG)),
            Part(media=Media(mime_type="image/gif", data=GIF)),
            Part(media=Media(mime_type="image/jpeg", data=b"\xff\xd8\xff")),
            Part(media=Media(mime_type="image/png", uri="https://example.com/a.png")),
        ]
    )
    text = text_of(await both(request))
    assert "Image 1 is PNG, 640x480 pixels, 33 bytes." in text
    assert "Image 2 is GIF, 2x3 pixels, 26 bytes." in text
    assert "Image 3 is said to be image/jpeg, of a format that the sandbox cannot read, 3 bytes." in text
    assert "Image 4 is an address, which the sandbox does not fetch." in text
    assert "example.com" not in text


async def test_documents_and_audio_are_named() -> None:
    """Documents have name, type and size, audio its type and size."""
    request = ask()
    pdf = Media(mime_type="application/pdf", data=b"%PDF-1.7 x", filename="report.pdf")
    audio = Media(mime_type="audio/wav", data=b"RIFF....WAVE")
    request.messages[0].parts.extend([Part(media=pdf), Part(media=audio)])
    text = text_of(await both(request))
    assert "Document 1 is report.pdf, application/pdf, 10 bytes." in text
    assert "Audio 1 is audio/wav, 12 bytes." in text
    nameless = body()
    nameless["messages"][0]["content"] = [
        {"type": "file", "file": {"file_data": "data:text/csv;base64,YQ=="}}
    ]
    assert b"Document 1 is text/csv, 1 byte." in await Bench().transport.send(
        HttpRequest("/chat/completions", nameless)
    )


@given(st.text(min_size=1, max_size=300).filter(lambda text: text.strip() != ""))
async def test_echo_repeats_the_last_text_exactly(text: str) -> None:
    """Whatever the user says last comes back, character by character."""
    assert text_of(await both(ask("echo", text))) == text


async def test_echo_of_no_text_is_empty() -> None:
    """Without a text of the user the echo is empty, and complete."""
    request = ChatRequest(
        model="sandbox/echo", messages=[Message(role=ROLE_SYSTEM, parts=[Part(text="Be brief.")])]
    )
    response = await both(request)
    assert text_of(response) == ""
    assert response.finish_reason == FINISH_REASON_STOP


async def test_json_schema_is_obeyed() -> None:
    """The answer is a valid instance of the schema."""
    request = ask()
    wanted = request.generation_config.response_format.json_schema
    wanted.name, wanted.schema_json = "forecast", json.dumps(WEATHER)
    Draft202012Validator(WEATHER).validate(json.loads(text_of(await both(request))))


async def test_schema_that_cannot_be_satisfied_is_refused_by_name() -> None:
    """An unsatisfiable schema is a 400 that names the schema and the place."""
    request = ask()
    wanted = request.generation_config.response_format.json_schema
    impossible = {"type": "object", "properties": {"size": {"type": "integer", "minimum": 2, "maximum": 1}}}
    wanted.name, wanted.schema_json = "odd", json.dumps({**impossible, "required": ["size"]})
    with pytest.raises(Rejected, match=r"'odd'.*\$\.size"):
        await Bench().chat(request)


async def test_json_object_is_an_object() -> None:
    """JSON without a schema reports the request as an object."""
    request = with_tools("Hi", "weather")
    request.generation_config.response_format.json_object.SetInParent()
    found = json.loads(text_of(await both(request)))
    assert found["sandbox"] is True
    assert found["messages"] == 1
    assert found["tools"] == ["weather"]


async def test_auto_answers_in_text_unless_a_tool_is_mentioned() -> None:
    """Left to itself, the sandbox calls exactly the tools that the user's last text names as words."""
    assert not calls_of(await both(with_tools("What about the sky?", "weather")))
    assert not calls_of(await both(with_tools("Use weather-map and my_weather", "weather")))
    response = await both(with_tools("Call weather, then clock!", "clock", "weather", "other"))
    assert [call.name for call in calls_of(response)] == ["clock", "weather"]
    assert response.finish_reason == FINISH_REASON_TOOL_CALLS
    assert len({call.tool_call_id for call in calls_of(response)}) == 2


async def test_calls_have_valid_arguments() -> None:
    """The arguments of a call satisfy the tool's schema; a tool without one gets an object."""
    request = with_tools("x", "weather", choice=ToolChoice(tool_name="weather"))
    (call,) = calls_of(await both(request))
    Draft202012Validator(WEATHER).validate(json.loads(call.arguments_json))
    bare = ask()
    bare.tools.append(Tool(function=FunctionTool(name="ping")))
    bare.tool_choice.tool_name = "ping"
    assert json.loads(calls_of(await both(bare))[0].arguments_json) == {}


async def test_required_calls_what_is_mentioned_or_the_first() -> None:
    """A required call goes to the tools that are mentioned, all at once, or to the first."""
    required = ToolChoice(mode=TOOL_MODE_REQUIRED)
    assert [c.name for c in calls_of(await both(with_tools("Go", "a", "b", choice=required)))] == ["a"]
    several = with_tools("both a and b", "a", "b", choice=required)
    assert [c.name for c in calls_of(await both(several))] == ["a", "b"]
    single = options(several, parallel_tool_calls=False)
    assert [c.name for c in calls_of(await both(single))] == ["a"]


async def test_none_never_calls() -> None:
    """No tool is called where none may be."""
    assert not calls_of(await both(with_tools("weather", "weather", choice=ToolChoice(mode=TOOL_MODE_NONE))))


async def test_tool_with_impossible_parameters_is_refused_by_name() -> None:
    """A tool whose parameters nothing satisfies is a 400 that names it."""
    request = ask(text="try broken")
    request.tools.append(
        Tool(function=FunctionTool(name="broken", parameters_schema_json='{"type": "object", "not": {}}'))
    )
    with pytest.raises(Rejected, match="'broken'"):
        await Bench().chat(request)


async def test_tool_results_are_summarised() -> None:
    """After results the sandbox tells what came, instead of calling again."""
    request = with_tools("weather in Oslo?", "weather")
    call = ToolCall(tool_call_id="c1", name="weather", arguments_json="{}")
    result = ToolResult(tool_call_id="c1", parts=[Part(text="4 degrees")])
    request.messages.append(Message(role=ROLE_ASSISTANT, parts=[Part(tool_call=call)]))
    request.messages.append(Message(role=ROLE_TOOL, parts=[Part(tool_result=result)]))
    response = await both(request)
    assert not calls_of(response)
    assert "A tool answered in 9 characters: “4 degrees”" in text_of(response)


@pytest.mark.parametrize(("effort", "sentences"), [("NONE", 0), ("LOW", 1), ("MEDIUM", 2), ("HIGH", 4)])
async def test_reasoning_follows_the_effort(effort: str, sentences: int) -> None:
    """More effort is more reasoning, which the usage counts."""
    response = await both(ask(reasoning_effort=f"REASONING_EFFORT_{effort}"))
    reasoning = [part.reasoning.text for part in response.message.parts if part.HasField("reasoning")]
    assert sum(text.count(".") for text in reasoning) == sentences
    assert response.usage.reasoning_token_count == sum(map(tokens.count, reasoning))
    assert response.usage.output_token_count > response.usage.reasoning_token_count


async def test_token_limit_cuts_and_says_so() -> None:
    """At the limit the answer ends with MAX_TOKENS, reasoning first to be written."""
    full = await both(ask(reasoning_effort="REASONING_EFFORT_LOW"))
    for limit in range(1, full.usage.output_token_count):
        cut = await both(ask(reasoning_effort="REASONING_EFFORT_LOW", max_output_tokens=limit))
        assert cut.finish_reason == FINISH_REASON_MAX_TOKENS
        assert cut.usage.output_token_count == limit
        assert text_of(full).startswith(text_of(cut))
    enough = ask(reasoning_effort="REASONING_EFFORT_LOW", max_output_tokens=full.usage.output_token_count)
    assert (await both(enough)).finish_reason == FINISH_REASON_STOP


async def test_token_limit_cuts_tool_calls() -> None:
    """A limit within the calls leaves out the later ones and cuts the last."""
    request = with_tools("a and b", "a", "b")
    full = await both(request)
    for limit in range(1, full.usage.output_token_count):
        request.generation_config.max_output_tokens = limit
        cut = await both(request)
        assert cut.usage.output_token_count == limit
        assert len(calls_of(cut)) in (1, 2)


async def test_stop_sequences_end_the_answer() -> None:
    """The first stop sequence that is met ends the answer, and is not part of it."""
    response = await both(ask("echo", "one two three four", stop_sequences=["four", " three", "nine"]))
    assert text_of(response) == "one two"
    assert response.finish_reason == FINISH_REASON_STOP
    alone = await Bench().transport.send(HttpRequest("/chat/completions", body("ab", model="echo", stop="b")))
    assert json.loads(alone)["choices"][0]["message"]["content"] == "a"


async def test_usage_counts_words() -> None:
    """Tokens are words with the space before them, in the prompt as in the answer."""
    response = await both(ask("echo", "one two  three"))
    assert response.usage.input_token_count == 3
    assert response.usage.output_token_count == 3
    assert not response.usage.estimated
    with_tool = await both(with_tools("one", "weather"))
    assert with_tool.usage.input_token_count > 10
    plain = await Bench().reads(body())
    assert b'"usage"' not in b"".join(plain)


@given(st.text(max_size=200))
def test_tokens_lose_nothing(text: str) -> None:
    """The tokens of any text are the text, none is empty, and none is long."""
    found = list(tokens.pieces(text))
    assert "".join(found) == text
    assert tokens.count(text) == len(found)
    assert all(0 < len(piece) <= 48 for piece in found)


async def test_more_than_the_context_is_refused() -> None:
    """A prompt beyond the context is refused as by a real provider."""
    with pytest.raises(ContextTooLong, match=str(CONTEXT_TOKENS)):
        await Bench().chat(ask(text="a " * (CONTEXT_TOKENS + 1)))


async def test_content_in_parts_and_several_turns_are_read() -> None:
    """A conversation with several parts and turns is counted turn by turn."""
    request = ask()
    request.messages.append(Message(role=ROLE_ASSISTANT, parts=[Part(text="Yes?")]))
    request.messages.append(user(Part(text="first"), Part(text="second")))
    assert "3 messages (2 user, 1 assistant)" in text_of(await both(request))
    assert text_of(await both(ask("echo", "x"))) == "x"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"messages": "hi"}, "messages must be a list of objects"),
    ({"messages": []}, "at least one message"),
    ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "no content of type 'video'"),
    (
        {"messages": [{"role": "user", "content": [{"type": "video", "video": {}}]}]},
        "no content of type 'video'",
    ),
    (
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x,?"}}]}
            ]
        },
        "not base64",
    ),
    ({"tools": [{"type": "custom"}]}, "function with a name"),
    ({"tool_choice": "sometimes"}, "tool_choice must be"),
    ({"tool_choice": "required"}, "there are no tools"),
    ({"tool_choice": {"type": "function"}}, "not among the tools"),
    ({"response_format": {"type": "yaml"}}, "unknown type"),
    ({"response_format": "json"}, "unknown type"),
    ({"response_format": {"type": "json_schema"}}, "lacks its schema"),
    ({"stop": 3}, "stop must be"),
]


@pytest.mark.parametrize(("fields", "message"), BAD)
async def test_what_breaks_the_wire_is_refused(fields: dict[str, Any], message: str) -> None:
    """A request that breaks the wire's rules is a 400 that says which."""
    with pytest.raises(Rejected, match=message):
        await Bench().transport.send(HttpRequest("/chat/completions", {**body(), **fields}))
