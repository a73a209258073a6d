"""Identity, pure: what is stored of an API key. It is all that the keyring and the store share."""

from dataclasses import dataclass, field

from ringmain_server.identity.principal import Scope


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A stored key. Times are seconds since the epoch.

    Attributes:
        key_id: Identifies the key, and is not secret.
        tenant_id: The tenant it belongs to.
        secret_hash: The hash of its present secret, by `keys.Hasher`.
        create_time: When it was made.
        display_name: A name for people.
        scopes: What it may be used for.
        allowed_models: Models it may use; an entry may end in `*`. Empty means all.
        allowed_methods: Methods it may call; an entry may end in `*`. Empty means all.
        allowed_networks: Networks it may be used from, in CIDR notation or as addresses. Empty means all.
        requests_per_minute: The most requests in a minute, None for no limit.
        tokens_per_minute: The most tokens in a minute, None for no limit.
        monthly_budget_nano_usd: The most to spend in a month, in units of 1e-9 US dollars, None for no limit.
        old_secret_hash: The hash of the secret before the present one, None where there was none.
        old_secret_expire_time: When that secret stops working.
        expire_time: When the key stops working, None for never.
        rotate_time: When it got its present secret, None for its first one.
        revoke_time: When it was revoked, None if it was not.
        last_use_time: When it was last used, None for never.
    """

    key_id: str
    tenant_id: str
    secret_hash: bytes = field(repr=False)
    create_time: float
    display_name: str = ""
    scopes: frozenset[Scope] = frozenset()
    allowed_models: tuple[str, ...] = ()
    allowed_methods: tuple[str, ...] = ()
    allowed_networks: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    monthly_budget_nano_usd: int | None = None
    old_secret_hash: bytes | None = field(default=None, repr=False)
    old_secret_expire_time: float | None = None
    expire_time: float | None = None
    rotate_time: float | None = None
    revoke_time: float | None = None
    last_use_time: float | None = None
