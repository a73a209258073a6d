"""Tests of the probe: what a file is, and that nothing beyond a limit is decoded."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.header import read_header
from ringmain_server.media.limits import ReadLimits, names, size_words
from ringmain_server.media.probe import Probe, probe

from tests.fakes import pictures

KINDS = [f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "bmp", "tiff", "avif")]


@pytest.mark.parametrize("mime_type", KINDS)
def test_every_kind_is_measured(mime_type: str) -> None:
    """Type, size and frames come from the bytes, for every format."""
    data = pictures.of_kind(mime_type)
    assert probe(data, field="image") == Probe(mime_type, 120, 80, 1, len(data))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_frames_are_counted(kind: str) -> None:
    """An animation tells how many frames it has, and pixels are counted by frame."""
    found = probe(pictures.animated(kind, frames=5), field="image")
    assert (found.frame_count, found.pixel_count) == (5, 120 * 80)


@pytest.mark.parametrize("lossless", [True, False])
def test_plain_webp_is_measured(lossless: bool) -> None:
    """Both simple layouts of WebP tell their size."""
    data = pictures.saved(pictures.scene((33, 17)), "WEBP", lossless=lossless)
    assert probe(data, field="image").width == 33


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # the server ignores them too
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("nothing (0 bytes)", "PNG, JPEG")),
        (pictures.false_extension(), ("plain text", "not an image", "PNG, JPEG")),
        (b"%PDF-1.7", ("application/pdf", "not an image")),
        (pictures.png_bomb(30_000, 30_000), ("image/png", "30000x30000", "at most 64000000 pixels")),
        (pictures.png_bomb(), ("image/png", "50000x50000", "at most 32768 pixels on a side")),
        (pictures.jpeg_bomb(), ("image/jpeg", "65000x65000", "at most 32768")),
        (pictures.gif_bomb(), ("image/gif", "65535x65535", "at most 32768")),
        (pictures.webp_bomb(), ("image/webp", "16384x16384", "at most 64000000 pixels")),
        (pictures.frames_bomb(), ("image/gif", "more than 1000 frames", "at most 1000 frames")),
        (pictures.of_kind("image/jpeg")[:100], ("image/jpeg", "broken or cut short")),
        (pictures.of_kind("image/png")[:20], ("image/png", "broken or cut short")),
        (pictures.of_kind("image/tiff")[:20], ("image/tiff", "broken or cut short")),
        (b"RIFF\x10\x00\x00\x00WEBPVP9 " + b"\0" * 20, ("image/webp", "broken")),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, ("image/png", "broken")),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", ("image/gif", "broken")),
        (b"\xff\xd8\xff\xd9no picture", ("image/jpeg", "broken")),
    ],
)
def test_what_is_refused(data: bytes, words: tuple[str, ...]) -> None:
    """A refusal names the field, the type found and what is allowed, and costs no memory."""
    tracemalloc.start()
    with pytest.raises(MediaInvalid) as caught:
        probe(data, field="images[3].data")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.violations[0].field == "images[3].data"
    assert all(word in caught.value.message for word in words), caught.value.message
    assert "allowed: " in caught.value.message
    assert peak < 4_000_000


def test_bytes_are_limited() -> None:
    """A file of too many bytes is refused by its size alone."""
    with pytest.raises(MediaInvalid, match=r"of .* KiB; allowed: at most 100 bytes"):
        probe(pictures.photo((99, 99)).tobytes(), field="image", limits=ReadLimits(max_bytes=100))


def test_the_caller_decides_what_is_taken() -> None:
    """An image of a type that is not asked for is refused with the types that are."""
    with pytest.raises(MediaInvalid, match=r"is image/gif, which is not taken here; allowed: PNG or JPEG"):
        probe(pictures.of_kind("image/gif"), field="image", allowed=("image/png", "image/jpeg"))


def test_an_old_bitmap_is_measured() -> None:
    """A bitmap of the oldest layout tells its size."""
    data = b"BM" + b"\0" * 12 + (12).to_bytes(4, "little") + b"\x05\x00\x06\x00" + b"\0" * 20
    assert (probe(data, field="image").width, probe(data, field="image").height) == (5, 6)


@given(st.sampled_from(KINDS[:5]), st.data())
def test_damage_never_breaks_the_reader(mime_type: str, data: st.DataObject) -> None:
    """A header that is cut or changed anywhere gives a header or nothing, never a failure."""
    whole = pictures.of_kind(mime_type)
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    read_header(bytes(damaged), mime_type, max_frames=10)


def test_words() -> None:
    """Sizes and types are told in words."""
    assert [size_words(count) for count in (5, 2048, 3 * 1024 * 1024)] == ["5 bytes", "2 KiB", "3 MiB"]
    assert names(["image/png"]) == "PNG"
