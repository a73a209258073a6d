"""Tests of the laws by property: folding, and conversations that come from anywhere."""

import base64
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_TOOL, Message, Part
from ringmain_server.errors import ProviderError
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_rules import refusal
from tests.fakes.vertex_script import answer, whole
from tests.providers.vertex import golden

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
SIGNATURE = {"thoughtSignature": "U0lH"}
SIGNED = st.sampled_from([{}, SIGNATURE])
ARGUMENTS = st.dictionaries(WORDS, st.one_of(st.none(), st.booleans(), WORDS, st.integers(-5, 5)), max_size=3)
CODE = st.sampled_from(
    [
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED"}},
    ]
)
CONTENT = st.one_of(
    CODE,
    st.just({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "eA=="}}),
    st.builds(lambda text: {"text": text}, WORDS),
    st.builds(lambda text: {"text": text, "thought": True}, WORDS),
    st.builds(lambda args: {"functionCall": {"name": "f", "args": args}}, ARGUMENTS),
    st.just({"inlineData": {"mimeType": "image/png", "data": "eA=="}}),
)
PARTS = st.lists(st.builds(lambda part, signed: {**part, **signed}, CONTENT, SIGNED), max_size=8)
REASONS = st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "OTHER", "MALFORMED_FUNCTION_CALL", 11, 99])


def outcome(read: Any) -> object:
    """A response, or the kind of failure."""
    try:
        return MessageToDict(read())
    except ProviderError as exc:
        return type(exc), exc.metadata


@settings(max_examples=150)
@given(parts=PARTS, finish=REASONS, size=st.integers(1, 9))
def test_fold(parts: list[dict[str, Any]], finish: str | int, size: int) -> None:
    """Folding a stream gives what the same answer gives whole, however the network cut it."""
    messages = answer(*parts, finish=finish).messages
    streamed = outcome(lambda: fold(golden.events(messages, size)))
    assert streamed == outcome(lambda: golden.answer(whole(messages)))


@settings(max_examples=100)
@given(parts=PARTS.filter(bool))
@example(parts=[{"text": "0", "thought": True}, {"text": ""}, {"text": "", "thought": True, **SIGNATURE}])
def test_signatures_come_back(parts: list[dict[str, Any]]) -> None:
    """What the model signed goes back to it in parts of the same kind, in the same order."""
    response = golden.answer(whole(answer(*parts).messages))
    results = [
        Part(tool_result={"tool_call_id": part.tool_call.tool_call_id})  # type: ignore[arg-type]
        for part in response.message.parts
        if part.HasField("tool_call")
    ]
    back = ChatRequest(model="m", messages=[*golden.ASKED.messages, response.message])
    back.messages.append(Message(role=ROLE_TOOL, parts=results) if results else golden.ASKED.messages[0])
    sent = [
        part for content in golden.body(back).contents if content.role == "model" for part in content.parts
    ]
    # An empty text that nobody signed says nothing: what stands on both sides of it is one part.
    telling = [part for part in parts if part != {"text": ""}]
    received = whole(answer(*telling).messages).candidates[0].content.parts
    assert [kind(part) for part in sent if goes_back(part)] == [
        kind(part) for part in received if goes_back(part)
    ]


def goes_back(part: wire.Part) -> bool:
    """Whether a part goes back as it came: it is signed, or a tool of the provider's own made it."""
    return bool(part.thought_signature) or part.WhichOneof("data") in (
        "executable_code",
        "code_execution_result",
    )


def kind(part: wire.Part) -> tuple[str | None, bool, str, str, str]:
    """What tells a part of an answer from others."""
    ran = str(part.executable_code) + str(part.code_execution_result)
    return part.WhichOneof("data"), part.thought, part.function_call.name, part.text, ran


TEXTS = st.builds(lambda text: {"text": text}, WORDS)
PNG = {"media": {"mimeType": "image/png", "data": "eA=="}}
MODELS = st.sampled_from(["gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemini-3.5-flash"])
WHO = st.sampled_from(["gem", "claude", ""])
STATES = st.one_of(
    st.sampled_from([b"", b"SIG", b"{}\n", b"[[" * 500]),
    st.sampled_from(["executableCode", "codeExecutionResult", "toolCall", "text", "functionCall"]).flatmap(
        lambda kind: st.sampled_from([{}, {"code": "1"}, {"code": 1}, {"args": []}, {"output": "2"}]).map(
            lambda content: orjson.dumps({"part": {kind: content}}) + b"\n"
        )
    ),
).map(lambda state: base64.b64encode(state).decode())
REASONING = st.builds(
    lambda who, content, state: {**content, "providerId": who, "signature": state},
    WHO,
    st.one_of(
        WORDS.map(lambda text: {"reasoning": {"text": text}}),
        WORDS.map(lambda text: {"text": text}),
        st.just({"providerToolCall": {"name": "code_execution"}}),
    ),
    STATES,
)
"""What only one provider can read, whoever made it, and whatever the caller made of it."""


@st.composite
def conversations(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid conversation: every call is answered before the next turn of the model."""
    messages: list[dict[str, Any]] = []
    count = 0
    for _ in range(draw(st.integers(1, 5))):
        turn = draw(st.sampled_from(["system", "user", "model", "calls"]))
        if turn == "system":
            messages.append({"role": "ROLE_SYSTEM", "parts": draw(st.lists(TEXTS, min_size=1, max_size=2))})
        elif turn == "user":
            parts = st.lists(st.one_of(TEXTS, st.just(PNG)), min_size=1, max_size=3)
            messages.append({"role": "ROLE_USER", "parts": draw(parts)})
        elif turn == "model":
            parts = st.lists(st.one_of(TEXTS, REASONING), min_size=1, max_size=3)
            messages.append({"role": "ROLE_ASSISTANT", "parts": draw(parts)})
        else:
            ids = [f"c{count + index}" for index in range(draw(st.integers(1, 3)))]
            count += len(ids)
            calls = [{"toolCall": {"toolCallId": i, "name": f"f{i}", "argumentsJson": "{}"}} for i in ids]
            before = draw(st.lists(st.one_of(TEXTS, REASONING), max_size=2))
            messages.append({"role": "ROLE_ASSISTANT", "parts": [*before, *calls]})
            for i in draw(st.permutations(ids)):
                content = draw(st.lists(st.one_of(TEXTS, st.just(PNG)), max_size=2))
                result = {"toolCallId": i, "parts": content, "failed": draw(st.booleans())}
                messages.append({"role": "ROLE_TOOL", "parts": [{"toolResult": result}]})
    messages.append({"role": "ROLE_USER", "parts": [{"text": "END"}]})
    return {"model": "m", "messages": messages}


@settings(max_examples=200)
@given(document=conversations(), model=MODELS)
def test_any_conversation(document: dict[str, Any], model: str) -> None:
    """Any valid conversation becomes a request that the wire takes, and keeps text, media and linkage."""
    request = ParseDict(document, ChatRequest())
    sent = golden.body(request, model)
    assert refusal(sent, {"x-goog-request-params": f"model={sent.model}"}) is None
    flat = MessageToDict(sent)
    parts = [part for content in flat["contents"] for part in content["parts"]]
    for role, name in (("user", "ROLE_USER"), ("model", "ROLE_ASSISTANT")):
        written = [
            part["text"]
            for c in flat["contents"]
            if c["role"] == role
            for part in c["parts"]
            if "text" in part
        ]
        wanted = [
            p["text"] for m in document["messages"] if m["role"] == name for p in m["parts"] if p.get("text")
        ]
        assert is_subsequence(wanted, written)
    calls = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
    results = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
    assert (
        calls
        == results
        == [p["toolCall"]["name"] for m in document["messages"] for p in m["parts"] if "toolCall" in p]
    )
    assert str(flat).count("'image/png'") == str(document).count("'image/png'")


def is_subsequence(wanted: list[str], found: list[str]) -> bool:
    """Whether `found` holds `wanted`, in its order."""
    rest = iter(found)
    return all(one in rest for one in wanted)
