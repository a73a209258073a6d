"""Tests of the media detection: the signature decides, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.media.detect import DOCX, PPTX, XLSX, describe, detect

SAMPLES = {
    "image/png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",),
    "image/jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xd8\xff\xdb"),
    "image/gif": (b"GIF87a...", b"GIF89a..."),
    "image/webp": (b"RIFF\x10\x00\x00\x00WEBPVP8 ",),
    "image/tiff": (b"II*\x00\x08", b"MM\x00*\x00"),
    "image/bmp": (b"BM6\x00",),
    "image/heic": (b"\x00\x00\x00\x18ftypheic\x00", b"\x00\x00\x00\x18ftypheix\x00"),
    "image/heif": (b"\x00\x00\x00\x18ftypmif1\x00",),
    "image/avif": (b"\x00\x00\x00\x18ftypavif\x00",),
    "application/pdf": (b"%PDF-1.7\n",),
    "text/html": (
        b"<!DOCTYPE html>",
        b"\xef\xbb\xbf\n <HTML >",
        b"<p>hello",
        b'<?xml version="1.0"?>\n<html lang="en">',
    ),
    DOCX: (b"PK\x03\x04....word/document.xml",),
    PPTX: (b"PK\x03\x04....ppt/presentation.xml",),
    XLSX: (b"PK\x03\x04....xl/workbook.xml",),
    "audio/wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ",),
    "audio/mpeg": (b"ID3\x04\x00", b"\xff\xfb\x90\x64", b"\xff\xf3\x48\xc4"),
    "audio/ogg": (b"OggS\x00\x02",),
    "audio/flac": (b"fLaC\x00\x00",),
    "audio/mp4": (b"\x00\x00\x00\x1cftypM4A \x00",),
    "video/mp4": (b"\x00\x00\x00\x18ftypisom\x00",),
    "video/webm": (b"\x1aE\xdf\xa3\x9f",),
    "": (
        b"",
        b"hello",
        b"<pre>",
        b"PK\x03\x04....mimetype",
        b"RIFF\x10\x00\x00\x00AVI ",
        b"\x00\x00\x00\x18ftypzzzz",
        b"\xff\xe0\x00",
        b"\xff\xff\xff\xff",
        b"\xff\xfb\x00\x00",
        b"\xff\xfb\x9c\x00",
        b"\xff\xeb\x90\x00",
    ),
}


@pytest.mark.parametrize(
    ("mime_type", "data"), [(kind, data) for kind, samples in SAMPLES.items() for data in samples]
)
def test_each_signature_names_its_kind(mime_type: str, data: bytes) -> None:
    """Bytes are of the kind whose signature they begin with, and of none otherwise."""
    assert detect(data) == mime_type


@given(st.binary(max_size=64))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """No bytes make detection fail, and what it says is a media type or nothing."""
    found = detect(data)
    assert found in SAMPLES


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing (0 bytes)"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04....", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an encrypted or older Office file"),
        ("Grüße".encode(), "plain text"),
        ("a" * 4095 + "ü", "plain text"),
        (b"a\xffbcdef", "bytes of no known kind"),
        (b"\x00\x01", "bytes of no known kind"),
    ],
)
def test_anything_can_be_named(data: bytes | str, words: str) -> None:
    """A refusal can name what it refuses, whatever it is."""
    assert describe(data.encode() if isinstance(data, str) else data) == words
