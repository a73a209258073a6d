"""Tests of images enlarged, converted and extended, and of masks."""

import pytest
from PIL import Image
from ringmain_server.errors import InvalidField, MediaInvalid
from ringmain_server.media.canvas import Margins, mask_for, outpaint
from ringmain_server.media.limits import ReadLimits
from ringmain_server.media.transform import Method, convert, upscale

from tests.fakes import pictures


@pytest.mark.parametrize("method", ["lanczos", "bicubic"])
@pytest.mark.parametrize("factor", [2, 3, 8])
def test_an_image_is_enlarged(factor: int, method: Method) -> None:
    """It becomes so many times wider and higher, in its own format, and shows the same."""
    made = upscale(pictures.of_kind("image/webp"), factor, field="image", method=method)
    image = pictures.opened(made.data)
    assert (made.mime_type, image.format) == ("image/webp", "WEBP")
    assert image.size == (made.width, made.height) == (120 * factor, 80 * factor)
    assert pictures.shows_scene(image)


def test_an_enlarged_image_in_another_format() -> None:
    """The wanted format is made, and EXIF's orientation is applied."""
    made = upscale(pictures.turned_jpeg(6), 2, field="image", mime_type="image/png")
    image = pictures.opened(made.data)
    assert (image.format, image.size) == ("PNG", (240, 160))
    assert pictures.shows_scene(image)


def test_filters_differ() -> None:
    """Lanczos' filter and the bicubic one make different pixels."""
    data = pictures.saved(pictures.photo((64, 64)), "PNG")
    first, second = (upscale(data, 2, field="image", method=way) for way in ("lanczos", "bicubic"))
    assert first.data != second.data


@pytest.mark.parametrize("factor", [-1, 0, 1, 9])
def test_factors_are_limited(factor: int) -> None:
    """Only two to eight times is possible."""
    with pytest.raises(InvalidField, match=r"factor: is .*: must be 2 to 8"):
        upscale(pictures.of_kind("image/png"), factor, field="image")


def test_an_enlarged_image_is_limited() -> None:
    """What would become too large is refused before it is decoded."""
    with pytest.raises(MediaInvalid, match=r"120x80 pixels, 960x640 enlarged; allowed: at most 500000 "):
        upscale(pictures.of_kind("image/png"), 8, field="image", read=ReadLimits(max_pixels=500_000))


@pytest.mark.parametrize("target", ["image/png", "image/jpeg", "image/webp"])
def test_formats_are_converted(target: str) -> None:
    """A picture of any format becomes one of the wanted format, a transparent one white where it must."""
    for data in (pictures.of_kind("image/tiff"), pictures.animated("GIF"), pictures.of_kind("image/avif")):
        made = convert(data, target, field="image")
        assert made.mime_type == target
        assert pictures.shows_scene(pictures.opened(made.data))
    made = convert(pictures.transparent_png(), target, field="image")
    pixel = pictures.opened(made.data).convert("RGBA").getpixel((5, 5))
    assert pixel == ((255, 255, 255, 255) if target == "image/jpeg" else (0, 0, 0, 0))


def test_nothing_is_converted_to_itself() -> None:
    """A picture of the wanted format is the very same object; an empty wish means its own."""
    data = pictures.of_kind("image/png")
    assert convert(data, "image/png", field="image").data is data
    assert convert(data, "", field="image").data is data


def test_formats_that_are_not_made() -> None:
    """A format that is not made here is refused with those that are."""
    with pytest.raises(MediaInvalid, match=r"mime_type: is image/bmp.*allowed: PNG, JPEG or WebP"):
        convert(pictures.of_kind("image/png"), "image/bmp", field="image")


def test_a_canvas_is_larger_by_its_margins() -> None:
    """The picture stands at its place, around it all is transparent, and the mask says the same."""
    canvas = outpaint(pictures.turned_jpeg(8), Margins(left=10, top=20, right=30), field="image")
    image, mask = pictures.opened(canvas.image), pictures.opened(canvas.mask)
    assert image.size == mask.size == (canvas.width, canvas.height) == (160, 100)
    assert pictures.shows_scene(image.crop((10, 20, 130, 100)))
    for alpha in (image.getchannel("A"), mask.getchannel("A")):
        assert alpha.crop((10, 20, 130, 100)).getextrema() == (255, 255)
        assert [alpha.getpixel(at) for at in ((9, 50), (50, 19), (130, 50))] == [0, 0, 0]


def test_a_canvas_with_a_white_mask() -> None:
    """The other form of a mask is white where the model draws, black elsewhere, and has no transparency."""
    canvas = outpaint(pictures.of_kind("image/png"), Margins(bottom=8), field="image", form="luminance")
    mask = pictures.opened(canvas.mask)
    assert (mask.mode, mask.getpixel((0, 0)), mask.getpixel((0, 87))) == ("L", 0, 255)


@pytest.mark.parametrize(
    ("margins", "words"),
    [
        (Margins(), "outpaint: has no margin above 0"),
        (Margins(top=-1), "outpaint.top: is -1"),
        (Margins(left=40_000), "40120x80 pixels with its margins"),
    ],
)
def test_margins_are_checked(margins: Margins, words: str) -> None:
    """Margins that make no canvas, or too large a one, are refused."""
    with pytest.raises(InvalidField, match=words):
        outpaint(pictures.of_kind("image/png"), margins, field="image")


def test_a_mask_gets_the_size_of_the_image() -> None:
    """Its transparent half stays transparent, and nothing of it is half-transparent."""
    mask = pictures.opened(mask_for(pictures.transparent_png(), (300, 200), field="mask"))
    assert mask.size == (300, 200)
    assert {value for _, value in mask.getchannel("A").getcolors() or []} == {0, 255}
    assert [mask.getchannel("A").getpixel(at) for at in ((5, 5), (290, 5))] == [0, 255]
    white = mask_for(pictures.transparent_png(), (300, 200), field="mask", form="luminance")
    assert [pictures.opened(white).getpixel(at) for at in ((5, 5), (290, 5))] == [255, 0]


@pytest.mark.parametrize("data", [pictures.of_kind("image/jpeg"), pictures.opaque_rgba_png()])
def test_a_mask_must_mark_something(data: bytes) -> None:
    """A mask without a transparent pixel is refused: nothing would be redrawn."""
    with pytest.raises(MediaInvalid, match=r"mask: is image/.*nothing would be redrawn"):
        mask_for(data, (9, 9), field="mask")


def test_a_canvas_keeps_transparency() -> None:
    """What was transparent within the picture stays so."""
    canvas = outpaint(pictures.transparent_png(), Margins(left=1), field="image")
    assert isinstance(pictures.opened(canvas.image), Image.Image)
    assert pictures.opened(canvas.image).getchannel("A").getpixel((5, 5)) == 0
