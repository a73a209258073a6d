"""Callers by the names of their certificates."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.errors import CredentialsInvalid
from ringmain_server.identity.certificates import NAME_LIMIT, TENANT_LIMIT, CertificateRules, Rule
from ringmain_server.identity.principal import Allowed, Principal, Scope

from tests.fakes.authority import Authority, Pair

AuthContext = Mapping[str, Sequence[bytes]]
AUTHORITY = Authority()
URI = x509.UniformResourceIdentifier


@asynccontextmanager
async def asking() -> AsyncIterator[Callable[[Pair], Any]]:
    """Yields what returns the context of a connection with a certificate, as a server of gRPC has it."""
    seen: list[AuthContext] = []

    async def tell(_: bytes, context: Any) -> bytes:
        seen.append(context.auth_context())
        return b""

    own = AUTHORITY.issue("localhost")
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("t", {"T": grpc.unary_unary_rpc_method_handler(tell)}),)
    )
    demanding = grpc.ssl_server_credentials([(own.key, own.cert)], AUTHORITY.root, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", demanding)
    await server.start()

    async def ask(pair: Pair) -> AuthContext:
        credentials = grpc.ssl_channel_credentials(AUTHORITY.root, pair.key, pair.cert)
        options = (("grpc.ssl_target_name_override", "localhost"),)
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
            call: Any = channel.unary_unary("/t/T")
            await call(b"")
        return seen[-1]

    try:
        yield ask
    finally:
        await server.stop(0)


def context_of(pair: Pair) -> AuthContext:
    """The context of a connection with a certificate."""

    async def asked() -> AuthContext:
        async with asking() as ask:
            found: AuthContext = await ask(pair)
            return found

    return asyncio.run(asked())


def made(**names: Sequence[str]) -> AuthContext:
    """A context as gRPC would make it, with names by their keys."""
    return {
        "x509_pem_cert": [b"pem"],
        **{key: [name.encode() for name in all_] for key, all_ in names.items()},
    }


@pytest.mark.parametrize(
    ("rule", "pair", "expected"),
    [
        (
            Rule("spiffe://corp/ns/*/sa/*"),
            AUTHORITY.caller(URI("spiffe://corp/ns/shop/sa/web.v2")),
            "cert:spiffe://corp/ns/shop/sa/web.v2",
        ),
        (
            Rule("*.shop.example", "dns"),
            AUTHORITY.caller(x509.DNSName("Web.Shop.example")),
            "cert:Web.Shop.example",
        ),
        (
            Rule("*@shop.example", "email"),
            AUTHORITY.caller(x509.RFC822Name("ann.lee@shop.example")),
            "cert:ann.lee@shop.example",
        ),
        (Rule("worker-*", "common_name"), AUTHORITY.caller(common_names=["worker-7"]), "cert:worker-7"),
        (
            Rule("b", "common_name", principal="{2}"),
            AUTHORITY.caller(URI("spiffe://a"), common_names=["a"]),
            None,
        ),
    ],
)
def test_names_of_each_kind_are_found(rule: Rule, pair: Pair, expected: str | None) -> None:
    """A rule finds the names of its kind in a certificate that a real connection had."""
    rules, found = CertificateRules([rule]), context_of(pair)
    if expected is None:
        with pytest.raises(CredentialsInvalid) as caught:
            rules.identify(found)
        assert caught.value.cause == "certificate"
        assert "spiffe://a, a" in caught.value.problem
        assert "spiffe" not in str(caught.value)
    else:
        assert rules.identify(found) == Principal("", expected, frozenset({Scope.INFERENCE}))


@pytest.mark.parametrize(
    "pair",
    [
        AUTHORITY.caller(common_names=["admin\x00.example.com"]),
        AUTHORITY.caller(common_names=["admin", "guest"]),
        AUTHORITY.caller(common_names=["guest", "admin"]),
        AUTHORITY.caller(x509.DNSName("admin")),
        AUTHORITY.caller(x509.DNSName("admin"), common_names=["guest,CN=admin"]),
    ],
)
def test_nobody_passes_for_another_by_a_common_name(pair: Pair) -> None:
    """A zero byte, a second common name and a name of another kind do not make a common name."""
    with pytest.raises(CredentialsInvalid):
        CertificateRules([Rule("admin", "common_name")]).identify(context_of(pair))


def test_a_connection_without_a_certificate_has_no_caller() -> None:
    """Where no certificate was shown, as on a Unix domain socket, nobody is identified and nobody refused."""
    rules = CertificateRules([Rule("*", "common_name")])
    assert rules.identify({"transport_security_type": [b"insecure"]}) is None


def test_what_stars_stand_for_makes_tenant_and_caller() -> None:
    """Placeholders of tenant and principal are filled with what the stars stand for."""
    rule = Rule(
        "spiffe://corp/ns/*/sa/*",
        tenant="team-{1}",
        principal="{2}@{1}",
        scopes=frozenset({Scope.INFERENCE, Scope.USAGE}),
        allowed_models=Allowed.of(["fast", "gpt-*"]),
    )
    found = CertificateRules([rule]).identify(made(peer_uri=["spiffe://corp/ns/shop/sa/web"]))
    assert found == Principal("team-shop", "cert:web@shop", rule.scopes, rule.allowed_models)


def test_the_first_rule_that_matches_holds() -> None:
    """The order of the rules decides, not that of the names in the certificate."""
    rules = CertificateRules(
        [
            Rule("spiffe://corp/root", scopes=frozenset({Scope.ADMIN})),
            Rule("ops", "common_name", tenant="ops"),
            Rule("spiffe://corp/*", tenant="corp"),
        ]
    )
    both = made(peer_uri=["spiffe://corp/a"], x509_common_name=["ops"], x509_subject=["CN=ops"])
    root = made(peer_uri=["spiffe://corp/a", "spiffe://corp/root"])
    assert [found.tenant_id for found in (rules.identify(both), rules.identify(root)) if found] == ["ops", ""]
    assert getattr(rules.identify(root), "scopes", None) == {Scope.ADMIN}


@pytest.mark.parametrize(
    ("rule", "key", "name"),
    [
        (Rule("spiffe://corp/*"), "peer_uri", "spiffe://corp/a/b"),
        (Rule("spiffe://corp/*"), "peer_uri", "spiffe://corp/"),
        (Rule("spiffe://corp/*"), "peer_uri", "xspiffe://corp/a"),
        (Rule("spiffe://corp/*"), "peer_uri", "SPIFFE://corp/a"),
        (Rule("spiffe://corp/a+"), "peer_uri", "spiffe://corp/aa"),
        (Rule("*.example", "dns"), "peer_dns", "a.b.example"),
        (Rule("*.example", "dns"), "peer_dns", "aXexample"),
        (Rule("*@example", "email"), "peer_email", "a@b@example"),
        (Rule("spiffe://corp/*"), "peer_dns", "spiffe://corp/a"),
        (Rule("spiffe://corp/*"), "peer_uri", "spiffe://corp/a\n"),
        (Rule("spiffe://corp/*"), "peer_uri", "spiffe://corp/\x00"),
        (Rule("spiffe://corp/*"), "peer_uri", f"spiffe://corp/{'a' * NAME_LIMIT}"),
        (Rule("spiffe://corp/*", tenant="{1}"), "peer_uri", f"spiffe://corp/{'a' * (TENANT_LIMIT + 1)}"),
    ],
)
def test_what_does_not_match_is_refused(rule: Rule, key: str, name: str) -> None:
    """Another level, another kind, another case, and names that cannot be shown match no rule."""
    with pytest.raises(CredentialsInvalid):
        CertificateRules([rule]).identify(made(**{key: [name]}))


def test_names_that_are_no_text_are_refused() -> None:
    """Bytes that are no UTF-8 are no name."""
    with pytest.raises(CredentialsInvalid) as caught:
        CertificateRules([Rule("*")]).identify({"x509_pem_cert": [b""], "peer_uri": [b"\xff"]})
    caught.value.problem.encode()


@given(names=st.lists(st.text(min_size=1, max_size=20), max_size=3), match=st.text(max_size=20))
def test_without_stars_only_the_name_itself_matches(names: list[str], match: str) -> None:
    """No character of a rule but the star has a meaning, and the answer is the same when it is remembered."""
    match = match.replace("*", "")
    rules, context = CertificateRules([Rule(match)]), made(peer_uri=names)
    for _ in range(2):
        try:
            found = rules.identify(context)
        except CredentialsInvalid:
            assert match not in names or not match.isprintable() or not match
        else:
            assert found is not None
            assert found.principal_id == f"cert:{match}"
            assert match in names


def test_many_certificates_take_bounded_memory() -> None:
    """However many callers come, few are remembered, and all are identified."""
    rules = CertificateRules([Rule("spiffe://corp/*")])
    for number in range(10_000):
        found = rules.identify(made(peer_uri=[f"spiffe://corp/{number}"]))
        assert found is not None
        assert found.principal_id == f"cert:spiffe://corp/{number}"
    assert len(rules._known) < 5_000
