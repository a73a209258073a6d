"""Command line: the TLS of a connection, by flags or by environment variables."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringmain_server.cli.failures import USAGE, CommandFailure

CA_FILE: Final = "RINGMAIN_CA_FILE"
CLIENT_CERT: Final = "RINGMAIN_CLIENT_CERT"
CLIENT_KEY: Final = "RINGMAIN_CLIENT_KEY"
TLS: Final = "RINGMAIN_TLS"
TLS_NAME: Final = "RINGMAIN_TLS_NAME"

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})
_BEGIN_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
# https://github.com/grpc/grpc/blob/master/include/grpc/impl/channel_arg_names.h
_NAME_OPTION: Final = "grpc.ssl_target_name_override"


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS of a connection.

    Attributes:
        used: Whether there is any.
        roots: The certificates (PEM) to trust, None for the usual ones.
        certificate: The caller's certificate with its chain, and its key (PEM).
        files: The files of that certificate and key.
        name: The name that the gateway's certificate must have; empty for that of the address.
    """

    used: bool = False
    roots: bytes | None = None
    certificate: tuple[bytes, bytes] | None = None
    files: tuple[str, str] = ("", "")
    name: str = ""

    @property
    def trust(self) -> bool | bytes:
        """Whether to use TLS, or the certificates to trust, as the client takes it."""
        return self.roots or self.used

    @property
    def options(self) -> Sequence[tuple[str, str]]:
        """The options of the channel."""
        return ((_NAME_OPTION, self.name),) if self.name else ()


def chosen(*, tls: bool, ca_file: str | None, cert: str | None, key: str | None, name: str | None) -> Tls:
    """Returns the TLS that flags and the environment ask for. Whatever of it is named implies TLS.

    Args:
        tls: Whether `--tls` is given.
        ca_file: The file of `--ca-file`; without it, the environment's counts, as for the others.
        cert: The file of `--client-cert`.
        key: The file of `--client-key`.
        name: The name of `--tls-name`.

    Raises:
        Failure: A file cannot be read or is not what it should be, or one of the two files is missing.
    """
    authorities = _File.named("--ca-file", ca_file, CA_FILE)
    own = _File.named("--client-cert", cert, CLIENT_CERT)
    own_key = _File.named("--client-key", key, CLIENT_KEY)
    name = name or os.environ.get(TLS_NAME) or ""
    roots = None if authorities is None else authorities.certificates()
    if (own is None) != (own_key is None):
        raise _mistake("--client-cert and --client-key belong together: give both")
    used = tls or _wanted() or bool(roots or own or name)
    if own is None or own_key is None:
        return Tls(used, roots, name=name)
    pair = _checked(own, own_key)
    return Tls(used, roots, pair, (own.path, own_key.path), name)


def _wanted() -> bool:
    """Whether the environment asks for TLS."""
    value = os.environ.get(TLS, "").lower()
    if value not in _YES | _NO:
        raise _mistake(f"{TLS} must be true or false")
    return value in _YES


@dataclass(frozen=True, slots=True)
class _File:
    """A file that a flag or a variable names."""

    source: str
    path: str
    content: bytes

    @classmethod
    def named(cls, flag: str, path: str | None, variable: str) -> "_File | None":
        """Reads the file that a flag names, or else a variable; None where neither does."""
        source, path = (flag, path) if path else (variable, os.environ.get(variable))
        if not path:
            return None
        try:
            return cls(source, path, Path(path).read_bytes())
        except OSError as exc:
            raise _mistake(f"{source}: cannot read {path}: {exc.strerror}") from exc

    def certificates(self) -> bytes:
        """Returns the content of a file that must hold certificates."""
        if _BEGIN_CERTIFICATE not in self.content:
            raise _mistake(f"{self.source}: {self.path} holds no certificate (PEM)")
        return self.content


def _checked(cert: _File, key: _File) -> tuple[bytes, bytes]:
    """Returns a certificate and its key. If they do not belong together, gRPC would not say so."""
    import ssl

    found = cert.certificates()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert.path, key.path, password=lambda: "")
    except ssl.SSLError as exc:
        problem = f"{key.path} is no key (PEM, without a passphrase) of the certificate in {cert.path}"
        raise _mistake(f"{key.source}: {problem}") from exc
    return found, key.content


def _mistake(message: str) -> CommandFailure:
    return CommandFailure(f"error: {message}", code=USAGE)
