"""Identity, pure: reads the claims of a token whose signature was verified, and makes a principal of them.

The form of claims is https://www.rfc-editor.org/rfc/rfc7519#section-4. Issuers differ in where they put what
a gateway needs: Keycloak nests roles (`realm_access.roles`), Auth0 names claims by addresses, Entra ID has
scopes of people in `scp` and roles of programs in `roles`. So a mapping says which claim means what.

A claim that is missing or has another type than expected refuses the token: nothing is guessed, and nothing
is left out in silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ringmain_server.identity.principal import Allowed, Principal, Scope

Claims: TypeAlias = Mapping[str, object]
Path: TypeAlias = tuple[str, ...]
"""The names that lead from the claims to a value, through objects in them."""

SCOPE_PATHS: Final[tuple[Path, ...]] = (("scope",), ("scp",), ("roles",))
"""The claims that usually hold scopes: https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3."""
TEXT_LIMIT: Final = 256
"""The most characters of a tenant, a subject or a model."""
VALUE_LIMIT: Final = 1024
"""The most values of a list."""
_LAST_INSTANT: Final = 253402300799
"""The end of the year 9999."""


class ClaimsRefused(ValueError):
    """A token's claims are not what the issuer's settings demand. The message is for the log."""


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Says what the claims of one issuer mean.

    Attributes:
        issuer_name: The name of the issuer in the configuration.
        audience: The accepted values of `aud`, of which a token must have one.
        leeway: Seconds by which the clocks of issuer and gateway may differ.
        tenant: The tenant of all tokens; where it is empty, `tenant_path` leads to it.
        tenant_path: Leads to the tenant.
        principal_path: Leads to the caller's name.
        scope_paths: Lead to scopes, those of all that a token has are added.
        scopes: What each value of these claims allows. Other values allow nothing.
        default_scopes: The scopes of every token.
        models_path: Leads to the models that may be used, None where tokens do not limit models.
    """

    issuer_name: str
    audience: frozenset[str]
    leeway: float = 30.0
    tenant: str = ""
    tenant_path: Path = ()
    principal_path: Path = ("sub",)
    scope_paths: tuple[Path, ...] = SCOPE_PATHS
    scopes: Mapping[str, frozenset[Scope]] = field(default_factory=dict)
    default_scopes: frozenset[Scope] = frozenset({Scope.INFERENCE})
    models_path: Path | None = None


def claim_path(text: str) -> Path:
    """Returns the path that a text names.

    Dots separate the names of a path, as in `realm_access.roles`. A text with `://` in it is one name, dots
    and all, as in `https://example.com/tenant`.
    """
    return (text,) if "://" in text else tuple(text.split("."))


def expiry(claims: Claims, mapping: ClaimMapping, now: float) -> float:
    """Returns when a token expires, in seconds since the epoch, if it is valid now and for this gateway.

    Args:
        claims: The claims of the token.
        mapping: The issuer's mapping.
        now: Seconds since the epoch.

    Raises:
        ClaimsRefused: The token is expired, not valid yet or for somebody else, or does not say so.
    """
    expires = _instant(claims, "exp")
    if expires is None:
        raise ClaimsRefused("has no exp")
    if now >= expires + mapping.leeway:
        raise ClaimsRefused("is expired")
    for name in ("nbf", "iat"):
        begins = _instant(claims, name)
        if begins is not None and now < begins - mapping.leeway:
            raise ClaimsRefused(f"is not valid yet ({name})")
    if mapping.audience.isdisjoint(_texts(claims.get("aud"), "aud")):
        raise ClaimsRefused("is for another audience")
    return expires


def principal_of(claims: Claims, mapping: ClaimMapping) -> Principal:
    """Returns the caller that a token names.

    Args:
        claims: The claims of a token that is valid.
        mapping: The issuer's mapping.

    Raises:
        ClaimsRefused: They give no tenant, no name or no scope, or one of another type than expected.
    """
    subject = _text(_found(claims, mapping.principal_path), mapping.principal_path)
    return Principal(
        tenant_id=mapping.tenant or _text(_found(claims, mapping.tenant_path), mapping.tenant_path),
        principal_id=f"jwt:{mapping.issuer_name}:{subject}",
        scopes=_scopes(claims, mapping),
        allowed_models=_models(claims, mapping.models_path),
    )


def _scopes(claims: Claims, mapping: ClaimMapping) -> frozenset[Scope]:
    given = mapping.default_scopes
    for path in mapping.scope_paths:
        for value in _words(_found(claims, path), path):
            given |= mapping.scopes.get(value, frozenset())
    if not given:
        raise ClaimsRefused("gives no scope")
    return given


def _models(claims: Claims, path: Path | None) -> Allowed | None:
    if path is None:
        return None
    # `Allowed.of` would take an empty list for no limit.
    return Allowed.of(_words(_found(claims, path), path)) or Allowed(frozenset())


def _found(claims: Claims, path: Path) -> object:
    """Returns what a path leads to, None where it leads nowhere."""
    value: object = claims
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _instant(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # The comparison is false for NaN, and whole numbers may be too large for a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_INSTANT:
        raise ClaimsRefused(f"has no time in {name}")
    return float(value)


def _text(value: object, path: Path) -> str:
    """Returns a text that names somebody: one line of limited length."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
        value = value[0]  # Keycloak's mappers may make a list of one value
    if not isinstance(value, str) or not value:
        raise ClaimsRefused(f"has no text in {_shown(path)}")
    if len(value) > TEXT_LIMIT or not value.isprintable():
        raise ClaimsRefused(f"has a text in {_shown(path)} that is too long or has control characters")
    return value


def _words(value: object, path: Path) -> Iterable[str]:
    """Returns the values of a list, or of a text with spaces between them; none where there is no claim."""
    if value is None:
        return ()
    return value.split() if isinstance(value, str) else _texts(value, _shown(path))


def _texts(value: object, name: str) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ClaimsRefused(f"has neither a text nor a list of texts in {name}")
    if len(value) > VALUE_LIMIT:
        raise ClaimsRefused(f"has more than {VALUE_LIMIT} values in {name}")
    return value


def _shown(path: Path) -> str:
    return ".".join(path)
