"""Who may call a whole gateway, over real gRPC: every kind of call with every kind of credential."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import grpc
import grpc.aio
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import model_service_pb2 as model_pb2
from ringmain.v1 import model_service_pb2_grpc as model_grpc
from ringmain_server.identity.principal import Scope

from tests.e2e.gateway import Gateway, ask, gateway
from tests.edge.serving import details
from tests.fakes import pictures
from tests.fakes.keys import MADE, Keys, make_key
from tests.fakes.oidc import AUDIENCE, FakeIssuer
from tests.fakes.waiting import LIMIT, until

Headers = tuple[tuple[str, str], ...]
Call = Callable[[Gateway, Headers], Awaitable[object]]

CONFIG: Mapping[str, object] = {
    "auth": {"keys": {"enabled": True}},
    "storage": {"url": "memory"},
    "providers": {"sandbox": {"kind": "sandbox"}},
    "models": {
        "smart": {"candidates": ["sandbox/echo"]},
        "secret": {"candidates": ["sandbox/chat"], "replaced_by": "smart"},
        "old": {"candidates": ["sandbox/chat"], "replaced_by": "secret"},
    },
}
PNG = pictures.saved(pictures.scene(), "PNG")
OPERATOR = (Scope.ADMIN,)
CHAT = "ringmain.v1.ChatService/Chat"


async def chat(running: Gateway, headers: Headers, model: str = "smart") -> object:
    """Asks a model and gets its whole answer."""
    return await running.stub.Chat(ask(model), metadata=headers)


async def stream_chat(running: Gateway, headers: Headers, model: str = "smart") -> object:
    """Asks a model and reads its answer as it is written."""
    return [event async for event in running.stub.StreamChat(ask(model), metadata=headers)]


async def generate(running: Gateway, headers: Headers, model: str = "sandbox/image") -> object:
    """Asks for a picture, by a method that takes large requests."""
    stub: Any = image_grpc.ImageServiceStub(running.channel)
    request = image_pb2.GenerateImagesRequest(model=model, prompt="a red house")
    return await stub.GenerateImages(request, metadata=headers)


async def transcribe(running: Gateway, headers: Headers, model: str = "sandbox/transcribe") -> object:
    """Sends more than fits into the windows of a connection, so that a refusal meets a caller who writes."""

    def messages() -> AsyncIterator[audio_pb2.TranscribeRequest]:
        async def each() -> AsyncIterator[audio_pb2.TranscribeRequest]:
            config = audio_pb2.TranscriptionConfig(model=model, mime_type="audio/wav")
            yield audio_pb2.TranscribeRequest(config=config)
            for _ in range(8):
                yield audio_pb2.TranscribeRequest(chunk=b"x" * 2**20)

        return each()

    stub: Any = audio_grpc.AudioServiceStub(running.channel)
    return [event async for event in stub.Transcribe(messages(), metadata=headers)]


async def list_models(running: Gateway, headers: Headers) -> object:
    """Lists the models."""
    stub: Any = model_grpc.ModelServiceStub(running.channel)
    return await stub.ListModels(model_pb2.ListModelsRequest(), metadata=headers)


async def list_providers(running: Gateway, headers: Headers) -> object:
    """Lists the providers, as operators do."""
    return await running.admin.ListProviders(admin_pb2.ListProvidersRequest(), metadata=headers)


async def watch(running: Gateway, headers: Headers) -> object:
    """Watches until the watch has begun, or is refused."""
    call = running.admin.WatchEvents(admin_pb2.WatchEventsRequest(), metadata=headers)
    reading = asyncio.ensure_future(call.read())
    done, _ = await asyncio.wait((reading,), timeout=0.3)
    if done:
        return reading.result()
    call.cancel()
    return await asyncio.wait((reading,))


async def servers(running: Gateway, headers: Headers) -> object:
    """Asks channelz for the servers of the process."""
    stub: Any = channelz_pb2_grpc.ChannelzStub(cast("grpc.Channel", running.admin_channel))
    return await stub.GetServers(channelz_pb2.GetServersRequest(), metadata=headers)


PUBLIC: Mapping[str, Call] = {
    "whole": chat,
    "streamed": stream_chat,
    "large": generate,
    "upload": transcribe,
    "models": list_models,
}
OPERATIONS: Mapping[str, Call] = {"admin": list_providers, "watch": watch, "channelz": servers}
CALLS: Mapping[str, Call] = {**PUBLIC, **OPERATIONS}


@dataclass(frozen=True)
class Refused:
    """How a call was refused."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: Mapping[str, str]


async def refused(call: Awaitable[object]) -> Refused:
    """Returns how a call is refused, which it must be soon."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await asyncio.wait_for(call, LIMIT)
    info: Any = details(error.value)["ErrorInfo"]
    metadata = dict(info.metadata)
    assert metadata.pop("response_id").startswith("resp_")
    return Refused(error.value.code(), error.value.details() or "", info.reason, metadata)


@asynccontextmanager
async def guarded(config: Mapping[str, object] = CONFIG) -> AsyncIterator[tuple[Gateway, Keys]]:
    """A gateway that takes keys, and these."""
    async with gateway(config) as running:
        assert running.app.identity.keyring is not None
        yield running, Keys(running.app.identity.keyring)


def bearer(text: str) -> Headers:
    """Returns the headers of a caller with a credential."""
    return (("authorization", f"Bearer {text}"),)


def credentials(keys: Keys) -> dict[str, Headers]:
    """Every way of not being known."""
    good = keys.add("acme", tuple(Scope))
    return {
        "missing": (),
        "unknown": make_key().bearer,
        "revoked": keys.add("acme", tuple(Scope), revoke_time=MADE).bearer,
        "expired": keys.add("acme", tuple(Scope), expire_time=time.time() - 1).bearer,
        "mistyped": bearer(good.text[:-1] + ("1" if good.text[-1] == "0" else "0")),
        "truncated": bearer(good.text[:-8]),
        "wrong scheme": (("authorization", f"Basic {good.text}"),),
        "empty": (("authorization", ""),),
        "header twice": (*good.bearer, *good.bearer),
        "both headers": (*good.bearer, ("x-api-key", good.text)),
        "two keys": (*good.bearer, *keys.add("bolt", tuple(Scope)).bearer),
    }


@pytest.mark.parametrize("kind", CALLS)
async def test_callers_that_are_not_known_are_refused(kind: str) -> None:
    """Whatever is wrong with the credentials, every kind of call ends UNAUTHENTICATED, logged and counted."""
    async with guarded() as (running, keys):
        found = {name: await refused(CALLS[kind](running, one)) for name, one in credentials(keys).items()}
        lines = running.events("call")
    for name, refusal in found.items():
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.UNAUTHENTICATED,
            "CREDENTIALS_INVALID",
        ), name
        assert refusal.metadata == {}
    texts = {found[name].message for name in ("unknown", "revoked", "expired", "mistyped", "truncated")}
    assert texts == {"the credentials are not valid here"}
    assert len(lines) == len(found)
    assert {line["code"] for line in lines} == {"UNAUTHENTICATED"}
    assert all(str(line["peer"]).startswith("ipv4:127.0.0.1:") for line in lines)


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_callers_with_a_key_are_served(kind: str, header: str) -> None:
    """A key of the scope is enough, in either header, and the log says whose call it was."""
    async with guarded() as (running, keys):
        made = keys.add("acme", OPERATOR if kind in OPERATIONS else (Scope.INFERENCE,))
        headers = made.bearer if header == "authorization" else ((header, made.text),)
        try:
            await CALLS[kind](running, headers)
        except grpc.aio.AioRpcError as error:
            assert (kind, error.code()) == ("upload", grpc.StatusCode.INVALID_ARGUMENT)  # noqa: PT017
        assert made.text not in running.lines.getvalue()
        if kind in PUBLIC:
            (line,) = running.events("call")
            assert (line["tenant"], line["principal"]) == ("acme", f"key:{made.record.key_id}")


@pytest.mark.parametrize("kind", CALLS)
async def test_callers_that_are_known_need_the_scope(kind: str) -> None:
    """A key with every other scope is refused with a name for what it may not use."""
    needed = Scope.ADMIN if kind in OPERATIONS else Scope.INFERENCE
    async with guarded() as (running, keys):
        made = keys.add("acme", tuple(scope for scope in Scope if scope is not needed))
        refusal = await refused(CALLS[kind](running, made.bearer))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
        assert set(refusal.metadata) == {"method"}
        (line,) = running.events("call")
        assert (line["cause"], line["principal"]) == ("scope", f"key:{made.record.key_id}")
        assert running.metric("ringmain_denials_total", cause="scope") == 1


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        ({"allowed_methods": ("ringmain.v1.UsageService/*",)}, "method"),
        ({"allowed_networks": ("203.0.113.0/24",)}, "network"),
    ],
)
async def test_keys_for_other_methods_or_networks_are_refused(
    kind: str, limits: Mapping[str, Any], cause: str
) -> None:
    """A key serves its methods, from its networks, and nothing else."""
    async with guarded() as (running, keys):
        made = keys.add("acme", tuple(Scope), **limits)
        refusal = await refused(CALLS[kind](running, made.bearer))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
        assert running.events("call")[0]["cause"] == cause


MODELS: Mapping[str, Callable[[Gateway, Headers, str], Awaitable[object]]] = {
    "whole": chat,
    "streamed": stream_chat,
    "large": generate,
    "upload": transcribe,
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("model", ["secret", "sandbox/chat", "nowhere", "nowhere/at-all"])
async def test_models_that_a_caller_may_not_use_do_not_exist_for_it(kind: str, model: str) -> None:
    """A model of others and one that nobody has are refused alike, by name or as `provider/model`."""
    async with guarded() as (running, keys):
        made = keys.add("acme", (Scope.INFERENCE,), allowed_models=("smart", "sandbox/im*"))
        refusal = await refused(MODELS[kind](running, made.bearer, model))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
        assert refusal.message == f"these credentials may not use the model '{model}'"
        assert refusal.metadata == {"model": model}
        assert running.metric("ringmain_denials_total", cause="model") == 1
        assert running.metric("ringmain_attempts_total", provider="sandbox", outcome="succeeded") is None


async def test_models_of_a_tenant_limit_its_keys() -> None:
    """A tenant's list holds for all its keys, and not for those of others."""
    config = {**CONFIG, "tenants": {"acme": {"allowed_models": ["smart"]}}}
    async with guarded(config) as (running, keys):
        ours, theirs = keys.add("acme"), keys.add("bolt")
        await chat(running, ours.bearer)
        await chat(running, theirs.bearer, "secret")
        assert (await refused(chat(running, ours.bearer, "secret"))).reason == "NOT_ALLOWED"


async def test_only_allowed_models_are_shown() -> None:
    """Lists, capabilities and successors hold what the caller may use, page by page, and nothing else."""
    async with guarded() as (running, keys):
        made = keys.add("acme", allowed_models=("smart", "old", "sandbox/embed*"))
        free = keys.add("acme")
        stub: Any = model_grpc.ModelServiceStub(running.channel)
        shown: list[model_pb2.Model] = []
        token = ""
        while not shown or token:
            request = model_pb2.ListModelsRequest(page_size=1, page_token=token)
            page = await stub.ListModels(request, metadata=made.bearer)
            shown += page.models
            token = page.next_page_token
        assert [model.model for model in shown] == ["old", "sandbox/embed", "smart"]
        assert [model.replaced_by for model in shown] == ["", "", ""]
        assert (
            await refused(stub.GetModel(model_pb2.GetModelRequest(model="secret"), metadata=made.bearer))
        ) == (
            replace(
                await refused(stub.GetModel(model_pb2.GetModelRequest(model="none"), metadata=made.bearer)),
                message="these credentials may not use the model 'secret'",
                metadata={"model": "secret"},
            )
        )
        info = await stub.GetServerInfo(model_pb2.GetServerInfoRequest(), metadata=made.bearer)
        everything = await stub.GetServerInfo(model_pb2.GetServerInfoRequest(), metadata=free.bearer)
        assert model_pb2.CAPABILITY_EMBEDDING in info.capabilities
        assert model_pb2.CAPABILITY_SPEECH not in info.capabilities
        assert model_pb2.CAPABILITY_SPEECH in everything.capabilities
        assert list(info.authentication_methods) == [model_pb2.AUTHENTICATION_METHOD_API_KEY]


async def test_health_reflection_and_unknown_methods_need_nothing() -> None:
    """Probes and tools have no keys; methods that are not served tell nothing that needs one."""
    async with guarded() as (running, _):
        for channel in (running.channel, running.admin_channel):
            health: Any = health_pb2_grpc.HealthStub(channel)
            found = await health.Check(health_pb2.HealthCheckRequest())
            assert found.status == health_pb2.HealthCheckResponse.SERVING
            reflection: Any = reflection_pb2_grpc.ServerReflectionStub(cast("grpc.Channel", channel))
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            answers = [answer async for answer in reflection.ServerReflectionInfo(iter([request]))]
            assert answers[0].list_services_response.service
        for path in ("/ringmain.v1.ChatService/Nothing", "/ringmain.v1.UsageService/QueryUsage"):
            unknown: Any = running.channel.unary_unary(path)
            assert (await refused(unknown(b""))).code is grpc.StatusCode.UNIMPLEMENTED


async def test_the_sandbox_serves_everybody_where_nothing_is_configured() -> None:
    """Without any method, callers need no credentials, and may show what they like."""
    config = {"providers": {"sandbox": {"kind": "sandbox"}}}
    async with gateway(config) as running:
        for headers in ((), bearer("sk-of-some-provider"), make_key().bearer):
            await chat(running, headers, "sandbox/echo")
        await list_providers(running, ())
        stub: Any = model_grpc.ModelServiceStub(running.channel)
        info = await stub.GetServerInfo(model_pb2.GetServerInfoRequest())
        assert list(info.authentication_methods) == []


async def test_optional_credentials_let_callers_ask_models_and_nothing_else() -> None:
    """Where credentials are optional, none is enough for models, and a wrong one is still refused."""
    config = {**CONFIG, "auth": {"required": False, "keys": {"enabled": True}}}
    async with guarded(config) as (running, keys):
        await chat(running, ())
        assert (await refused(list_providers(running, ()))).reason == "NOT_ALLOWED"
        assert (await refused(chat(running, make_key().bearer))).reason == "CREDENTIALS_INVALID"
        await list_providers(running, keys.add("acme", OPERATOR).bearer)


async def test_answers_are_kept_for_the_tenant_that_asked() -> None:
    """The same request id of two tenants is two requests; of two keys of a tenant it is one."""
    request = ask("smart")
    request.request_id = "same"
    async with guarded() as (running, keys):
        made = [keys.add("acme"), keys.add("acme"), keys.add("bolt")]
        for one in made:
            await running.stub.Chat(request, metadata=one.bearer)
        kept = [bool(line.get("replayed")) for line in running.events("call")]
    assert kept == [False, True, False]


async def test_an_old_secret_works_until_its_time() -> None:
    """After a rotation both secrets work for the grace period, and without one only the new."""
    async with guarded() as (running, keys):
        old, new = keys.add("acme"), make_key("acme")
        record = replace(
            new.record,
            key_id=old.record.key_id,
            old_secret_hash=old.record.secret_hash,
            old_secret_expire_time=time.time() + 60,
        )
        keys.keyring.put(record)
        await chat(running, old.bearer)
        await chat(running, new.bearer)
        keys.keyring.put(replace(record, old_secret_expire_time=time.time() - 1))
        assert (await refused(chat(running, old.bearer))).reason == "CREDENTIALS_INVALID"
        await chat(running, new.bearer)
        assert set(keys.keyring.used()) == {old.record.key_id}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"revoke_time": 1.0}, "CREDENTIALS_INVALID"),
        ({"expire_time": 1.0}, "CREDENTIALS_INVALID"),
        ({"secret_hash": b"another"}, "CREDENTIALS_INVALID"),
        ({"scopes": frozenset({Scope.INFERENCE})}, "NOT_ALLOWED"),
        ({"allowed_networks": ("203.0.113.7",)}, "NOT_ALLOWED"),
    ],
)
async def test_a_watch_ends_when_its_key_allows_it_no_longer(change: Mapping[str, Any], reason: str) -> None:
    """A call that would never end by itself stops within a second, whatever was changed."""
    async with guarded() as (running, keys):
        made = keys.add("acme", OPERATOR)
        call = running.admin.WatchEvents(admin_pb2.WatchEventsRequest(), metadata=made.bearer)
        reading = asyncio.ensure_future(call.read())
        await until(lambda: running.metric("ringmain_calls_in_flight", method=WATCH) == 1)
        await asyncio.sleep(1.2)
        assert not reading.done()
        keys.keyring.put(replace(made.record, **change))
        assert (await refused(reading)).reason == reason


WATCH = "ringmain.admin.v1.AdminService/WatchEvents"


async def test_a_message_that_comes_after_the_revocation_is_refused() -> None:
    """A call that was begun with a good key and waits for its message is looked at again."""
    async with guarded() as (running, keys):
        made = keys.add("acme")
        slow: Any = running.channel.stream_unary(f"/{CHAT}")
        call = slow(metadata=made.bearer)
        await asyncio.sleep(0.6)
        keys.keyring.put(replace(made.record, revoke_time=time.time()))
        await call.write(ask("smart").SerializeToString())
        await call.done_writing()
        assert (await refused(call)).reason == "CREDENTIALS_INVALID"


async def test_a_large_message_of_an_unknown_caller_is_not_read() -> None:
    """The call is refused at its headers, so that its request is neither read nor parsed."""
    request = ask("smart")
    request.messages[0].parts.add().media.data = PNG + b"x" * (48 << 20)
    async with guarded() as (running, _):
        refusal = await refused(running.stub.Chat(request))
        assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
        # What is read has its model in the log.
        assert "model" not in running.events("call")[0]


async def test_reloads_change_who_may_call() -> None:
    """Tenants and the demand for credentials change at once, keys at the next start."""
    async with guarded() as (running, keys):
        made = keys.add("acme", (Scope.INFERENCE, Scope.ADMIN))
        running.config["tenants"] = {"acme": {"allowed_models": ["secret"]}}
        running.config["auth"] = {"keys": {"enabled": True}, "required": False}
        await running.admin.ReloadConfig(admin_pb2.ReloadConfigRequest(), metadata=made.bearer)
        assert (await refused(chat(running, made.bearer))).reason == "NOT_ALLOWED"
        await chat(running, ())
        running.config["auth"] = {"keys": {"enabled": True, "pepper": "salt"}, "required": True}
        done = await running.admin.ReloadConfig(admin_pb2.ReloadConfigRequest(), metadata=made.bearer)
        assert list(done.restart_paths) == ["auth.keys.pepper"]
        assert (await refused(chat(running, ()))).reason == "CREDENTIALS_INVALID"


async def test_a_reload_cannot_open_an_address_that_stays() -> None:
    """Credentials that are needed no more are refused while an open address stays until the next start."""
    async with (
        FakeIssuer() as issuer,
        gateway({**CONFIG, "storage": {}, "auth": only_tokens(issuer)}) as running,
    ):
        # As if it had begun with this address: the test itself must listen on loopback.
        active = running.app._active.now
        server = active.settings.server.model_copy(update={"listen": "0.0.0.0:50051"})
        running.app._active.now = replace(
            active, settings=active.settings.model_copy(update={"server": server})
        )
        running.config["auth"] = {}
        await running.app.reload()
        event = running.events("config")[-1]
        assert "server.listen: listens on loopback only" in str(event["message"])
        assert (await refused(chat(running, ()))).reason == "CREDENTIALS_INVALID"


def only_tokens(issuer: FakeIssuer) -> Mapping[str, object]:
    """The settings of who may call where tokens of this issuer are the only way."""
    corp = {"issuer": issuer.issuer, "audience": [AUDIENCE], "claims": {"tenant": "tid"}}
    return {"issuers": {"corp": corp}}


def issuers(issuer: FakeIssuer) -> Mapping[str, object]:
    """The configuration of a gateway that takes this issuer's tokens beside keys."""
    return {**CONFIG, "auth": {"keys": {"enabled": True}, **only_tokens(issuer)}}


async def test_callers_with_a_token_are_served() -> None:
    """A token of a configured issuer says whose call it is, even if its keys are to be fetched first."""
    async with FakeIssuer() as issuer, guarded(issuers(issuer)) as (running, _):
        token = issuer.token(sub="ann", tid="acme")
        for kind in ("whole", "streamed", "large", "models"):
            await CALLS[kind](running, bearer(token))
        assert (await refused(list_providers(running, bearer(token)))).reason == "NOT_ALLOWED"
        lines = running.events("call")
        stub: Any = model_grpc.ModelServiceStub(running.channel)
        info = await stub.GetServerInfo(model_pb2.GetServerInfoRequest(), metadata=bearer(token))
        assert token not in running.lines.getvalue()
    assert {(line["tenant"], line["principal"]) for line in lines} == {("acme", "jwt:corp:ann")}
    assert list(info.authentication_methods) == [
        model_pb2.AUTHENTICATION_METHOD_API_KEY,
        model_pb2.AUTHENTICATION_METHOD_JWT,
    ]


@pytest.mark.parametrize("kind", ["whole", "upload", "admin", "channelz"])
async def test_tokens_that_are_not_valid_are_refused(kind: str) -> None:
    """Every kind of call with a wrong token, or with two credentials, ends UNAUTHENTICATED."""
    async with FakeIssuer() as issuer, guarded(issuers(issuer)) as (running, keys):
        good = issuer.token(sub="ann", tid="acme")
        wrong = {
            "expired": bearer(issuer.token(sub="ann", tid="acme", exp=time.time() - 3600)),
            "for another": bearer(issuer.token(sub="ann", tid="acme", aud="else")),
            "truncated": bearer(good[:-20]),
            "without tenant": bearer(issuer.token(sub="ann")),
            "as a key": (("x-api-key", good),),
            "beside a key": (*bearer(good), ("x-api-key", keys.add("acme").text)),
            "twice": (*bearer(good), *bearer(good)),
        }
        found = {name: await refused(CALLS[kind](running, one)) for name, one in wrong.items()}
        for token in (good, *(one[-1][1] for one in wrong.values())):
            assert token.removeprefix("Bearer ") not in running.lines.getvalue()
    assert {name: one.reason for name, one in found.items()} == dict.fromkeys(wrong, "CREDENTIALS_INVALID")


async def test_issuers_may_be_added_and_removed_by_a_reload() -> None:
    """Tokens of an issuer are taken from the reload on that names it, until the one that does not."""
    async with FakeIssuer() as issuer, guarded() as (running, keys):
        operator = keys.add("acme", OPERATOR).bearer
        token = bearer(issuer.token(sub="ann", tid="acme"))
        for auth, taken in ((issuers(issuer)["auth"], True), (CONFIG["auth"], False)):
            running.config["auth"] = auth
            await running.admin.ReloadConfig(admin_pb2.ReloadConfigRequest(), metadata=operator)
            if taken:
                await chat(running, token)
            else:
                assert (await refused(chat(running, token))).reason == "CREDENTIALS_INVALID"
