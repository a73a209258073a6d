"""The port of metrics answers whatever is asked of it."""

import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter
from ringmain_server.config.tls import TlsSettings
from ringmain_server.edge.tls.files import load
from ringmain_server.telemetry.scraping import serve_metrics

from tests.fakes.authority import Authority


@pytest.fixture
def port() -> Iterator[int]:
    """Where one counter is served."""
    registry = CollectorRegistry()
    Counter("calls", "Calls.", registry=registry).inc()
    server = serve_metrics("127.0.0.1", 0, registry)
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=latest;q=x",
        "text/plain;version=v",
        "application/openmetrics-text;version=1.0.0,*/*",
        "text/plain;version=1.0.0;escaping=none-of-these",
        "",
        "\xff;;;,",
    ],
)
def test_any_accept_header(port: int, accept: str) -> None:
    """A reader that asks for a format in any words gets the metrics."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics", headers={"Accept": accept.encode("latin-1")})
    response = connection.getresponse()
    assert (response.status, b"calls_total 1.0" in response.read()) == (200, True)
    connection.close()


def test_readers_that_say_nothing_or_leave(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    """Readers that stop within their request, or go away, keep nobody out and are not written of."""
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for one in silent:
        one.sendall(b"GET /metrics HTTP/1.1\r\n")
    silent.pop().close()
    test_any_accept_header(port, "")
    for one in silent:
        one.close()
    assert capfd.readouterr().err == ""


def test_readers_with_tls(tmp_path: Path) -> None:
    """A reader with a certificate gets the metrics over TLS; without either, it gets nothing."""
    authority = Authority()
    server_files = authority.issue("127.0.0.1").write(tmp_path, "server")
    section = TlsSettings.model_validate(server_files.settings(authority.write(tmp_path / "ca.pem")))
    loaded = load(section, "server.metrics_tls")
    own = authority.issue("reader@example.com").write(tmp_path, "reader")
    server = serve_metrics("127.0.0.1", 0, CollectorRegistry(), lambda: loaded.context)
    try:
        for named in (True, False):
            trusting = ssl.create_default_context(cadata=authority.root.decode())
            if named:
                trusting.load_cert_chain(own.cert, own.key)
            connection = HTTPSConnection("127.0.0.1", server.server_port, context=trusting)
            if named:
                connection.request("GET", "/metrics")
                assert connection.getresponse().status == 200
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    connection.request("GET", "/metrics")
                    connection.getresponse()
            connection.close()
        plain = HTTPConnection("127.0.0.1", server.server_port)
        plain.request("GET", "/metrics")
        with pytest.raises((ConnectionError, HTTPException)):
            plain.getresponse()
        plain.close()
    finally:
        server.shutdown()
        server.server_close()
