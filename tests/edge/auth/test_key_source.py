"""Fetching an issuer's keys: discovery, redirects, sizes, certificates and tokens of the gateway's own."""

import ssl
from pathlib import Path

import pytest
import trustme
from ringmain_server.edge.auth.key_source import SIZE_LIMIT, FetchFailed, key_source

from tests.edge.auth.issuing import sessions, settings
from tests.fakes.oidc import DISCOVERY, KEYS, FakeIssuer
from tests.fakes.ports import closed_port


async def fetched(issuer: FakeIssuer, **others: object) -> bytes:
    """Returns what is fetched from an issuer with these settings."""
    async with sessions() as made:
        return await key_source(settings(issuer, **others), made)()


async def failure(issuer: FakeIssuer, **others: object) -> str:
    """Returns why nothing can be fetched from an issuer."""
    with pytest.raises(FetchFailed) as failed:
        await fetched(issuer, **others)
    return str(failed.value)


@pytest.mark.parametrize("path", ["", "/", "/realms/acme", "/realms/acme/"])
async def test_discovery_leads_to_the_keys(path: str) -> None:
    """The document lies below the issuer, whether it ends in a slash or not."""
    async with FakeIssuer(path=path) as issuer:
        assert b'"keys"' in await fetched(issuer)
        assert [asked for asked, _ in issuer.requests] == [path.removesuffix("/") + DISCOVERY, KEYS]


async def test_address_of_the_keys_needs_no_discovery() -> None:
    """With `jwks_url`, nothing else is asked for."""
    async with FakeIssuer() as issuer:
        assert b'"keys"' in await fetched(issuer, jwks_url=issuer.origin + KEYS)
        assert [asked for asked, _ in issuer.requests] == [KEYS]


async def test_keys_may_be_in_a_file(tmp_path: Path) -> None:
    """With `jwks_file`, nobody is asked."""
    file = tmp_path / "keys.json"
    file.write_bytes(b"content")
    async with FakeIssuer() as issuer:
        assert await fetched(issuer, jwks_file=str(file)) == b"content"
        assert issuer.requests == []
        file.write_bytes(b"a" * (SIZE_LIMIT + 1))
        assert "cannot be read" in await failure(issuer, jwks_file=str(file))
        assert "cannot be read" in await failure(issuer, jwks_file=str(tmp_path))


@pytest.mark.parametrize(
    "discovery",
    [{"issuer": "https://other.example.com"}, {"issuer": None}, {"issuer": ["x"]}],
)
async def test_discovery_of_another_issuer_is_refused(discovery: dict[str, object]) -> None:
    """The document must name the issuer that it was fetched for."""
    async with FakeIssuer() as issuer:
        issuer.answers.discovery = discovery
        assert await failure(issuer) == "has a discovery document of another issuer"
        assert issuer.fetches == 0


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/keys",
        "ftp://example.com",
        "file:///etc/passwd",
        "",
        None,
        7,
        "https://a:b@example.com",
        "//x",
    ],
)
async def test_keys_are_fetched_over_tls(address: object) -> None:
    """A document may not send the gateway to an address that others can change or read along."""
    async with FakeIssuer() as issuer:
        issuer.answers.discovery = {"jwks_uri": address}
        assert "https://" in await failure(issuer)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b"\xff", b"[" * 5000])
async def test_discovery_may_be_anything(body: bytes) -> None:
    """Whatever comes in place of the document is a failure that says so."""
    async with FakeIssuer() as issuer:
        issuer.answers.bodies[DISCOVERY] = body
        assert "discovery document" in await failure(issuer)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_other_statuses_are_failures(status: int) -> None:
    """Only 200 brings keys."""
    async with FakeIssuer() as issuer:
        issuer.answers.status = status
        assert await failure(issuer) == f"answers with the status {status}"


async def test_redirects_within_the_host_are_followed() -> None:
    """An issuer may move its documents on its own host."""
    async with FakeIssuer() as issuer:
        issuer.answers.redirect = {DISCOVERY: "/elsewhere"}
        issuer.answers.bodies["/elsewhere"] = (
            f'{{"issuer": "{issuer.issuer}", "jwks_uri": "{issuer.origin}{KEYS}"}}'.encode()
        )
        assert b'"keys"' in await fetched(issuer)


async def test_redirects_to_other_hosts_are_not_followed() -> None:
    """Another host, another port and a loop are failures."""
    async with FakeIssuer() as issuer, FakeIssuer() as other:
        for target in (other.origin + KEYS, issuer.origin.replace("127.0.0.1", "localhost") + KEYS, ""):
            issuer.answers.redirect = {KEYS: target or KEYS}
            assert "redirects" in await failure(issuer)
        assert other.requests == []


async def test_answers_have_a_size() -> None:
    """An answer without end is not read to its end."""
    async with FakeIssuer() as issuer:
        issuer.answers.bodies[KEYS] = b"a" * (SIZE_LIMIT + 1)
        assert "more than 512 KiB" in await failure(issuer)


async def test_nobody_there() -> None:
    """A refused connection is told without the address."""
    issuer = FakeIssuer()
    with closed_port() as port:
        issuer.issuer = f"http://127.0.0.1:{port}"
        said = await failure(issuer)
    assert said.startswith("cannot be reached")
    assert str(port) not in said


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that no system trusts."""
    return trustme.CA()


def _server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_authority_may_be_ones_own(authority: trustme.CA, tmp_path: Path) -> None:
    """With `ca_file` a server of that authority is trusted, and nobody else is; without it, it is not."""
    file, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    authority.cert_pem.write_to_path(str(file))
    trustme.CA().cert_pem.write_to_path(str(other))
    async with FakeIssuer(tls=_server_side(authority)) as issuer:
        assert b'"keys"' in await fetched(issuer, ca_file=str(file))
        untrusted = "shows a certificate that is not trusted"
        assert await failure(issuer) == untrusted
        assert await failure(issuer, ca_file=str(other)) == untrusted
        other.write_text("no certificate")
        assert "ca_file" in await failure(issuer, ca_file=str(other))
        assert "cannot be read" in await failure(issuer, ca_file=str(tmp_path / "none"))
    async with FakeIssuer(tls=_server_side(authority, "other.example.com")) as issuer:
        assert await failure(issuer, ca_file=str(file)) == untrusted


async def test_issuer_with_tls_may_not_lead_to_this_machine_without(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """An issuer elsewhere may not make the gateway ask services of its own machine."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    async with FakeIssuer() as inside, FakeIssuer(tls=_server_side(authority)) as issuer:
        issuer.answers.discovery = {"jwks_uri": inside.origin + KEYS}
        assert "https://" in await failure(issuer, ca_file=str(file))
        assert inside.requests == []


async def test_issuer_may_want_a_token(tmp_path: Path) -> None:
    """The token is read from its file each time, as Kubernetes renews it."""
    file = tmp_path / "token"
    async with FakeIssuer() as issuer:
        issuer.answers.bearer = "first"
        assert await failure(issuer) == "answers with the status 401"
        file.write_text("first\n")
        assert b'"keys"' in await fetched(issuer, token_file=str(file))
        issuer.answers.bearer = "second"
        file.write_text("second\n")
        assert b'"keys"' in await fetched(issuer, token_file=str(file))
        for bad in ("", "\n", "a\nb"):
            file.write_text(bad)
            assert await failure(issuer, token_file=str(file)) == "has a token_file that holds no token"


async def test_token_goes_to_no_other_host(tmp_path: Path) -> None:
    """A document that names another host for the keys does not get the token sent there."""
    file = tmp_path / "token"
    file.write_text("secret")
    async with FakeIssuer() as issuer, FakeIssuer() as other:
        issuer.answers.discovery = {"jwks_uri": other.origin + KEYS}
        await fetched(issuer, token_file=str(file))
        assert [header for _, header in issuer.requests] == ["Bearer secret"]
        assert [header for _, header in other.requests] == [None]
