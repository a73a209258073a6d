"""The real providers: the least that shows that each wire is still what it was. Five answers each."""

import pytest
from ringmain.errors import RingmainError
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_TOOL, ROLE_USER
from ringmain.v1.generation_pb2 import FINISH_REASON_MAX_TOKENS, FINISH_REASON_STOP, FINISH_REASON_TOOL_CALLS
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, gateway
from tests.live.conftest import Spent
from tests.live.providers import PROVIDERS, Live

MOST_OUTPUT = 64
"""Tokens of one answer."""
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'
WRONG_KEY = "sk-nobody-has-this-key-0123456789"

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize(
        "live",
        [
            pytest.param(
                live,
                id=live.name,
                marks=pytest.mark.skipif(bool(live.missing), reason=f"needs {', '.join(live.missing)}"),
            )
            for live in PROVIDERS
        ],
    ),
]


def question(live: Live, text: str) -> ChatRequest:
    """A small request."""
    request = ChatRequest(model=live.asked)
    request.messages.add(role=ROLE_USER).parts.add(text=text)
    request.generation_config.max_output_tokens = MOST_OUTPUT
    return request


async def ask(running: Gateway, request: ChatRequest, spent: Spent, *, stream: bool = False) -> ChatResponse:
    """An answer, whose usage is the provider's own and nests."""
    if stream:
        response = fold([event async for event in running.stub.StreamChat(request, timeout=60)])
    else:
        response = await running.stub.Chat(request, timeout=60)
    usage = response.usage
    spent.add(usage)
    assert not usage.estimated
    assert usage.cached_input_token_count + usage.cache_write_input_token_count <= usage.input_token_count
    assert usage.reasoning_token_count <= usage.output_token_count <= MOST_OUTPUT
    return response


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_an_answer(live: Live, spent: Spent, stream: bool) -> None:
    """A question is answered."""
    async with gateway(live.configuration()) as running:
        request = question(live, "Answer with the single word: ready")
        response = await ask(running, request, spent, stream=stream)
        assert "ready" in "".join(part.text for part in response.message.parts).lower()
        assert response.finish_reason == FINISH_REASON_STOP


async def test_the_limit_of_tokens(live: Live, spent: Spent) -> None:
    """An answer that is cut says so."""
    async with gateway(live.configuration()) as running:
        request = question(live, "Count from 1 to 500, with a comma between numbers.")
        response = await ask(running, request, spent, stream=True)
        assert response.finish_reason == FINISH_REASON_MAX_TOKENS


async def test_a_tool(live: Live, spent: Spent) -> None:
    """A tool is called in a stream, and its result is understood."""
    async with gateway(live.configuration()) as running:
        request = question(live, "What is the weather in Oslo? Use the tool and answer in a sentence.")
        function = request.tools.add().function
        function.name, function.description = "get_weather", "The weather of a city."
        function.parameters_schema_json = SCHEMA
        asked = await ask(running, request, spent, stream=True)
        assert asked.finish_reason == FINISH_REASON_TOOL_CALLS
        (call,) = [part.tool_call for part in asked.message.parts if part.HasField("tool_call")]
        assert "Oslo" in call.arguments_json
        request.messages.append(asked.message)
        result = request.messages.add(role=ROLE_TOOL).parts.add().tool_result
        result.tool_call_id = call.tool_call_id
        result.parts.add(text='{"degrees": -17, "sky": "clear"}')
        answered = await ask(running, request, spent)
        assert "17" in "".join(part.text for part in answered.message.parts)


async def test_counting(live: Live) -> None:
    """Tokens are counted without an answer, by the provider where it can."""
    async with gateway(live.configuration()) as running:
        count = await running.client.count_tokens("How many tokens is this?", model=live.asked)
        assert 3 <= count.input_token_count <= 60
        assert count.estimated is not live.counts


async def test_an_unknown_model(live: Live) -> None:
    """A model that nobody has is NOT_FOUND. It costs nothing."""
    async with gateway(live.configuration()) as running:
        with pytest.raises(RingmainError) as caught:
            await running.client.chat("Hello", model=f"{live.name}/nobody-has-this-model-1")
        assert caught.value.reason == "MODEL_NOT_FOUND"


async def test_a_wrong_key(live: Live) -> None:
    """Wrong credentials are the operator's affair: the caller sees nobody available. It costs nothing."""
    secret = {"access_token": WRONG_KEY} if live.adc else {"api_key": WRONG_KEY}
    async with gateway(live.configuration(**secret)) as running:
        with pytest.raises(RingmainError) as caught:
            await running.client.chat("Hello", model=live.asked)
        assert caught.value.reason == "PROVIDERS_UNAVAILABLE"
        assert "credentials" in str(caught.value)
        assert WRONG_KEY not in str(caught.value) + running.lines.getvalue()
