"""Tests of the inspection: what a file holds, and near pictures with near hashes."""

import hashlib

import pytest
from PIL import Image
from ringmain_server.media.exif import exif_fields
from ringmain_server.media.hashes import distance, dominant_colors, perceptual_hash
from ringmain_server.media.inspection import inspect_image

from tests.fakes import pictures


def test_a_photo_of_a_camera() -> None:
    """Type, size, EXIF by name and SHA-256 are told; the place is not, unless it is allowed."""
    data = pictures.turned_jpeg(6)
    found = inspect_image(data, field="image")
    assert (found.mime_type, found.width, found.height, found.frame_count) == ("image/jpeg", 80, 120, 1)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.exif["Make"] == "Ringmain Camera"
    assert found.exif["Orientation"] == "6"
    assert found.exif["UserComment"] == "a private comment"
    assert not any(name.startswith("GPS") for name in found.exif)
    located = inspect_image(data, field="image", location=True)
    assert located.exif["GPSLatitude"] == "52.0, 31.0, 12.0"
    assert located.exif["GPSLatitudeRef"] == "N"


def test_transparency_is_looked_for() -> None:
    """Only a picture with a transparent pixel has transparency, whatever its format could hold."""
    assert inspect_image(pictures.transparent_png(), field="image").has_alpha
    assert inspect_image(pictures.palette_png(transparent=True), field="image").has_alpha
    assert not inspect_image(pictures.opaque_rgba_png(), field="image").has_alpha
    assert not inspect_image(pictures.of_kind("image/jpeg"), field="image").has_alpha


def test_frames_are_told() -> None:
    """An animation tells its frames."""
    assert inspect_image(pictures.animated("GIF", frames=7), field="image").frame_count == 7


def test_near_pictures_have_near_hashes() -> None:
    """The same picture smaller, poorer, or turned by EXIF is near; another is far."""
    image = pictures.photo((640, 480))
    first = inspect_image(pictures.saved(image, "PNG"), field="image").perceptual_hash
    near = [
        pictures.saved(image, "JPEG", quality=30),
        pictures.saved(image.resize((200, 150)), "WEBP"),
        pictures.saved(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=pictures.exif(6)),
    ]
    for data in near:
        assert distance(first, inspect_image(data, field="image").perceptual_hash) <= 8
    other = inspect_image(pictures.of_kind("image/png"), field="image").perceptual_hash
    assert distance(first, other) > 12
    assert len(first) == 16


def test_colours_come_commonest_first() -> None:
    """The commonest color is first, near colours count as one, transparent pixels not at all."""
    image = Image.new("RGBA", (100, 100), (200, 16, 16, 255))
    image.paste((16, 16, 200, 255), (0, 0, 30, 100))
    image.paste((205, 18, 18, 255), (50, 0, 60, 100))
    image.paste((0, 255, 0, 0), (90, 0, 100, 100))
    assert dominant_colors(image) == ["#c81010", "#1010c8"]
    assert dominant_colors(Image.new("RGBA", (5, 5))) == []
    assert len(dominant_colors(pictures.photo((200, 200)))) == 5
    assert dominant_colors(Image.new("L", (5, 5), 255)) == ["#ffffff"]


def test_a_hash_of_one_colour() -> None:
    """A picture without any change has the hash zero."""
    assert perceptual_hash(Image.new("L", (3, 3), 9)) == "0" * 16


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_odd_fields() -> None:
    """Unknown fields have their number for a name, bytes are told in hexadecimal, long text is cut."""
    fields = Image.Exif()
    fields[0x9999] = "unknown"
    fields[0x010E] = "x" * 2000 + "\n"
    fields.get_ifd(0x8769)[0xA300] = b"\x03"
    fields.get_ifd(0x8769)[0x927C] = b"maker's own"
    with pictures.opened(pictures.saved(pictures.scene(), "JPEG", exif=fields)) as image:
        found = exif_fields(image, location=True)
    assert found == {"Tag0x9999": "unknown", "ImageDescription": "x" * 500, "FileSource": "03"}
    with pictures.opened(pictures.saved(pictures.scene(), "JPEG", exif=b"Exif\0\0nonsense")) as image:
        assert exif_fields(image, location=True) == {}
