"""The port that metrics are read from: whatever is asked of it, the answer is never an error of ours."""

import socket
import threading
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_PATIENCE = 10.0
"""Seconds for a request to come, or for a part of the answer to be taken."""


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE

    def log_message(self, *_: object) -> None:
        """Says nothing: the log is that of calls."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Says nothing of readers that leave, or never say what they want."""


def serve_metrics(host: str, port: int, registry: CollectorRegistry) -> WSGIServer:
    """Serves metrics from a thread of its own.

    Args:
        host: Name or address to listen on.
        port: The port.
        registry: What is served.

    Raises:
        OSError: It cannot listen there.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = found[0]
    served = type("_Server", (_Server,), {"address_family": family})
    server: WSGIServer = make_server(str(address[0]), port, _answering(registry), served, _Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _answering(registry: CollectorRegistry) -> "WSGIApplication":
    app: WSGIApplication = make_wsgi_app(registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except (TypeError, ValueError):  # what is asked for as a version is none
            return app({**environ, "HTTP_ACCEPT": ""}, start_response)

    return answer
