"""Telemetry: the HTTP port that serves metrics. A malformed request to it is never the gateway's fault."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_TIMEOUT = 10.0
"""Seconds to wait for a request, or for the reader to take a part of the answer."""


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT

    def log_message(self, *_: object) -> None:
        """Logs nothing: requests for metrics do not belong in the log of calls."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    ssl_context: Callable[[], ssl.SSLContext] | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answers a request, in a thread of its own; with TLS, after the handshake."""
        if self.ssl_context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(_TIMEOUT)
        with self.ssl_context().wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, *_: Any) -> None:
        """Ignores readers that disconnect or never send a request."""


def serve_metrics(
    host: str,
    port: int,
    registry: CollectorRegistry,
    ssl_context: Callable[[], ssl.SSLContext] | None = None,
) -> WSGIServer:
    """Serves metrics from a thread of its own.

    Args:
        host: Name or address to listen on.
        port: The port.
        registry: The metrics to serve.
        ssl_context: Returns the context for the next connection. None for no TLS.

    Returns:
        The server, which runs already.

    Raises:
        OSError: It cannot listen there.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = found[0]
    facts = {"address_family": family, "ssl_context": ssl_context and staticmethod(ssl_context)}
    served = type("_Server", (_Server,), facts)
    server: WSGIServer = make_server(str(address[0]), port, _metrics_app(registry), served, _Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _metrics_app(registry: CollectorRegistry) -> "WSGIApplication":
    app: WSGIApplication = make_wsgi_app(registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except (TypeError, ValueError):  # the Accept header names a malformed version
            return app({**environ, "HTTP_ACCEPT": ""}, start_response)

    return answer
