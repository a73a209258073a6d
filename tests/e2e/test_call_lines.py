"""What the log tells of a call: its labels, and whose state it left out, but never its end user."""

from contextlib import suppress

import grpc
import grpc.aio
import pytest
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER, Part, ProviderToolCall, Reasoning

from tests.e2e.gateway import ask, gateway, upstreams
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.rejections import SERVER_ERROR
from tests.fakes.script import Answer
from tests.laws.test_open_enums import WIRES, _settings

FAILOVER = {
    "models": {"m": {"candidates": ["bad/gpt-4o", "good/gpt-4o"]}},
    "retry": {"attempts": 0},
}


def _labeled(model: str) -> ChatRequest:
    request = ask(model)
    request.attribution.labels["feature"] = "search"
    request.attribution.user_id = "ann@example.com"
    return request


async def test_labels_are_in_the_line_of_the_call_and_in_the_event_of_its_failover() -> None:
    """Reports by label need nothing else; the end user is in neither."""
    async with (
        FakeOpenAI(SERVER_ERROR) as bad,
        FakeOpenAI(Answer()) as good,
        gateway({**upstreams(bad=bad.base_url, good=good.base_url), **FAILOVER}) as ringmain,
    ):
        await ringmain.stub.Chat(_labeled("m"))
        assert ringmain.events("call")[0]["labels"] == {"feature": "search"}
        assert ringmain.events("failover")[0]["labels.feature"] == "search"
        assert "ann@" not in ringmain.lines.getvalue()


async def test_labels_of_a_refused_call_are_few_and_short_in_the_log() -> None:
    """A request is logged before it is checked, so that anything may stand in it."""
    request = ask("sandbox/echo")
    for number in range(500):
        request.attribution.labels[f"{number}\n{'k' * 900}"] = "v" * 900
    async with gateway() as ringmain:
        with pytest.raises(grpc.aio.AioRpcError):
            await ringmain.stub.Chat(request)
        labels = ringmain.events("call")[0]["labels"]
    assert isinstance(labels, dict)
    assert len(labels) == 16
    assert all(len(key) <= 64 and len(value) <= 64 for key, value in labels.items())


STATE = {
    "reasoning": Part(reasoning=Reasoning(text="hm"), signature=b"s", provider_id="elsewhere"),
    "text": Part(text="hm", signature=b"s", provider_id="elsewhere"),
    "tool": Part(
        provider_tool_call=ProviderToolCall(tool_call_id="1", name="web_search"),
        signature=b"s",
        provider_id="elsewhere",
    ),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("kind", STATE)
async def test_state_that_is_left_out_is_told(wire: str, kind: str) -> None:
    """The line of a call names the provider whose state another one does not get."""
    request = ask("p/echo")
    request.messages.add(role=ROLE_ASSISTANT).parts.extend([Part(text="so"), STATE[kind]])
    request.messages.add(role=ROLE_USER).parts.add(text="go on")
    config = {"providers": {"p": _settings(wire, 1)}, "retry": {"attempts": 0}}
    async with gateway(config) as ringmain:
        for asked in (request, ask("p/echo")):
            with suppress(grpc.aio.AioRpcError):  # nobody is there, but for the sandbox
                await ringmain.stub.Chat(asked)
        first, second = ringmain.events("call")
    assert first["state_left_out"] == ["elsewhere"]
    assert "state_left_out" not in second
