"""Command line: finds out why a connection failed, if TLS is the reason. gRPC's own words rarely tell.

It connects once more, without gRPC, and looks at what the other end does. A server of gRPC sends no alert to
callers whose certificate it refuses: it closes the connection.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from ringmain_server.cli.tls import CA_FILE, TLS, TLS_NAME, Tls

_PATIENCE: Final = 5.0
"""Seconds for each step of the connection."""
_SCHEME: Final = re.compile(r"(?:(?:dns:(?://[^/]*/)?)|(?:passthrough:/*)|ipv4:|ipv6:)?(.*)", re.DOTALL)
_PORT: Final = 443
"""The port of addresses without one, as in gRPC."""

# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/#error-codes
_EXPIRED: Final = (9, 10)
_OTHER_NAME: Final = (62, 64)

_MOST_NAMES: Final = 5

# The beginning of HTTP/2: https://www.rfc-editor.org/rfc/rfc9113#name-http-2-connection-preface
_GREETING: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class Target:
    """The end of a connection.

    Attributes:
        address: The gateway's address, as gRPC takes it.
        tls: The TLS of the connection.
        token: Whether calls show a key or a token.
    """

    address: str
    tls: Tls
    token: bool = False


def why(target: Target) -> str:
    """Returns why a connection fails and what to do; empty if TLS is not the reason."""
    try:
        return _untouched(target) if not target.tls.used else _met(target)
    except (OSError, ValueError):
        return ""


def _untouched(target: Target) -> str:
    """Returns what a caller without TLS should know: that the other end speaks nothing else."""
    try:
        with _shaken(target, _context(None)):
            pass
    except ssl.SSLError:
        return ""  # it speaks something else
    return (
        f"the gateway at {target.address} speaks TLS only: add --tls, or --ca-file FILE if you trust its "
        f"certificate by an authority of your own ({TLS} and {CA_FILE} do the same)"
    )


def _met(target: Target) -> str:
    """Returns what a caller with TLS should know: which of both ends does not take the other."""
    where = f"the gateway at {target.address}"
    try:
        with _shaken(target, _context(target.tls)) as secured:
            return "" if _greeted(secured) else _refused(where, target.tls)
    except ssl.SSLCertVerificationError as exc:
        return _distrusted(where, target, exc)
    except ssl.SSLError as exc:
        if exc.reason != "WRONG_VERSION_NUMBER":
            return _refused(where, target.tls) if isinstance(exc, ssl.SSLEOFError) else ""
    return (
        f"{where} does not speak TLS: leave out --tls and what implies it (--ca-file, --client-cert, "
        f"--tls-name, {TLS}, {CA_FILE} …), or let its operator set server.tls"
    )


def _refused(where: str, tls: Tls) -> str:
    if tls.certificate is None:
        return (
            f"{where} demands a certificate of its callers: name yours with --client-cert and --client-key "
            "(RINGMAIN_CLIENT_CERT, RINGMAIN_CLIENT_KEY)"
        )
    return (
        f"{where} refuses the certificate in {tls.files[0]}: it has expired, or is of an authority that is "
        "not among those of the gateway's server.tls.client_ca"
    )


def _distrusted(where: str, target: Target, error: ssl.SSLCertVerificationError) -> str:
    shown = f"the certificate of {where}"
    if error.verify_code in _OTHER_NAME:
        return (
            f"{shown} is for {_names(target)}, not for {_expected(target)}: use such a name as the address, "
            f"or say with --tls-name or {TLS_NAME} which one you expect"
        )
    if error.verify_code in _EXPIRED:
        return f"{shown} does not hold now ({error.verify_message}): its operator must renew it"
    return (
        f"{shown} is of an authority that is not trusted here ({error.verify_message}): name a file with the "
        f"certificate of that authority with --ca-file or {CA_FILE}"
    )


def _names(target: Target) -> str:
    """Returns the names in the gateway's certificate, which is trusted but for them."""
    context = _context(target.tls)
    context.check_hostname = False
    with _shaken(target, context) as secured:
        shown = secured.getpeercert() or {}
    names = [str(pair[1]) for pair in shown.get("subjectAltName", ())]
    return ", ".join(names[:_MOST_NAMES]) or "nobody"


def _context(tls: Tls | None) -> ssl.SSLContext:
    """Returns a context that trusts as the caller does; for None, one that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    if tls is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.roots is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=tls.roots.decode("ascii", "ignore"))
    if tls.certificate is not None:
        context.load_cert_chain(*tls.files, password=lambda: "")
    return context


@contextmanager
def _shaken(target: Target, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """Connects and shakes hands."""
    with (
        _connected(target.address) as plain,
        context.wrap_socket(plain, server_hostname=_expected(target)) as secured,
    ):
        yield secured


def _connected(address: str) -> socket.socket:
    if address.startswith("unix:"):
        with ExitStack() as undo:
            found = undo.enter_context(socket.socket(socket.AF_UNIX))
            found.settimeout(_PATIENCE)
            found.connect(address.removeprefix("unix:").removeprefix("//"))
            undo.pop_all()
        return found
    return socket.create_connection(_host_port(address), _PATIENCE)


def _host_port(address: str) -> tuple[str, int]:
    matched = _SCHEME.fullmatch(address)
    rest = matched[1] if matched else address
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]") or (":" in host and not host.startswith("[")):
        host, port = rest, str(_PORT)
    return host.strip("[]"), int(port)


def _expected(target: Target) -> str:
    """Returns the name that the gateway's certificate must have."""
    if target.tls.name:
        return target.tls.name
    return "localhost" if target.address.startswith("unix:") else _host_port(target.address)[0]


def _greeted(secured: ssl.SSLSocket) -> bool:
    """Whether the other end answers the beginning of HTTP/2 instead of closing the connection."""
    try:
        secured.sendall(_GREETING)
        return bool(secured.recv(1))
    except TimeoutError:
        return True  # something else is the matter
    except (ssl.SSLError, ConnectionError):
        return False
