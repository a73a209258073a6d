"""A stream that broke anywhere goes on: what an answer holds besides text is never lost, doubled or mixed."""

import grpc
import grpc.aio
import pytest
from ringmain.errors import error_of
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.generation_pb2 import (
    MODALITY_AUDIO,
    MODALITY_IMAGE,
    REASONING_EFFORT_LOW,
    CodeExecutionTool,
    Tool,
    WebSearchTool,
)
from ringmain.v1.routing_pb2 import (
    STREAM_RECOVERY_CONTINUE,
    STREAM_RECOVERY_FAIL,
    STREAM_RECOVERY_RESTART,
    StreamRecovery,
)
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, ask, gateway

CONFIG = {
    "providers": {"first": {"kind": "sandbox", "seed": 1}, "second": {"kind": "sandbox", "seed": 2}},
    "models": {"m": {"candidates": ["first/fault-cut", "second/chat"], "retry": {"attempts": 0}}},
    "breaker": {"enabled": False},
}
PLACES = (1, 2, 4, 7, 9, 12, 20, 40, 60)
"""The numbers of events after which the first candidate breaks."""


def _rich(model: str) -> ChatRequest:
    request = ask(model, "hello")
    config = request.generation_config
    config.top_logprobs = 1
    config.output_modalities.extend([MODALITY_IMAGE, MODALITY_AUDIO])
    config.audio_output.mime_type = "audio/pcm"
    config.reasoning_effort = REASONING_EFFORT_LOW
    request.tools.extend([Tool(web_search=WebSearchTool()), Tool(code_execution=CodeExecutionTool())])
    return request


def _breaking(request: ChatRequest, after: int, mode: StreamRecovery.ValueType) -> ChatRequest:
    request.routing_policy.stream_recovery = mode
    request.generation_config.provider_options["sandbox"].update({"fault_after": after})
    return request


def _kinds(response: ChatResponse) -> list[str | None]:
    return [part.WhichOneof("content") for part in response.message.parts]


async def _events(ringmain: Gateway, request: ChatRequest) -> list[ChatEvent]:
    return [event async for event in ringmain.stub.StreamChat(request)]


@pytest.mark.parametrize("mode", [STREAM_RECOVERY_RESTART, STREAM_RECOVERY_CONTINUE])
async def test_the_rest_is_one_providers(mode: StreamRecovery.ValueType) -> None:
    """After any break the folded answer is the second candidate's own, and the caller was told."""
    async with gateway(CONFIG) as ringmain:
        for after in PLACES:
            request = _breaking(_rich("m"), after, mode)
            request.request_id = f"r{after}"
            events = await _events(ringmain, request)
            response = fold(events)
            assert response.route.provider_id == "second"
            assert {part.provider_id for part in response.message.parts if part.signature} == {"second"}
            (recovered,) = [event.recovered for event in events if event.HasField("recovered")]
            assert recovered.content_discarded
            alone = fold(await _events(ringmain, _breaking(_rich("second/chat"), after, mode)))
            assert _kinds(response) == _kinds(alone)
            assert fold(await _events(ringmain, request)) == response


async def test_without_recovery_it_fails() -> None:
    """The caller has what came before the break, and an error in place of the end."""
    async with gateway(CONFIG) as ringmain:
        request = _breaking(_rich("m"), 7, STREAM_RECOVERY_FAIL)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _events(ringmain, request)
        assert error_of(caught.value).reason == "STREAM_INTERRUPTED"


@pytest.mark.parametrize("mode", [STREAM_RECOVERY_RESTART, STREAM_RECOVERY_CONTINUE])
async def test_probabilities_belong_to_their_text(mode: StreamRecovery.ValueType) -> None:
    """However an answer was put together, its tokens are its text, or there are none."""
    async with gateway(CONFIG) as ringmain:
        for after in PLACES:
            request = ask("m", "hello")
            request.generation_config.top_logprobs = 1
            response = fold(await _events(ringmain, _breaking(request, after, mode)))
            for part in response.message.parts:
                told = "".join(token.token for token in part.logprobs)
                assert told in ("", part.text)
