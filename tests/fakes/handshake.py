"""Handshakes of TLS by Python's `ssl`, as any caller may attempt them."""

import socket
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.authority import Pair
from tests.fakes.waiting import LIMIT

REFUSED = (ssl.SSLError, ConnectionError)
"""The errors of a caller that a server refuses."""


def handshake(
    port: int,
    *,
    pair: Pair | None = None,
    version: ssl.TLSVersion | None = None,
    host: str = "127.0.0.1",
) -> tuple[str, bytes]:
    """Shakes hands with a server, whatever its certificate, and waits for its first bytes.

    Args:
        port: The server's port.
        pair: The caller's certificate.
        version: The only version of TLS that the caller speaks.
        host: The server's address.

    Returns:
        The version of TLS, and the server's certificate in DER.

    Raises:
        REFUSED: The server refuses the caller.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    context.set_ciphers("ALL:@SECLEVEL=0")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if pair is not None:
        with TemporaryDirectory() as folder:
            files = pair.write(Path(folder))
            context.load_cert_chain(files.cert, files.key)
    with (
        socket.create_connection((host, port), LIMIT) as plain,
        context.wrap_socket(plain) as secured,
    ):
        # In TLS 1.3, a server refuses a caller only after the caller takes the handshake for done.
        secured.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        if not secured.recv(1):
            raise ConnectionResetError("the server closed the connection")
        shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return str(secured.version()), shown
