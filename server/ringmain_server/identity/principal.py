"""Identity, pure: a caller, and what it may use."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ringmain_server.identity.networks import Network

OF_KEY: Final = "key:"
"""The beginning of the principal id of a caller with an API key; the key's id follows."""


class Scope(enum.Enum):
    """A right of a caller. No scope includes another."""

    INFERENCE = "inference"
    """Ask models, and list them."""
    USAGE = "usage"
    """Read what its own tenant has consumed."""
    ADMIN = "admin"
    """Operate the gateway, and read what all tenants have consumed."""


def is_entry(text: str) -> bool:
    """Whether a text can be an entry of a list of names, in which `*` stands for the rest of a name alone."""
    return "*" not in text[:-1]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Names that may be used.

    Attributes:
        names: Whole names.
        prefixes: Beginnings of names, of which every continuation may be used.
    """

    names: frozenset[str]
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Allowed | None":
        """Returns the names that a list allows; an entry that ends in `*` stands for all that begin like it.

        Returns:
            None, which means every name, for an empty list.
        """
        listed = tuple(entries)
        if not listed:
            return None
        prefixes = tuple(sorted(entry[:-1] for entry in listed if entry.endswith("*")))
        return cls(frozenset(entry for entry in listed if not entry.endswith("*")), prefixes)

    def permits(self, name: str) -> bool:
        """Whether a name may be used."""
        return name in self.names or name.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose credentials were found right.

    Attributes:
        tenant_id: The party that pays. Empty for callers without credentials, and for operators' certificates
            that belong to no tenant.
        principal_id: Says which credential was shown: `key:` and the key's id, `jwt:`, the issuer's name in
            the configuration, `:` and the subject, or `cert:` and a name of the certificate. Empty for
            callers without credentials.
        scopes: What it may do.
        allowed_models: The models it may use, by their names in this gateway. None means all.
        allowed_methods: The methods it may call, such as `ringmain.v1.ChatService/*`. None means all that its
            scopes allow.
        allowed_networks: The networks it may call from. Empty means all.
        owner: Names those who share kept answers: the tenant, or the caller alone where it has no tenant.
    """

    tenant_id: str = ""
    principal_id: str = ""
    scopes: frozenset[Scope] = frozenset()
    allowed_models: Allowed | None = None
    allowed_methods: Allowed | None = None
    allowed_networks: tuple[Network, ...] = ()

    owner: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # No tenant is named like a caller: a name with a character that cannot be printed is refused.
        owner = self.tenant_id or (self.principal_id and f"\0{self.principal_id}")
        object.__setattr__(self, "owner", owner)


ANONYMOUS = Principal(scopes=frozenset(Scope))
"""Every caller of a gateway without authentication. It may do everything."""
UNKNOWN = Principal(scopes=frozenset({Scope.INFERENCE}))
"""A caller without credentials where authentication is configured and not required."""
NOBODY = Principal()
"""A caller that is not authenticated yet. It may do nothing."""
