"""Pixel size and frames come from an image's header alone."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.media.detect import detect
from ringmain_server.media.header import Header, read_header

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 12, 34) + b"\0" * 3 + b","  # a screen, and the start of an image
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04ab"  # a segment to be skipped
    b"\xff\xff\xd0\xff\xc4\x00\x03x"  # fill, a restart, and a table that is no frame
    b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", 200, 300)
)


def read(data: bytes) -> Header | None:
    """The header of a file whose signature tells its type."""
    return read_header(data, detect(data), max_frames=9)


def _webp(kind: bytes, payload: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + kind + b"\0\0\0\0" + payload


LOSSY = _webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 16 | 0x4000, 9))
LOSSLESS = _webp(b"VP8L", b"\x2f" + struct.pack("<I", 99 | 49 << 14))
EXTENDED = _webp(b"VP8X", b"\0\0\0\0" + (999).to_bytes(3, "little") + (1).to_bytes(3, "little"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PNG, Header(640, 480)),
        (GIF, Header(12, 34)),
        (JPEG, Header(300, 200)),
        (LOSSY, Header(16, 9)),
        (LOSSLESS, Header(100, 50)),
        (EXTENDED, Header(1000, 2)),
        (b"%PDF-1.7", None),
        (b"", None),
        (_webp(b"ICCP", b"\0" * 20), None),
        (b"\xff\xd8\xff\xe0\x00\x00ab", None),
    ],
)
def test_headers_are_read(data: bytes, expected: Header | None) -> None:
    """Each format names its size where its specification says."""
    assert read(data) == expected


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, LOSSY, LOSSLESS, EXTENDED])
def test_a_header_that_is_cut_is_none(data: bytes) -> None:
    """A header that ends too early is no header."""
    assert all(read(data[:end]) is None for end in range(len(data)))


@given(st.sampled_from([PNG[:16], GIF[:6], JPEG[:8], LOSSY[:16], EXTENDED[:16]]), st.binary(max_size=60))
def test_no_bytes_raise(start: bytes, rest: bytes) -> None:
    """Any bytes have a header or none."""
    found = read(start + rest)
    assert found is None or found.width > 0
