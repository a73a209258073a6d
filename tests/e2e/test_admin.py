"""AdminService end to end: providers, breakers, drain, restore, primary, check, events."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ringmain import Unavailable
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain.errors import RingmainError, error_of

from tests.e2e.gateway import Gateway, ask, gateway, health_names, upstreams
from tests.e2e.test_chat import _reflected
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.rejections import UNAUTHORIZED
from tests.fakes.script import Answer, Fault, FaultKind, Pace
from tests.fakes.waiting import LIMIT, until

QUICK = {"breaker": {"consecutive_failures": 1}, "retry": {"attempts": 0}}


@asynccontextmanager
async def two(first: FakeOpenAI, second: FakeOpenAI, **more: object) -> AsyncIterator[Gateway]:
    """A gateway whose model `m` has a candidate at each of two upstreams, `a` and `b`."""
    async with first, second:
        config = upstreams(a=first.base_url, b=second.base_url)
        async with gateway({**config, **QUICK, **more}) as ringmain:
            yield ringmain


async def provider(ringmain: Gateway, name: str) -> pb.Provider:
    """What the service says of a provider."""
    listed = await ringmain.admin.ListProviders(pb.ListProvidersRequest())
    return {one.provider_id: one for one in listed.providers}[name]


async def refusal(call: Awaitable[object]) -> RingmainError:
    """The error that a call ends in."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return error_of(caught.value)


async def test_providers_are_listed_by_name() -> None:
    """Each configured provider is there, with a closed breaker for each configured model of it."""
    async with two(FakeOpenAI(Answer()), FakeOpenAI(Answer())) as ringmain:
        listed = await ringmain.admin.ListProviders(pb.ListProvidersRequest())
        names = [(one.provider_id, one.kind, one.state) for one in listed.providers]
        active = pb.PROVIDER_STATE_ACTIVE
        assert names == [
            *(("a", "openai", active), ("b", "openai", active)),
            *((name, name, active) for name in ("local", "sandbox")),
        ]
        (breaker,) = listed.providers[0].breakers
        assert (breaker.provider_model, breaker.state) == ("gpt-4o-mini", pb.BREAKER_STATE_CLOSED)
        assert abs(breaker.change_time.ToNanoseconds() / 1e9 - time.time()) < 60
        assert not listed.providers[3].breakers
        await ringmain.client.chat("Hello", model="sandbox/echo")
        assert [one.provider_model for one in (await provider(ringmain, "sandbox")).breakers] == ["echo"]


async def test_a_failing_provider_shows_why() -> None:
    """An open breaker has its next probe and last error; events, metrics and log tell of it too."""
    down = Answer(fault=Fault(kind=FaultKind.RESET_BEFORE_HEADERS))
    async with two(FakeOpenAI(down), FakeOpenAI(Answer())) as ringmain:
        answer = await ringmain.client.chat("Hello", model="m")
        assert answer.provider == "b"
        failing, healthy = await provider(ringmain, "a"), await provider(ringmain, "b")
        (breaker,) = failing.breakers
        assert breaker.state == pb.BREAKER_STATE_OPEN
        assert 0 < breaker.probe_time.ToNanoseconds() / 1e9 - time.time() <= 10
        assert breaker.last_error.code == grpc.StatusCode.UNAVAILABLE.value[0]
        assert (failing.failure_rate, failing.HasField("median_latency")) == (1, False)
        assert (healthy.failure_rate, healthy.HasField("median_latency")) == (0, True)
        assert [line["state"] for line in ringmain.events("breaker")] == ["open"]
        assert [line["next_candidate"] for line in ringmain.events("failover")] == ["b/gpt-4o-mini"]
        assert ringmain.metric("ringmain_breaker_state", provider="a", model="gpt-4o-mini") == 2
        assert ringmain.metric("ringmain_events_total", kind="failover") == 1


async def test_a_drained_provider_gets_nothing_new_until_it_is_restored() -> None:
    """Requests pass a drained provider over; a restored one gets them again, its breakers closed."""
    async with two(FakeOpenAI(Answer()), FakeOpenAI(Answer())) as ringmain:
        drained = await ringmain.admin.DrainProvider(pb.DrainProviderRequest(provider_id="a"))
        assert drained.provider.state == pb.PROVIDER_STATE_DRAINED
        assert (await ringmain.client.chat("Hello", model="m")).provider == "b"
        models = {one.model: one async for one in ringmain.client.models()}
        assert [one.available for one in models["m"].candidates] == [False, True]
        restored = await ringmain.admin.RestoreProvider(pb.RestoreProviderRequest(provider_id="a"))
        assert restored.provider.state == pb.PROVIDER_STATE_ACTIVE
        assert (await ringmain.client.chat("Hello", model="m")).provider == "a"
        assert [line["action"] for line in ringmain.events("provider")] == ["drain", "restore"]


async def test_restore_closes_breakers_and_ends_cooldowns() -> None:
    """What stood against a provider is gone once an operator restores it."""
    upstream = FakeOpenAI(Answer())
    async with two(upstream, FakeOpenAI(Answer())) as ringmain:
        upstream.enqueue(UNAUTHORIZED)
        await ringmain.client.chat("Hello", model="m")
        (breaker,) = (await provider(ringmain, "a")).breakers
        assert breaker.state == pb.BREAKER_STATE_CLOSED
        assert breaker.cooldown_reason == "a: refused the gateway's credentials"
        assert not breaker.HasField("cooldown_end_time")
        response = await ringmain.admin.RestoreProvider(pb.RestoreProviderRequest(provider_id="a"))
        (breaker,) = response.provider.breakers
        assert (breaker.state, breaker.cooldown_reason) == (pb.BREAKER_STATE_CLOSED, "")


async def test_a_cooldown_says_when_it_ends() -> None:
    """A rate-limited candidate is shown as held, with the time that it named."""
    async with gateway() as ringmain:
        with pytest.raises(RingmainError):
            await ringmain.client.chat("Hello", model="sandbox/fault-429-retry-after", timeout=1)
        (breaker,) = (await provider(ringmain, "sandbox")).breakers
        assert breaker.state == pb.BREAKER_STATE_CLOSED
        assert breaker.cooldown_reason
        assert breaker.cooldown_end_time.ToNanoseconds() / 1e9 > time.time()


async def test_a_primary_comes_first() -> None:
    """The order of a model's candidates changes, whatever its strategy; wrong names are told."""
    models = {"m": {"candidates": ["a/x", "b/x"], "strategy": "lowest_cost"}}
    async with two(FakeOpenAI(Answer()), FakeOpenAI(Answer()), models=models) as ringmain:
        request = pb.SetPrimaryProviderRequest(model="m", provider_id="b")
        response = await ringmain.admin.SetPrimaryProvider(request)
        assert list(response.provider_ids) == ["b", "a"]
        assert (await ringmain.client.chat("Hello", model="m")).provider == "b"
        request.provider_id = "sandbox"
        error = await refusal(ringmain.admin.SetPrimaryProvider(request))
        assert (error.reason, error.violations[0].field) == ("INVALID_FIELD", "provider_id")
        request.model = "a/x"
        error = await refusal(ringmain.admin.SetPrimaryProvider(request))
        assert error.reason == "MODEL_NOT_FOUND"


async def test_a_check_that_passes_ends_the_wait_for_one() -> None:
    """Refused credentials begin a cooldown until a check; the check asks for the list of models."""
    upstream = FakeOpenAI(Answer())
    async with two(upstream, FakeOpenAI(Answer()), breaker={"enabled": False}) as ringmain:
        upstream.enqueue(UNAUTHORIZED)
        await ringmain.client.chat("Hello", model="m")
        assert (await provider(ringmain, "a")).breakers[0].cooldown_reason
        said = await ringmain.admin.CheckProvider(pb.CheckProviderRequest(provider_id="a"))
        assert not said.HasField("error")
        assert said.latency.ToNanoseconds() > 0
        request = upstream.requests[-1]
        assert (request.method, request.path) == ("GET", "/v1/models")
        assert request.headers["authorization"] == "Bearer sk-a-secret-key"
        assert not (await provider(ringmain, "a")).breakers[0].cooldown_reason
        assert (await ringmain.client.chat("Hello", model="m")).provider == "a"


async def test_a_check_that_fails_says_why() -> None:
    """The provider's failure is in the response, in the gateway's words; the call itself succeeds."""
    with closed_port() as port:
        async with gateway(upstreams(a=f"http://127.0.0.1:{port}/v1")) as ringmain:
            said = await ringmain.admin.CheckProvider(pb.CheckProviderRequest(provider_id="a"))
            assert said.error.code == grpc.StatusCode.UNAVAILABLE.value[0]
            assert said.error.message == "a: refused the connection"
            assert said.error.details != Status().details
            said = await ringmain.admin.CheckProvider(pb.CheckProviderRequest(provider_id="sandbox"))
            assert not said.HasField("error")


async def test_an_unknown_provider_is_not_found_and_the_nearest_name_is_told() -> None:
    """Every method that names a provider tells when there is none, and which one may be meant."""
    async with gateway({"models": {"m": {"candidates": ["sandbox/echo"]}}}) as ringmain:
        admin, name = ringmain.admin, "sandbx"
        for call in (
            admin.DrainProvider(pb.DrainProviderRequest(provider_id=name)),
            admin.RestoreProvider(pb.RestoreProviderRequest(provider_id=name)),
            admin.CheckProvider(pb.CheckProviderRequest(provider_id=name)),
            admin.SetPrimaryProvider(pb.SetPrimaryProviderRequest(model="m", provider_id=name)),
        ):
            error = await refusal(call)
            assert (error.code, error.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
            assert error.metadata["provider_id"] == name
            assert "did you mean sandbox?" in error.message


async def test_the_admin_port_has_health_and_reflection() -> None:
    """Reflection and health name the service on the admin port alone, and none of the callers' there."""
    async with gateway() as ringmain:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ringmain.app.admin_port}") as admin:
            assert "ringmain.admin.v1.AdminService" in await _reflected(admin)
            request = health_pb2.HealthCheckRequest(service="ringmain.admin.v1.AdminService")
            stub: Any = health_pb2_grpc.HealthStub(admin)
            answer = await stub.Check(request)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            names = {"", "readiness", "liveness", "ringmain.admin.v1.AdminService"}
            assert await health_names(admin) == names
        assert "ringmain.admin.v1.AdminService" not in await _reflected(ringmain.channel)
        listed = await health_names(ringmain.channel)
        assert "ringmain.v1.ChatService" in listed
        assert not {name for name in listed if "Admin" in name or "Usage" in name}
        stub = health_pb2_grpc.HealthStub(ringmain.channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(request)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_events_are_watched_by_kind() -> None:
    """A watcher gets the kinds that it asked for, as they happen."""
    async with gateway() as ringmain:
        watching = ringmain.admin.WatchEvents(pb.WatchEventsRequest(kinds=["provider"]))
        reading = asyncio.ensure_future(watching.read())
        await until(lambda: ringmain.app.events.watcher_count == 1)
        await ringmain.admin.ReloadConfig(pb.ReloadConfigRequest())
        await ringmain.admin.DrainProvider(pb.DrainProviderRequest(provider_id="sandbox"))
        event = await reading
        assert isinstance(event, pb.WatchEventsResponse)
        assert (event.kind, event.provider_id) == ("provider", "sandbox")
        assert dict(event.attributes) == {"action": "drain"}
        assert abs(event.time.ToNanoseconds() / 1e9 - time.time()) < 60
        watching.cancel()
        await until(lambda: ringmain.app.events.watcher_count == 0)


async def test_unknown_kinds_of_events_are_refused() -> None:
    """A kind that does not exist is named with its place."""
    async with gateway() as ringmain:
        watching = ringmain.admin.WatchEvents(pb.WatchEventsRequest(kinds=["breaker", "braker"]))
        error = await refusal(watching.read())
        assert [violation.field for violation in error.violations] == ["kinds[1]"]
        assert "breaker" in error.violations[0].description


async def test_watchers_end_with_the_gateway_and_do_not_hold_it() -> None:
    """A stream of events ends well when the gateway stops, which it does at once whoever watches."""
    async with gateway({"server": {"stream_grace": 600}}) as ringmain:
        watching = ringmain.admin.WatchEvents(pb.WatchEventsRequest())
        reading = asyncio.ensure_future(watching.read())
        await until(lambda: ringmain.app.events.watcher_count == 1)
        await asyncio.wait_for(ringmain.app.stop(), LIMIT)
        assert await reading is grpc.aio.EOF
        assert await watching.code() is grpc.StatusCode.OK


async def test_operators_are_served_when_callers_are_not() -> None:
    """At the limit of calls, callers are refused, which is an event; operators still get in."""
    slow = FakeOpenAI(Answer(pace=Pace(headers=0.3)))
    async with two(slow, FakeOpenAI(Answer()), overload={"limit": 1}) as ringmain:
        running = asyncio.ensure_future(ringmain.client.chat("Hello", model="m"))
        await slow.received(1)
        error = await refusal(ringmain.stub.Chat(ask("m")))
        assert error.reason == "OVERLOADED"
        assert (await provider(ringmain, "a")).in_flight_count == 1
        assert [line["refused_count"] for line in ringmain.events("limit")] == ["1"]
        await running


async def test_operators_own_calls_are_no_noise() -> None:
    """What an operator asks leaves no line of its own unless it fails."""
    async with gateway() as ringmain:
        await provider(ringmain, "sandbox")
        await refusal(ringmain.admin.DrainProvider(pb.DrainProviderRequest()))
        methods = [str(line.get("method", "")).rpartition("/")[2] for line in ringmain.log()]
        assert "ListProviders" not in methods
        assert "DrainProvider" in methods


async def test_a_drained_gateway_can_still_be_asked() -> None:
    """While calls run to their end, an operator sees them; the admin port closes last."""
    config = {
        "server": {"stream_grace": 5},
        "providers": {"sandbox": {"kind": "sandbox", "tokens_per_second": 100}},
    }
    async with gateway(config) as ringmain:
        stream = aiter(ringmain.stub.StreamChat(ask("sandbox/chat")))
        await anext(stream)
        stopping = asyncio.ensure_future(ringmain.app.stop())
        await until(lambda: bool(ringmain.events("draining")))
        assert (await provider(ringmain, "sandbox")).in_flight_count == 1
        assert [event async for event in stream]
        await stopping


async def test_nobody_to_ask_is_unavailable() -> None:
    """A provider that is drained serves nobody, not even by its own name."""
    async with gateway() as ringmain:
        await ringmain.admin.DrainProvider(pb.DrainProviderRequest(provider_id="sandbox"))
        with pytest.raises(Unavailable):
            await ringmain.client.chat("Hello", model="sandbox/echo")
