"""Tests, fakes: the scripted upstream, tried with the official client."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from google.api_core import exceptions
from ringmain_server.providers.vertex import light

from tests.fakes.vertex_behaviours import BEHAVIOURS, behaviour
from tests.fakes.vertex_script import Answer, Flap, Status
from tests.fakes.vertex_server import FakeVertex, bench_server

PREDICTION: Any = light.load_client().PredictionServiceAsyncClient
UTILITY: Any = light.load_client("llm_utility_service").LlmUtilityServiceAsyncClient
NAME = "projects/p/locations/us-central1/publishers/google/models/"
HI = [{"role": "user", "parts": [{"text": "Hi"}]}]


def over(client: Any, channel: grpc.aio.Channel) -> Any:
    """An official client over a channel."""
    return client(transport=client.get_transport_class("grpc_asyncio")(channel=channel))


@pytest.fixture
async def upstream() -> AsyncIterator[FakeVertex]:
    """A running upstream."""
    async with FakeVertex() as server:
        yield server


@pytest.fixture
async def client(upstream: FakeVertex) -> AsyncIterator[Any]:
    """The official client, pointed at the upstream."""
    async with grpc.aio.insecure_channel(upstream.endpoint) as channel:
        yield over(PREDICTION, channel)


async def test_whole_answer(client: Any) -> None:
    """The client reads text, reason and counts of a whole answer."""
    answer = await client.generate_content(model=NAME + "gemini-2.5-flash", contents=HI)
    assert answer.candidates[0].content.parts[0].text == "Hello from upstream."
    assert answer.candidates[0].finish_reason.name == "STOP"
    assert answer.usage_metadata.prompt_token_count == 7


async def test_streamed_answer(client: Any) -> None:
    """A stream carries the text token by token, and its last message the reason and the counts."""
    stream = await client.stream_generate_content(model=NAME + "tokens-3", contents=HI)
    messages = [message async for message in stream]
    assert [message.candidates[0].content.parts[0].text for message in messages] == [" t0", " t1", " t2"]
    assert messages[-1].usage_metadata.candidates_token_count == 3


async def test_count(upstream: FakeVertex) -> None:
    """Tokens are counted, by the service that counts them at Google's."""
    name = NAME + "gemini-2.5-flash"
    async with grpc.aio.insecure_channel(upstream.endpoint) as channel:
        client = over(UTILITY, channel)
        request = {"endpoint": name, "model": name, "contents": HI}
        assert (await client.count_tokens(request)).total_tokens == 1


async def test_status(client: Any) -> None:
    """A refusal has its details where the client looks for them."""
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        await client.generate_content(model=NAME + "fault-429-retry-after", contents=HI)
    assert {type(detail).__name__ for detail in caught.value.details} == {"QuotaFailure", "RetryInfo"}


@pytest.mark.parametrize(
    ("model", "contents", "says"),
    [
        ("m/x", HI, "Invalid resource field"),
        ("m", [], "at least one contents"),
        ("m", [{"role": "system", "parts": [{"text": "Hi"}]}], "valid role"),
        ("m", [{"role": "user", "parts": []}], "at least one parts"),
        ("m", [{"role": "user", "parts": [{"text": ""}]}], "text parameter"),
        ("m", [{"role": "user", "parts": [{"inline_data": {"data": b"x"}}]}], "mimeType"),
        (
            "m",
            [{"role": "model", "parts": [{"function_call": {"name": "f"}}]}],
            "immediately after a user turn",
        ),
        (
            "m",
            [*HI, {"role": "model", "parts": [{"function_call": {"name": "f"}}]}, *HI],
            "number of function",
        ),
        (
            "gemini-3-x",
            [*HI, {"role": "model", "parts": [{"function_call": {"name": "f"}}]}],
            "thought_signature",
        ),
    ],
)
async def test_rules(client: Any, model: str, contents: object, says: str) -> None:
    """What Vertex AI refuses, the fake refuses."""
    with pytest.raises(exceptions.InvalidArgument, match=says):
        await client.generate_content(model=NAME + model, contents=contents)


async def test_wrong_route(upstream: FakeVertex) -> None:
    """A call that is routed to another resource than it names is refused."""
    async with grpc.aio.insecure_channel(upstream.endpoint) as channel:
        transport = over(PREDICTION, channel).transport
        request = {"model": NAME + "m", "contents": HI}
        with pytest.raises(grpc.aio.AioRpcError, match="routed"):
            await transport.generate_content(request)


async def test_flap(client: Any) -> None:
    """A server that fails once answers afterwards."""
    with pytest.raises(exceptions.InternalServerError):
        await client.generate_content(model=NAME + "fault-500-once", contents=HI)
    assert (await client.generate_content(model=NAME + "fault-500-once", contents=HI)).candidates


def test_every_behaviour_is_a_script() -> None:
    """Every behaviour has a name by which it is found."""
    assert all(isinstance(behaviour(name), Answer | Status | Flap) for name in BEHAVIOURS)
    assert behaviour("no-such-thing") is None


async def test_bench_server() -> None:
    """The upstream for benchmarks answers whole, in a burst and paced."""
    server, port = await bench_server()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        client = over(PREDICTION, channel)
        whole = await client.generate_content(model=NAME + "m", contents=HI)
        assert whole.usage_metadata.candidates_token_count == 64
        for model, count in (("m", 64), ("burst-3", 3), ("paced-2-1", 2)):
            stream = await client.stream_generate_content(model=NAME + model, contents=HI)
            assert len([message async for message in stream]) == count
    await server.stop(0)
