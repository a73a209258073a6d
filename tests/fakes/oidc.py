"""Tests, fakes: an OpenID Connect issuer on loopback, whose keys rotate, and that may be away, slow or wrong.

In a test:

    async with FakeIssuer() as issuer:
        token = issuer.token(sub="alice")    # signed with the first of issuer.keys
        issuer.publish(SigningKey.make("2"))  # from now on only this key is in its set
        await issuer.leave()                 # connections are refused until issuer.come_back()
"""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.ports import free_port

AUDIENCE = "ringmain"
CLIENT = ("checkout", "its-secret")
"""The client, and its secret, that gets tokens by OAuth 2's client credentials."""
TOKEN = "/token"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


@dataclass(frozen=True)
class SigningKey:
    """A pair of keys.

    Attributes:
        key_id: Its `kid`, None for none.
        algorithm: The algorithm it signs with.
        private: The private key.
    """

    key_id: str | None
    algorithm: str
    private: Any

    @classmethod
    def make(cls, key_id: str | None, algorithm: str = "RS256", *, number: int = 0, bits: int = 2048) -> Self:
        """Returns a key. It is another one for another `key_id` or number, and made once in a process."""
        return cls(key_id, algorithm, _private(algorithm, f"{key_id} {number}", bits))

    def public(self, **others: object) -> dict[str, object]:
        """Returns the public key as an issuer publishes it, with other members in place of its own."""
        implementation = jwt.get_algorithm_by_name(self.algorithm)
        found = implementation.to_jwk(self.private.public_key(), as_dict=True)
        found.pop("key_ops", None)
        found |= {"use": "sig", "alg": self.algorithm, "kid": self.key_id} | others
        return {name: value for name, value in found.items() if value is not None}

    def pem(self) -> bytes:
        """Returns the public key as text, which an attacker would use as a shared secret."""
        pem: bytes = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    def sign(self, claims: Mapping[str, object], headers: Mapping[str, object] | None = None) -> str:
        """Returns a token of these claims, with other members in the header."""
        named = {} if self.key_id is None else {"kid": self.key_id}
        return jwt.encode(dict(claims), self.private, self.algorithm, headers={**named, **(headers or {})})


@cache
def _private(algorithm: str, _which: str, bits: int) -> Any:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return rsa.generate_private_key(65537, bits)


def unsigned(header: Mapping[str, object], claims: Mapping[str, object], signature: str = "") -> str:
    """Returns a token whose parts are what they are, such as one of the algorithm `none`."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, claims))
    return f"{'.'.join(part.rstrip('=') for part in parts)}.{signature}"


@dataclass
class Answers:
    """What an issuer answers in place of its documents.

    Attributes:
        status: The status of every answer.
        delay: Seconds before every answer.
        redirect: Where its addresses redirect to, by their paths.
        bodies: What its addresses answer, by their paths.
        discovery: Members of its discovery document in place of its own.
        bearer: The token without which it refuses, None for none.
        lifetime: Seconds for which the tokens that it grants are valid.
        claims: Further claims of those tokens.
    """

    status: int = 200
    delay: float = 0.0
    redirect: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    discovery: dict[str, object] = field(default_factory=dict)
    bearer: str | None = None
    lifetime: int = 300
    claims: dict[str, object] = field(default_factory=dict)


class FakeIssuer:
    """An issuer, for as long as its context lasts.

    Args:
        keys: Its keys; one of RS256 if there is none.
        path: The path of its `iss`.
        tls: The server's side of TLS, None for none.
        host: The host in its addresses.

    Attributes:
        issuer: The `iss` of its tokens.
        keys: The keys in its set.
        answers: What it answers.
        requests: The paths that were asked for, with the header `authorization` of each.
    """

    def __init__(
        self, *keys: SigningKey, path: str = "", tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.keys = list(keys or (SigningKey.make("1"),))
        self.answers = Answers()
        self.requests: list[tuple[str, str | None]] = []
        self._tls = tls
        self._port = free_port()
        self._runner: web.AppRunner | None = None
        self._path = path
        self.origin = f"{'https' if tls else 'http'}://{host}:{self._port}"
        self.issuer = self.origin + path

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.leave()

    async def come_back(self) -> None:
        """Listens, again on the same port."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        app.router.add_post(TOKEN, self._grant)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()

    async def leave(self) -> None:
        """Closes every connection and refuses others."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def publish(self, *keys: SigningKey) -> None:
        """Has these keys in its set from now on, and no others."""
        self.keys = list(keys)

    @property
    def fetches(self) -> int:
        """How often its set of keys was asked for."""
        return sum(path == KEYS for path, _ in self.requests)

    def claims(self, **others: object) -> dict[str, object]:
        """Returns the claims of a good token, with others in place of its own; None leaves one out."""
        now = int(time.time())
        usual: dict[str, object] = {"iss": self.issuer, "aud": AUDIENCE, "sub": "alice", "exp": now + 300}
        return {name: value for name, value in (usual | {"iat": now} | others).items() if value is not None}

    def token(self, key: SigningKey | None = None, **others: object) -> str:
        """Returns a token, signed with a key of its own or another one, with other claims."""
        return (key or self.keys[0]).sign(self.claims(**others))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, request.headers.get("authorization")))
        answers = self.answers
        await asyncio.sleep(answers.delay)
        if target := answers.redirect.get(request.path):
            return web.Response(status=302, headers={"location": target})
        if answers.bearer is not None and self.requests[-1][1] != f"Bearer {answers.bearer}":
            return web.Response(status=401)
        body = answers.bodies.get(request.path) or self._document(request.path)
        return web.Response(
            body=body, status=answers.status if body else 404, content_type="application/json"
        )

    async def _grant(self, request: web.Request) -> web.StreamResponse:
        """Grants a token by client credentials: https://www.rfc-editor.org/rfc/rfc6749#section-4.4."""
        self.requests.append((request.path, request.headers.get("authorization")))
        form = await request.post()
        shown = (form.get("client_id"), form.get("client_secret"))
        if form.get("grant_type") != "client_credentials" or shown != CLIENT:
            return web.json_response({"error": "invalid_client"}, status=401)
        lifetime = self.answers.lifetime
        claims = {"sub": CLIENT[0], "exp": int(time.time()) + lifetime, **self.answers.claims}
        granted = {"access_token": self.token(None, **claims), "token_type": "Bearer", "expires_in": lifetime}
        return web.json_response(granted)

    @property
    def grants(self) -> int:
        """How often a token was asked for."""
        return sum(path == TOKEN for path, _ in self.requests)

    def _document(self, path: str) -> bytes:
        if path == KEYS:
            return json.dumps({"keys": [key.public() for key in self.keys]}).encode()
        if path == self._path.removesuffix("/") + DISCOVERY:
            known = {"issuer": self.issuer, "jwks_uri": self.origin + KEYS}
            return json.dumps(known | self.answers.discovery).encode()
        return b""
