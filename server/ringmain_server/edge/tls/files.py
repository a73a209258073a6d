"""Room 1: reads the files of TLS and checks that they belong together; each mistake is one plain line."""

import ssl
from dataclasses import dataclass
from typing import Final, NoReturn

from ringmain_server.config.reading import Unreadable, read_bytes
from ringmain_server.config.tls import TlsSettings
from ringmain_server.edge.tls import x509

_LIMIT: Final = 1 << 20
"""The most bytes of a file. The authorities of a whole operating system are a fifth of it."""

_KEYS: Final = frozenset({"RSA", "P-256", "P-384", "P-521", "Ed25519"})
"""The kinds of keys that gRPC can use."""
_BEGIN_KEY: Final = b"PRIVATE KEY-----"
_ENCRYPTED: Final = (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED")


class TlsError(Exception):
    """Files of TLS cannot be used. The message is one line that names the setting and the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Files of TLS that belong together.

    Attributes:
        cert: The certificate with those of its authorities, as PEM.
        key: The key, as PEM.
        client_ca: The authorities of callers, as PEM; None where callers need no certificate.
        chain: The certificates of `cert`.
        context: All of it, for Python's `ssl`.
    """

    cert: bytes
    key: bytes
    client_ca: bytes | None
    chain: tuple[x509.Certificate, ...]
    context: ssl.SSLContext

    @property
    def content(self) -> tuple[bytes, bytes, bytes | None]:
        """The content of the files."""
        return self.cert, self.key, self.client_ca


def load(settings: TlsSettings, name: str) -> Loaded:
    """Reads the files of a section and checks them.

    Args:
        settings: The section.
        name: Its path, such as `server.tls`, for messages.

    Raises:
        TlsError: A file is missing or is not what it should be, or the key is not the certificate's.
    """
    cert, key = _File(f"{name}.cert", settings.cert), _File(f"{name}.key", settings.key)
    chain = cert.certificates()
    kind = chain[0].key
    if kind not in _KEYS:
        cert.refuse("has a key that gRPC cannot use: make one of RSA, P-256 or P-384")
    key.must_hold_a_key()
    context = _context(cert, key)
    client_ca: bytes | None = None
    if settings.client_ca is not None:
        authorities = _File(f"{name}.client_ca", settings.client_ca)
        _demand(context, authorities)
        client_ca = authorities.content
    return Loaded(cert.content, key.content, client_ca, chain, context)


class _File:
    """A file that a setting names.

    Raises:
        TlsError: It cannot be read.
    """

    def __init__(self, setting: str, path: str) -> None:
        self._setting = setting
        self.path = path
        try:
            self.content = read_bytes(path, limit=_LIMIT)
        except Unreadable as exc:
            self.refuse(f"cannot be read: {exc.strerror}", exc)

    def refuse(self, why: str, cause: Exception | None = None) -> NoReturn:
        """Raises the error for this file."""
        raise TlsError(f"{self._setting}: {self.path} {why}") from cause

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Returns the certificates that it holds."""
        try:
            return x509.certificates(self.content)
        except x509.NotACertificate as exc:
            swapped = " but a private key: are both files swapped?" if _BEGIN_KEY in self.content else ""
            self.refuse(f"{exc}{swapped}", exc)

    def must_hold_a_key(self) -> None:
        """Refuses a file without a private key, and a key that needs a passphrase."""
        if any(mark in self.content for mark in _ENCRYPTED):
            self.refuse("needs a passphrase: `openssl pkey` writes it without one")
        if _BEGIN_KEY not in self.content:
            self.refuse("holds no private key (PEM)")


def _context(cert: _File, key: _File) -> ssl.SSLContext:
    """Returns a context with the pair.

    The paths are read once more here, since Python's `ssl` takes no bytes; whoever loads looks whether they
    changed meanwhile.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert.path, key.path, password=_nobody_knows)
    except ssl.SSLError as exc:
        if exc.reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
            key.refuse(f"is not the key of the certificate in {cert.path}", exc)
        if exc.reason is None:
            key.refuse("holds a private key that is broken or cut off", exc)
        cert.refuse(f"cannot be used: {_words(exc.reason)}", exc)
    except OSError as exc:
        key.refuse(f"cannot be read: {exc.strerror}", exc)
    return context


def _demand(context: ssl.SSLContext, authorities: _File) -> None:
    """Makes a context demand certificates of these authorities, also of those that are no roots."""
    authorities.certificates()
    try:
        context.load_verify_locations(cadata=authorities.content.decode("ascii", "ignore"))
    except ssl.SSLError as exc:
        authorities.refuse(f"holds a certificate that cannot be used: {_words(exc.reason)}", exc)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _nobody_knows() -> str:
    """Returns no passphrase, for OpenSSL would ask the terminal for one."""
    return ""


def _words(reason: str | None) -> str:
    return (reason or "it is broken").replace("_", " ").lower()
