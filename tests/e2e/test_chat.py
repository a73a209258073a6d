"""The main job, end to end over gRPC: a gateway, an upstream of the OpenAI wire, and the sandbox."""

import asyncio
from collections.abc import Iterator

import grpc
import grpc.aio
import pytest
from grpc_reflection.v1alpha import reflection_pb2
from ringmain import NotFound, RateLimited, RingmainError, StreamInterrupted, Unavailable
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import ask, gateway, upstreams
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.rejections import API_KEY_IN_MESSAGE, UNAUTHORIZED
from tests.fakes.script import Answer, Fault, FaultKind


@pytest.fixture
def refused() -> Iterator[int]:
    """A port that refuses connections."""
    with closed_port() as port:
        yield port


async def test_whole_and_streamed_answers_agree() -> None:
    """An upstream answer, whole and as the fold of its stream, is the same but for ids and times."""
    async with FakeOpenAI(Answer()) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        whole = await ringmain.stub.Chat(ask("m"))
        streamed = fold([event async for event in ringmain.stub.StreamChat(ask("m"))])
        assert whole.response_id.startswith("resp_")
        assert whole.route.provider_model == "gpt-4o-mini"
        assert whole.usage.cost_nano_usd > 0
        for response in (whole, streamed):
            response.ClearField("response_id")
            response.route.ClearField("attempts")
        assert whole == streamed


async def test_the_second_candidate_answers_when_the_first_is_down(refused: int) -> None:
    """A refused connection shows in the route's attempts, and nowhere else."""
    async with FakeOpenAI(Answer()) as upstream:
        down = f"http://127.0.0.1:{refused}/v1"
        config = upstreams(down=down, up=upstream.base_url)
        async with gateway(config) as ringmain:
            answer = await ringmain.client.chat("Hello", model="m")
            assert answer.provider == "up"
            first, again, second = answer.route.attempts
            assert again.provider_id == "down"  # a refused connection is worth one retry
            assert (first.provider_id, first.error.code) == ("down", grpc.StatusCode.UNAVAILABLE.value[0])
            assert (second.provider_id, second.HasField("error")) == ("up", False)
            assert "127.0.0.1" not in first.error.message


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cancelled_call_closes_the_upstream(streamed: bool) -> None:
    """When the caller cancels, whole or in mid-stream, the connection to a provider that hangs is closed."""
    script = (
        Answer(fault=Fault(kind=FaultKind.STALL, after_tokens=1))
        if streamed
        else Answer(fault=Fault(kind=FaultKind.HANG))
    )
    async with FakeOpenAI(script) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        call: grpc.aio.Call
        if streamed:
            call = stream = ringmain.stub.StreamChat(ask("m"))
            await stream.read()
        else:
            call = ringmain.stub.Chat(ask("m"))
        await upstream.received(1)
        call.cancel()
        await upstream.requests[0].closed()
        assert upstream.requests[0].abandoned


async def test_the_callers_deadline_closes_the_upstream() -> None:
    """A deadline that passes ends the provider's work as a cancellation does."""
    hang = Answer(fault=Fault(kind=FaultKind.HANG))
    async with FakeOpenAI(hang) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ringmain.stub.Chat(ask("m"), timeout=0.1)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await upstream.requests[0].closed()


SANDBOX_FAULTS: dict[str, tuple[type[RingmainError], str]] = {
    "fault-429": (RateLimited, "PROVIDERS_RATE_LIMITED"),
    "fault-429-retry-after": (RateLimited, "PROVIDERS_RATE_LIMITED"),
    "fault-500": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-503": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-401": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-refuse-connection": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-reset": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-hang": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-slow-first-token": (Unavailable, "PROVIDERS_UNAVAILABLE"),
    "fault-cut": (StreamInterrupted, "STREAM_INTERRUPTED"),
    "fault-stall": (StreamInterrupted, "STREAM_INTERRUPTED"),
    "fault-malformed": (StreamInterrupted, "STREAM_INTERRUPTED"),
    "fault-no-end": (StreamInterrupted, "STREAM_INTERRUPTED"),
    "fault-context": (RingmainError, "CONTEXT_TOO_LONG"),
    "fault-filter": (RingmainError, "CONTENT_FILTERED"),
    "fault-empty": (Unavailable, "PROVIDERS_UNAVAILABLE"),
}
SILENT = {"fault-hang": "first_content", "fault-slow-first-token": "first_content", "fault-stall": "idle"}
"""Who falls silent for longer than anybody waits, and the timeout that ends it."""


@pytest.mark.parametrize("model", SANDBOX_FAULTS)
async def test_every_fault_of_the_sandbox_ends_a_stream_with_its_status(model: str) -> None:
    """Each failure on request ends in a bounded, typed error, and never in a truncated success."""
    expected, reason = SANDBOX_FAULTS[model]
    timeouts = {SILENT[model]: 0.1} if model in SILENT else {}
    async with gateway({"timeouts": timeouts}) as ringmain:
        with pytest.raises(expected) as caught:
            async for _ in ringmain.client.stream("Hello", model=f"sandbox/{model}"):
                pass
        assert caught.value.reason == reason


async def test_an_unknown_model_is_not_found() -> None:
    """Neither a configured name nor provider/model: NOT_FOUND."""
    async with gateway() as ringmain:
        for model in ("nobody", "nobody/x"):
            with pytest.raises(NotFound):
                await ringmain.client.chat("Hello", model=model)


async def test_tokens_and_costs_can_be_asked_before() -> None:
    """CountTokens and EstimateCost answer for any model, and mark what is an estimate."""
    async with FakeOpenAI(Answer()) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        count = await ringmain.client.count_tokens("Hello", model="m")
        assert (count.input_token_count, count.estimated) == (6, True)
        cost = await ringmain.client.estimate_cost("Hello", model="m", max_output_tokens=10)
        assert 0 < cost.min_cost_nano_usd < cost.max_cost_nano_usd
        assert upstream.requests == []


async def test_reflection_is_honest() -> None:
    """Reflection lists what each port serves, and nothing that is not built."""
    async with gateway() as ringmain:
        assert await _reflected(ringmain.channel) == {
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "ringmain.v1.AudioService",
            "ringmain.v1.ChatService",
            "ringmain.v1.EmbeddingService",
            "ringmain.v1.ImageService",
            "ringmain.v1.ModelService",
            "ringmain.v1.VisionService",
        }
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ringmain.app.admin_port}") as admin:
            assert "grpc.channelz.v1.Channelz" in await _reflected(admin)


async def _reflected(channel: grpc.aio.Channel) -> set[str]:
    listed = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    async for response in listed(iter([reflection_pb2.ServerReflectionRequest(list_services="")])):
        return {service.name for service in response.list_services_response.service}
    raise AssertionError("no answer")


async def test_models_are_listed_in_pages() -> None:
    """ListModels gives names in order, a page at a time, with candidates and capabilities."""
    models = {f"m{index:02}": {"candidates": ["sandbox/chat"]} for index in range(60)}
    async with gateway({"models": models}) as ringmain:
        found = [model async for model in ringmain.client.models()]
        names = [model.model for model in found]
        assert names == sorted(names)
        assert {*models, "sandbox/chat", "sandbox/echo"} <= set(names)
        model = await ringmain.client.model("m00")
        assert model.candidates[0].provider_model == "chat"
        assert model.candidates[0].input_mtok_cost_nano_usd == 0


async def test_draining_finishes_streams_that_fit_the_grace() -> None:
    """A stream that runs while the gateway stops is finished; health says NOT_SERVING meanwhile."""
    config = {
        "server": {"stream_grace": 5},
        "providers": {"sandbox": {"kind": "sandbox", "tokens_per_second": 100}},
    }
    async with gateway(config) as ringmain:
        stream = aiter(ringmain.stub.StreamChat(ask("sandbox/chat")))
        await anext(stream)
        stopping = asyncio.ensure_future(ringmain.app.stop())
        events = [event async for event in stream]
        assert events[-1].finished.finish_reason == FINISH_REASON_STOP
        await stopping


async def test_provider_secrets_are_nowhere() -> None:
    """Neither an error nor the log holds the key that an upstream echoes."""
    async with FakeOpenAI(UNAUTHORIZED) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        with pytest.raises(Unavailable) as caught:
            await ringmain.client.chat("Hello", model="m")
        everything = str(caught.value) + str(caught.value.metadata) + ringmain.lines.getvalue()
        assert API_KEY_IN_MESSAGE not in everything
        assert "sk-up-secret-key" not in everything


async def test_a_model_addressed_directly_follows_the_configured_retries() -> None:
    """`provider/model` has no section of its own, so the sections for every model hold."""
    async with gateway({"retry": {"attempts": 0}}) as ringmain:
        with pytest.raises(Unavailable):
            await ringmain.client.chat("Hello", model="sandbox/fault-500-once")
        answer = await ringmain.client.chat("Hello", model="sandbox/fault-500-once")
        assert len(answer.route.attempts) == 1
