"""Which credential decides, and what is refused, without a network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.errors import CredentialsInvalid
from ringmain_server.identity.keyring import Keyring
from ringmain_server.identity.keys import hasher
from ringmain_server.identity.principal import NOBODY, UNKNOWN, Principal, Scope

from tests.fakes.keys import MADE, make_key

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
ANN = Principal("acme", "jwt:corp:ann", frozenset({Scope.INFERENCE}))
KEY, OTHER = make_key("acme"), make_key("bolt")
REVOKED, EXPIRED = make_key(revoke_time=MADE), make_key(expire_time=MADE)
UNKNOWN_KEY = make_key()
NOW = MADE + 60


class Tokens:
    """Knows one token."""

    def verify(self, token: str, now: float) -> Principal:
        if token != TOKEN:
            raise CredentialsInvalid("token", "is not the token")
        return ANN


@dataclass
class Certificates:
    """Knows the certificate of every connection: that of a tenant, none, or one that no rule matches."""

    tenant: str | None = ""
    known: bool = True

    def identify(self, auth_context: Mapping[str, Iterable[bytes]]) -> Principal | None:
        if not self.known:
            raise CredentialsInvalid("certificate", "no rule")
        return (
            None if self.tenant is None else Principal(self.tenant, "cert:svc", frozenset({Scope.INFERENCE}))
        )


def ring() -> Keyring:
    """A keyring with keys that work and keys that do not."""
    found = Keyring(hasher())
    found.replace([one.record for one in (KEY, OTHER, REVOKED, EXPIRED)])
    return found


ALL = Authenticator(ring(), Tokens(), None)
KEYS = Authenticator(ring())


def who(authenticator: Authenticator, *headers: tuple[str, str | bytes]) -> Principal:
    """The caller that a call with these headers has."""
    found = authenticator.by_headers(headers, NOW)
    assert isinstance(found, Principal)
    return authenticator.by_connection(found, dict)


def cause(authenticator: Authenticator, *headers: tuple[str, str | bytes]) -> str:
    """Why a call with these headers is refused."""
    with pytest.raises(CredentialsInvalid) as refused:
        who(authenticator, *headers)
    return refused.value.cause


def bearer(text: str) -> tuple[str, str]:
    """The header of a caller with a credential."""
    return ("authorization", f"Bearer {text}")


@pytest.mark.parametrize(
    "header",
    [
        bearer(KEY.text),
        ("authorization", f"bearer {KEY.text}"),
        ("authorization", f"BEARER  {KEY.text} "),
        ("x-api-key", KEY.text),
    ],
)
def test_a_key_is_taken_from_either_header(header: tuple[str, str]) -> None:
    """A key comes as `authorization: Bearer` in any case, or as `x-api-key`."""
    found = who(ALL, ("user-agent", "x"), header, ("traceparent", "y"))
    assert (found.tenant_id, found.principal_id) == ("acme", f"key:{KEY.record.key_id}")


def test_a_token_is_taken_where_issuers_are_configured() -> None:
    """What is no key is a token; without issuers it is nothing."""
    assert who(ALL, bearer(TOKEN)) == ANN
    assert cause(KEYS, bearer(TOKEN)) == "malformed"
    assert cause(Authenticator(None, Tokens()), bearer(KEY.text)) == "key"


BAD: Mapping[str, tuple[tuple[tuple[str, str | bytes], ...], str]] = {
    "none": ((), "missing"),
    "empty header": ((("authorization", ""),), "malformed"),
    "empty key": ((("x-api-key", ""),), "malformed"),
    "no credential": ((("authorization", "Bearer"),), "malformed"),
    "scheme alone": ((("authorization", "Bearer "),), "token"),
    "no scheme": ((("authorization", KEY.text),), "malformed"),
    "basic": ((("authorization", "Basic dTpw"),), "malformed"),
    "other scheme": ((("authorization", f"Token {KEY.text}"),), "malformed"),
    "scheme without space": ((("authorization", f"Bearer{KEY.text}"),), "malformed"),
    "header twice": ((bearer(KEY.text), bearer(KEY.text)), "ambiguous"),
    "two keys": ((bearer(KEY.text), bearer(OTHER.text)), "ambiguous"),
    "both headers": ((bearer(KEY.text), ("x-api-key", KEY.text)), "ambiguous"),
    "key and token": ((("x-api-key", KEY.text), bearer(TOKEN)), "ambiguous"),
    "an empty one beside": ((("x-api-key", ""), bearer(KEY.text)), "ambiguous"),
    "joined by a proxy": ((bearer(f"{KEY.text}, Bearer {KEY.text}"),), "key"),
    "token as key": ((("x-api-key", TOKEN),), "malformed"),
    "bearer in the wrong header": ((("x-api-key", f"Bearer {KEY.text}"),), "malformed"),
    "unknown": ((bearer(UNKNOWN_KEY.text),), "key"),
    "revoked": ((bearer(REVOKED.text),), "key"),
    "expired": ((bearer(EXPIRED.text),), "key"),
    "mistyped": ((bearer(KEY.text[:40] + "~" + KEY.text[41:]),), "key"),
    "mistyped check": ((bearer(KEY.text[:-1] + "x"),), "key"),
    "truncated": ((bearer(KEY.text[:-9]),), "key"),
    "key id alone": ((bearer(KEY.text[:20]),), "key"),
    "in capitals": ((bearer(KEY.text.upper()),), "token"),
    "not ascii": ((bearer(KEY.text + "é"),), "key"),
    "a surrogate": ((bearer("rm_\ud800"),), "key"),
    "bytes": ((("authorization", b"Bearer " + KEY.text.encode()),), "malformed"),
    "too long": ((bearer("rm_" + "x" * 8192),), "malformed"),
    "longest": ((bearer("rm_" + "x" * 8000),), "key"),
    "another header": ((("authorization-bin", KEY.text.encode()), ("cookie", KEY.text)), "missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_valid_credential_is_refused(name: str) -> None:
    """Nothing falls through to another credential, or to being nobody."""
    headers, expected = BAD[name]
    assert cause(ALL, *headers) == expected
    optional = replace(ALL, required=False)
    if expected == "missing":
        assert who(optional, *headers) is UNKNOWN
    else:
        assert cause(optional, *headers) == expected


@pytest.mark.parametrize("name", BAD)
def test_no_refusal_tells_what_is_wrong_with_a_key(name: str) -> None:
    """Credentials that were looked at are refused with one text, and none is in any text."""
    headers, expected = BAD[name]
    with pytest.raises(CredentialsInvalid) as refused:
        who(ALL, *headers)
    if expected in ("key", "token"):
        assert refused.value.message == "the credentials are not valid here"
    shown = refused.value.message + refused.value.problem + repr(refused.value)
    for secret in (KEY.text, REVOKED.text, EXPIRED.text, UNKNOWN_KEY.text):
        assert secret[20:60] not in shown


@given(st.text(max_size=100))
def test_any_header_is_read_without_an_exception_of_ours(text: str) -> None:
    """Whatever the header holds, the caller is known or refused."""
    for headers in ((("authorization", text),), (("x-api-key", text),), (bearer(f"rm_{text}"),)):
        assert cause(ALL, *headers)


def test_a_certificate_alone_says_who_calls() -> None:
    """Where rules about certificates are configured, the certificate of the connection decides."""
    only = Authenticator(None, None, Certificates("acme"))
    assert who(only).principal_id == "cert:svc"
    assert cause(replace(only, certificates=Certificates(known=False))) == "certificate"


def test_a_connection_without_a_certificate_may_show_a_key() -> None:
    """Rules about certificates take nothing from callers that connect without any."""
    both = Authenticator(ring(), Tokens(), Certificates(None))
    assert who(both, bearer(KEY.text)).tenant_id == "acme"
    assert who(both, bearer(TOKEN)) == ANN
    assert cause(both) == "missing"
    assert who(replace(both, required=False)) is UNKNOWN


@pytest.mark.parametrize(
    ("certificates", "expected"),
    [
        (Certificates("acme"), ""),
        (Certificates(""), ""),
        (Certificates("bolt"), "ambiguous"),
        (Certificates(known=False), "certificate"),
    ],
)
def test_a_key_beside_a_certificate_must_be_of_its_tenant(certificates: Certificates, expected: str) -> None:
    """The key is the caller; the certificate must be of the same tenant, or of none."""
    both = Authenticator(ring(), None, certificates)
    if expected:
        assert cause(both, bearer(KEY.text)) == expected
    else:
        assert who(both, bearer(KEY.text)).principal_id == f"key:{KEY.record.key_id}"


def test_a_token_beside_a_certificate_is_refused() -> None:
    """Two credentials are two callers, whoever they are."""
    assert cause(Authenticator(None, Tokens(), Certificates("acme")), bearer(TOKEN)) == "ambiguous"


def test_a_bad_key_beside_a_good_certificate_is_refused() -> None:
    """The credential that is there decides: the certificate does not make up for it."""
    assert cause(Authenticator(ring(), None, Certificates("acme")), bearer(REVOKED.text)) == "key"


def test_nobody_is_left_unrecognized() -> None:
    """No caller that is let in is the one that may do nothing."""
    for authenticator in (ALL, KEYS, replace(ALL, required=False)):
        assert authenticator.by_headers([bearer(KEY.text)], NOW) is not NOBODY
