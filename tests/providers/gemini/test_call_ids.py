"""Tests of the ids of calls: Google's go back as they came, and no conversation has one twice."""

from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import Message
from ringmain_server.edge import validate
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.gemini.chat import GeminiChatTranslator, GeminiStreamChatTranslator
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.vertex import ids, wire
from ringmain_server.providers.vertex.chat import Resources, VertexChatTranslator

from tests.providers.vertex import golden

GEMINI = golden.candidate("gemini-3-flash-preview", "gemini")
ERRORS = GeminiErrors(())
HI: dict[str, Any] = {"role": "ROLE_USER", "parts": [{"text": "Hi"}]}


def call(name: str, call_id: object = None) -> dict[str, Any]:
    """A call as the wire has it."""
    given = {} if call_id is None else {"id": call_id}
    return {"functionCall": {"name": name, "args": {"n": 1}, **given}}


def asked(*messages: Message) -> ChatRequest:
    """A question that follows these turns."""
    request = ParseDict({"model": "m", "messages": [HI]}, ChatRequest())
    request.messages.extend(messages)
    return request


def answer(*parts: dict[str, Any], request: ChatRequest | None = None, **more: Any) -> ChatResponse:
    """What an answer of these parts amounts to, whole and streamed."""
    request = request or asked()
    body = {
        "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4},
        **more,
    }
    raw = orjson.dumps(body)
    decoder = GeminiStreamChatTranslator(ERRORS).decoder(request, GEMINI)
    streamed = fold([*decoder.feed(b"data: " + raw + b"\n\n"), *decoder.end()])
    whole = GeminiChatTranslator(ERRORS).response(raw, request, GEMINI)
    assert streamed == whole
    return whole


def ids_of(response: ChatResponse) -> list[str]:
    """The ids of an answer's calls."""
    return [part.tool_call.tool_call_id for part in response.message.parts]


def results(response: ChatResponse) -> Message:
    """The results of an answer's calls."""
    parts = [{"toolResult": {"toolCallId": one, "parts": [{"text": "4"}]}} for one in ids_of(response)]
    return ParseDict({"role": "ROLE_TOOL", "parts": parts}, Message())


def test_ids_go_back() -> None:
    """A call has the id that the model gave it, and goes back with it, as does its result."""
    response = answer(call("f", "x7k2"), call("g", "ab12cd34"), responseId="r1")
    assert ids_of(response) == ["x7k2", "ab12cd34"]
    sent = GeminiChatTranslator(ERRORS).request(asked(response.message, results(response)), GEMINI).body
    assert isinstance(sent, dict)
    model, user = sent["contents"][1:]
    assert [part["functionCall"] for part in model["parts"]] == [
        {"name": "f", "args": {"n": 1}, "id": "x7k2"},
        {"name": "g", "args": {"n": 1}, "id": "ab12cd34"},
    ]
    assert [part["functionResponse"] for part in user["parts"]] == [
        {"name": "f", "response": {"output": "4"}, "id": "x7k2"},
        {"name": "g", "response": {"output": "4"}, "id": "ab12cd34"},
    ]


def test_ids_on_vertex() -> None:
    """Messages of Vertex AI carry ids under the number that its other versions have for them."""
    response = answer(call("f", "x7k2"))
    message = golden.body(asked(response.message, results(response)), GEMINI.provider_model)
    again = wire.GenerateContentRequest.FromString(message.SerializeToString())
    assert ids.id_of(again.contents[1].parts[0].function_call) == "x7k2"
    assert ids.id_of(again.contents[2].parts[0].function_response) == "x7k2"
    told = wire.GenerateContentResponse()
    told.candidates.add(finish_reason=1).content.parts.add(function_call={"name": "f"})
    ids.give(told.candidates[0].content.parts[0].function_call, "x7k2")
    translator = VertexChatTranslator(Resources("p", "global"))
    assert ids_of(translator.response(told, asked(), golden.candidate())) == ["x7k2"]


def test_no_id_twice() -> None:
    """Ids that a model gives twice, in one answer or in two, are told apart; the first one stays."""
    first = answer(call("f", "a"), call("f", "a"))
    assert ids_of(first) == ["a", "a_2"]
    then = asked(first.message, results(first))
    assert ids_of(answer(call("f", "a"), request=then)) == ["a_3"]


def test_no_made_id_twice() -> None:
    """Ids that are made here repeat none of the conversation's, however many turns were dropped from it."""
    go_on = ParseDict({"role": "ROLE_USER", "parts": [{"text": "Go on."}]}, Message())
    first = answer(call("f"), request=asked(go_on, go_on))
    second = answer(call("f"), request=asked(first.message, results(first)))
    assert ids_of(first) == ["call_3_0"]
    assert ids_of(second) == ["call_3_0_2"]
    third = asked(first.message, results(first), second.message, results(second))
    assert validate.chat(third) == []


def test_odd_ids() -> None:
    """An id that is no text is none, and one that is too long for callers is cut."""
    odd: object
    for odd in ("", 7, {}, None):
        assert ids_of(answer(call("f", odd), responseId="r1")) == ["call_r1_0"]
    assert ids_of(answer(call("f", "x" * 300))) == ["x" * 256]


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_id(call_id: str) -> None:
    """Whatever its length and characters, an id survives the wire."""
    for kind in (wire.FunctionCall, wire.FunctionResponse):
        message = kind(name="f")
        ids.give(message, call_id)
        again = kind.FromString(message.SerializeToString())
        assert (ids.id_of(again), MessageToDict(again)) == (call_id, {"name": "f"})


def test_ids_keep_to_their_calls_beside_what_is_no_part() -> None:
    """What is no part keeps its place, so that no call gets the id of another."""
    odd: Any = ""
    parts = answer(odd, call("get_weather", "a"), odd, call("get_time", "b")).message.parts
    assert [(part.tool_call.name, part.tool_call.tool_call_id) for part in parts] == [
        ("get_weather", "a"),
        ("get_time", "b"),
    ]
