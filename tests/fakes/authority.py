"""A certificate authority, for servers and callers of tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key, as PEM."""

    cert: bytes
    key: bytes

    def write(self, folder: Path, name: str = "tls") -> "Files":
        """Writes both files into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        files = Files(folder / f"{name}.crt", folder / f"{name}.key")
        files.cert.write_bytes(self.cert)
        files.key.write_bytes(self.key)
        return files


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a pair."""

    cert: Path
    key: Path

    def settings(self, client_ca: Path | None = None) -> dict[str, str | None]:
        """The section of the configuration that names them."""
        return {
            "cert": str(self.cert),
            "key": str(self.key),
            "client_ca": None if client_ca is None else str(client_ca),
        }


class Authority:
    """Issues certificates."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.root = self._ca.cert_pem.bytes()

    def write(self, path: Path) -> Path:
        """Writes its own certificate."""
        path.write_bytes(self.root)
        return path

    def issue(self, *identities: str, begins: datetime | None = None, ends: datetime | None = None) -> Pair:
        """Issues a certificate for host names, addresses and e-mail addresses."""
        leaf = self._ca.issue_cert(*identities, not_before=begins, not_after=ends)
        return Pair(b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes())

    def expired(self, *identities: str) -> Pair:
        """Issues a certificate that has expired an hour ago."""
        now = datetime.now(UTC)
        return self.issue(*identities, begins=now - 24 * HOUR, ends=now - HOUR)

    def caller(
        self,
        *names: x509.GeneralName,
        common_names: Sequence[str] = (),
        key: CertificateIssuerPrivateKeyTypes | None = None,
        ends: datetime | None = None,
    ) -> Pair:
        """Issues a certificate with names of any kind, and a key of any kind."""
        now = datetime.now(UTC)
        key = key or ec.generate_private_key(ec.SECP256R1())
        issuer = x509.load_pem_x509_certificate(self.root)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names])
        builder = (
            x509.CertificateBuilder(issuer.subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - HOUR)
            .not_valid_after(ends or now + HOUR)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signing = load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(signing, ec.EllipticCurvePrivateKey)
        made = builder.sign(signing, hashes.SHA256())
        return Pair(
            made.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
