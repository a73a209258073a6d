"""Property tests: any valid conversation translates without loss and by the rules of the wire."""

import base64
from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    ROLE_USER,
    Media,
    Message,
    Part,
    Reasoning,
    ToolCall,
    ToolResult,
)
from ringmain.v1.generation_pb2 import GenerationConfig, ReasoningEffort
from ringmain_server.edge import validate
from ringmain_server.providers.anthropic.request import Options, chat_request
from ringmain_server.providers.json_base64 import plain

from tests.fakes.anthropic_rules import complaint
from tests.providers.anthropic.golden import candidate

PNG = b"\x89PNG\r\n\x1a\n"
WORDS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
MODELS = st.sampled_from(
    ["claude-3-5-haiku-20241022", "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-5"]
)


def text(words: str) -> Part:
    """A text."""
    return Part(text=words)


@st.composite
def media(draw: st.DrawFn) -> Part:
    """An image that is unlike every other."""
    return Part(media=Media(data=PNG + draw(st.binary(min_size=8, max_size=8))))


@st.composite
def reasoning(draw: st.DrawFn) -> Part:
    """Reasoning of this provider or of another."""
    signature = draw(st.sampled_from([b"ssig", b"rcipher", b"", b"\x00\xff"]))
    by = draw(st.sampled_from(["claude", "gem", ""]))
    words = draw(st.text(max_size=5))
    return Part(reasoning=Reasoning(text=words), signature=signature, provider_id=by)


@st.composite
def rounds(draw: st.DrawFn, number: int) -> list[Message]:
    """An assistant's turn, with the results of every tool that it calls."""
    part = st.one_of(st.builds(text, WORDS), reasoning(), media())
    parts = draw(st.lists(part, max_size=3))
    ids = [
        f"{draw(st.sampled_from(['call_', 'fn.go:', 'é/']))}{number}-{index}"
        for index in range(draw(st.integers(0, 3)))
    ]
    arguments = st.sampled_from(["{}", '{"a": 1}', "", "{broken", "[1]"])
    calls = [
        Part(tool_call=ToolCall(tool_call_id=one, name="go", arguments_json=draw(arguments))) for one in ids
    ]
    turn = Message(role=ROLE_ASSISTANT, parts=[*parts, *calls] or [text("Well.")])
    result = st.one_of(st.builds(text, WORDS), media())
    results = [
        Message(
            role=ROLE_TOOL,
            parts=[Part(tool_result=ToolResult(tool_call_id=one, parts=draw(st.lists(result, max_size=2))))],
        )
        for one in draw(st.permutations(ids))
    ]
    return [turn, *results]


@st.composite
def conversations(draw: st.DrawFn) -> ChatRequest:
    """A conversation that the contract allows."""
    part = st.one_of(st.builds(text, WORDS), media())
    messages: list[Message] = []
    for number in range(draw(st.integers(1, 4))):
        role = draw(st.sampled_from([ROLE_USER, ROLE_USER, ROLE_SYSTEM, ROLE_ASSISTANT]))
        if role == ROLE_ASSISTANT:
            messages += draw(rounds(number))
        elif role == ROLE_SYSTEM:
            messages.append(Message(role=role, parts=[text(draw(WORDS))]))
        else:
            messages.append(Message(role=role, parts=draw(st.lists(part, min_size=1, max_size=3))))
    hello = Message(role=ROLE_USER, parts=[text(draw(WORDS))])
    messages.insert(draw(st.sampled_from([0, len(messages)])), hello)
    effort = draw(st.sampled_from(ReasoningEffort.values()))
    config = GenerationConfig(reasoning_effort=effort)
    if draw(st.booleans()):
        config.temperature = draw(st.floats(0, 2, width=32))
    return ChatRequest(model="m", messages=messages, generation_config=config)


def texts_of(body: dict[str, Any]) -> str:
    """Every text of a body, in order, results of tools included."""
    found = [block["text"] for block in body.get("system", [])]
    for message in body["messages"]:
        for block in message["content"]:
            inner = block.get("content", []) if block["type"] == "tool_result" else [block]
            found += [one["text"] for one in inner if one["type"] == "text"]
    return "\0".join(found)


def said(request: ChatRequest) -> Iterator[Part]:
    """Every text and medium of a request, those in results of tools included."""
    for message in request.messages:
        for part in message.parts:
            inner = part.tool_result.parts if part.HasField("tool_result") else [part]
            yield from (one for one in inner if one.HasField("text") or one.HasField("media"))


@given(request=conversations(), model=MODELS)
def test_nothing_is_lost(request: ChatRequest, model: str) -> None:
    """Every text, image, call and result of a conversation is sent, and the wire accepts what is sent."""
    assert validate.chat(request) == []
    sent = chat_request(request, candidate(model), Options(), stream=True)
    body = plain(sent.body)
    version = sent.headers.get("anthropic-version", "2026-10-21")
    assert complaint(body, version) is None
    raw = orjson.dumps(body).decode()
    sent_texts = texts_of(body)
    for one in said(request):
        if one.HasField("text"):
            assert one.text.rstrip() in sent_texts
        else:
            assert base64.b64encode(one.media.data).decode() in raw
    calls = [part for message in request.messages for part in message.parts if part.HasField("tool_call")]
    assert raw.count('"tool_use"') == len(calls)
    assert raw.count('"tool_result"') == len(calls)


@given(request=conversations())
def test_the_order_of_what_is_said_is_kept(request: ChatRequest) -> None:
    """Texts outside of tools stand in the order in which they were said."""
    opening = 0
    while opening < len(request.messages) - 1 and request.messages[opening].role == ROLE_SYSTEM:
        opening += 1
    body = plain(chat_request(request, candidate(), Options(), stream=False).body)
    spoken = [
        part.text.strip()
        for message in request.messages[opening:]
        if message.role in (ROLE_ASSISTANT, ROLE_USER)
        for part in message.parts
        if part.HasField("text")
    ]
    blocks = [block for message in body["messages"] for block in message["content"]]
    sent = [block["text"].strip() for block in blocks if block["type"] == "text"]
    rest = iter(sent)
    assert all(one in rest for one in spoken)
