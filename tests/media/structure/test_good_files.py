"""Tests of the readers of structure on good files: whatever libraries and cameras write is let through."""

import io
from contextlib import suppress
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.limits import READ_LIMITS, ReadLimits
from ringmain_server.media.probe import probe
from ringmain_server.media.structure import READERS, check_structure

from tests.fakes import pictures

_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F")
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"progressive": True},
    {"lossless": True},
    {"compression": "tiff_lzw"},
    {"compression": "tiff_deflate"},
    {"compression": "packbits"},
    {"compression": "jpeg"},
)


def _saved(image: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    try:
        return pictures.saved(image, kind, **options)
    except (OSError, ValueError, KeyError):  # not every mode can be written as every kind
        return b""


@pytest.mark.parametrize("mode", _MODES)
def test_every_mode_in_every_kind(mode: str) -> None:
    """A picture of any mode passes in any kind and with any packing."""
    image = PIL.Image.new(mode, (96, 64)) if mode == "I;16" else pictures.scene((96, 64)).convert(mode)
    for kind in _KINDS:
        for options in _OPTIONS if kind in {"TIFF", "JPEG", "WEBP"} else _OPTIONS[:1]:
            data = _saved(image, kind, **options)
            if data:
                assert probe(data, field="image").width == 96


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_many_frames(kind: str) -> None:
    """Animations and documents of hundreds of frames pass."""
    probe(pictures.animated(kind, 200, (16, 12)), field="image")


@pytest.mark.parametrize("disposal", range(4))
def test_every_disposal(disposal: int) -> None:
    """A GIF whose frames go away in any manner passes."""
    frames = [pictures.scene((40 + 2 * at, 30)).quantize(8) for at in range(5)]
    whole = [PIL.Image.new("P", (60, 40)) for _ in frames]
    for canvas, frame in zip(whole, frames, strict=True):
        canvas.paste(frame, (3, 4))
    data = pictures.saved(whole[0], "GIF", save_all=True, append_images=whole[1:], disposal=disposal)
    assert probe(data, field="image").frame_count >= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_blank_picture_as_large_as_is_taken(kind: str) -> None:
    """Few bytes alone do not make a bomb."""
    image = PIL.Image.new("L", (4_000, 3_000))
    options = {"progressive": True} if kind == "JPEG" else {}
    assert probe(pictures.saved(image, kind, **options), field="image").pixel_count == 12_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata(kind: str) -> None:
    """EXIF, XMP, a profile and texts pass."""
    probe(pictures.full_of_metadata(kind), field="image")


def test_frames_count_by_the_settings() -> None:
    """Frames, and the pixels of all of them, have limits of their own."""
    data = pictures.animated("GIF", 5)
    with pytest.raises(MediaInvalid, match="of more than 4 frames; allowed: at most 4 frames"):
        probe(data, field="image", limits=ReadLimits(max_frames=4))
    with pytest.raises(MediaInvalid, match=r"pixels in all its frames; allowed: at most 30000 pixels"):
        probe(data, field="image", limits=ReadLimits(max_total_pixels=30_000))


@given(st.sampled_from(sorted(READERS)), st.data())
def test_damage_never_breaks_a_reader(mime_type: str, data: st.DataObject) -> None:
    """A file that is cut or changed anywhere is let through or refused, never a failure of ours."""
    known = mime_type if mime_type not in {"image/heic", "image/heif"} else "image/avif"
    damaged = bytearray(pictures.of_kind(known))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    with suppress(MediaInvalid):
        check_structure(cut, mime_type, READ_LIMITS, field="image")


def test_pillows_own_guard_stays_on() -> None:
    """What a decoder alone sees as too large, it refuses itself."""
    from ringmain_server.media.pillow import opened

    data = pictures.png_bomb(30_000, 30_000)
    with pytest.raises(MediaInvalid, match="with a picture of more than"), opened(data, "image/png", "image"):
        pass
    assert READ_LIMITS.max_pixels == PIL.Image.MAX_IMAGE_PIXELS


def test_a_document_goes_on_without_a_picture_that_is_a_bomb() -> None:
    """Such a picture becomes a note; the text around it is read."""
    from ringmain_server.documents import open_document, page_markdown

    from tests.fakes import office, papers
    from tests.fakes.image_bombs import GIF

    bomb = GIF["frame, disposal 2"]()

    def build(document: Any) -> None:
        document.add_paragraph("Text").add_run().add_picture(io.BytesIO(pictures.of_kind("image/gif")))

    changed = papers.changed(office.word(build), lambda name, content: bomb if "media/" in name else content)
    note = "*[a picture that is too large or broken]*"
    assert note in page_markdown(open_document(changed).page(1))
    import base64

    page = (
        b"<html><body><p>Text</p><img src='data:image/gif;base64,"
        + base64.b64encode(bomb)
        + b"'></body></html>"
    )
    assert note in page_markdown(open_document(page).page(1))
