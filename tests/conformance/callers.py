"""Conformance: a gateway that knows its callers, and credentials to call it with, good and bad."""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from ringmain.v1.model_service_pb2 import GetServerInfoRequest
from ringmain.v1.model_service_pb2_grpc import ModelServiceStub
from ringmain_server.identity.keys import new_key_id, new_secret
from ringmain_server.identity.principal import Scope
from ringmain_server.storage.keys import KeyStore
from ringmain_server.storage.migrate import migrate_file
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import SqliteFile

from tests.conformance.case import Case
from tests.fakes.keys import make_key
from tests.fakes.oidc import FakeIssuer, SigningKey, unsigned
from tests.faults.processes import Gateway, gateway

_OLD, _NEW, _STRANGE = SigningKey.make("old"), SigningKey.make("new"), SigningKey.make("strange")
_HOUR = 3600.0
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A gateway that refuses strangers.

    Attributes:
        served: The gateway.
        tokens: What its callers send, by the names that cases use.
    """

    served: Gateway
    tokens: Mapping[str, str]

    def signed(self, case: Case) -> Case:
        """Returns a case with the credentials of its caller, and with those that its metadata names."""
        assert case.caller is not None
        metadata = {key: Template(value).substitute(self.tokens) for key, value in case.metadata.items()}
        token = None if case.caller == _NOBODY else self.tokens[case.caller]
        return replace(case, token=token, metadata=metadata)


@asynccontextmanager
async def guarded() -> AsyncIterator[Guarded]:
    """Starts a gateway with keys and two issuers of tokens, one of which is away."""
    async with FakeIssuer(_OLD) as issuer, FakeIssuer(_OLD) as away:
        await away.leave()
        with TemporaryDirectory(prefix="ringmain-callers-") as folder:
            file = Path(folder) / "ringmain.db"
            keys = await _keys(file)
            async with gateway(_settings(file, issuer, away)) as served:
                tokens = keys | _tokens(issuer, away)
                await _rotate(served, issuer)
                yield Guarded(served, tokens)


def _settings(file: Path, issuer: FakeIssuer, away: FakeIssuer) -> dict[str, Any]:
    return {
        "storage": {"url": f"sqlite:///{file}"},
        "auth": {
            "issuers": {
                name: {"issuer": one.issuer, "audience": "ringmain", "tenant": "acme"}
                for name, one in {"here": issuer, "away": away}.items()
            }
        },
        "tenants": {"globex": {"allowed_models": ["sandbox/sizes"]}},
        "providers": {"sandbox": {"kind": "sandbox"}},
    }


async def _rotate(served: Gateway, issuer: FakeIssuer) -> None:
    """Replaces the issuer's key, and waits until the gateway has found the new one."""
    issuer.publish(_NEW)
    stub: Any = ModelServiceStub(served.channel)
    metadata = (("authorization", f"Bearer {issuer.token()}"),)
    await stub.GetServerInfo(GetServerInfoRequest(), metadata=metadata)


async def _keys(file: Path) -> dict[str, str]:
    """Writes keys into a new database, and returns what their callers send."""
    where = SqliteFile(file)
    migrate_file(where)
    store = await open_keys(where)
    try:
        return await _written(store)
    finally:
        await store.close()


async def _written(store: KeyStore) -> dict[str, str]:
    past = time.time() - _HOUR
    made = {
        "key": make_key(),
        "key-expired": make_key(expire_time=past),
        "key-revoked": make_key(revoke_time=past),
        "key-for-usage": make_key(scopes=(Scope.USAGE,)),
        "key-of-another-tenant": make_key("globex"),
        "key-for-another-model": make_key(allowed_models=("sandbox/sizes",)),
        "key-from-elsewhere": make_key(allowed_networks=("203.0.113.0/24",)),
    }
    for one in made.values():
        await store.insert(one.record)
    good = made["key"].text
    return {name: one.text for name, one in made.items()} | {
        "key-unknown": new_secret(new_key_id(past)).text,
        "key-mistyped": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "key-truncated": good[: len(good) // 2],
    }


def _tokens(issuer: FakeIssuer, away: FakeIssuer) -> dict[str, str]:
    """Returns tokens as they are sent once the issuer's new key is its only one."""
    now = int(time.time())
    good = issuer.token(_NEW, exp=now + 7200)
    return {
        "token": good,
        "token-expired": issuer.token(_NEW, exp=now - 600),
        "token-of-a-clock-a-little-ahead": issuer.token(_NEW, exp=now + 7200, iat=now + 20, nbf=now + 20),
        "token-of-a-clock-far-ahead": issuer.token(_NEW, exp=now + 7200, nbf=now + 7000),
        "token-for-another-audience": issuer.token(_NEW, aud="elsewhere"),
        "token-of-another-issuer": issuer.token(_NEW, iss="https://elsewhere.example"),
        "token-of-another-key": issuer.token(_STRANGE),
        "token-of-a-withdrawn-key": issuer.token(_OLD),
        "token-of-another-algorithm": _by_shared_secret(issuer.claims()),
        "token-unsigned": unsigned({"alg": "none", "typ": "JWT"}, issuer.claims()),
        "token-truncated": good[:-20],
        "token-of-an-issuer-that-is-away": away.token(exp=now + 7200),
    }


def _by_shared_secret(claims: Mapping[str, object]) -> str:
    """Returns a token that is signed with the public key, as if it were a shared secret."""
    text = unsigned({"alg": "HS256", "kid": _NEW.key_id}, claims).removesuffix(".")
    signature = hmac.digest(_NEW.pem(), text.encode(), "sha256")
    return f"{text}.{urlsafe_b64encode(signature).decode().rstrip('=')}"
