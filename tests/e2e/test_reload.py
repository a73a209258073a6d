"""Reload end to end: another configuration is taken on while calls run, and a bad one changes nothing."""

import asyncio

import grpc
import pytest
from ringmain import NotFound, Unavailable
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP

from tests.e2e.gateway import Gateway, ask, gateway, upstreams
from tests.e2e.test_admin import provider, refusal
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.rejections import UNAUTHORIZED
from tests.fakes.script import Answer, Pace
from tests.fakes.waiting import LIMIT

RELOAD = pb.ReloadConfigRequest()
SLOW = Answer(tokens=("a", "b", "c", "d", "e"), pace=Pace(token=0.03))


async def reload(ringmain: Gateway, **changed: object) -> pb.ReloadConfigResponse:
    """Writes sections of the configuration anew, and has it read."""
    ringmain.config.update(changed)
    return await ringmain.admin.ReloadConfig(RELOAD)


async def test_models_come_and_go() -> None:
    """After a reload the new models answer and the old ones are unknown; the response names the paths."""
    async with gateway({"models": {"old": {"candidates": ["sandbox/echo"]}}}) as ringmain:
        done = await reload(ringmain, models={"new": {"candidates": ["sandbox/echo"]}})
        assert list(done.changed_paths) == ["models.new", "models.old"]
        assert not done.restart_paths
        assert (await ringmain.client.chat("Hello", model="new")).text == "Hello"
        with pytest.raises(NotFound):
            await ringmain.client.chat("Hello", model="old")
        names = [model.model async for model in ringmain.client.models()]
        assert "new" in names
        assert "old" not in names
        (line,) = ringmain.events("config")
        assert line["changed_paths"] == "models.new models.old"
        assert ringmain.metric("ringmain_breaker_state", provider="sandbox", model="echo") == 0


async def test_a_bad_configuration_is_refused_whole() -> None:
    """Every mistake is a violation with its path; nothing changes, and the log tells of it."""
    async with gateway({"models": {"m": {"candidates": ["sandbox/echo"]}}}) as ringmain:
        bad = {"m": {"candidates": ["nobody/echo"]}, "n": {"candidates": []}}
        ringmain.config["models"] = bad
        error = await refusal(ringmain.admin.ReloadConfig(RELOAD))
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT
        fields = {violation.field for violation in error.violations}
        assert fields == {"models.m.candidates[0]", "models.n.candidates"}
        assert (await ringmain.client.chat("Hello", model="m")).text == "Hello"
        (line,) = ringmain.events("config")
        assert line["level"] == "warning"
        assert "models.n.candidates" in str(line["problems"])


async def test_what_needs_a_restart_is_named_each_time() -> None:
    """A setting that cannot change while the gateway runs is told, and told again at the next reload."""
    async with gateway() as ringmain:
        log = {"level": "debug"}
        for _ in range(2):
            done = await reload(ringmain, log=log)
            assert (list(done.changed_paths), list(done.restart_paths)) == ([], ["log.level"])
        warnings = [line for line in ringmain.events("config") if line["level"] == "warning"]
        assert [line["restart_paths"] for line in warnings] == ["log.level"] * 2


async def test_unchanged_providers_keep_their_connections() -> None:
    """A provider whose settings stay is not made anew: its next request takes the same connection."""
    async with FakeOpenAI(Answer()) as upstream:
        config = {**upstreams(up=upstream.base_url)}
        limited = {"kind": "openai", "base_url": upstream.base_url, "connection_limit": 5}
        config["providers"] = {"up": limited}
        async with gateway(config) as ringmain:
            await ringmain.client.chat("Hello", model="m")
            await reload(ringmain, models={"n": {"candidates": ["up/gpt-4o-mini"]}})
            await ringmain.client.chat("Hello", model="n")
            assert upstream.connection_count == 1


async def test_a_stream_goes_on_over_a_provider_that_is_replaced() -> None:
    """A stream ends well on the provider that it began with; then its connections are closed."""
    async with FakeOpenAI(SLOW) as old, FakeOpenAI(Answer()) as new:
        limited = {"kind": "openai", "base_url": old.base_url, "connection_limit": 5}
        models = {"m": {"candidates": ["up/gpt-4o-mini"]}}
        async with gateway({"providers": {"up": limited}, "models": models}) as ringmain:
            stream = aiter(ringmain.stub.StreamChat(ask("m")))
            await anext(stream)
            await reload(ringmain, providers={"up": {**limited, "base_url": new.base_url}})
            assert (await ringmain.client.chat("Hello", model="m")).provider == "up"
            assert len(new.requests) == 1
            events = [event async for event in stream]
            assert events[-1].finished.finish_reason == FINISH_REASON_STOP
            await old.requests[0].closed(within=LIMIT)


async def test_what_is_replaced_while_the_gateway_stops_is_closed_too() -> None:
    """A provider that was replaced and is still in use does not outlive the gateway."""
    async with FakeOpenAI(SLOW) as old:
        limited = {"kind": "openai", "base_url": old.base_url, "connection_limit": 5}
        models = {"m": {"candidates": ["up/gpt-4o-mini"], "on_cancel": "drain"}}
        async with gateway({"providers": {"up": limited}, "models": models}) as ringmain:
            stream = ringmain.stub.StreamChat(ask("m"))
            await stream.read()
            await reload(ringmain, providers={"up": {**limited, "connection_limit": 6}})
            stream.cancel()
            await ringmain.app.stop()
            await old.requests[0].closed(within=LIMIT)


async def test_what_outlives_its_caller_is_not_cut_off() -> None:
    """An answer that is read to its end for its usage is, although its provider was replaced meanwhile."""
    async with FakeOpenAI(SLOW) as old:
        limited = {"kind": "openai", "base_url": old.base_url, "connection_limit": 5}
        models = {"m": {"candidates": ["up/gpt-4o-mini"], "on_cancel": "drain"}}
        async with gateway({"providers": {"up": limited}, "models": models}) as ringmain:
            stream = ringmain.stub.StreamChat(ask("m"))
            await stream.read()
            await reload(ringmain, providers={"up": {**limited, "connection_limit": 6}})
            stream.cancel()
            await old.requests[0].closed(within=LIMIT)
            assert not old.requests[0].abandoned


async def test_new_credentials_end_the_wait_for_them() -> None:
    """A candidate that is held because its key was refused is tried again once the key is another."""
    async with FakeOpenAI(Answer()) as upstream:
        config = {**upstreams(up=upstream.base_url), "breaker": {"enabled": False}}
        async with gateway(config) as ringmain:
            upstream.enqueue(UNAUTHORIZED)
            with pytest.raises(Unavailable):
                await ringmain.client.chat("Hello", model="m")
            await reload(ringmain)
            with pytest.raises(Unavailable):
                await ringmain.client.chat("Hello", model="m")
            up = {"kind": "openai", "base_url": upstream.base_url, "api_key": "another-key-of-the-house"}
            done = await reload(ringmain, providers={"up": up})
            assert list(done.changed_paths) == ["providers.up.api_key"]
            assert (await ringmain.client.chat("Hello", model="m")).provider == "up"
            assert "another-key" not in ringmain.lines.getvalue()


async def test_a_new_secret_is_masked() -> None:
    """A key that came with a reload is as unknown to the log as those of the start."""
    async with gateway() as ringmain:
        secret = "another-key-of-the-house"
        up = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": secret}
        await reload(ringmain, providers={"up": up})
        ringmain.app.events.publish("provider", f"it said {secret}")
        assert secret not in ringmain.lines.getvalue()
        assert "it said ********" in ringmain.lines.getvalue()


async def test_operators_decisions_over_a_reload() -> None:
    """A drained provider stays drained; a primary holds until the next configuration is loaded."""
    models = {"m": {"candidates": ["sandbox/echo", "other/echo"]}}
    config = {"providers": {"other": {"kind": "sandbox"}}, "models": models}
    async with gateway(config) as ringmain:
        await ringmain.admin.SetPrimaryProvider(pb.SetPrimaryProviderRequest(model="m", provider_id="other"))
        assert (await ringmain.client.chat("Hello", model="m")).provider == "other"
        await reload(ringmain)
        assert (await ringmain.client.chat("Hello", model="m")).provider == "sandbox"
        await ringmain.admin.DrainProvider(pb.DrainProviderRequest(provider_id="sandbox"))
        await reload(ringmain)
        assert (await provider(ringmain, "sandbox")).state == pb.PROVIDER_STATE_DRAINED
        assert (await ringmain.client.chat("Hello", model="m")).provider == "other"


async def test_breakers_outlive_a_reload() -> None:
    """What is known of a candidate stays known where its settings are the same."""
    models = {"m": {"candidates": ["sandbox/fault-503"]}}
    async with gateway({"models": models, "breaker": {"consecutive_failures": 1}}) as ringmain:
        with pytest.raises(Unavailable):
            await ringmain.client.chat("Hello", model="m")
        await reload(ringmain, models={**models, "n": {"candidates": ["sandbox/echo"]}})
        states = {one.provider_model: one.state for one in (await provider(ringmain, "sandbox")).breakers}
        assert states == {"fault-503": pb.BREAKER_STATE_OPEN, "echo": pb.BREAKER_STATE_CLOSED}
        assert ringmain.metric("ringmain_breaker_state", provider="sandbox", model="fault-503") == 2


async def test_the_default_deadline_can_change() -> None:
    """Settings that are read call by call hold at once."""
    providers = {"sandbox": {"kind": "sandbox", "first_token_ms": 200}}
    async with gateway({"providers": providers}) as ringmain:
        server = {**dict(ringmain.config["server"]), "default_deadline": 0.05}  # type: ignore[call-overload]
        done = await reload(ringmain, server=server)
        assert list(done.changed_paths) == ["server.default_deadline"]
        error = await refusal(ringmain.stub.Chat(ask("sandbox/echo")))
        assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_reloads_take_turns() -> None:
    """Two at once are two, one after the other; calls meanwhile are answered."""
    async with gateway() as ringmain:
        ringmain.config["models"] = {"m": {"candidates": ["sandbox/echo"]}}
        first, second, answer = await asyncio.gather(
            ringmain.admin.ReloadConfig(RELOAD),
            ringmain.admin.ReloadConfig(RELOAD),
            ringmain.client.chat("Hello", model="sandbox/echo"),
        )
        assert sorted((list(first.changed_paths), list(second.changed_paths))) == [[], ["models.m"]]
        assert answer.text == "Hello"


async def test_a_fault_while_reloading_leaves_what_runs() -> None:
    """A reload that nobody waits for raises nothing: mistakes and faults end in the log."""
    async with gateway() as ringmain:
        ringmain.config["models"] = {"m": {}}
        await ringmain.app.reload()
        assert [line["level"] for line in ringmain.events("config")] == ["warning"]
        ringmain.config[1] = 2  # type: ignore[index]
        await ringmain.app.reload()
        assert [line["where"] for line in ringmain.events("fault")] == ["reload"]
        assert (await ringmain.client.chat("Hello", model="sandbox/echo")).text == "Hello"
        error = await refusal(ringmain.admin.ReloadConfig(RELOAD))
        assert error.code is grpc.StatusCode.INTERNAL
