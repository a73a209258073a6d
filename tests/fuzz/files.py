"""Tests, fuzz: small real files of every format that the gateway reads."""

import struct
from collections.abc import Mapping

from tests.fakes import pictures
from tests.fakes.office import full_slides, full_word, slides, word
from tests.fakes.papers import lines, pdf

_SAMPLES = struct.pack("<800h", *(((index * 331) % 2000) - 1000 for index in range(800)))


def _wave() -> bytes:
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    data = b"data" + struct.pack("<I", len(_SAMPLES)) + _SAMPLES
    return b"RIFF" + struct.pack("<I", 4 + len(header) + len(data)) + b"WAVE" + header + data


def files() -> Mapping[str, bytes]:
    """By media type."""
    image = pictures.photo((48, 32))
    found = {
        f"image/{kind.lower()}": pictures.saved(image, kind)
        for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
    }
    found["image/x-animated-gif"] = pictures.animated("GIF", 3, (16, 12))
    found["image/x-animated-png"] = pictures.animated("PNG", 3, (16, 12))
    found["image/x-animated-webp"] = pictures.animated("WEBP", 3, (16, 12))
    found["image/x-mask"] = pictures.transparent_png()
    found["image/x-metadata"] = pictures.full_of_metadata("JPEG")
    found["application/pdf"] = pdf(lambda canvas: (lines(canvas, ["One", "two"]), None)[1])
    found["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] = word(full_word)
    found["application/vnd.openxmlformats-officedocument.presentationml.presentation"] = slides(full_slides)
    found["text/html"] = b"<html><body><h1>One</h1><p>two<table><tr><td>3</td></tr></table></body></html>"
    found["text/plain"] = "One\ntwo \u00e9\n".encode()
    found["text/markdown"] = b"# One\n\n* two\n"
    found["text/csv"] = b"a,b\n1,2\n"
    found["application/json"] = b'{"a": [1, 2]}'
    found["audio/wav"] = _wave()
    found["audio/mpeg"] = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(400)
    return found
