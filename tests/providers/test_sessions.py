"""The shared session: the proxy of the environment, and no credentials but the provider's own."""

import asyncio
from pathlib import Path

import pytest
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.http_errors import by_status
from ringmain_server.providers.sessions import HttpSessions, unusable_proxies, usable_proxies
from ringmain_server.providers.transport import HttpRequest


async def asked(base_url: str, sessions: HttpSessions, port: int) -> str:
    """The head of the request that reaches a port of loopback when a provider is asked."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    transport = HttpTransport(
        "up",
        sessions,
        base_url,
        {"Authorization": "Bearer key"},
        lambda who, status, headers, body: by_status(who, status, headers, "", 0.0),
    )
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        assert await transport.send(HttpRequest("/x", {})) == b"{}"
    finally:
        server.close()
        await sessions.close()
    return heads[0]


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has a password for every host."""
    file = tmp_path / "netrc"
    file.write_text("default login somebody password secret\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
async def test_a_proxy_beside_a_netrc(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    """Requests go through the environment's proxy with its password, and `~/.netrc` adds nothing."""
    monkeypatch.setenv("http_proxy", f"http://me:pass@127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("no_proxy", "other.test")
    head = await asked("http://provider.test/v1", HttpSessions(), unused_tcp_port)
    assert head.startswith("POST http://provider.test/v1/x HTTP/1.1\r\n")
    assert "Authorization: Bearer key\r\n" in head
    assert "Proxy-Authorization: Basic bWU6cGFzcw==\r\n" in head


@pytest.mark.usefixtures("netrc")
async def test_a_host_that_goes_without(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    """A host of NO_PROXY is asked directly, with the provider's credentials alone."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    head = await asked(f"http://127.0.0.1:{unused_tcp_port}", HttpSessions(), unused_tcp_port)
    assert head.startswith("POST /x HTTP/1.1\r\n")
    assert "Authorization: Bearer key\r\n" in head


def test_proxies_that_cannot_be_used() -> None:
    """A proxy of another protocol is left out and named by its scheme, whose address may hold a password."""
    named = {"http": "socks5://me:pass@h:1", "https": "proxy:3128", "no": "x", "ftp": "ftp://h"}
    assert usable_proxies(named) == {"https": "http://proxy:3128"}
    assert unusable_proxies(named) == ["http"]
    assert unusable_proxies({"http": "http://h:99999999"}) == ["http"]
