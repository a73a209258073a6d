"""Media addresses are fetched from allowed hosts, and never from within."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trustme
from aiohttp import web
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.fetch import Fetcher, is_public

LIMIT = 1000


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    """Private, loopback, link-local, shared, multicast and wrapped addresses are nobody's business."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    """What everybody can reach may be fetched."""
    assert is_public(address)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://img.example.com/a.png", True),
        ("https://IMG.example.com/a.png", True),
        ("https://img.example.com:443/a.png", True),
        ("https://deep.cdn.example.org/a.png", True),
        ("https://cdn.example.org/a.png", False),
        ("https://img.example.com.evil.org/a.png", False),
        ("https://evilcdn.example.org.net/a.png", False),
        ("https://img.example.com@evil.org/a.png", False),
        ("https://user:word@img.example.com/a.png", False),
        ("https://img.example.com:8443/a.png", False),
        ("http://img.example.com/a.png", False),
        ("file:///etc/passwd", False),
        ("https://[::1/a.png", False),
        ("https:///a.png", False),
        ("", False),
    ],
)
def test_only_allowed_hosts(uri: str, allowed: bool) -> None:
    """A host is allowed by its name, or with those below a name; the rest must be plain."""
    fetcher = Fetcher(["img.example.com", "*.cdn.example.org"], LIMIT)
    assert fetcher.allows(uri) is allowed


@dataclass
class Host:
    """A server under TLS on loopback that does what its path says."""

    port: int
    trust: ssl.SSLContext

    def uri(self, path: str) -> str:
        return f"https://localhost:{self.port}/{path}"

    def fetcher(self, *hosts: str, public: Callable[[str], bool] = lambda _: True) -> Fetcher:
        return Fetcher(hosts or ["localhost"], LIMIT, public=public, trust=self.trust)


async def _answer(request: web.Request) -> web.StreamResponse:
    port = request.url.port
    match request.path[1:]:
        case "image":
            return web.Response(body=b"x" * LIMIT, content_type="image/png")
        case "declared":
            return web.Response(body=b"x" * (LIMIT + 1))
        case "chunked":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(LIMIT):
                await response.write(b"xx")
            return response
        case "elsewhere":
            return web.Response(status=302, headers={"Location": "https://127.0.0.1/image"})
        case "plain":
            return web.Response(status=302, headers={"Location": f"http://localhost:{port}/image"})
        case "near":
            return web.Response(status=301, headers={"Location": "/image"})
        case "circle":
            return web.Response(status=302, headers={"Location": "/circle"})
    return web.Response(status=404)


@asynccontextmanager
async def host() -> AsyncIterator[Host]:
    """Serves until the block ends."""
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server_side)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    app = web.Application()
    app.router.add_get("/{tail:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side)
    await site.start()
    try:
        yield Host(runner.addresses[0][1], trust)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("path", ["image", "near"])
async def test_gets_what_is_allowed(path: str) -> None:
    """The bytes and their declared type, also through a redirect within what is allowed."""
    async with host() as there:
        fetcher = there.fetcher()
        assert await fetcher.get(there.uri(path), "image.uri") == (b"x" * LIMIT, "image/png")
        await fetcher.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "answered 404"),
        ("declared", "larger than 1000 bytes"),
        ("chunked", "larger than 1000 bytes"),
        ("elsewhere", "not allowed"),
        ("plain", "not allowed"),
        ("circle", "redirected more than 3 times"),
    ],
)
async def test_what_cannot_be_had(path: str, words: str) -> None:
    """A failure names the field and says why; nothing is read beyond the limit."""
    async with host() as there:
        fetcher = there.fetcher()
        with pytest.raises(MediaInvalid, match=words) as failed:
            await fetcher.get(there.uri(path), "image.uri")
        await fetcher.close()
    assert [violation.field for violation in failed.value.violations] == ["image.uri"]


async def test_a_name_that_points_inwards_is_not_connected_to() -> None:
    """An allowed name that resolves to loopback is refused, and so is such an address itself."""
    async with host() as there:
        fetcher = there.fetcher("localhost", "127.0.0.1", public=is_public)
        for uri in (there.uri("image"), f"https://127.0.0.1:{there.port}/image", "https://[::1]/image"):
            with pytest.raises(MediaInvalid) as failed:
                await fetcher.get(uri, "image.uri")
            assert str(there.port) not in failed.value.message
        await fetcher.close()


async def test_an_unknown_host_is_a_clear_error() -> None:
    """What cannot be reached is the caller's address, and says so."""
    fetcher = Fetcher(["nowhere.invalid"], LIMIT)
    with pytest.raises(MediaInvalid, match="cannot be reached"):
        await fetcher.get("https://nowhere.invalid/a.png", "image.uri")
    await fetcher.close()
    await asyncio.sleep(0)
