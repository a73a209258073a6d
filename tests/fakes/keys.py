"""API keys for tests, as a store would have them."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from ringmain_server.identity.keyring import Keyring
from ringmain_server.identity.keys import Hasher, hasher, new_key_id, new_secret
from ringmain_server.identity.principal import Scope
from ringmain_server.identity.records import KeyRecord

MADE = 1_700_000_000.0
"""When the keys were made, in seconds since the epoch."""
_moments = itertools.count()


@dataclass(frozen=True)
class Made:
    """A key that was just made.

    Attributes:
        record: What is stored of it.
        text: The whole key, which its caller sends.
    """

    record: KeyRecord
    text: str

    @property
    def bearer(self) -> tuple[tuple[str, str], ...]:
        """The headers of a caller with this key."""
        return (("authorization", f"Bearer {self.text}"),)


def make_key(
    tenant_id: str = "acme",
    scopes: tuple[Scope, ...] = (Scope.INFERENCE,),
    *,
    hashed: Hasher | None = None,
    **more: Any,
) -> Made:
    """Makes a key of a tenant, with any other fields of its record."""
    key_id = new_key_id(MADE + next(_moments) / 1000)
    secret = new_secret(key_id)
    digest = (hashed or hasher())(secret.text)
    record = KeyRecord(key_id, tenant_id, digest, MADE, scopes=frozenset(scopes), **more)
    return Made(record, secret.text)


@dataclass
class Keys:
    """A keyring with the keys that a test makes.

    Attributes:
        keyring: The keyring.
    """

    keyring: Keyring = field(default_factory=lambda: Keyring(hasher()))

    def add(self, *args: Any, **more: Any) -> Made:
        """Makes a key and adds it. See `make_key`."""
        made = make_key(*args, **more)
        self.keyring.put(made.record)
        return made
