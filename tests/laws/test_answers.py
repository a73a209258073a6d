"""Laws: what a provider says reaches the caller the same way, whole or streamed, whoever says it."""

import orjson
import pytest
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_TOOL, Media, ToolCall
from ringmain.v1.generation_pb2 import FunctionTool, Tool
from ringmain.v1.usage_pb2 import Usage

from tests.fakes.script import Answer
from tests.laws.answers import ANSWERS, SCHEMA, Said, question
from tests.laws.lab import PLAIN, UNKNOWN, Lab, asks, model
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")
EACH = pytest.mark.parametrize("wire", SCRIPTED, ids=str)


@EACH
@pytest.mark.parametrize("name", ANSWERS)
async def test_streamed_is_whole(laboratory: Lab, wire: Wire, name: str) -> None:
    """Folding a stream gives what the unary method returns, and both hold what the provider said."""
    said = ANSWERS[name]
    request = said.request(model(wire, name))
    whole, streamed = await laboratory.whole(request), await laboratory.streamed(request)
    assert _but_ids(streamed) == _but_ids(whole)
    assert whole.finish_reason == said.finish
    _holds(whole, said, wire)
    for response in (whole, streamed):
        _nests(response.usage)


@pytest.mark.parametrize("name", ["text", "tools", "reasoning"])
async def test_the_sandbox_too(laboratory: Lab, name: str) -> None:
    """The sandbox, whose answers are its own, is held to the same."""
    request = ANSWERS[name].request("sandbox/chat")
    whole, streamed = await laboratory.whole(request), await laboratory.streamed(request)
    assert streamed == whole
    _nests(whole.usage)


@EACH
async def test_the_unknown_is_skipped(laboratory: Lab, wire: Wire) -> None:
    """Fields and events that nobody knows change nothing."""
    for ask in (laboratory.whole, laboratory.streamed):
        known, unknown = await ask(asks(wire, PLAIN)), await ask(asks(wire, UNKNOWN))
        known.route.Clear()
        unknown.route.Clear()
        assert _but_ids(unknown) == _but_ids(known)


@EACH
async def test_every_knob_is_taken(laboratory: Lab, wire: Wire) -> None:
    """A knob that the provider does not have is ignored: what is sent is what its wire has."""
    request = question(model(wire, PLAIN))
    config = request.generation_config
    config.max_output_tokens, config.seed, config.top_k = 64, 7, 40
    config.temperature, config.top_p = 0.5, 0.9
    config.frequency_penalty, config.presence_penalty = 0.5, -0.5
    config.stop_sequences.append("END")
    request.tools.append(Tool(function=FunctionTool(name="get_weather", parameters_schema_json=SCHEMA)))
    for ask in (laboratory.whole, laboratory.streamed):
        response = await ask(request)
        assert "".join(part.text for part in response.message.parts) == Answer().text
    wire.check_knobs(laboratory.of(wire).sent())


@EACH
@pytest.mark.parametrize("inside", [False, True], ids=["message", "result"])
async def test_a_part_that_it_cannot_take_is_refused(laboratory: Lab, wire: Wire, inside: bool) -> None:
    """Media of a kind that no provider takes is an error that names its path, and is never sent."""
    request = question(model(wire, PLAIN))
    before = laboratory.of(wire).count()
    parts, path = request.messages[0].parts, "messages[0].parts[1].media"
    if inside:
        request.messages.add(role=ROLE_ASSISTANT).parts.add().tool_call.MergeFrom(_call())
        result = request.messages.add(role=ROLE_TOOL).parts.add().tool_result
        result.tool_call_id = "call_1"
        result.parts.add(text="Look:")
        parts, path = result.parts, "messages[2].parts[0].tool_result.parts[1].media"
    parts.add().media.MergeFrom(_zip())
    for stream in (False, True):
        failure = await laboratory.fails(request, stream=stream)
        assert (failure.code, failure.info.reason) == ("INVALID_ARGUMENT", "MEDIA_INVALID")
        assert failure.violations == (path,)
    assert laboratory.of(wire).count() == before


def _holds(response: ChatResponse, said: Said, wire: Wire) -> None:
    """The answer holds what the upstream's script says."""
    script = said.script
    parts = response.message.parts
    assert "".join(part.text for part in parts) == script.text
    assert "".join(part.reasoning.text for part in parts) == "".join(script.reasoning)
    calls = [part.tool_call for part in parts if part.HasField("tool_call")]
    assert [(call.name, orjson.loads(call.arguments_json)) for call in calls] == [
        (call.name, orjson.loads("".join(call.arguments))) for call in script.tool_calls
    ]
    assert len({call.tool_call_id for call in calls}) == len(calls)
    if script.reasoning and wire.signs:
        signed = [part for part in parts if part.signature]
        assert {part.provider_id for part in signed} == {wire.name}
    counts = script.usage
    if counts is None:
        assert response.usage.estimated
        return
    assert not response.usage.estimated
    assert (response.usage.input_token_count, response.usage.output_token_count) == (
        counts.prompt,
        counts.completion,
    )
    assert response.usage.cached_input_token_count == counts.cached
    assert response.usage.reasoning_token_count == counts.reasoning


def _nests(usage: Usage) -> None:
    assert usage.cached_input_token_count + usage.cache_write_input_token_count <= usage.input_token_count
    assert usage.reasoning_token_count <= usage.output_token_count


def _but_ids(response: ChatResponse) -> ChatResponse:
    """Without what an upstream numbers anew in each answer."""
    for part in response.message.parts:
        if part.signature:
            part.signature = b"signed"
    return response


def _call() -> ToolCall:
    return ToolCall(tool_call_id="call_1", name="get_weather", arguments_json="{}")


def _zip() -> Media:
    return Media(mime_type="application/zip", data=b"PK\x03\x04")
