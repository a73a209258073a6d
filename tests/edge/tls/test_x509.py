"""What is read from the PEM of a certificate."""

import contextlib
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.edge.tls.x509 import Certificate, NotACertificate, certificates

from tests.fakes.authority import Authority

AUTHORITY = Authority()
PEM = AUTHORITY.caller(reference.DNSName("localhost"), common_names=["somebody"]).cert
DER = ssl.PEM_cert_to_DER_cert(PEM.decode())


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA"),
        (ec.generate_private_key(ec.SECP256R1()), "P-256"),
        (ec.generate_private_key(ec.SECP384R1()), "P-384"),
        (ec.generate_private_key(ec.SECP521R1()), "P-521"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (ec.generate_private_key(ec.SECP256K1()), "1.3.132.0.10"),
        (ed448.Ed448PrivateKey.generate(), "1.3.101.113"),
    ],
)
@pytest.mark.parametrize(
    "ends", [datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)]
)
def test_time_and_kind_of_key_are_those_of_the_certificate(
    key: ec.EllipticCurvePrivateKey, kind: str, ends: datetime
) -> None:
    """Both forms of time and each kind of key are read as a library for certificates reads them."""
    pem = AUTHORITY.caller(common_names=["x"], key=key, ends=ends).cert
    expected = reference.load_pem_x509_certificate(pem)
    (found,) = certificates(pem)
    begins = expected.not_valid_before_utc.timestamp()
    assert found == Certificate(begins, ends.timestamp(), kind)


def test_a_chain_is_read_in_its_order_and_text_around_it_ignored() -> None:
    """Whatever stands between the certificates is not theirs."""
    one, two = certificates(PEM), certificates(AUTHORITY.root)
    assert certificates(b"Subject: \xff\n" + PEM + b"# issued by\r\n" + AUTHORITY.root) == one + two


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        (b"", "holds no certificate (PEM)"),
        (b"hello", "holds no certificate (PEM)"),
        (PEM[:-10], "is cut off within a certificate"),
        (PEM + AUTHORITY.root[:40], "is cut off within a certificate"),
        (ssl.DER_cert_to_PEM_cert(DER[:-10]).encode(), "holds a certificate that is broken"),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "holds a certificate that is broken"),
    ],
)
def test_other_texts_are_no_certificates(pem: bytes, message: str) -> None:
    """A text without a certificate, one that is cut off and one that is broken are told apart."""
    with pytest.raises(NotACertificate) as caught:
        certificates(pem)
    assert str(caught.value) == message


@given(place=st.integers(0, len(DER) - 1), byte=st.integers(0, 255), end=st.integers(0, len(DER)))
def test_no_bytes_lead_astray(place: int, byte: int, end: int) -> None:
    """Whatever bytes are in a certificate, it is read or refused."""
    changed = bytearray(DER)
    changed[place] = byte
    for der in (bytes(changed), DER[:end]):
        with contextlib.suppress(NotACertificate):
            certificates(ssl.DER_cert_to_PEM_cert(der).encode())
