"""Media: decodes, turns, scales and converts pixels. Everything here blocks.

Every function takes an image of Pillow and returns one, the same one where nothing had to be done.
"""

import io
import struct
from typing import TYPE_CHECKING

from ringmain_server.media.header import png_has
from ringmain_server.media.pillow import opened
from ringmain_server.media.plan import Size
from ringmain_server.media.webp import decoded_webp
from ringmain_server.media.work import checkpoint

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION = 0x0112
"""EXIF's field of the orientation, https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf, section 4.6.4."""

_BROKEN_EXIF = (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error)
_SIXTEEN_BIT = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def turn_of(image: "Image", data: bytes) -> int:
    """Reads EXIF's orientation, 1 to 8; 1 where there is none or it makes no sense.

    Args:
        image: Opened, not decoded.
        data: Its file. Pillow would decode a whole PNG to look for EXIF behind the pixels.
    """
    if image.format == "PNG" and not png_has(data, b"eXIf"):
        return 1
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except _BROKEN_EXIF:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def swaps_sides(turn: int) -> bool:
    """Whether this orientation turns a wide picture into a tall one."""
    return turn >= 5


def turned(image: "Image", turn: int) -> "Image":
    """Turns the image as EXIF's orientation says."""
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(ways[turn]) if turn in ways else image


def has_alpha(image: "Image") -> bool:
    """Whether an image may be transparent, by its mode and header."""
    return image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info


def is_opaque(image: "Image") -> bool:
    """Whether no pixel of an RGBA image is transparent."""
    low, _ = image.getchannel("A").getextrema()
    return low == 255


def plain(image: "Image") -> "Image":
    """Converts the image to 8 bits a channel: L, RGB, or RGBA where it may be transparent."""
    if image.mode in _SIXTEEN_BIT:
        return _eight_bits(image)
    if has_alpha(image):
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in {"L", "RGB"}:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "F":
        return image.point(lambda value: value * 255.0).convert("L")
    return _from_cmyk(image) if image.mode == "CMYK" else image.convert("RGB")


def _eight_bits(image: "Image") -> "Image":
    """Converts 16 bits of gray to the upper 8; Pillow's own conversion clips instead."""
    wide = image if image.mode == "I" else image.convert("I")
    return wide.point([value >> 8 for value in range(65_536)], "L")


def _from_cmyk(image: "Image") -> "Image":
    """Converts printing colors to sRGB, by their profile where there is a usable one."""
    profile = image.info.pop("icc_profile", None)
    if profile:
        from PIL import ImageCms

        try:
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            changed = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            changed = None
        if changed is not None:
            changed.info.pop("icc_profile", None)
            return changed
    return image.convert("RGB")


def flattened(image: "Image", background: str = "#ffffff") -> "Image":
    """Puts the image on a background, for formats without transparency."""
    if image.mode != "RGBA":
        return image
    import PIL.Image

    canvas = PIL.Image.new("RGB", image.size, background)
    canvas.paste(image, mask=image.getchannel("A"))
    canvas.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
    return canvas


def resized(image: "Image", size: Size) -> "Image":
    """Scales the image.

    To less than half, it is first reduced by whole numbers, then resampled with Lanczos' filter. Between half
    and
    full size, the Hamming window is used: as sharp as bicubic when scaling down, at half of its cost
    (https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters). Enlarging uses Lanczos' filter.
    """
    if image.size == size:
        return image
    from PIL.Image import Resampling

    ratio = min(image.width / size[0], image.height / size[1])
    resampling = Resampling.HAMMING if 1 <= ratio < 2 else Resampling.LANCZOS
    return image.resize(size, resampling, reducing_gap=2.0 if ratio >= 2 else None)


def upright(image: "Image", data: bytes, size: Size, turn: int) -> "Image":
    """Decodes the first frame of an opened image, scaled, turned, and with 8 bits a channel.

    Args:
        image: Opened, not decoded: a JPEG is decoded at a half, a quarter or an eighth where that is enough,
            a WebP at the exact size.
        data: Its file.
        size: The size as it is seen.
        turn: EXIF's orientation.
    """
    if image.tell():
        image.seek(0)
    stored = size[::-1] if swaps_sides(turn) else size
    small = decoded_webp(image, data, stored) or _scaled(image, stored)
    checkpoint()
    return turned(small, turn)


def _scaled(image: "Image", size: Size) -> "Image":
    image.draft(None, size)
    image.load()
    checkpoint()
    return resized(plain(image), size)


def decoded(data: bytes, mime_type: str, field: str) -> "Image":
    """Decodes the first frame of a probed file: upright, at its own size, with 8 bits a channel.

    Raises:
        MediaInvalid: The file is broken.
    """
    with opened(data, mime_type, field) as image:
        turn = turn_of(image, data)
        size = (image.height, image.width) if swaps_sides(turn) else (image.width, image.height)
        return upright(image, data, size, turn)
