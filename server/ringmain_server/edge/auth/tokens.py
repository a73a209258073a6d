"""Room 1: verifies the tokens (JWT) of issuers.

What is trusted comes from the configuration alone: which issuers there are, which algorithms each may use and
where its keys are. A token's header and its unverified `iss` only choose among these
(https://www.rfc-editor.org/rfc/rfc8725). The signature is PyJWT's to check, the claims are judged by
`identity.claims`.

A verified token is remembered by its SHA-256, so that its next call costs a hash and a look-up: until it
expires, for at most a minute, and only while its issuer's keys stay as they are.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final

import jwt
import orjson

from ringmain_server.edge.auth.jwks import IssuerKeys
from ringmain_server.edge.auth.key_set import KeySet
from ringmain_server.errors import CredentialsInvalid
from ringmain_server.identity.claims import ClaimMapping, Claims, ClaimsRefused, expiry, principal_of
from ringmain_server.identity.principal import Principal
from ringmain_server.text.excerpt import excerpt

TOKEN_LIMIT: Final = 8192
"""The most characters of a token. Many servers and proxies take no longer headers either."""
REMEMBERED: Final = 60.0
"""The most seconds for which a token is not verified again."""
REMEMBERED_COUNT: Final = 10_000
"""The most tokens that are remembered; those verified first go first."""

_DECODER = jwt.PyJWT(
    {
        "require": ["iss", "exp", "aud"],
        # These are judged by `expiry`, which takes the time as an argument.
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
        "enforce_minimum_key_length": True,
    }
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer whose tokens are accepted.

    Attributes:
        issuer: The `iss` of its tokens.
        algorithms: The allowed algorithms.
        keys: Its public keys.
        mapping: Says what its claims mean.
    """

    issuer: str
    algorithms: tuple[str, ...]
    keys: IssuerKeys
    mapping: ClaimMapping


@dataclass(frozen=True, slots=True)
class _Unverified:
    """The claims of a token about itself, which only choose what it is verified with."""

    issuer: Issuer
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was found valid with a set of keys, and until when it is remembered."""

    principal: Principal
    until: float
    keys: KeySet
    issuer: IssuerKeys


@dataclass(frozen=True, slots=True)
class _Renewal:
    """Verifies a token once its issuer's keys were fetched again. Nobody has to await it."""

    begin: Callable[[], Coroutine[object, None, Principal]]

    def __await__(self) -> Generator[object, None, Principal]:
        return self.begin().__await__()


class Tokens:
    """Verifies the tokens of some issuers.

    Args:
        issuers: The issuers, by the `iss` of their tokens.
        limit: The most tokens that are remembered.
    """

    def __init__(self, issuers: Mapping[str, Issuer], limit: int = REMEMBERED_COUNT) -> None:
        self._issuers = issuers
        self._limit = limit
        self._known: dict[bytes, _Verified] = {}

    def verify(self, token: str, now: float) -> Principal | Awaitable[Principal]:
        """Returns the caller that a token names. See `TokenVerifier.verify`.

        Args:
            token: The token.
            now: Seconds since the epoch.

        Raises:
            CredentialsInvalid: The token is not valid here.
            IssuerUnavailable: The keys to verify it with cannot be fetched.
        """
        if len(token) > TOKEN_LIMIT or not token.isascii():
            raise _refused("is too long or not ASCII")
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and now < known.until and known.issuer.current is known.keys:
            return known.principal
        unverified = self._read(token)
        found = self._verified(token, digest, unverified, now)
        return found or _Renewal(partial(self._renewed, token, digest, unverified, now))

    def _read(self, token: str) -> _Unverified:
        """Reads what a token says of itself, and refuses what no key could make valid."""
        try:
            header, claims = _parts(token)
        except ValueError:
            raise _refused("is no JWT") from None
        named = claims.get("iss")
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None:
            raise _refused("is of an issuer that is not configured")
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms:
            raise _refused("has an algorithm that is not allowed")
        if key_id is not None and not isinstance(key_id, str):
            raise _refused("has a kid that is no text")
        return _Unverified(issuer, str(algorithm), key_id)

    async def _renewed(self, token: str, digest: bytes, unverified: _Unverified, now: float) -> Principal:
        """Verifies a token whose key is unknown, once the keys were fetched again."""
        keys = unverified.issuer.keys
        # Twice, because a fetch that was under way may have been answered before the key was published.
        for _ in range(2):
            await keys.renew()
            principal = self._verified(token, digest, unverified, now)
            if principal is not None:
                return principal
        if keys.failing or keys.current is None:
            raise keys.unavailable()
        raise _refused("was signed with an unknown key")

    def _verified(self, token: str, digest: bytes, unverified: _Unverified, now: float) -> Principal | None:
        """Verifies a token with the present keys.

        Returns:
            The caller; None where none of the keys has signed the token and another one may have.

        Raises:
            CredentialsInvalid: The token is not valid, whatever other keys there are.
        """
        issuer = unverified.issuer
        keys = issuer.keys.current
        claims = None if keys is None else _claims(token, keys, unverified)
        if keys is None or claims is None:
            return None
        try:
            expires = expiry(claims, issuer.mapping, now)
            principal = principal_of(claims, issuer.mapping)
        except ClaimsRefused as exc:
            raise _refused(str(exc)) from None
        self._remember(digest, _Verified(principal, min(expires, now + REMEMBERED), keys, issuer.keys))
        return principal

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._known.pop(digest, None)  # so that it goes to the end
        while len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
        self._known[digest] = verified


def _claims(token: str, keys: KeySet, unverified: _Unverified) -> Claims | None:
    """Returns the claims of a token whose signature is right.

    Returns:
        None where no known key has signed it, and another one may have.

    Raises:
        CredentialsInvalid: The token is not valid, whatever other keys there are.
    """
    for key in keys.candidates(unverified.key_id, unverified.algorithm):
        try:
            return _DECODER.decode(
                token, key, algorithms=[unverified.algorithm], issuer=unverified.issuer.issuer
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as exc:
            raise _refused(f"is not valid: {exc}") from None
    if keys.knows(unverified.key_id):
        raise _refused("has a wrong signature")
    return None


def _parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Returns the header and the claims of a token that is not verified yet.

    Raises:
        ValueError: It is no JWT.
    """
    header, claims, signature = map(_decoded, token.split("."))
    if not signature:
        raise ValueError("has no signature")
    return _json(header), _json(claims)


def _decoded(part: str) -> bytes:
    """Returns the content of a part, which has to be written in the one right way.

    Python's decoder skips characters that are none of base64url's, and ignores the last bits of a text. So
    the same signature could be written in many ways, and a token that was changed would still be valid.

    Raises:
        ValueError: It is not base64url without padding: https://www.rfc-editor.org/rfc/rfc7515#section-2.
    """
    content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(content).decode().rstrip("=") != part:
        raise ValueError("is not base64url")
    return content


def _json(part: bytes) -> dict[str, object]:
    """Reads a part of a token.

    Raises:
        ValueError: It is no JSON object, or nested too deeply.
    """
    found = orjson.loads(part)
    if not isinstance(found, dict):
        raise ValueError("is no object")  # noqa: TRY004, it is a value from outside
    return found


def _refused(problem: str) -> CredentialsInvalid:
    return CredentialsInvalid("token", excerpt(f"the token {problem}"))
