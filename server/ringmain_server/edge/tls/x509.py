"""Room 1, pure: reads from the PEM of a certificate when it holds and which kind of key it has.

Python's `ssl` tells this only of certificates of others, once a connection exists. The structure is that of
https://www.rfc-editor.org/rfc/rfc5280#section-4.1.
"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_BLOCK: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"

_INTEGER, _BIT_STRING, _OID, _SEQUENCE, _UTC_TIME, _GENERAL_TIME = 0x02, 0x03, 0x06, 0x30, 0x17, 0x18
_VERSION: Final = 0xA0
_TIMES: Final = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERAL_TIME: "%Y%m%d%H%M%SZ"}
_CURVED: Final = "1.2.840.10045.2.1"
_KEYS: Final = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.3.132.0.35": "P-521",
    "1.3.101.112": "Ed25519",
}


class NotACertificate(ValueError):
    """A text holds no certificate, or one that is cut off or broken."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, in part.

    Attributes:
        begins: When it begins to hold, in seconds since the epoch.
        ends: When it expires, in seconds since the epoch.
        key: The kind of its key: `RSA`, `P-256` and so on, or the number of a kind without a name here.
    """

    begins: float
    ends: float
    key: str


def certificates(pem: bytes) -> tuple[Certificate, ...]:
    """Returns the certificates of a PEM file, in their order.

    Raises:
        NotACertificate: There is none, or one of them is cut off or broken.
    """
    text = pem.decode("ascii", "replace")
    blocks = _BLOCK.findall(text)
    if len(blocks) != text.count(_BEGIN):
        raise NotACertificate("is cut off within a certificate")
    if not blocks:
        raise NotACertificate("holds no certificate (PEM)")
    try:
        return tuple(_certificate(ssl.PEM_cert_to_DER_cert(block)) for block in blocks)
    except (ValueError, IndexError) as exc:
        raise NotACertificate("holds a certificate that is broken") from exc


def _certificate(der: bytes) -> Certificate:
    (outer,) = _elements(der)
    signed = _elements(_first(_elements(outer.within(_SEQUENCE))).within(_SEQUENCE))
    first = _first(signed)
    if first.tag == _VERSION:
        first = _first(signed)
    first.within(_INTEGER)  # the serial number
    _, _, validity, _, key = [_first(signed).within(_SEQUENCE) for _ in range(5)]
    begins, ends = (_seconds(time) for time in _elements(validity))
    return Certificate(begins, ends, _kind(key))


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of DER: its tag and its content."""

    tag: int
    content: bytes

    def within(self, tag: int) -> bytes:
        """Returns the content of an element that must have a tag.

        Raises:
            ValueError: It has another one.
        """
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#x} instead of {tag:#x}")
        return self.content


def _elements(data: bytes) -> Iterator[_Element]:
    """Yields the elements that follow one another in DER.

    Raises:
        ValueError: The last one is cut off.
        IndexError: Likewise.
    """
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size]), at + size
        if at + length > len(data):
            raise ValueError("cut off")
        yield _Element(tag, data[at : at + length])
        at += length


def _first(elements: Iterator[_Element]) -> _Element:
    """Returns the next of some elements.

    Raises:
        ValueError: There is none.
    """
    for element in elements:
        return element
    raise ValueError("an element is missing")


def _seconds(time: _Element) -> float:
    form = _TIMES.get(time.tag)
    if form is None:
        raise ValueError(f"tag {time.tag:#x} is no time")
    return datetime.strptime(time.content.decode("ascii"), form).replace(tzinfo=UTC).timestamp()


def _kind(key: bytes) -> str:
    """Returns the kind of a public key; of one on a curve, the curve."""
    algorithm = _elements(_first(_elements(key)).within(_SEQUENCE))
    kind = _dotted(_first(algorithm).within(_OID))
    if kind == _CURVED:
        kind = _dotted(_first(algorithm).within(_OID))
    return _KEYS.get(kind, kind)


def _dotted(oid: bytes) -> str:
    """Returns an object identifier as text, such as `1.3.101.112`."""
    numbers: list[int] = []
    number = 0
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    root = min(numbers[0] // 40, 2)
    return ".".join(map(str, (root, numbers[0] - 40 * root, *numbers[1:])))
