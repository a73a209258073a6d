"""Identity, pure: who calls with a certificate, by rules about the names in it.

The certificate itself was checked when the connection was made; what counts here is its names. Each kind of
name is compared by itself, so that a DNS name which looks like a URI is none.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ringmain_server.errors import CredentialsInvalid
from ringmain_server.identity.names import NameField, filled
from ringmain_server.identity.principal import Allowed, Principal, Scope
from ringmain_server.text.excerpt import excerpt

AuthContext: TypeAlias = Mapping[str, Iterable[bytes]]
"""The facts that gRPC knows of a connection: values by key."""

NAME_LIMIT: Final = 512
"""The most characters of a name. Longer names match no rule."""
TENANT_LIMIT: Final = 256
"""The most characters of a tenant. A rule whose tenant would be longer does not match."""

_KEYS: Final[Mapping[NameField, str]] = {
    "uri": "peer_uri",
    "dns": "peer_dns",
    "common_name": "x509_common_name",
    "email": "peer_email",
}
# https://github.com/grpc/grpc/blob/master/include/grpc/grpc_security_constants.h
_CERTIFICATE: Final = "x509_pem_cert"
_SUBJECT: Final = "x509_subject"

_SEPARATORS: Final[Mapping[NameField, str]] = {"uri": "/", "dns": ".", "common_name": "./", "email": "@"}
"""The characters that `*` does not stand for, so that a rule for one level does not hold for those below."""

_COMMON_NAMES: Final = re.compile(rb"(?:^|[,+])CN=")
_CUT_OFF: Final = b"\\00"
"""A zero byte in a subject as gRPC writes it. gRPC's common name would end there."""

_REMEMBERED: Final = 4096
"""The most certificates whose caller is remembered, by their names."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Says who calls with a certificate that has a certain name.

    Attributes:
        match: The name, in which `*` stands for one or more characters, but not for the separators of its
            kind: `/` in a URI, `.` in a DNS name, both in a common name, `@` in an e-mail address.
        field: The kind of the name.
        tenant: The tenant, empty for none. `{1}` stands for what the first `*` stands for, and so on.
        principal: The caller's name, with the same placeholders. Empty for the name that matched.
        scopes: What the caller may do.
        allowed_models: The models that it may use, None for all.
    """

    match: str
    field: NameField = "uri"
    tenant: str = ""
    principal: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.INFERENCE})
    allowed_models: Allowed | None = None


class CertificateRules:
    """Identifies callers by the certificate of their connection. The first rule that matches holds.

    Args:
        rules: The rules.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._matchers = [_Matcher(rule, _pattern(rule)) for rule in rules]
        self._fields = tuple(dict.fromkeys(rule.field for rule in rules))
        # Connections are many and certificates few; a rule's text is matched once for each of these.
        self._known: dict[_Names, Principal | None] = {}

    def identify(self, auth_context: AuthContext) -> Principal | None:
        """Returns the caller that a certificate belongs to; None where the connection has none.

        Args:
            auth_context: What gRPC knows of the connection.

        Raises:
            CredentialsInvalid: No rule matches the certificate.
        """
        if _CERTIFICATE not in auth_context:
            return None
        names = tuple(_named(auth_context, field) for field in self._fields)
        try:
            found = self._known[names]
        except KeyError:
            found = self._learn(names)
        if found is None:
            raise CredentialsInvalid(
                "certificate", f"no rule matches the certificate of {_shown(auth_context)}"
            )
        return found

    def _learn(self, names: "_Names") -> Principal | None:
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        found = self._known[names] = self._matched(dict(zip(self._fields, names, strict=True)))
        return found

    def _matched(self, names: Mapping[NameField, tuple[bytes, ...]]) -> Principal | None:
        for matcher in self._matchers:
            for name in filter(None, map(_readable, names[matcher.rule.field])):
                if (found := matcher.principal(name)) is not None:
                    return found
        return None


_Names: TypeAlias = tuple[tuple[bytes, ...], ...]
"""The names of a certificate, of each kind that any rule asks for."""


@dataclass(frozen=True, slots=True)
class _Matcher:
    rule: Rule
    pattern: "re.Pattern[str]"

    def principal(self, name: str) -> Principal | None:
        """Returns the caller of a name, None if the rule does not match it."""
        rule = self.rule
        found = self.pattern.fullmatch(name.lower() if rule.field == "dns" else name)
        if found is None:
            return None
        tenant = filled(rule.tenant, found.group)
        if len(tenant) > TENANT_LIMIT:
            return None
        who = filled(rule.principal, found.group) or name
        return Principal(tenant, f"cert:{who}", rule.scopes, rule.allowed_models)


def _pattern(rule: Rule) -> "re.Pattern[str]":
    wild = f"([^{re.escape(_SEPARATORS[rule.field])}]+)"
    text = rule.match.lower() if rule.field == "dns" else rule.match
    return re.compile(wild.join(map(re.escape, text.split("*"))), re.DOTALL)


def _named(auth_context: AuthContext, field: NameField) -> tuple[bytes, ...]:
    if field == "common_name" and not _unambiguous(auth_context):
        return ()
    return tuple(auth_context.get(_KEYS[field], ()))


def _unambiguous(auth_context: AuthContext) -> bool:
    r"""Whether a certificate has one common name that gRPC tells whole.

    It tells the first of several, and of a name with a zero byte in it only what stands before, so that a
    certificate for `admin\0.example.com` would pass for one of `admin`.
    """
    subject = b"".join(auth_context.get(_SUBJECT, ()))
    return _CUT_OFF not in subject and len(_COMMON_NAMES.findall(subject)) == 1


def _readable(name: bytes) -> str:
    """Returns a name as text; empty if it is none, or could be taken for another where it is shown."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= NAME_LIMIT and text.isprintable() else ""


def _shown(auth_context: AuthContext) -> str:
    """Returns the names of a certificate, for the log."""
    names = [name for key in _KEYS.values() for name in auth_context.get(key, ()) if name]
    return excerpt(b", ".join(names).decode(errors="replace"), NAME_LIMIT) or "nobody"
