"""Who may call with which certificate, alone and beside a key or a token, over real TLS."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.admin.v1 import admin_service_pb2_grpc as admin_grpc
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.identity.principal import Scope

from tests.e2e.gateway import Gateway, ask, gateway
from tests.e2e.test_credentials import Headers, bearer, refused
from tests.fakes.authority import Authority, Pair
from tests.fakes.keys import Keys, make_key
from tests.fakes.oidc import AUDIENCE, FakeIssuer

RULES = {
    "rules": [
        {"match": "spiffe://corp/ns/acme/sa/*", "tenant": "acme"},
        {"match": "spiffe://corp/ns/mesh/sa/*"},
        {"match": "spiffe://corp/ops", "scopes": ["admin"]},
    ]
}


def names(uri: str) -> x509.GeneralName:
    """A name of a certificate."""
    return x509.UniformResourceIdentifier(uri)


class Callers:
    """Connections to a gateway that demands certificates."""

    def __init__(self, running: Gateway, authority: Authority) -> None:
        self._running = running
        self._authority = authority

    def pair(self, uri: str) -> Pair:
        """A certificate of a name, by the authority that the gateway trusts."""
        return self._authority.caller(names(uri))

    async def chat(self, pair: Pair, headers: Headers = ()) -> object:
        """Asks a model over a connection of its own, and reads the streamed answer."""
        async with self._channel(pair, self._running.app.port) as channel:
            stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
            return [event async for event in stub.StreamChat(ask("sandbox/echo"), metadata=headers)]

    async def operate(self, pair: Pair, headers: Headers = ()) -> object:
        """Lists the providers, over a connection of its own."""
        async with self._channel(pair, self._running.app.admin_port) as channel:
            stub: admin_grpc.AdminServiceAsyncStub = admin_grpc.AdminServiceStub(channel)
            return await stub.ListProviders(admin_pb2.ListProvidersRequest(), metadata=headers)

    def _channel(self, pair: Pair, port: int) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(self._authority.root, pair.key, pair.cert)
        return grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials)


@asynccontextmanager
async def guarded(folder: Path, auth: Mapping[str, object]) -> AsyncIterator[tuple[Callers, Gateway]]:
    """A gateway that demands a certificate of every connection."""
    authority = Authority()
    tls = authority.issue("127.0.0.1").write(folder).settings(authority.write(folder / "ca.crt"))
    config: dict[str, object] = {
        "server": {"tls": tls},
        "auth": auth,
        "providers": {"sandbox": {"kind": "sandbox"}},
    }
    if "keys" in auth:
        config["storage"] = {"url": "memory"}
    async with gateway(config) as running:
        yield Callers(running, authority), running


async def test_a_certificate_says_who_calls(tmp_path: Path) -> None:
    """The first rule that matches gives tenant and scopes; one that none matches is nobody's."""
    async with guarded(tmp_path, {"certificates": RULES}) as (callers, running):
        await callers.chat(callers.pair("spiffe://corp/ns/acme/sa/app"))
        (line,) = running.events("call")
        assert (line["tenant"], line["principal"]) == ("acme", "cert:spiffe://corp/ns/acme/sa/app")
        await callers.operate(callers.pair("spiffe://corp/ops"))
        assert (await refused(callers.chat(callers.pair("spiffe://corp/ops")))).reason == "NOT_ALLOWED"
        stranger = await refused(callers.chat(callers.pair("spiffe://else/ns/acme/sa/app")))
        assert stranger.reason == "CREDENTIALS_INVALID"
        assert running.metric("ringmain_denials_total", cause="certificate") == 1


async def test_a_key_beside_a_certificate_must_be_of_its_tenant(tmp_path: Path) -> None:
    """The key is the caller, if the certificate is of its tenant or of none, and if the key is valid."""
    auth = {"certificates": RULES, "keys": {"enabled": True}}
    async with guarded(tmp_path, auth) as (callers, running):
        assert running.app.identity.keyring is not None
        keys = Keys(running.app.identity.keyring)
        ours, theirs = keys.add("acme"), keys.add("bolt")
        acme, mesh = (callers.pair(f"spiffe://corp/ns/{name}/sa/app") for name in ("acme", "mesh"))
        for pair, key in ((acme, ours), (mesh, ours), (mesh, theirs)):
            await callers.chat(pair, key.bearer)
            assert running.events("call")[-1]["principal"] == f"key:{key.record.key_id}"
        for pair, headers in (
            (acme, theirs.bearer),
            (acme, make_key("acme").bearer),
            (acme, (*ours.bearer, *ours.bearer)),
            (callers.pair("spiffe://else"), ours.bearer),
        ):
            assert (await refused(callers.chat(pair, headers))).reason == "CREDENTIALS_INVALID"


async def test_a_token_beside_a_certificate_is_refused(tmp_path: Path) -> None:
    """Two credentials that both name somebody are one too many."""
    async with FakeIssuer() as issuer:
        corp = {"issuer": issuer.issuer, "audience": [AUDIENCE], "tenant": "acme"}
        auth = {"certificates": RULES, "issuers": {"corp": corp}}
        async with guarded(tmp_path, auth) as (callers, _):
            pair = callers.pair("spiffe://corp/ns/acme/sa/app")
            refusal = await refused(callers.chat(pair, bearer(issuer.token())))
            assert refusal.reason == "CREDENTIALS_INVALID"


@pytest.mark.parametrize("required", [True, False])
async def test_without_rules_certificates_only_guard_the_connection(tmp_path: Path, required: bool) -> None:
    """A certificate that nobody has a rule for says nothing: the key decides, or there is none."""
    auth = {"keys": {"enabled": True}, "required": required}
    async with guarded(tmp_path, auth) as (callers, running):
        assert running.app.identity.keyring is not None
        key = Keys(running.app.identity.keyring).add("bolt", (Scope.INFERENCE, Scope.ADMIN))
        pair = callers.pair("spiffe://corp/ns/acme/sa/app")
        await callers.chat(pair, key.bearer)
        await callers.operate(pair, key.bearer)
        if required:
            assert (await refused(callers.chat(pair))).reason == "CREDENTIALS_INVALID"
        else:
            await callers.chat(pair)
            assert (await refused(callers.operate(pair))).reason == "NOT_ALLOWED"
