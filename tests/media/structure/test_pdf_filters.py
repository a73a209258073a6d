"""Tests of the filters of PDF: each undoes what another program did, in pieces of any size."""

import base64
import random
import zlib

import pytest
from ringmain_server.media.structure.pdf_filters import jbig2_size, jpx_size, undone

from tests.fakes.pdf_bombs import lzw

_DATA = [b"", b"a", b"\0" * 1_000, bytes(range(256)) * 9, random.Random(5).randbytes(777)]


def _through(data: bytes, *filters: bytes, step: int = 77) -> bytes:
    parts = [data[at : at + step] for at in range(0, len(data), step)]
    return b"".join(undone(iter(parts), list(filters)))


@pytest.mark.parametrize("data", _DATA)
def test_what_was_packed_comes_back(data: bytes) -> None:
    """Each filter alone, and two of them."""
    assert _through(zlib.compress(data), b"FlateDecode") == data
    assert _through(data.hex().encode() + b">", b"AHx") == data
    assert _through(base64.a85encode(data, wrapcol=70) + b"~>", b"ASCII85Decode")[: len(data)] == data
    assert _through(base64.a85encode(zlib.compress(data)) + b"~>", b"A85", b"Fl") == data


def test_runs() -> None:
    """A run is repeated, what is none is copied, and 128 ends it."""
    assert _through(b"\x02abc\xfe-\x80xyz", b"RunLengthDecode") == b"abc---"


def test_lzw() -> None:
    """The codes grow, and begin anew."""
    found = _through(lzw(3_000_000), b"LZWDecode")
    assert not found.strip(b"\0")
    assert 0 <= len(found) - 3_000_000 < 4_096
    assert _through(bytes.fromhex("800b6050220c0c8501"), b"LZW") == bytes.fromhex("2d2d2d2d2d412d2d2d42")


@pytest.mark.parametrize("name", [b"FlateDecode", b"LZWDecode", b"ASCIIHexDecode", b"RunLengthDecode"])
def test_what_is_broken_ends(name: bytes) -> None:
    """Bytes that make no sense give something or nothing, never a failure."""
    noise = random.Random(7)
    for _ in range(50):
        _through(noise.randbytes(300), name)


def test_pictures_of_their_own_coding() -> None:
    """Their sizes are read from their headers; bytes without one have none."""
    assert (jpx_size(b"nothing"), jbig2_size(b""), jbig2_size(bytes(200))) == (None, None, None)
