"""Room 1, pure: the public keys of an issuer, from its JSON Web Key Set.

The format is https://www.rfc-editor.org/rfc/rfc7517. Each key is bound to the algorithms that it fits and
that the operator allows, before any token comes: the header of a token chooses among these, and can neither
bring an algorithm of its own nor use a key for another purpose.

This module imports PyJWT and `cryptography`, which take a quarter of a second and 24 MB. So it is imported
only where an issuer is configured.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import jwt
import orjson

KEY_LIMIT: Final = 100
"""The most keys of a set."""
TRIAL_LIMIT: Final = 8
"""The most keys that are tried for one token, which is more than one only where tokens have no `kid`."""

_FITS: Final[Mapping[str, tuple[str, tuple[str | None, ...]]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", (None,))),
    "ES256": ("EC", ("P-256",)),
    "ES384": ("EC", ("P-384",)),
    "ES512": ("EC", ("P-521",)),
    "EdDSA": ("OKP", ("Ed25519", "Ed448")),
}
"""The type (`kty`) and the curves (`crv`) of keys for each algorithm. None with a shared secret is here."""
_ANY_TENANT = re.compile(re.escape(re.escape("{tenantid}")))

ALGORITHMS: Final = tuple(_FITS)
"""Every algorithm that can be allowed."""


class KeysUnreadable(Exception):
    """A document is no set of keys, or has none that can be used."""


class KeySet:
    """The keys of one issuer.

    Args:
        keys: Each key with its id; None where it has none. It is already bound to an algorithm.
    """

    def __init__(self, keys: Iterable[tuple[str | None, jwt.PyJWK]]) -> None:
        self._keys = tuple(keys)

    def __len__(self) -> int:
        """Returns how many pairs of key and algorithm there are."""
        return len(self._keys)

    def knows(self, key_id: str | None) -> bool:
        """Whether a key has this id."""
        return key_id is not None and any(named == key_id for named, _ in self._keys)

    def candidates(self, key_id: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """Returns the keys that a token may have been signed with.

        Args:
            key_id: The `kid` of its header. Keys without an id may have signed any token, and a token without
                one may be signed with any key.
            algorithm: The `alg` of its header.
        """
        fitting = [(named, key) for named, key in self._keys if key.algorithm_name == algorithm]
        if key_id is None:
            return [key for _, key in fitting][:TRIAL_LIMIT]
        same = [key for named, key in fitting if named == key_id]
        return (same or [key for named, key in fitting if named is None])[:TRIAL_LIMIT]


def read_keys(content: bytes, algorithms: Sequence[str], issuer: str) -> KeySet:
    """Reads a set of keys. Keys that are not for verifying these algorithms are left out.

    Args:
        content: The document.
        algorithms: The allowed algorithms, of `ALGORITHMS`.
        issuer: The issuer, which keys at Entra ID name.

    Raises:
        KeysUnreadable: It is no set of keys, is too large, or no key can be used.
    """
    keys = KeySet(_usable(_listed(content), algorithms, issuer))
    if not keys:
        raise KeysUnreadable(f"has no key for {', '.join(algorithms)}")
    return keys


def _listed(content: bytes) -> list[object]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as exc:
        raise KeysUnreadable("is no JSON") from exc
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise KeysUnreadable("is no set of keys")
    if len(listed) > KEY_LIMIT:
        raise KeysUnreadable(f"has more than {KEY_LIMIT} keys")
    return listed


def _usable(
    listed: Iterable[object], algorithms: Sequence[str], issuer: str
) -> Iterator[tuple[str | None, jwt.PyJWK]]:
    for one in listed:
        if not isinstance(one, dict) or not _verifies(one) or not _belongs(one, issuer):
            continue
        for algorithm in algorithms:
            key = _bound(one, algorithm)
            if key is not None:
                key_id = one.get("kid")
                yield (key_id if isinstance(key_id, str) else None), key


def _verifies(key: Mapping[str, object]) -> bool:
    """Whether a key is a public one for signatures: https://www.rfc-editor.org/rfc/rfc7517#section-4.2."""
    uses = key.get("key_ops")
    return (
        "d" not in key and key.get("use", "sig") == "sig" and (not isinstance(uses, list) or "verify" in uses)
    )


def _belongs(key: Mapping[str, object], issuer: str) -> bool:
    """Whether a key signs for this issuer.

    Entra ID publishes keys of several issuers together, and says in each key whose it is:
    https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer.
    """
    named = key.get("issuer")
    if not isinstance(named, str):
        return True
    return re.fullmatch(_ANY_TENANT.sub("[^/]+", re.escape(named)), issuer) is not None


def _bound(key: dict[str, object], algorithm: str) -> jwt.PyJWK | None:
    """Returns a key for one algorithm, None where it does not fit."""
    kind, curves = _FITS[algorithm]
    if key.get("kty") != kind or key.get("alg", algorithm) != algorithm or key.get("crv") not in curves:
        return None
    try:
        bound = jwt.PyJWK(key, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None  # its numbers are no key
    # RSA keys of fewer than 2048 bits: https://www.rfc-editor.org/rfc/rfc7518#section-3.3.
    return None if bound.Algorithm.check_key_length(bound.key) else bound
