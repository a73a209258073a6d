"""Tests of the preparation: every kind of file becomes what a model takes, upright and without its origin."""

import io

import pytest
from PIL import Image
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.limits import IMAGE_TYPES, ModelLimits
from ringmain_server.media.prepare import Prepared, prepare

from tests.fakes import pictures

ANY = ModelLimits()
JPEG = ModelLimits(mime_types=("image/jpeg",))
PNG = ModelLimits(mime_types=("image/png",))


def made(data: bytes, limits: ModelLimits = ANY) -> tuple[Prepared, Image.Image]:
    """What is made of a file, and its decoded image, whose size and type are as told."""
    prepared = prepare(data, limits, field="image")
    image = pictures.opened(prepared.data)
    assert image.size == (prepared.width, prepared.height)
    assert f"image/{(image.format or '').lower()}" == prepared.mime_type
    return prepared, image


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_what_fits_goes_as_it_is(kind: str) -> None:
    """A file that a model takes and that has no metadata is the very same object."""
    data = pictures.of_kind(f"image/{kind}")
    prepared = prepare(data, ANY, field="image")
    assert prepared.data is data
    assert prepared.changes == ()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_metadata_never_goes(kind: str) -> None:
    """What a file tells of its origin is gone, whether it goes as it is or is written anew."""
    data = pictures.full_of_metadata(kind.upper())
    prepared, image = made(data)
    assert prepared.changes == ("metadata removed",)
    assert shown(image)
    smaller, image = made(data, ModelLimits(max_long_side=60))
    for file in (prepared.data, smaller.data):
        assert not any(secret in file for secret in pictures.SECRETS)
    assert not image.getexif()


def shown(image: Image.Image) -> bool:
    """Whether it shows the scene."""
    return pictures.shows_scene(image)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied(orientation: int) -> None:
    """Each of EXIF's orientations shows the scene upright, at its own size and at half of it."""
    data = pictures.turned_jpeg(orientation)
    prepared, image = made(data)
    assert shown(image)
    assert image.size == pictures.SIZE
    assert not image.getexif()
    assert ("turned upright" in prepared.changes) == (orientation > 1)
    _, half = made(data, ModelLimits(max_width=60))
    assert shown(half)
    assert half.size == (60, 40)


def test_orientation_of_other_formats() -> None:
    """EXIF in PNG and WebP turns the picture as it does in JPEG."""
    stored = pictures.scene().transpose(Image.Transpose.ROTATE_90)
    for kind in ("PNG", "WEBP"):
        _, image = made(pictures.saved(stored, kind, exif=pictures.exif(6)))
        assert shown(image)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # the server ignores them too
def test_broken_exif_is_no_reason_to_refuse() -> None:
    """A picture whose EXIF makes no sense is shown as it is stored."""
    for nonsense in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\0\1"):
        data = pictures.saved(pictures.scene(), "JPEG", exif=nonsense)
        assert shown(made(data)[1])


@pytest.mark.parametrize("limits", [JPEG, PNG])
@pytest.mark.parametrize(
    "make",
    [
        pictures.cmyk_jpeg,
        pictures.palette_png,
        pictures.opaque_rgba_png,
        lambda: pictures.animated("GIF"),
        lambda: pictures.animated("WEBP"),
        lambda: pictures.animated("PNG"),
        *[lambda kind=kind: pictures.of_kind(f"image/{kind}") for kind in ("bmp", "tiff", "avif", "webp")],
    ],
)
def test_every_kind_can_be_converted(make: object, limits: ModelLimits) -> None:
    """Whatever comes in goes out in the type that the model takes, and still shows the scene."""
    assert callable(make)
    data = make()
    prepared, image = made(data, limits)
    assert prepared.mime_type in limits.mime_types
    assert getattr(image, "n_frames", 1) == 1
    assert shown(image)


def test_cmyk_with_a_profile() -> None:
    """Printing colours with a profile that cannot be used are converted without it."""
    data = pictures.saved(pictures.scene(mode="CMYK"), "JPEG", icc_profile=pictures.srgb_profile())
    assert shown(made(data, PNG)[1])
    assert "icc_profile" not in made(data, PNG)[1].info


def test_sixteen_bits_keep_their_greys() -> None:
    """The darkest stays black, the brightest white, and the middle is grey, not clipped."""
    _, image = made(pictures.sixteen_bit_png(), JPEG)
    assert [image.getpixel((column, 40)) for column in (0, 60, 119)] == pytest.approx([0, 128, 255], abs=4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "F", "YCbCr"])
def test_odd_modes(mode: str) -> None:
    """Bilevel, grey and other pixels become a picture of 8 bits a channel."""
    kind = "TIFF" if mode in {"F", "YCbCr"} else "PNG"
    source = pictures.scene(mode="L").convert("F").point(lambda v: v / 255) if mode == "F" else None
    data = pictures.saved(source or pictures.scene(mode=mode), kind)
    _, image = made(data, JPEG)
    assert image.convert("L").getpixel((110, 70)) == pytest.approx(250, abs=8)
    assert image.convert("L").getpixel((10, 70)) == pytest.approx(0 if mode == "1" else 57, abs=20)


@pytest.mark.parametrize("make", [pictures.transparent_png, lambda: pictures.palette_png(transparent=True)])
def test_transparency_is_flattened_only_where_it_must(make: object) -> None:
    """A model with PNG gets the transparency, a model with JPEG alone gets a white background."""
    assert callable(make)
    data = make()
    _, kept = made(data, ModelLimits(mime_types=("image/png",), max_width=60))
    assert kept.convert("RGBA").getchannel("A").getextrema() == (0, 255)
    _, flat = made(data, JPEG)
    assert (255, 255, 255) in [colour for _, colour in flat.getcolors(100_000) or []]


def test_an_animation_goes_whole_to_a_model_that_takes_it() -> None:
    """All frames go, scaled if they must be; a model without animations gets the first frame."""
    takes = ModelLimits(animated_types=frozenset({"image/gif", "image/webp", "image/png"}))
    for kind in ("GIF", "WEBP", "PNG"):
        data = pictures.animated(kind)
        assert prepare(data, takes, field="image").data is data
        small = ModelLimits(animated_types=takes.animated_types, max_width=60)
        prepared, image = made(data, small)
        assert (getattr(image, "n_frames", 1), image.size) == (4, (60, 40))
        assert prepared.changes == ("scaled from 120x80",)
        assert shown(image)
        first, image = made(data)
        assert getattr(image, "n_frames", 1) == 1
        assert "first frame taken" in first.changes


def test_an_animation_that_stays_too_large_is_cut_to_its_first_frame() -> None:
    """Where all frames together exceed the model's bytes, its first frame goes."""
    data = pictures.animated("PNG", frames=30, size=(400, 300))
    few = ModelLimits(animated_types=frozenset({"image/png"}), max_bytes=len(data) // 3)
    prepared, image = made(data, few)
    assert getattr(image, "n_frames", 1) == 1
    assert "first frame taken" in prepared.changes
    assert len(prepared.data) <= few.max_bytes


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/png", "image/webp"])
def test_bytes_are_kept_to(mime_type: str) -> None:
    """A file of too many bytes is written poorer, then smaller, until it fits."""
    data = pictures.saved(pictures.photo((600, 400)), "PNG")
    limits = ModelLimits(mime_types=(mime_type,), max_bytes=20_000)
    prepared, image = made(data, limits)
    assert len(prepared.data) <= 20_000
    assert image.width >= 60


def test_bytes_that_nothing_fits_into() -> None:
    """A model that takes a few bytes only takes no picture."""
    with pytest.raises(MediaInvalid, match=r"even when scaled down; allowed: at most 10 bytes"):
        prepare(pictures.of_kind("image/png"), ModelLimits(max_bytes=10), field="image")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "tiff", "bmp", "avif"])
def test_cut_files_are_refused(kind: str) -> None:
    """A file that ends in its middle is refused when its pixels are needed."""
    data = pictures.truncated(pictures.saved(pictures.photo((200, 100)), kind.upper()))
    with pytest.raises(MediaInvalid, match=r"broken or cut short"):
        prepare(data, ModelLimits(max_width=50), field="image")


def test_a_model_without_a_type_that_we_write() -> None:
    """A model that takes none of the types that can be written takes no image from here."""
    for limits in (ModelLimits(mime_types=("image/heic",)), ModelLimits(mime_types=())):
        with pytest.raises(MediaInvalid, match=r"cannot be converted"):
            prepare(pictures.of_kind("image/png"), limits, field="image")


def test_colour_profiles_stay() -> None:
    """What says what the pixels mean goes along, also when they are written anew."""
    data = pictures.full_of_metadata("JPEG")
    for limits in (ANY, ModelLimits(max_width=60), PNG):
        assert made(data, limits)[1].info["icc_profile"] == pictures.srgb_profile()


def test_every_type_that_is_read_has_a_decoder() -> None:
    """The table of types and Pillow's decoders agree, but for HEIC, which needs a library of its own."""
    kinds = {kind for kind in IMAGE_TYPES if kind not in {"image/heic", "image/heif"}}
    for kind in kinds:
        assert Image.open(io.BytesIO(pictures.of_kind(kind))).size == pictures.SIZE
