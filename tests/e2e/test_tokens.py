"""Tokens at a whole gateway, over real gRPC, whole and streamed: good and bad ones, and what issuers do."""

import asyncio
import json
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from ringmain import AsyncClient, Client, Token
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.edge.auth.tokens import TOKEN_LIMIT

from tests.e2e.gateway import Gateway, gateway
from tests.e2e.test_credentials import Headers, bearer, chat, refused, stream_chat
from tests.edge.serving import details
from tests.fakes.bad_tokens import BAD
from tests.fakes.oidc import AUDIENCE, CLIENT, KEYS, TOKEN, FakeIssuer, SigningKey
from tests.fakes.waiting import LIMIT, until

FIRST = SigningKey.make("1")
SECOND = SigningKey.make("2")
KINDS = {"whole": chat, "streamed": stream_chat}
SENDABLE = [name for name in BAD if name not in ("not ASCII", "line break in the signature")]
"""gRPC itself sends no header that is not printable ASCII."""


def config(issuer: FakeIssuer, **others: object) -> Mapping[str, object]:
    """The configuration of a gateway that takes this issuer's tokens alone."""
    idp = {"issuer": issuer.issuer, "audience": [AUDIENCE], "tenant": "acme", "leeway": 30, **others}
    return {
        "auth": {"issuers": {"idp": idp}},
        "providers": {"sandbox": {"kind": "sandbox"}},
        "models": {"smart": {"candidates": ["sandbox/echo"]}},
    }


@asynccontextmanager
async def guarded(*keys: SigningKey, **others: object) -> AsyncIterator[tuple[Gateway, FakeIssuer]]:
    """A gateway that has fetched the keys of an issuer."""
    async with FakeIssuer(*keys) as issuer, gateway(config(issuer, **others)) as running:
        await until(lambda: issuer.fetches == 1)
        await chat(running, bearer(issuer.token()))
        yield running, issuer


async def unavailable(call: Any) -> tuple[str, float]:
    """Returns the reason and the delay of a call that ends UNAVAILABLE."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await asyncio.wait_for(call, LIMIT)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    found: Any = details(error.value)
    return found["ErrorInfo"].reason, found["RetryInfo"].retry_delay.ToMilliseconds() / 1000


async def test_every_bad_token_is_refused() -> None:
    """Whatever is wrong with a token, whole and streamed, callers get one text, and no log has the token."""
    async with guarded() as (running, issuer):
        texts = set()
        for name in SENDABLE:
            token = BAD[name](issuer)
            for kind, call in KINDS.items():
                refusal = await refused(call(running, bearer(token)))
                assert (refusal.code, refusal.reason) == (
                    grpc.StatusCode.UNAUTHENTICATED,
                    "CREDENTIALS_INVALID",
                ), (name, kind)
                texts.add(refusal.message)
                assert not token or token not in running.lines.getvalue()
        lines = [line for line in running.events("call") if line["code"] == "UNAUTHENTICATED"]
    assert "the credentials are not valid here" in texts
    assert len(lines) == 2 * len(SENDABLE)
    assert {str(line["cause"]) for line in lines} <= {"token", "malformed"}


async def test_long_token_is_no_matter_of_chance() -> None:
    """The longest token is accepted each time, beside other headers, and not refused by gRPC now and then."""
    async with guarded() as (running, issuer):
        token = longest(issuer)
        for _ in range(20):
            await chat(running, (*bearer(token), ("baggage", "a" * 4096)))


def longest(issuer: FakeIssuer) -> str:
    """Returns a good token with as many characters as one may have, or one or two fewer."""
    rest = TOKEN_LIMIT - len(issuer.token(more=""))
    token = issuer.token(more="a" * (rest * 3 // 4))
    assert TOKEN_LIMIT - 3 < len(token) <= TOKEN_LIMIT
    return token


@pytest.mark.parametrize("kind", KINDS)
async def test_clocks_may_differ_by_the_leeway(kind: str) -> None:
    """A token that ended, or begins, within the leeway is good; beyond it, it is not."""
    async with guarded(leeway=30) as (running, issuer):
        now = time.time()
        for times in ({"exp": now - 20}, {"nbf": now + 20, "iat": now + 20}):
            await KINDS[kind](running, bearer(issuer.token(None, **times)))
        for times in ({"exp": now - 31}, {"nbf": now + 60}, {"iat": now + 60}):
            await refused(KINDS[kind](running, bearer(issuer.token(None, **times))))


@pytest.mark.parametrize("kind", KINDS)
async def test_rotation_needs_no_restart(kind: str) -> None:
    """A new key works at once; when the old one is gone from the set, its tokens work no more."""
    async with guarded() as (running, issuer):
        old, new = bearer(issuer.token(FIRST)), bearer(issuer.token(SECOND))
        await KINDS[kind](running, old)
        issuer.publish(SECOND)
        await asyncio.gather(*(KINDS[kind](running, new) for _ in range(10)))
        assert (await refused(KINDS[kind](running, old))).reason == "CREDENTIALS_INVALID"
        assert issuer.fetches == 2
        events = [str(event["message"]) for event in running.events("key")]
        assert events == ["issuer idp has other keys"]


async def test_withdrawn_key_ends_its_tokens_within_the_refresh_interval() -> None:
    """A key that is withdrawn, and replaced by nothing that callers show, is noticed in the background."""
    async with guarded(FIRST, SECOND, refresh_interval=0.3) as (running, issuer):
        token = bearer(issuer.token(FIRST))
        await chat(running, token)
        issuer.publish(SECOND)
        begun = time.monotonic()

        async def ended() -> bool:
            try:
                await chat(running, token)
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.UNAUTHENTICATED
            return False

        await until(ended)
        # The interval, a fetch and a call; how long they take is the machine's affair.
        assert time.monotonic() - begun < LIMIT


@pytest.mark.parametrize("kind", KINDS)
async def test_issuer_that_is_away_keeps_nobody_out(kind: str) -> None:
    """Tokens of known keys work as ever; those of unknown ones are neither accepted nor refused."""
    async with guarded() as (running, issuer):
        await issuer.leave()
        await KINDS[kind](running, bearer(issuer.token(FIRST, sub="bob")))
        reason, delay = await unavailable(KINDS[kind](running, bearer(issuer.token(SECOND))))
        assert reason == "ISSUER_UNAVAILABLE"
        assert delay > 0
        assert (await refused(KINDS[kind](running, bearer(BAD["tampered claims"](issuer))))).reason
        (event,) = running.events("key")
        assert "the keys fetched before stay" in str(event["message"])
        assert event["level"] == "warning"


async def test_gateway_starts_without_its_issuer() -> None:
    """An issuer that is away at the start is told; its tokens work as soon as it is there."""
    issuer = FakeIssuer()
    async with gateway(config(issuer)) as running:
        token = bearer(issuer.token())
        for call in KINDS.values():
            assert (await unavailable(call(running, token)))[0] == "ISSUER_UNAVAILABLE"
        assert (await refused(chat(running, bearer(BAD["none"](issuer))))).reason == "CREDENTIALS_INVALID"
        assert (await refused(chat(running, ()))).reason == "CREDENTIALS_INVALID"
        assert "none of its tokens can be verified" in str(running.events("key")[0]["message"])
        await issuer.come_back()
        try:
            await until(lambda: issuer.fetches > 0)
            await until(lambda: _works(running, token))
            assert running.events("key")[-1]["message"] == "issuer idp can be asked for its keys again"
        finally:
            await issuer.leave()


async def _works(running: Gateway, headers: Headers) -> bool:
    try:
        await chat(running, headers)
    except grpc.aio.AioRpcError:
        return False
    return True


@pytest.mark.parametrize("body", [b"<html>", b'{"keys": []}', b'{"keys": [{"kty": "RSA"}]}', b"["])
async def test_issuer_that_publishes_nonsense_changes_nothing(body: bytes) -> None:
    """A set without usable keys is a fault of the issuer, and the known keys stay."""
    async with guarded(refresh_interval=0.05) as (running, issuer):
        issuer.answers.bodies[KEYS] = body
        await until(lambda: bool(running.events("key")))
        await chat(running, bearer(issuer.token(sub="bob")))


async def test_reload_keeps_keys_while_the_issuer_is_away() -> None:
    """Another tenant for the same issuer applies at once, without asking it."""
    async with guarded() as (running, issuer):
        await issuer.leave()
        running.config["auth"] = config(issuer, tenant="bolt")["auth"]
        await running.app.reload()
        await chat(running, bearer(issuer.token()))
        assert running.events("call")[-1]["tenant"] == "bolt"


async def test_watch_ends_with_its_token() -> None:
    """A call that would never end by itself ends with its token, or when an operator takes its rights."""
    scopes = {"ops": "admin"}
    async with guarded(leeway=0, scopes=scopes, default_scopes=["inference"]) as (running, issuer):
        watch = running.admin.WatchEvents
        short, long = (
            asyncio.ensure_future(watch(pb.WatchEventsRequest(kinds=["breaker"]), metadata=headers).read())
            for headers in (
                bearer(issuer.token(scope="ops", exp=int(time.time()) + 3)),
                bearer(issuer.token(scope="ops")),
            )
        )
        assert (await refused(short)).reason == "CREDENTIALS_INVALID"
        assert not long.done()
        running.config.update(config(issuer, leeway=0, default_scopes=["inference"]))
        await running.admin.ReloadConfig(pb.ReloadConfigRequest(), metadata=bearer(issuer.token(scope="ops")))
        assert (await refused(long)).reason == "NOT_ALLOWED"


async def test_claims_decide_what_a_caller_may_do() -> None:
    """Roles give scopes and a claim the models, and a token without either is refused."""
    claims = {"tenant": "org", "scopes": "realm_access.roles", "models": "models"}
    roles = {"asker": ["inference"], "operator": ["admin", "usage"]}
    async with FakeIssuer() as issuer:
        own = config(issuer, claims=claims, scopes=roles, tenant=None)
        async with gateway(own) as running:

            def token(*given: str, **others: object) -> Headers:
                return bearer(issuer.token(None, realm_access={"roles": given}, **{"org": "acme", **others}))

            await chat(running, token("asker", models=["sm*"]))
            assert (await refused(chat(running, token("asker")))).reason == "NOT_ALLOWED"
            assert (await refused(chat(running, token("operator", models=["sm*"])))).reason == "NOT_ALLOWED"
            for bad in (token("admin"), token(), token("asker", org=["a", "b"])):
                assert (await refused(chat(running, bad))).reason == "CREDENTIALS_INVALID"


def granted(issuer: FakeIssuer) -> Token:
    """Returns a token by OAuth 2's client credentials, as a program gets it."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    request = urllib.request.Request(issuer.origin + TOKEN, urllib.parse.urlencode(form).encode())
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        found = json.load(answer)
    return Token(found["access_token"], found["expires_in"])


async def test_client_credentials_are_a_function_for_the_client() -> None:
    """The client gets a token, goes on with it, and gets another one once its key was withdrawn."""
    async with guarded() as (running, issuer):
        target = f"127.0.0.1:{running.app.port}"

        async def give() -> Token:
            return await asyncio.to_thread(granted, issuer)

        async with AsyncClient(target, model="smart", token=give, timeout=LIMIT) as client:
            assert (await client.chat("Hi")).text
            assert "".join([str(delta) async for delta in client.stream("Hi")])
            assert issuer.grants == 1
            issuer.publish(SECOND)
            await chat(running, bearer(issuer.token(SECOND)))
            assert (await client.chat("Hi")).text
            assert issuer.grants == 2
        with Client(target, model="smart", token=lambda: granted(issuer), timeout=LIMIT) as threaded:
            assert (await asyncio.to_thread(threaded.chat, "Hi")).text
    assert f"jwt:idp:{CLIENT[0]}" in {line.get("principal") for line in running.events("call")}
