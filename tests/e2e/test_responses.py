"""Chat over OpenAI's responses wire, end to end over gRPC: a gateway and an upstream of that wire."""

from base64 import b64encode
from typing import Any

import pytest
from ringmain import InvalidRequest, RingmainError, StreamInterrupted, Unavailable
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_TOOL, ROLE_USER
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    MODALITY_IMAGE,
    MODALITY_TEXT,
    FunctionTool,
    Tool,
)
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, ask, gateway
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.pictures import saved, scene
from tests.fakes.responses import encrypted
from tests.fakes.script import Answer, FaultKind, ToolCall, broken

WEATHER = Answer(
    tokens=(), reasoning=("Ask", " first."), tool_calls=(ToolCall(name="now", arguments=("{", "}")),)
)

PIXELS = saved(scene((8, 8)), "PNG")
RESEARCH: tuple[dict[str, Any], ...] = (
    {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": encrypted("rs_1")},
    {
        "id": "ws_1",
        "type": "web_search_call",
        "status": "completed",
        "action": {"type": "search", "query": "x", "sources": [{"type": "url", "url": "https://b.test/"}]},
    },
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "Looking.", "annotations": []}],
    },
    {
        "id": "ci_1",
        "type": "code_interpreter_call",
        "status": "completed",
        "code": "print(2469)",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "2469"}],
    },
    {
        "id": "ig_1",
        "type": "image_generation_call",
        "status": "completed",
        "result": b64encode(PIXELS).decode(),
    },
    {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "phase": "final_answer",
        "content": [
            {
                "type": "output_text",
                "text": "2469 m, see b.test.",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url": "https://b.test/",
                        "title": "b",
                        "start_index": 0,
                        "end_index": 6,
                    }
                ],
            }
        ],
    },
)
TOOLS = ["web_search", "code_interpreter", "image_generation"]


def config(address: str, wire: str = "auto") -> dict[str, object]:
    """A provider whose models speak the wire that its settings name, or that the catalog does."""
    settings = {"kind": "openai", "base_url": address, "api_key": "sk-secret-key", "wire": wire}
    return {"providers": {"up": settings}}


async def answered(ringmain: Gateway, request: ChatRequest, *, streamed: bool) -> ChatResponse:
    """The answer to a request, whole or as the fold of its stream."""
    if streamed:
        return fold([event async for event in ringmain.stub.StreamChat(request)])
    whole: ChatResponse = await ringmain.stub.Chat(request)
    return whole


@pytest.mark.parametrize("streamed", [False, True])
async def test_reasoning_is_kept_for_the_next_turn(streamed: bool) -> None:
    """Reasoning items, calls and results come back to the provider as it gave them, which checks them."""
    async with FakeOpenAI() as upstream, gateway(config(upstream.base_url)) as ringmain:
        upstream.enqueue(WEATHER, Answer(tokens=("Noon", "."), reasoning=("",)), Answer())
        request = ask("up/o3-pro", "What time is it?")
        request.tools.append(Tool(function=FunctionTool(name="now")))
        first = await answered(ringmain, request, streamed=streamed)
        assert first.finish_reason == FINISH_REASON_TOOL_CALLS
        thought, call = first.message.parts
        assert (thought.reasoning.text, thought.provider_id) == ("Ask first.", "up")
        request.messages.append(first.message)
        result = request.messages.add(role=ROLE_TOOL).parts.add().tool_result
        result.tool_call_id = call.tool_call.tool_call_id
        result.parts.add(text="12:00")
        second = await answered(ringmain, request, streamed=streamed)
        assert second.finish_reason == FINISH_REASON_STOP
        assert [part.text for part in second.message.parts] == ["", "Noon."]
        request.messages.append(second.message)
        request.messages.add(role=2).parts.add(text="Sure?")
        await answered(ringmain, request, streamed=streamed)
        kinds = [item.get("type") or item["role"] for item in upstream.requests[2].body["input"]]
        assert kinds == [
            "user", "reasoning", "function_call", "function_call_output", "reasoning", "message", "user"
        ]  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_providers_own_tools(streamed: bool) -> None:
    """A search, code and a picture are asked for, told, and given back to the provider as they came."""
    async with FakeOpenAI() as upstream, gateway(config(upstream.base_url, "responses")) as ringmain:
        upstream.enqueue(Answer(items=RESEARCH), Answer())
        request = ask("up/gpt-5", "How high is Galdhøpiggen? Plot it.")
        request.tools.add().web_search.blocked_domains.append("a.test")
        request.tools.add().code_execution.SetInParent()
        request.generation_config.output_modalities.extend([MODALITY_TEXT, MODALITY_IMAGE])
        first = await answered(ringmain, request, streamed=streamed)
        kinds = [part.WhichOneof("content") for part in first.message.parts]
        assert kinds == ["reasoning", "provider_tool_call", "text", "provider_tool_call", "media", "text"]
        search, said, code, drawn, last = first.message.parts[1:]
        assert search.provider_tool_call.results[0].citations[0].uri == "https://b.test/"
        assert code.provider_tool_call.name == "code_execution"
        assert drawn.media.data == PIXELS
        assert (said.text, last.citations[0].end_index) == ("Looking.", 6)
        assert (first.usage.web_search_count, first.finish_reason) == (1, FINISH_REASON_STOP)
        request.messages.append(first.message)
        request.messages.add(role=ROLE_USER).parts.add(text="Sure?")
        await answered(ringmain, request, streamed=streamed)
        asked, again = (received.body for received in upstream.requests)
        assert [tool["type"] for tool in asked["tools"]] == TOOLS
        assert again["input"][1:-1] == [dict(item) for item in RESEARCH]


async def test_a_tool_that_callers_cannot_run_opens_no_breaker() -> None:
    """What the model asks of callers that the contract cannot pass on is an error, every time the same."""
    asks = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "f", "input": "x"}
    async with FakeOpenAI(Answer(items=(asks,))) as upstream, gateway(config(upstream.base_url)) as ringmain:
        for _ in range(8):
            with pytest.raises(RingmainError, match="custom_tool_call") as caught:
                await ringmain.client.chat("Hi", model="up/o3-pro")
            assert caught.value.reason == "MODEL_OUTPUT_INVALID"


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_catalog_chooses_the_wire(streamed: bool) -> None:
    """One provider's models are asked over the wire that each needs, and answer alike."""
    async with FakeOpenAI(Answer()) as upstream, gateway(config(upstream.base_url)) as ringmain:
        for model, path in (("gpt-4o-mini", "/v1/chat/completions"), ("o3-pro", "/v1/responses")):
            answer = await answered(ringmain, ask(f"up/{model}"), streamed=streamed)
            assert [part.text for part in answer.message.parts] == [Answer().text]
            assert (answer.usage.input_token_count, answer.usage.output_token_count) == (11, 7)
            assert upstream.requests[-1].path == path
            assert upstream.requests[-1].headers["authorization"] == "Bearer sk-secret-key"


_WITH_CONTENT = {FaultKind.NO_END, FaultKind.NO_FINISH}
"""Faults that come behind every content."""


@pytest.mark.parametrize(
    "kind", [FaultKind.CUT, FaultKind.RESET, FaultKind.MALFORMED, *sorted(_WITH_CONTENT)]
)
async def test_a_broken_stream_is_no_success(kind: FaultKind) -> None:
    """A stream that breaks ends with a status, before its content as after it."""
    async with FakeOpenAI() as upstream, gateway(config(upstream.base_url)) as ringmain:
        for after in (0, 2):
            upstream.default = broken(kind, after_tokens=after)
            with pytest.raises(RingmainError) as caught:
                async for _ in ringmain.client.stream("Hi", model="up/o3-pro"):
                    pass
            content = after or kind in _WITH_CONTENT
            assert isinstance(caught.value, StreamInterrupted if content else Unavailable)


async def test_what_the_provider_refuses_is_told() -> None:
    """A refusal of this wire reaches the caller with the provider's words."""
    async with FakeOpenAI() as upstream, gateway(config(upstream.base_url)) as ringmain:
        with pytest.raises(InvalidRequest, match="Unknown parameter: 'seed'"):
            await ringmain.client.chat("Hi", model="up/o3-pro", provider_options={"openai": {"seed": 7}})
