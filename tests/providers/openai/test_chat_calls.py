"""Tests of tool calls that no golden file can show: ids in a conversation, and calls of other tools."""

import json

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.call_ids import CallIds
from ringmain_server.providers.openai.chat import OpenAIChatTranslator, OpenAIStreamChatTranslator

from tests.providers.openai import golden, responses_golden

EARLIER = ParseDict(
    {
        "model": "m",
        "messages": [
            {"role": "ROLE_USER", "parts": [{"text": "Hi"}]},
            {"role": "ROLE_ASSISTANT", "parts": [{"tool_call": {"tool_call_id": "call_0", "name": "f"}}]},
            {"role": "ROLE_TOOL", "parts": [{"tool_result": {"tool_call_id": "call_0"}}]},
        ],
    },
    ChatRequest(),
)


def _both(calls: object) -> tuple[ChatResponse, ChatResponse]:
    """What the same calls amount to, whole and streamed, after an earlier call with the id `call_0`."""
    wire, asked = golden.wire("llamacpp"), golden.candidate("llamacpp")
    whole = {"choices": [{"message": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}
    event = {"choices": [{"delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}
    decoder = OpenAIStreamChatTranslator(wire).decoder(EARLIER, asked)
    events = [*decoder.feed(b"data: " + orjson.dumps(event) + b"\n\ndata: [DONE]\n\n"), *decoder.end()]
    return OpenAIChatTranslator(wire).response(orjson.dumps(whole), EARLIER, asked), fold(events)


@pytest.mark.parametrize("call_id", ["call_0", "", None], ids=repr)
def test_ids_are_unique_in_the_conversation(call_id: object) -> None:
    """Calls that are numbered anew in each answer, or have no ids, get an id that no earlier call has."""
    for response in _both([{"id": call_id, "function": {"name": "f", "arguments": "{}"}}]):
        (part,) = response.message.parts
        assert part.tool_call.tool_call_id == "call_0_2"


def test_ids_of_responses_are_unique_too() -> None:
    """A server of the responses wire that repeats an id of an earlier turn repeats none to the caller."""
    call = {"type": "function_call", "call_id": "call_0", "name": "f", "arguments": "{}"}
    raw = orjson.dumps({"status": "completed", "output": [call, call]})
    response = responses_golden.translator().response(raw, EARLIER, responses_golden.candidate())
    assert [part.tool_call.tool_call_id for part in response.message.parts] == ["call_0_2", "call_0_3"]


def test_ids_that_are_unique_stay() -> None:
    """An id is changed only if another call has it."""
    ids = CallIds(EARLIER)
    assert [ids.unique(one) for one in ("a", "call_0", "a", "call_0_2")] == [
        "a",
        "call_0_2",
        "a_2",
        "call_0_2_2",
    ]


def test_calls_of_other_tools_are_errors() -> None:
    """A call with free text, which a caller's options may have asked for, is no success without a part."""
    calls = [{"id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]
    with pytest.raises(errors.ModelOutputInvalid, match="type custom"):
        golden.answer(orjson.dumps({"choices": [{"message": {"tool_calls": calls}}]}))
    event = {"choices": [{"delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}
    with pytest.raises(errors.ModelOutputInvalid, match="type custom"):
        golden.events(b"data: " + orjson.dumps(event) + b"\n\n")


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["dense", "spaced"])
@pytest.mark.parametrize("number", [2**63, 2**64, 2**70, -(2**70), 10**30])
def test_arguments_that_are_an_object_are_exact(number: int, separators: tuple[str, str]) -> None:
    """Arguments that are no text become one, with whole numbers of any size, whole and streamed."""
    function = {"name": "f", "arguments": {"n": number, "of": [number, 0.5]}}
    for content in ({"tool_calls": [{"id": "a", "function": function}]}, {"function_call": function}):
        whole = json.dumps({"choices": [{"message": content}]}, separators=separators)
        event = json.dumps({"choices": [{"delta": content}]}, separators=separators)
        streamed = golden.events(f"data: {event}\n\ndata: [DONE]\n\n".encode())
        for response in (golden.answer(whole.encode()), fold(streamed)):
            (part,) = response.message.parts
            assert part.tool_call.arguments_json == f'{{"n":{number},"of":[{number},0.5]}}'
