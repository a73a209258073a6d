"""Tests, fakes: every way of making a bad token of an issuer with one key of RS256 and the id `1`."""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

import jwt

from tests.fakes.oidc import FakeIssuer, SigningKey, unsigned

FIRST = SigningKey.make("1")
_LIMIT = 8192
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _hmac(issuer: FakeIssuer, algorithm: str) -> str:
    # PyJWT refuses to sign with a public key, which an attacker's library would not.
    jws = jwt.PyJWS()
    jws.unregister_algorithm(algorithm)
    jws.register_algorithm(algorithm, _Careless(jwt.algorithms.HMACAlgorithm.SHA256))
    return jws.encode(json.dumps(issuer.claims()).encode(), FIRST.pem(), algorithm, {"kid": "1"})


class _Careless(jwt.algorithms.HMACAlgorithm):
    def prepare_key(self, key: str | bytes) -> bytes:
        return key if isinstance(key, bytes) else key.encode()


def _relabeled(token: str, **members: object) -> str:
    header, _, rest = token.partition(".")
    content = json.loads(urlsafe_b64decode(header + "==")) | members
    return f"{_text(json.dumps(content).encode())}.{rest}"


def _tampered(issuer: FakeIssuer) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{_text(json.dumps(issuer.claims(sub='root')).encode())}.{signature}"


def _swapped(issuer: FakeIssuer) -> str:
    return issuer.token().rpartition(".")[0] + "." + issuer.token(sub="bob").rpartition(".")[2]


def _rewritten(token: str) -> str:
    """Writes the same signature in another way: the last of 342 characters has four bits without meaning."""
    last = token[-1]
    return token[:-1] + _DIGITS[_DIGITS.index(last) ^ 1]


BAD: Mapping[str, Callable[[FakeIssuer], str]] = {
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 31),
    "not yet valid": lambda issuer: issuer.token(nbf=int(time.time()) + 40),
    "issued in the future": lambda issuer: issuer.token(iat=int(time.time()) + 40),
    "wrong audience": lambda issuer: issuer.token(aud="other"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "empty audience": lambda issuer: issuer.token(aud=[]),
    "wrong issuer": lambda issuer: issuer.token(iss="https://other.example.com"),
    "issuer with a slash more": lambda issuer: issuer.token(iss=issuer.issuer + "/"),
    "issuer in capitals": lambda issuer: issuer.token(iss=issuer.issuer.upper()),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "no expiry": lambda issuer: issuer.token(exp=None),
    "expiry of text": lambda issuer: issuer.token(exp=str(int(time.time()) + 60)),
    "no subject": lambda issuer: issuer.token(sub=None),
    "wrong algorithm": lambda issuer: SigningKey("1", "RS512", FIRST.private).sign(issuer.claims()),
    "PSS in place of PKCS": lambda issuer: SigningKey("1", "PS256", FIRST.private).sign(issuer.claims()),
    "none": lambda issuer: unsigned({"alg": "none"}, issuer.claims()),
    "None": lambda issuer: unsigned({"alg": "None", "kid": "1"}, issuer.claims()),
    "no algorithm": lambda issuer: unsigned({"kid": "1"}, issuer.claims()),
    "algorithm null": lambda issuer: unsigned({"alg": None, "kid": "1"}, issuer.claims()),
    "algorithms": lambda issuer: unsigned({"alg": ["RS256"], "kid": "1"}, issuer.claims()),
    "HS256 with the public key": lambda issuer: _hmac(issuer, "HS256"),
    "HS256 that claims RS256": lambda issuer: _relabeled(_hmac(issuer, "HS256"), alg="RS256"),
    "none that claims RS256": lambda issuer: unsigned({"alg": "RS256", "kid": "1"}, issuer.claims()),
    "truncated": lambda issuer: issuer.token()[:-10],
    "truncated to its claims": lambda issuer: issuer.token().rpartition(".")[0],
    "without a signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "with another part": lambda issuer: issuer.token() + ".x",
    "tampered claims": _tampered,
    "tampered header": lambda issuer: _relabeled(issuer.token(), typ="other"),
    "signature of another token": _swapped,
    "signed by another key of that id": lambda issuer: issuer.token(SigningKey.make("1", number=9)),
    "signed by an unknown key": lambda issuer: issuer.token(SigningKey.make("9")),
    "its own key in the header": lambda issuer: SigningKey.make("9").sign(
        issuer.claims(), {"kid": "1", "jwk": SigningKey.make("9").public(), "jku": "https://evil.example.com"}
    ),
    "kid that is no text": lambda issuer: unsigned({"alg": "RS256", "kid": 1}, issuer.claims(), "c2ln"),
    "critical header that is unknown": lambda issuer: FIRST.sign(issuer.claims(), {"crit": ["x"], "x": 1}),
    "detached payload": lambda issuer: unsigned(
        {"alg": "RS256", "kid": "1", "b64": False}, issuer.claims(), "c2ln"
    ),
    "encrypted": lambda issuer: "a.b.c.d.e",
    "last bits changed": lambda issuer: _rewritten(issuer.token()),
    "padded": lambda issuer: issuer.token() + "==",
    "line break in the signature": lambda issuer: issuer.token()[:-8] + "\n" + issuer.token()[-8:],
    "dollar in the claims": lambda issuer: issuer.token().replace(".", ".$", 1),
    "huge": lambda issuer: issuer.token(more="a" * _LIMIT),
    "nested deeply": lambda issuer: f"e30.{_text(b'[' * 5000)}.c2ln",
    "header nested deeply": lambda issuer: (
        f"{_text(b'[' * 5000)}.{_text(json.dumps(issuer.claims()).encode())}.c2ln"
    ),
    "no base64": lambda issuer: "a b.c d.e f",
    "no JSON": lambda issuer: f"{_text(b'x')}.{_text(b'y')}.{_text(b'z')}",
    "lists": lambda issuer: f"{_text(b'[]')}.{_text(b'[]')}.{_text(b'z')}",
    "not ASCII": lambda issuer: issuer.token() + "é",
    "empty": lambda issuer: "",
    "dots": lambda issuer: "..",
}
"""Each makes a token that is refused, however long the issuer has been there."""
