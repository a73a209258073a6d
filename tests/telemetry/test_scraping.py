"""The port of metrics answers whatever is asked of it."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter
from ringmain_server.telemetry.scraping import serve_metrics


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
