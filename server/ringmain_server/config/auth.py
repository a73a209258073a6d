"""Configuration: the settings of who may call, and of tenants. `docs/access.md` explains them."""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from ringmain_server.config import units
from ringmain_server.config.fields import (
    Flag,
    Secret,
    Section,
    Span,
    Text,
    Wait,
    frozen,
    not_empty,
    nothing,
)
from ringmain_server.identity.claims import claim_path
from ringmain_server.identity.names import NameField, placeholders
from ringmain_server.identity.networks import network
from ringmain_server.identity.principal import is_entry

ScopeName = Literal["inference", "usage", "admin"]
"""The names of the contract's ApiKeyScope values, lower case, without prefix. A test compares them."""
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures that are checked with a public key: with a shared secret, each verifier could make tokens."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_NAME_LIMIT = 64
_JWT_MODULES = ("jwt", "cryptography")
_LONGEST_LEEWAY = 300.0
_TENANT_LIMIT = 256


def _network(value: str) -> str:
    network(value)
    return value


def key_address(value: str) -> str:
    """Returns an address that keys of an issuer may be fetched from: over TLS, or on this machine.

    Raises:
        ValueError: It is another one.
    """
    try:
        url = urlsplit(value)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, port = "", 0
    if not host or port == 0 or url.scheme not in ("http", "https") or url.username is not None:
        raise ValueError("must be an address that starts with https://, without credentials")
    if url.scheme == "http" and not units.is_loopback(f"{host}:0"):
        raise ValueError("must start with https://: whoever changes what is fetched can make tokens")
    return value


def _entry(value: str) -> str:
    if not is_entry(value):
        raise ValueError("must have * as its last character only")
    return value


def _tenant(value: str) -> str:
    if len(value) > _TENANT_LIMIT:
        raise ValueError(f"must have at most {_TENANT_LIMIT} characters")
    return value


def _path(value: object) -> object:
    return claim_path(value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def keys_enabled(enabled: object, *causes: object) -> bool:
    """Whether callers may show API keys.

    Args:
        enabled: The setting `auth.keys.enabled`.
        causes: The settings of which any one enables them where that is absent.
    """
    return any(cause is not None for cause in causes) if enabled is None else enabled is True


NetworkText = Annotated[Text, AfterValidator(_network)]
KeyAddress = Annotated[Text, AfterValidator(key_address)]
ModelEntry = Annotated[Text, AfterValidator(_entry)]
TenantName = Annotated[Text, AfterValidator(_tenant)]
ClaimPath = Annotated[tuple[Text, ...], BeforeValidator(_path), AfterValidator(not_empty)]
ScopeNames = Annotated[tuple[ScopeName, ...], BeforeValidator(_listed), AfterValidator(not_empty)]


class KeySettings(Section):
    """API keys of this gateway, which `ringmain keys` makes."""

    enabled: Flag | None = Field(
        default=None,
        description="Whether callers may show API keys. Absent means that they may where `storage.url` or "
        "`pepper` is set.",
    )
    pepper: Secret | None = Field(
        default=None,
        description="A secret that the hashes of keys depend on, so that nobody who can write to the "
        "database alone can make a key. Keys that were made without it, or with another one, stop working "
        "until they are rotated. Every replica needs the same.",
    )


class ClaimSettings(Section):
    """The claims of a token that say who calls.

    Dots lead into objects, as in `realm_access.roles`. A name that has dots itself is written as a list of
    one, `["example.com/tenant"]`, or as the address that it is, `https://example.com/tenant`.
    """

    tenant: ClaimPath | None = Field(default=None, description="The claim that holds the tenant.")
    principal: ClaimPath = Field(default=("sub",), description="The claim that holds the caller's name.")
    scopes: ClaimPath | None = Field(
        default=None,
        description="The claim that holds the scopes: a list, or text with spaces between them. Absent "
        "means `scope`, `scp` and `roles`, whichever a token has.",
    )
    models: ClaimPath | None = Field(
        default=None,
        description="The claim that lists the models the caller may use; an entry may end in `*`. A token "
        "without it may use none. Absent means that tokens do not limit models.",
    )


class IssuerSettings(Section):
    """An identity provider (OpenID Connect) whose tokens callers may show. The name is of your choice."""

    issuer: Text = Field(description="The `iss` of its tokens, exactly as they have it.")
    audience: Annotated[tuple[Text, ...], BeforeValidator(_listed), AfterValidator(not_empty)] = Field(
        description="The `aud` of tokens for this gateway: one of these must be in the token."
    )
    algorithms: Annotated[tuple[Algorithm, ...], AfterValidator(not_empty)] = Field(
        default=("RS256",), description="The signatures that are taken. A token's own header decides nothing."
    )
    jwks_url: KeyAddress | None = Field(
        default=None,
        description="Where its public keys are. Absent means that its discovery document says so "
        "(`/.well-known/openid-configuration` below `issuer`).",
    )
    jwks_file: Text | None = Field(
        default=None, description="A file that holds its public keys, in place of fetching them."
    )
    ca_file: Text | None = Field(
        default=None,
        description="The certificates (PEM) of the authorities that its addresses are trusted by. Absent "
        "means those of the system.",
    )
    token_file: Text | None = Field(
        default=None,
        description="A file that holds a bearer token for fetching its keys, read each time. It is sent to "
        "the host of `jwks_url`, or of `issuer` where that is absent, and to no other.",
    )
    refresh_interval: Span = Field(
        default=300.0,
        description="How often its keys are fetched. A key that it has withdrawn is refused after this time "
        "at the latest; an unknown one is fetched at once, at most every 30 seconds.",
    )
    leeway: Wait = Field(
        default=30.0, description="How far the clocks of issuer and gateway may differ, at most 5 minutes."
    )
    claims: ClaimSettings = Field(default_factory=ClaimSettings, description="The claims that say who calls.")
    tenant: TenantName | None = Field(
        default=None, description="The tenant of all its tokens, in place of `claims.tenant`."
    )
    scopes: Annotated[Mapping[str, ScopeNames], AfterValidator(frozen)] = Field(
        default_factory=nothing,
        description="What the values of the claim of scopes, such as roles, allow: one or several of "
        "`inference`, `usage` and `admin`. Other values allow nothing.",
    )
    default_scopes: tuple[ScopeName, ...] | None = Field(
        default=None,
        description="The scopes of every one of its tokens, beside those of its claims. Absent means "
        "`inference` where `scopes` is empty, and none otherwise.",
    )

    @field_validator("leeway")
    @classmethod
    def _is_no_expiry_of_its_own(cls, value: float) -> float:
        if value > _LONGEST_LEEWAY:
            raise ValueError("must be at most 5 minutes")
        return value

    @model_validator(mode="after")
    def _says_one_of_each(self) -> Self:
        if (self.tenant is None) == (self.claims.tenant is None):
            raise ValueError("must have either tenant, the tenant of all its tokens, or claims.tenant")
        if self.jwks_url is not None and self.jwks_file is not None:
            raise ValueError("must not have both jwks_url and jwks_file")
        if self.claims.scopes is not None and not self.scopes:
            raise ValueError("must have scopes, which say what the values of claims.scopes allow")
        return self

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if self.jwks_url is None and self.jwks_file is None:
            try:
                key_address(self.issuer)
            except ValueError as exc:
                raise ValueError(
                    "must have jwks_url or jwks_file, since issuer is no address that starts with https://"
                ) from exc
        if self.jwks_file is not None and (self.ca_file is not None or self.token_file is not None):
            raise ValueError("must not have ca_file or token_file beside jwks_file: nothing is fetched")
        return self


class CertificateRule(Section):
    """Says who calls with certificates of certain names. The first rule that matches holds."""

    match: Text = Field(
        description="The name, such as `spiffe://corp/ns/*/sa/*`. `*` stands for one or more characters, but "
        "not for `/` in a URI, `.` in a DNS name, either of these in a common name, and `@` in an e-mail "
        "address."
    )
    field: NameField = Field(
        default="uri",
        description="Where the certificate has the name: among the URIs, DNS names or e-mail addresses of "
        "its subject alternative names, or as its common name.",
    )
    tenant: TenantName | None = Field(
        default=None, description="The tenant. Absent means none, so that keys of any tenant may come beside."
    )
    principal: Text | None = Field(
        default=None,
        description="The caller's name, with placeholders as in `tenant`. Absent means the name that "
        "matched.",
    )
    scopes: Annotated[tuple[ScopeName, ...], AfterValidator(not_empty)] = Field(
        default=("inference",), description="What it may do: `inference`, `usage`, `admin`."
    )
    allowed_models: tuple[ModelEntry, ...] = Field(
        default_factory=tuple,
        description="The models it may use; an entry may end in `*`. Empty means all.",
    )

    @model_validator(mode="after")
    def _fills_each_placeholder(self) -> Self:
        if "**" in self.match:
            raise ValueError("must not have two * in a row in match")
        used = placeholders(self.tenant or "") | placeholders(self.principal or "")
        if not used <= set(range(1, self.match.count("*") + 1)):
            raise ValueError("must not have more placeholders in tenant or principal than match has *")
        return self


class CertificateSettings(Section):
    """Callers that are known by the certificate of their connection. It needs `client_ca`."""

    rules: tuple[CertificateRule, ...] = Field(
        default_factory=tuple, description="The rules, of which the first that matches holds."
    )


class AuthSettings(Section):
    """The methods by which callers say who they are. Without any, everybody may call and do everything."""

    required: Flag | None = Field(
        default=None,
        description="Whether callers must show credentials. Absent means that they must where any method is "
        "configured. With false, callers without any may ask models; wrong ones are refused all the same.",
    )
    known_tenants_only: Flag = Field(
        default=False, description="Whether tenants that are not in `tenants` are refused."
    )
    keys: KeySettings = Field(default_factory=KeySettings, description="API keys.")
    issuers: Annotated[Mapping[str, IssuerSettings], AfterValidator(frozen)] = Field(
        default_factory=nothing, description="The issuers of tokens, by name."
    )
    certificates: CertificateSettings = Field(
        default_factory=CertificateSettings, description="Certificates of callers."
    )

    @field_validator("issuers")
    @classmethod
    def _issuers_differ(cls, value: Mapping[str, IssuerSettings]) -> Mapping[str, IssuerSettings]:
        for name in value:
            if len(name) > _NAME_LIMIT or not _NAME.fullmatch(name):
                raise ValueError("must have names of lower case letters, digits, '.', '_' and '-'")
        if len({one.issuer for one in value.values()}) < len(value):
            raise ValueError("must not have two entries with the same issuer")
        if value and not all(map(find_spec, _JWT_MODULES)):
            raise ValueError("need an extra: pip install 'ringmain[server,jwt]'")
        return value


class TenantSettings(Section):
    """A tenant: a name on keys and in claims, for which requests are counted and limited."""

    display_name: str = Field(default="", description="A name for people.")
    allowed_models: tuple[ModelEntry, ...] = Field(
        default_factory=tuple,
        description="The models that its callers may use, as long as their credentials allow them too; an "
        "entry may end in `*`. Empty means all.",
    )
    allowed_networks: tuple[NetworkText, ...] = Field(
        default_factory=tuple,
        description="The networks that it may call from, as addresses or in CIDR notation. Empty means all.",
    )
