"""Tests of the stream decoder where the stream is wrong, and of what it counts before the end."""

import json
from typing import Any

import orjson
import pytest
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP, FINISH_REASON_TOOL_CALLS
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.stream import MessagesDecoder
from ringmain_server.providers.sse import EVENT_LIMIT

from tests.providers.anthropic.golden import answer, asked, candidate, events, stream_of

Json = dict[str, Any]

START: Json = {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
OPEN: Json = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
HI: Json = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": "Hello, world"},
}
SHUT: Json = {"type": "content_block_stop", "index": 0}
REASON: Json = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 5, "input_tokens": None},
}
STOP: Json = {"type": "message_stop"}
WHOLE = [START, OPEN, HI, SHUT, REASON, STOP]


def decoder() -> MessagesDecoder:
    """A reader for one stream."""
    return MessagesDecoder(asked(), candidate(), None, AnthropicErrors())


def with_index(event: dict[str, Any], index: object) -> dict[str, Any]:
    """The event of another block."""
    return {**event, "index": index}


@pytest.mark.parametrize(
    "stream",
    [
        [OPEN],
        [START, OPEN, START],
        [START, OPEN, SHUT, START],
        [START, OPEN, SHUT, REASON, START],
        [START, HI],
        [START, SHUT],
        [START, OPEN, OPEN],
        [START, with_index(OPEN, 1)],
        [START, OPEN, SHUT, HI],
        [START, OPEN, SHUT, SHUT],
        [START, OPEN, with_index(HI, 1)],
        [START, OPEN, REASON],
        [REASON],
        [START, OPEN, SHUT, REASON, with_index(OPEN, 1)],
        [{"type": "message_start"}],
        [START, {"type": "content_block_start", "index": 0}],
        [START, with_index(OPEN, None)],
        [START, with_index(OPEN, "0")],
        [{"type": "message_start", "message": {"content": ["text"], "stop_reason": "end_turn"}}],
        [{"type": "message_start", "message": {"content": "text", "stop_reason": "end_turn"}}],
        [START, OPEN, {"type": "content_block_delta", "index": 0, "delta": "text"}],
        [START, {**OPEN, "content_block": {"type": "tool_use", "id": "", "name": "f"}}],
        [START, {**OPEN, "content_block": {"type": "tool_use", "id": "a"}}],
    ],
)
def test_events_out_of_order_are_malformed(stream: list[dict[str, Any]]) -> None:
    """An event that cannot stand where it stands is an error, not an answer."""
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(stream_of(stream))


def test_a_repeated_start() -> None:
    """A first event that a server in between sends twice is one, with the later counts."""
    again = {"type": "message_start", "message": {"usage": {"input_tokens": 99, "output_tokens": 1}}}
    response = fold(events(stream_of([START, again, *WHOLE[1:]])))
    assert [part.text for part in response.message.parts] == ["Hello, world"]
    assert (response.usage.input_token_count, response.usage.output_token_count) == (99, 5)


def test_a_start_with_the_whole_answer() -> None:
    """An answer that goes on while tools run comes whole in its first event; nothing but the end follows."""
    ran = {"type": "code_execution_result", "stdout": "4", "stderr": "", "return_code": 0, "content": []}
    called = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    blocks = [
        {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": ran},
        {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"id": 2**70}, "caller": called},
    ]
    message = {"content": blocks, "stop_reason": "tool_use", "usage": {"input_tokens": 0, "output_tokens": 0}}
    start = json.dumps({"type": "message_start", "message": message}).encode()
    found = fold(events(b"data: " + start + b"\n\n" + stream_of([STOP])))
    assert found == answer(json.dumps(message).encode())
    result, call = found.message.parts
    assert result.provider_tool_call.results[0].text == "4"
    assert (call.tool_call.name, call.tool_call.arguments_json) == ("look_up", f'{{"id": {2**70}}}')
    assert found.finish_reason == FINISH_REASON_TOOL_CALLS


def test_ids_that_repeat_are_told_apart() -> None:
    """Some servers of this wire give every call one id, which would join the results of different calls."""
    call = {"type": "tool_use", "id": "call_0", "name": "f", "input": {"n": 1}}
    first = answer(orjson.dumps({"stop_reason": "tool_use", "content": [call, call]})).message
    assert [part.tool_call.tool_call_id for part in first.parts] == ["call_0", "call_0_2"]
    request = asked()
    request.messages.append(first)
    begun = {**OPEN, "content_block": call}
    stream = stream_of([START, begun, SHUT, {**REASON, "delta": {"stop_reason": "tool_use"}}, STOP])
    (part,) = fold(events(stream, request)).message.parts
    assert part.tool_call.tool_call_id == "call_0_3"


@pytest.mark.parametrize(
    "arguments",
    ['{"n": 123456789012345678901234567890}', '{"city": "Zürich", "days": [1, 2.5], "none": null}', "{}"],
)
def test_arguments_are_the_same_whole_and_streamed(arguments: str) -> None:
    """The arguments of a call are the model's words, however large its numbers are."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    delta = {"type": "input_json_delta", "partial_json": arguments}
    stream = [START, {**OPEN, "content_block": call}, {**HI, "delta": delta}, SHUT, REASON, STOP]
    head = orjson.dumps({"stop_reason": "tool_use", "content": [call]})
    whole = answer(head.replace(b'"input":{}', b'"input":' + arguments.encode())).message
    assert whole.parts[0].tool_call.arguments_json == arguments
    assert fold(events(stream_of(stream))).message == whole


@pytest.mark.parametrize("count", range(len(WHOLE) - 2))
def test_a_cut_stream_is_broken(count: int) -> None:
    """A stream that is closed before its reason to stop is broken, wherever it is cut."""
    reader = decoder()
    reader.feed(stream_of(WHOLE[:count]))
    with pytest.raises(errors.StreamBroken):
        reader.end()
    assert not reader.complete


def test_an_end_without_a_reason_is_broken() -> None:
    """The end marker alone does not make an answer complete."""
    with pytest.raises(errors.StreamBroken):
        decoder().feed(stream_of([START, OPEN, HI, SHUT, STOP]))


def test_a_reason_without_an_end_completes() -> None:
    """A stream that is closed after its reason to stop is complete."""
    response = fold(events(stream_of(WHOLE[:-1])))
    assert response.message.parts[0].text == "Hello, world"
    assert response.finish_reason == FINISH_REASON_STOP


def test_what_follows_the_end_is_ignored() -> None:
    """Nothing after the end marker counts, and the end of the connection adds nothing."""
    reader = decoder()
    found = list(reader.feed(stream_of([*WHOLE, START, HI])))
    assert found[-1].HasField("finished")
    assert reader.complete
    assert reader.feed(stream_of([HI])) == ()
    assert reader.end() == ()


def test_a_later_reason_counts() -> None:
    """A second message_delta without a reason leaves the first; its counts replace the earlier ones."""
    more = {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 8}}
    response = fold(events(stream_of([*WHOLE[:-1], more, STOP])))
    assert response.finish_reason == FINISH_REASON_STOP
    assert response.usage.output_token_count == 8


def test_blocks_may_interleave() -> None:
    """Parts are told apart by their index, though this vendor sends one after the other."""
    second = {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}
    stream = [START, OPEN, second, HI, with_index(HI, 1), HI, with_index(SHUT, 1), SHUT, REASON, STOP]
    response = fold(events(stream_of(stream)))
    assert [part.text for part in response.message.parts] == ["Hello, world" * 2, "Hello, world"]


def test_deltas_of_one_read_are_merged() -> None:
    """Neighbouring pieces of a part that came together are one event."""
    found = events(stream_of([START, OPEN, HI, HI, HI, SHUT, REASON, STOP]))
    kinds = [event.WhichOneof("event") for event in found]
    assert kinds == ["part_started", "part_finished", "finished"]


def test_usage_before_the_end() -> None:
    """What a stream consumed so far is what the provider counted, and an estimate of the rest."""
    reader = decoder()
    assert reader.usage().estimated
    reader.feed(stream_of([START, OPEN, HI]))
    usage = reader.usage()
    assert (usage.input_token_count, usage.output_token_count, usage.estimated) == (9, 3, True)
    reader.feed(stream_of([SHUT, REASON, STOP]))
    usage = reader.usage()
    assert (usage.input_token_count, usage.output_token_count, usage.estimated) == (9, 5, False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, errors.ServerFault),
        ({"type": "api_error", "message": "Internal server error"}, errors.ServerFault),
        ({"type": "rate_limit_error", "message": "slow down"}, errors.RateLimited),
        ({"type": "invalid_request_error", "message": "prompt is too long"}, errors.ContextTooLong),
        ({"type": "modelStreamErrorException", "message": "x"}, errors.ServerFault),
        ({"type": "unheard_of", "message": "x"}, errors.Unexplained),
        ("text", errors.Unexplained),
    ],
)
def test_error_events(error: object, kind: type[errors.ProviderError]) -> None:
    """An error within a stream means what the same error means as a status."""
    with pytest.raises(errors.ProviderError) as caught:
        decoder().feed(stream_of([START, OPEN, HI, {"type": "error", "error": error}]))
    assert type(caught.value) is kind


def test_a_refusal_without_a_word() -> None:
    """A refusal with nothing written is an error with its category, as it would be whole."""
    delta = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "bio"}}
    with pytest.raises(errors.ContentFiltered) as caught:
        decoder().feed(stream_of([START, {**REASON, "delta": delta}, STOP]))
    assert caught.value.metadata == {"category": "bio"}
    delta["stop_details"] = "?"
    with pytest.raises(errors.ContentFiltered) as caught:
        decoder().feed(stream_of([START, {**REASON, "delta": delta}, STOP]))
    assert caught.value.metadata == {"category": "unspecified"}


@pytest.mark.parametrize("data", [b"[]", b"{", b'"\xff"', b"1"])
def test_events_that_are_no_objects(data: bytes) -> None:
    """Data that is no JSON object is malformed."""
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(b"data: " + data + b"\n\n")


def test_an_endless_event() -> None:
    """An event that grows without end is given up."""
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(b"data: " + b"x" * (EVENT_LIMIT + 1))


def test_events_of_no_type_are_skipped() -> None:
    """An event without a type is none that this version knows."""
    found = events(stream_of(WHOLE[:3]) + b"data: {}\n\n" + stream_of(WHOLE[3:]))
    assert fold(found).message.parts[0].text == "Hello, world"


def test_one_shape_of_counts() -> None:
    """Counts that are no numbers are none."""
    odd = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": "many"}
    response = fold(events(stream_of([START, OPEN, HI, SHUT, odd, STOP])))
    assert response.usage.estimated
