"""Fakes: real image files of every kind, made here. All show the same `scene` unless their name says more."""

import io
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import PIL.Image
from PIL.Image import Image, Transpose
from PIL.PngImagePlugin import PngInfo

SIZE = (120, 80)
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 40), (30, 40, 220), (250, 250, 250)
CORNERS = (RED, GREEN, BLUE, WHITE)
"""Of the scene: top left, top right, bottom left, bottom right."""

# What a camera did that EXIF's orientation undoes.
_STORED = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
SECRETS = (b"Ringmain Camera", b"a private comment", b"secret-xmp")
"""Texts in the metadata of `full_of_metadata`; a file that still holds one was not stripped."""

_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">secret-xmp</x:xmpmeta>'


def scene(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image:
    """A picture of four corners of different colours, which shows how it is turned."""
    image = PIL.Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for index, colour in enumerate(CORNERS):
        left, top = half[0] * (index % 2), half[1] * (index // 2)
        right = size[0] if index % 2 else half[0]
        bottom = size[1] if index // 2 else half[1]
        image.paste(colour, (left, top, right, bottom))
    return image if mode == "RGB" else image.convert(mode)


def photo(size: tuple[int, int]) -> Image:
    """A picture as busy as a photo: smooth noise in every channel."""
    small = (max(size[0] // 8, 1), max(size[1] // 8, 1))
    noise = PIL.Image.effect_noise(small, 60).resize(size, PIL.Image.Resampling.BICUBIC)
    channels = (noise, noise.transpose(Transpose.FLIP_LEFT_RIGHT), noise.transpose(Transpose.FLIP_TOP_BOTTOM))
    return PIL.Image.merge("RGB", channels)


def saved(image: Image, kind: str, **options: Any) -> bytes:
    """An image as a file of one of Pillow's kinds, such as `PNG`."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image:
    """A file's image, decoded."""
    image = PIL.Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(orientation: int = 1, *, gps: bool = True) -> PIL.Image.Exif:
    """EXIF of a camera, with the place where it stood."""
    fields = PIL.Image.Exif()
    fields[0x010F] = "Ringmain Camera"
    fields[0x0112] = orientation
    fields.get_ifd(0x8769)[0x829A] = (1, 250)
    fields.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a private comment"
    if gps:
        fields.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return fields


@cache
def turned_jpeg(orientation: int) -> bytes:
    """A JPEG that shows the scene only after EXIF's orientation, with the place where it was taken."""
    image = scene()
    stored = image.transpose(_STORED[orientation]) if orientation in _STORED else image
    return saved(stored, "JPEG", quality=95, exif=exif(orientation))


def full_of_metadata(kind: str) -> bytes:
    """A JPEG, PNG, WEBP or GIF with everything in it that tells of its origin."""
    image = scene()
    if kind == "PNG":
        texts = PngInfo()
        texts.add_text("Comment", "a private comment")
        texts.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        texts.add_text("Camera", "Ringmain Camera", zip=True)
        return saved(image, "PNG", pnginfo=texts, exif=exif()) + b"a private comment behind the end"
    if kind == "GIF":
        return saved(image.quantize(8), "GIF", comment=b"a private comment")
    options: dict[str, Any] = {"exif": exif(), "xmp": _XMP, "icc_profile": srgb_profile()}
    if kind == "JPEG":
        data = saved(image, "JPEG", quality=95, comment=b"a private comment", **options)
        return data + b"a private comment behind the end"
    return saved(image, "WEBP", quality=95, **options)


@cache
def srgb_profile() -> bytes:
    """A colour profile."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cmyk_jpeg() -> bytes:
    """A JPEG in printing colours."""
    return saved(scene(mode="CMYK"), "JPEG", quality=95)


def sixteen_bit_png() -> bytes:
    """A grey PNG of 16 bits, dark on the left and bright on the right."""
    row = b"".join(struct.pack("<H", at * 65_535 // (SIZE[0] - 1)) for at in range(SIZE[0]))
    return saved(PIL.Image.frombytes("I;16", SIZE, row * SIZE[1]), "PNG")


def transparent_png() -> bytes:
    """A PNG whose left half is transparent."""
    image = scene(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    return saved(image, "PNG")


def opaque_rgba_png() -> bytes:
    """A PNG with room for transparency of which nothing is used."""
    return saved(scene(mode="RGBA"), "PNG")


def palette_png(*, transparent: bool = False) -> bytes:
    """A PNG of a few colours, the commonest transparent if wanted."""
    image = scene().quantize(4)
    return saved(image, "PNG", transparency=0) if transparent else saved(image, "PNG")


def bilevel_png() -> bytes:
    """A PNG of black and white alone."""
    return saved(scene(mode="1"), "PNG")


def animated(kind: str, frames: int = 4, size: tuple[int, int] = SIZE) -> bytes:
    """An animation: GIF, WEBP or PNG. Its first frame is the scene, each later one of one colour."""
    later = [PIL.Image.new("RGB", size, CORNERS[index % 3]) for index in range(frames - 1)]
    return saved(scene(size), kind, save_all=True, append_images=later, duration=80, loop=0)


def of_kind(mime_type: str) -> bytes:
    """The scene as a file of this media type."""
    return saved(scene(), mime_type.removeprefix("image/").upper())


def truncated(data: bytes) -> bytes:
    """A file without its second half."""
    return data[: len(data) // 2]


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few kilobytes that announces billions of pixels, and has some of them."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 1) * 200), 9)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", rows), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_bomb() -> bytes:
    """A JPEG whose header announces 65,000 pixels on each side."""
    data = bytearray(of_kind("image/jpeg"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(data)


def gif_bomb() -> bytes:
    """A GIF whose header announces 65,535 pixels on each side."""
    data = bytearray(of_kind("image/gif"))
    data[6:10] = struct.pack("<HH", 65_535, 65_535)
    return bytes(data)


def webp_bomb() -> bytes:
    """A WebP whose header announces 16,384 pixels on each side."""
    data = bytearray(full_of_metadata("WEBP"))
    data[24:30] = (16_383).to_bytes(3, "little") * 2
    return bytes(data)


def frames_bomb(frames: int = 20_000) -> bytes:
    """A GIF of very many frames of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def false_extension() -> bytes:
    """What a caller sends as `picture.png` and is a text."""
    return "This is a note, not a picture. Grüße!\n".encode()


def corners(image: Image) -> Sequence[tuple[int, int, int]]:
    """The colours near an image's corners: top left, top right, bottom left, bottom right."""
    rgb = image.convert("RGB")
    columns = (rgb.width // 6, rgb.width - 1 - rgb.width // 6)
    rows = (rgb.height // 6, rgb.height - 1 - rgb.height // 6)
    pixels = [rgb.getpixel((column, row)) for row in rows for column in columns]
    return [pixel for pixel in pixels if isinstance(pixel, tuple) and len(pixel) == 3]


def shows_scene(image: Image, tolerance: int = 60) -> bool:
    """Whether an image shows the scene, upright, in nearly its colours."""
    pairs = zip(corners(image), CORNERS, strict=True)
    return all(abs(a - b) <= tolerance for found, meant in pairs for a, b in zip(found, meant, strict=True))
