"""Laws: every body is one that the request types of the vendor's own SDK describe, whatever is asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER, Message, Part
from ringmain.v1.generation_pb2 import (
    FunctionTool,
    GenerationConfig,
    JsonObjectFormat,
    JsonSchemaFormat,
    PromptCache,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolMode,
)
from ringmain_server.edge import validate
from ringmain_server.errors import CallerError
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.translators import AnthropicChatTranslator
from ringmain_server.providers.gemini.chat import GeminiChatTranslator
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.chat import OpenAIChatTranslator

from tests.candidates import known_candidate
from tests.laws import request_types
from tests.laws.conversations import OWN, conversations, signed_by, thought
from tests.laws.wires import WIRES
from tests.providers.anthropic import golden as anthropic
from tests.providers.openai import golden as openai
from tests.providers.openai import media_golden, responses_golden
from tests.providers.vertex import golden as google
from tests.providers.vertex import media_golden as google_media

Complaint = Callable[[Mapping[str, Any]], str | None]

_OF_CALLERS = frozenset({"request-options", "request-tools-own"})
"""What the caller passes through is the caller's, and `web_search` is a choice that the types lack."""


def _of_chat(body: Mapping[str, Any]) -> str | None:
    return request_types.complaint(body, [request_types.CHAT])


def _of_responses(body: Mapping[str, Any]) -> str | None:
    return request_types.complaint(body, [request_types.RESPONSES], request_types.BLOCKED)


def _bodies() -> Iterator[Any]:
    """Every body of a golden file, with what reads it."""
    for name, found, reads in (
        ("openai", openai.goldens("body"), _of_chat),
        ("responses", responses_golden.goldens("body"), _of_responses),
    ):
        for one in found:
            if one.kind == "openai" and one.name not in _OF_CALLERS:
                yield pytest.param(one.content["body"], reads, id=f"{name}-{one.name}")
    for sent in anthropic.goldens("body"):
        if sent.name not in _OF_CALLERS:
            yield pytest.param(sent.content["body"], request_types.of_messages, id=f"anthropic-{sent.name}")
    for asked in google.goldens("request", "body"):
        wire = GeminiChatTranslator(GeminiErrors()).request(
            asked.request, google.candidate(asked.model, "gemini")
        )
        yield pytest.param(plain(wire.body), request_types.of_google, id=f"gemini-{asked.name}")


@pytest.mark.parametrize(("body", "complaint"), list(_bodies()))
def test_golden_bodies(body: Mapping[str, Any], complaint: Complaint) -> None:
    """Every body of a chat in a golden file has just the fields and values that its vendor documents."""
    assert complaint(body) is None


def _media() -> Iterator[Any]:
    for one in media_golden.goldens():
        if one.content["kind"] != "openai" or "request" not in one.content:
            continue
        for wire in media_golden.sent(one):
            type_ = request_types.OPENAI_MEDIA.get(wire.path)
            if type_ is not None and not wire.form and not one.name.endswith("options"):
                yield pytest.param(wire.body, type_, id=one.name)


@pytest.mark.parametrize(("body", "type_"), list(_media()))
def test_bodies_of_media_at_openai(body: Mapping[str, Any], type_: request_types.Type) -> None:
    """Images, vectors, speech and moderation are asked for as OpenAI's own SDK does."""
    assert request_types.complaint(plain(body), [type_]) is None


def _google_media() -> Iterator[Any]:
    for one in google_media.goldens("json"):
        for wire in one.content["json"]:
            body = wire["body"]
            for part in body.get("requests", [body]):
                if "instances" not in body and not one.name.endswith("options"):
                    yield pytest.param(part, id=one.name)


@pytest.mark.parametrize("body", list(_google_media()))
def test_bodies_of_media_at_google(body: Mapping[str, Any]) -> None:
    """Images, vectors, speech and transcripts are asked for as Google's own SDK does."""
    assert request_types.of_google(body) is None


_SCHEMAS = st.sampled_from(
    [
        "",
        "{}",
        '{"type":"object"}',
        '{"type":"object","properties":{"a":{"type":"number","maximum":1e30}},"required":["a"]}',
        '{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}',
    ]
)
_FUNCTIONS = st.builds(
    lambda schema, description, strict: Tool(
        function=FunctionTool(name="f", description=description, parameters_schema_json=schema, strict=strict)
    ),
    _SCHEMAS,
    st.sampled_from(["", "Does it."]),
    st.none() | st.booleans(),
)
_FORMATS = st.one_of(
    st.just(ResponseFormat(json_object=JsonObjectFormat())),
    st.builds(
        lambda schema, name, strict: ResponseFormat(
            json_schema=JsonSchemaFormat(schema_json=schema, name=name, strict=strict)
        ),
        _SCHEMAS.filter(bool),
        st.sampled_from(["", "shape"]),
        st.none() | st.booleans(),
    ),
)
_CONFIGS = st.builds(
    GenerationConfig,
    max_output_tokens=st.none() | st.sampled_from([1, 300, 64_000]),
    temperature=st.none() | st.sampled_from([0.0, 0.7, 2.0]),
    top_p=st.none() | st.sampled_from([0.1, 1.0]),
    top_k=st.none() | st.sampled_from([1, 40]),
    frequency_penalty=st.none() | st.sampled_from([-2.0, 0.5]),
    presence_penalty=st.none() | st.sampled_from([-2.0, 0.5]),
    seed=st.none() | st.sampled_from([-1, 7, 2**40]),
    stop_sequences=st.lists(st.sampled_from(["a", "\n", "END"]), max_size=8),
    reasoning_effort=st.sampled_from(ReasoningEffort.values()),
    reasoning_token_budget=st.none() | st.sampled_from([0, 100, 50_000]),
    response_format=st.none() | _FORMATS,
    top_logprobs=st.none() | st.sampled_from([0, 20]),
    prompt_cache=st.none() | st.just(PromptCache(key="k")),
)
_CHOICES = st.builds(
    lambda mode, parallel: ToolChoice(mode=mode, parallel_tool_calls=parallel),
    st.sampled_from(ToolMode.values()),
    st.none() | st.booleans(),
)
_NUMBERS = Part()
_NUMBERS.tool_call.tool_call_id, _NUMBERS.tool_call.name = "numbers", "f"
_NUMBERS.tool_call.arguments_json = '{"a":1e300,"b":123456789012345678901234567890,"c":9007199254740993}'


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """Any conversation, with any settings and tools."""
    request = draw(conversations())
    if draw(st.booleans()):
        request.messages.insert(0, Message(role=ROLE_ASSISTANT, parts=[_NUMBERS]))
    request.generation_config.CopyFrom(draw(_CONFIGS))
    request.tools.extend(draw(st.lists(_FUNCTIONS, max_size=1)))
    if request.tools:
        request.tool_choice.CopyFrom(draw(_CHOICES))
    return request


MODELS: Mapping[str, tuple[str, ...]] = {
    "openai": ("gpt-4o-mini", "gpt-5", "gpt-5.4-nano", "o3", "gpt-x"),
    "responses": ("gpt-4o-mini", "gpt-5", "gpt-5.4-nano", "o3", "gpt-x"),
    "anthropic": ("claude-sonnet-4-5", "claude-opus-4-6", "claude-haiku-4-5", "claude-x"),
    "gemini": ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview", "gemini-x"),
}
_READS: Mapping[str, Complaint] = {
    "openai": _of_chat,
    "responses": _of_responses,
    "anthropic": request_types.of_messages,
    "gemini": request_types.of_google,
}
_SIGNS = {wire.name: wire.sign for wire in WIRES}


def _translator(name: str) -> Any:
    match name:
        case "openai":
            return OpenAIChatTranslator(openai.wire())
        case "responses":
            return responses_golden.translator()
        case "anthropic":
            return AnthropicChatTranslator(Options(), AnthropicErrors())
    return GeminiChatTranslator(GeminiErrors())


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@given(requests(), st.data())
@settings(max_examples=120)
def test_bodies_of_any_request(name: str, drawn: ChatRequest, data: st.DataObject) -> None:
    """Whatever a valid request asks, a body is one of the vendor's, or the request is refused by name."""
    model = data.draw(st.sampled_from(MODELS[name]))
    request = signed_by(_SIGNS.get(name, lambda token: thought(token, OWN, token.encode())), drawn)
    assert validate.chat(request) == []
    kind = "openai" if name == "responses" else name
    try:
        wire = _translator(name).request(request, known_candidate(OWN, kind, model))
    except CallerError:
        return
    body = plain(wire.body)
    assert orjson.dumps(body)
    assert _READS[name](body) is None


@pytest.mark.parametrize("name", MODELS)
def test_the_types_complain(name: str) -> None:
    """A field that a vendor does not have, or a value of another type, is found at any depth."""
    request = ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="Hi")
    kind = "openai" if name == "responses" else name
    sent = _translator(name).request(request, known_candidate(OWN, kind, MODELS[name][0]))
    body: Any = plain(sent.body)
    assert _READS[name](body) is None
    assert _READS[name]({**body, "nonsense": 1}) is not None
    turns = next(field for field in ("messages", "input", "contents") if field in body)
    assert _READS[name]({**body, turns: [{**body[turns][0], "nonsense": 1}]}) is not None
    assert _READS[name]({**body, turns: [{**body[turns][0], "role": 7}]}) is not None
