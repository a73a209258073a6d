"""Sandbox: reads and writes pictures as files, with Pillow. It blocks, so it runs in a thread."""

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ringmain_sandbox.refusal import bad_request

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
"""The formats that can be written: the wire's names to Pillow's."""
_READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_MOST_PIXELS = 64_000_000
# What Pillow's decoders raise for broken files.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
)
_OPTIONS: dict[str, dict[str, int]] = {
    "png": {"compress_level": 1},
    "jpeg": {"quality": 92},
    "webp": {"quality": 92, "method": 1},
}


def read(data: bytes, param: str) -> "Image":
    """Reads a picture as it is meant to be seen: in RGBA where it may be transparent, else in RGB.

    Args:
        data: The file.
        param: The field that held it.

    Raises:
        RefusedError: It is no picture, or too large a one.
    """
    from PIL import Image, ImageOps

    try:
        file = Image.open(io.BytesIO(data), formats=_READ)
        if file.width * file.height > _MOST_PIXELS:
            raise bad_request(f"{param} has more than {_MOST_PIXELS} pixels.", param)
        image = ImageOps.exif_transpose(file)
        clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        return image.convert("RGBA" if clear else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise bad_request(f"{param} has more than {_MOST_PIXELS} pixels.", param) from exc
    except _BROKEN as exc:
        raise bad_request(f"{param} holds no image that can be read.", param) from exc


def write(image: "Image", form: str) -> bytes:
    """Writes a picture as a file.

    Args:
        image: RGB or RGBA. It is put on white where the format has no transparency.
        form: One of `FORMATS`.
    """
    out = io.BytesIO()
    if form == "jpeg" and image.mode == "RGBA":
        from PIL import Image

        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    image.save(out, FORMATS[form], **_OPTIONS[form])
    return out.getvalue()


def previews(image: "Image", count: int) -> "Iterator[Image]":
    """Yields unfinished versions of a picture, each sharper than the one before.

    Args:
        image: The finished picture.
        count: The number of versions.
    """
    from PIL.Image import Resampling

    def coarse(cells: int) -> "Image":
        small = (max(image.width // cells, 1), max(image.height // cells, 1))
        return image.resize(small, Resampling.BOX).resize(image.size, Resampling.BICUBIC)

    return (coarse(1 << (count - index + 2)) for index in range(count))
