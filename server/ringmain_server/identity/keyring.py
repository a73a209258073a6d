"""Identity, pure: every API key, in memory. Nothing is read on the way of a call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from math import inf
from types import MappingProxyType

from ringmain_server.identity.keys import Hasher
from ringmain_server.identity.networks import network
from ringmain_server.identity.principal import NOBODY, OF_KEY, Allowed, Principal
from ringmain_server.identity.records import KeyRecord


@dataclass(slots=True, eq=False)
class _Secret:
    """One secret of a key.

    Attributes:
        digest: Its hash.
        until: When it stops working, in seconds since the epoch.
        key_id: The key.
        principal: The caller that it belongs to.
        used: When it was last used, zero if that is not so or was told.
    """

    digest: bytes
    until: float
    key_id: str
    principal: Principal
    used: float = 0.0


class Keyring:
    """Every API key.

    A key that was revoked here stays revoked, whatever older state of it is read from a store afterwards.

    Args:
        hasher: Hashes the keys that callers show.
    """

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        # Compared in place of a secret that is not known, so that every key takes the same time.
        self._none = _Secret(bytes(len(hasher(""))), -inf, "", NOBODY)
        self._revoked: set[str] = set()
        self._records: dict[str, KeyRecord] = {}
        self._secrets: dict[bytes, _Secret] = {}
        self._used: dict[str, float] = {}
        """The last uses of secrets that are no longer there."""

    def __len__(self) -> int:
        """Returns how many keys there are, those that no longer work included."""
        return len(self._records)

    @property
    def foreign(self) -> int:
        """The keys that were hashed with a pepper where none is configured, or without one where it is."""
        own = len(self._none.digest)
        return sum(len(one.secret_hash) != own for one in self._records.values() if one.revoke_time is None)

    def replace(self, records: Iterable[KeyRecord]) -> None:
        """Takes these keys in place of all that it has; if they cannot be read to the end, it keeps those."""
        read = {one.key_id: one for one in records}
        self._revoked.update(key_id for key_id, one in read.items() if one.revoke_time is not None)
        working = (one for key_id, one in read.items() if key_id not in self._revoked)
        secrets = {secret.digest: secret for one in working for secret in _secrets(one)}
        for secret in self._secrets.values():
            self._take(secret)
        self._records, self._secrets = read, secrets

    def put(self, record: KeyRecord) -> None:
        """Adds a key, or takes its new state."""
        before = self._records.get(record.key_id)
        for digest in (before.secret_hash, before.old_secret_hash) if before else ():
            if digest is not None and (gone := self._secrets.pop(digest, None)) is not None:
                self._take(gone)
        self._records[record.key_id] = record
        if record.revoke_time is not None:
            self._revoked.add(record.key_id)
        if record.key_id not in self._revoked:
            self._secrets.update((secret.digest, secret) for secret in _secrets(record))

    def get(self, key_id: str) -> KeyRecord | None:
        """Returns the key of an id."""
        return self._records.get(key_id)

    def find(self, secret_text: str, now: float) -> Principal | None:
        """Returns the caller that a key belongs to; None if it is unknown, revoked, expired or mistyped.

        Each of these takes the same path, so that the time tells none from another.

        Args:
            secret_text: The whole key, as the caller sent it.
            now: Seconds since the epoch.
        """
        digest = self._hasher(secret_text)
        secret = self._secrets.get(digest, self._none)
        if compare_digest(digest, secret.digest) & (now < secret.until):
            # Noted here and not in a table of all keys: each look at cold memory costs as much as a hash.
            secret.used = now
            return secret.principal
        return None

    def used(self) -> Mapping[str, float]:
        """Takes the times of the last uses since it was last asked, by key id."""
        for secret in self._secrets.values():
            self._take(secret)
        used, self._used = self._used, {}
        return MappingProxyType(used)

    def _take(self, secret: _Secret) -> None:
        if secret.used:
            self._used[secret.key_id] = max(secret.used, self._used.get(secret.key_id, 0.0))
            secret.used = 0.0


def _secrets(record: KeyRecord) -> Iterable[_Secret]:
    """Yields the secrets of a key that may still work."""
    if record.revoke_time is not None:
        return
    try:
        principal = principal_of(record)
    except ValueError:
        # Somebody wrote a network that is none into the database: this key fails alone, and not for all.
        return
    until = inf if record.expire_time is None else record.expire_time
    yield _Secret(record.secret_hash, until, record.key_id, principal)
    if record.old_secret_hash is not None and record.old_secret_expire_time is not None:
        old_until = min(until, record.old_secret_expire_time)
        yield _Secret(record.old_secret_hash, old_until, record.key_id, principal)


def principal_of(record: KeyRecord) -> Principal:
    """Returns the caller that a key stands for.

    Raises:
        ValueError: One of its networks is none.
    """
    return Principal(
        tenant_id=record.tenant_id,
        principal_id=f"{OF_KEY}{record.key_id}",
        scopes=record.scopes,
        allowed_models=Allowed.of(record.allowed_models),
        allowed_methods=Allowed.of(record.allowed_methods),
        allowed_networks=tuple(map(network, record.allowed_networks)),
    )
