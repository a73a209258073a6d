"""Tests of WebP decoded past Pillow: the same picture as Pillow's, and its refusals left to it."""

import io
import sys

import PIL.Image
import pytest
from PIL import ImageChops, ImageStat
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.pillow import opened
from ringmain_server.media.prepare import prepare
from ringmain_server.media.webp import decoded_webp

from tests.fakes import pictures

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="needs a libwebp beside Pillow, which Windows has not"
)


def scaled(data: bytes, size: tuple[int, int]) -> PIL.Image.Image | None:
    """What is made of a file without Pillow's decoder."""
    with opened(data, "image/webp", "image") as image:
        return decoded_webp(image, data, size)


def difference(one: PIL.Image.Image, other: PIL.Image.Image) -> float:
    """How far two pictures are apart: the root mean square, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).rms)


@pytest.mark.parametrize("options", [{"quality": 90}, {"lossless": True}])
@pytest.mark.parametrize("side", [(400, 300), (200, 150), (133, 100), (40, 30), (1, 1)])
def test_it_is_the_picture_that_pillow_shows(options: dict[str, int], side: tuple[int, int]) -> None:
    """At its own size pixel for pixel; scaled, about as Pillow averages it."""
    data = pictures.saved(pictures.photo((400, 300)), "WEBP", **options)
    found = scaled(data, side)
    assert found is not None
    assert (found.mode, found.size) == ("RGB", side)
    whole = pictures.opened(data).convert("RGB")
    if side == whole.size:
        assert found.tobytes() == whole.tobytes()
    else:
        assert difference(found, whole.resize(side, PIL.Image.Resampling.HAMMING)) < 6


def test_the_colour_profile_stays() -> None:
    """What pixels mean goes with them, and metadata does not."""
    data = pictures.full_of_metadata("WEBP")
    prepared = prepare(data, ModelLimits(max_long_side=60), field="image")
    image = pictures.opened(prepared.data)
    assert image.info["icc_profile"] == pictures.srgb_profile()
    assert not any(secret in prepared.data for secret in pictures.SECRETS)


@pytest.mark.parametrize(
    "data",
    [
        pictures.saved(pictures.opened(pictures.transparent_png()), "WEBP"),
        pictures.animated("WEBP"),
        pictures.truncated(pictures.of_kind("image/webp")),
    ],
    ids=["transparent", "animated", "cut short"],
)
def test_what_is_left_to_pillow(data: bytes) -> None:
    """Transparent, moving and broken pictures are Pillow's."""
    try:
        found = scaled(data, (60, 40))
    except MediaInvalid:
        found = None
    assert found is None


def test_a_larger_size_is_left_to_pillow() -> None:
    """The library would enlarge, in a way that is not ours."""
    assert scaled(pictures.of_kind("image/webp"), (240, 160)) is None


def test_other_formats_are_left_to_pillow() -> None:
    """A PNG is no WebP."""
    data = pictures.of_kind("image/png")
    with opened(data, "image/png", "image") as image:
        assert decoded_webp(image, data, (60, 40)) is None


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_file_cut_short_is_refused(kept: float) -> None:
    """Wherever a WebP is cut, the caller is told; nothing half grey is sent."""
    data = pictures.saved(pictures.photo((400, 300)), "WEBP", quality=90)
    with pytest.raises(MediaInvalid, match="broken or cut short"):
        prepare(data[: int(len(data) * kept)], ModelLimits(max_long_side=60), field="image")


def test_broken_bytes_never_break_more_than_the_file() -> None:
    """Each file with a changed byte is either a picture of the wanted size or refused."""
    data = pictures.saved(pictures.photo((64, 48)), "WEBP", quality=80)
    for at in range(12, len(data), 7):
        broken = bytearray(data)
        broken[at] ^= 0xA5
        try:
            made = prepare(bytes(broken), ModelLimits(max_long_side=32), field="image")
        except MediaInvalid:
            continue
        assert max(PIL.Image.open(io.BytesIO(made.data)).size) <= 32
