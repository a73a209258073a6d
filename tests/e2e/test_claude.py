"""Claude through a whole gateway: its own tools, what it wants back, and who may run them."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc.aio
import pytest
from pytest_asyncio import fixture
from ringmain.v1.generation_pb2 import FINISH_REASON_PAUSED, FINISH_REASON_STOP
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, ask, gateway
from tests.fakes.anthropic_behaviours import SEARCHED
from tests.fakes.anthropic_script import Claude
from tests.fakes.anthropic_server import FakeAnthropic

MODEL = "claude-sonnet-4-5"
PAUSED = Claude(tokens=(), blocks=SEARCHED[:2], stopped="pause_turn")
WENT_ON = Claude(tokens=(".",), blocks=SEARCHED[2:], searches=1)


@fixture
async def claude() -> AsyncIterator[FakeAnthropic]:
    """An upstream of the Messages wire."""
    async with FakeAnthropic() as server:
        yield server


@fixture
async def ringmain(claude: FakeAnthropic) -> AsyncIterator[Gateway]:
    """A gateway in front of it: at Bedrock, which runs no tools, and then at Anthropic."""
    anthropic = {"kind": "anthropic", "base_url": claude.base_url, "api_key": "k"}
    config: dict[str, object] = {
        "providers": {
            "rock": {**anthropic, "platform": "bedrock", "location": "us-east-1"},
            "claude": {**anthropic, "user_id_key": "a-secret-of-the-operator"},
        },
        "models": {"smart": {"candidates": [f"rock/{MODEL}", f"claude/{MODEL}"]}},
    }
    async with gateway(config) as running:
        yield running


def sent(claude: FakeAnthropic) -> list[Mapping[str, Any]]:
    """The bodies of every request so far."""
    return [received.body for received in claude.requests]


async def test_a_paused_search_goes_on(claude: FakeAnthropic, ringmain: Gateway) -> None:
    """A candidate without the tool is passed over, and a turn that was paused goes on with its blocks."""
    request = ask("smart", "Does it rain in Oslo?")
    request.tools.add().web_search.allowed_domains.append("example.com")
    claude.enqueue(PAUSED, WENT_ON)
    first = await ringmain.stub.Chat(request)
    assert (first.finish_reason, first.route.provider_id) == (FINISH_REASON_PAUSED, "claude")
    assert "rock" not in {attempt.provider_id for attempt in first.route.attempts}
    request.messages.append(first.message)
    second = fold([event async for event in ringmain.stub.StreamChat(request)])
    assert second.finish_reason == FINISH_REASON_STOP
    assert second.usage.web_search_count == 1
    assert [one.uri for part in second.message.parts for one in part.citations] == [
        "https://example.com/oslo"
    ]
    begun, resumed = sent(claude)
    assert begun["tools"] == resumed["tools"]
    assert begun["tools"][0]["allowed_domains"] == ["example.com"]
    assert resumed["messages"][1]["content"] == list(SEARCHED[:2])


async def test_nobody_else_gets_what_is_claudes(claude: FakeAnthropic, ringmain: Gateway) -> None:
    """The same conversation at another provider has the texts, without tools and sources."""
    claude.default = Claude(blocks=SEARCHED)
    answer = await ringmain.stub.Chat(ask(f"claude/{MODEL}"))
    request = ask(f"rock/{MODEL}")
    request.messages.append(answer.message)
    request.messages.add(role=2).parts.add(text="Sure?")
    await ringmain.stub.Chat(request)
    texts = [block["text"] for block in SEARCHED if block["type"] == "text"]
    turn = sent(claude)[1]["messages"][1]["content"]
    assert turn == [{"type": "text", "text": text} for text in [*texts, "Hello from upstream."]]


async def test_who_asks_is_told_as_a_hash(claude: FakeAnthropic, ringmain: Gateway) -> None:
    """Only the provider whose configuration has a key is told of the end user, and not by name."""
    for model in (f"claude/{MODEL}", f"rock/{MODEL}"):
        request = ask(model)
        request.attribution.user_id = "ann@example.com"
        await ringmain.stub.Chat(request)
    told, untold = sent(claude)
    assert len(told["metadata"]["user_id"]) == 64
    assert "metadata" not in untold
    assert "ann@example.com" not in str(sent(claude))


async def test_a_schema_that_cannot_hold_is_refused(claude: FakeAnthropic, ringmain: Gateway) -> None:
    """Nothing is sent for a schema that must hold and cannot; the refusal names the field."""
    request = ask("smart")
    wanted = request.generation_config.response_format.json_schema
    wanted.schema_json, wanted.strict = '{"type": "object", "additionalProperties": {}}', True
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ringmain.stub.Chat(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "json_schema.strict" in str(caught.value.details())
    assert not claude.requests
