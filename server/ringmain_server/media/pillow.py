"""Media: the only access to Pillow, which is imported when the first image needs it.

Only the decoder of the type that was found in the bytes is tried, and every failure of a decoder becomes a
MediaInvalid. Call `probe` first, which holds every frame to the limits. Pillow's own check of pixels stays
enabled behind it, at the same limit: it refuses what only a decoder can see.
"""

import importlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from ringmain_server.errors import MediaInvalid
from ringmain_server.media.limits import READ_LIMITS, refuse

if TYPE_CHECKING:
    from PIL.Image import Image

HEIF_LIBRARIES = ("pi_heif", "pillow_heif")
"""Libraries that read HEIC, tried in this order; see https://pypi.org/project/pi-heif/."""

_BLOCK = 16 * 1024
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
# Exceptions that Pillow's decoders raise for broken files.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError)
_FAILURES = (*_BROKEN, struct.error, zlib.error)
_MOST_TEXT_MEMORY = 8 * 1024 * 1024


class _Guard:
    """Pillow's limit of pixels, which the whole process shares: the highest that anybody asked for."""

    most_pixels = READ_LIMITS.max_pixels


def allow_pixels(count: int) -> None:
    """Raises Pillow's limit to at least so many pixels, without importing it."""
    _Guard.most_pixels = max(_Guard.most_pixels, count)


@cache
def _pil() -> ModuleType:
    module = importlib.import_module("PIL.Image")
    # Pillow warns beyond its limit and raises beyond twice the limit; both must be errors here.
    warnings.filterwarnings("error", category=module.DecompressionBombWarning)
    png = importlib.import_module("PIL.PngImagePlugin")
    png.MAX_TEXT_MEMORY = _MOST_TEXT_MEMORY  # type: ignore[attr-defined]
    # Pillow's encoders hold the interpreter's lock for a block: smaller blocks let the event loop run sooner.
    setattr(importlib.import_module("PIL.ImageFile"), "MAXBLOCK", _BLOCK)  # noqa: B010
    # Its decoders' warnings about a caller's metadata are of no use to an operator.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    return module


@cache
def heif_installed() -> bool:
    """Whether a library that reads HEIC is installed; if so, registers it with Pillow."""
    for name in HEIF_LIBRARIES:
        try:
            importlib.import_module(name).register_heif_opener()
        except ImportError:
            continue
        return True
    return False


def pillow_format(mime_type: str) -> str:
    """Returns Pillow's name of a media type.

    Raises:
        KeyError: The type cannot be read.
    """
    return _FORMATS[mime_type]


@contextmanager
def decoding(field: str, mime_type: str) -> Iterator[None]:
    """Turns a decoder's failures within the block into MediaInvalid.

    Raises:
        MediaInvalid: The file is broken.
    """
    try:
        yield
    except MediaInvalid:
        raise
    except _bombs() as exc:
        problem = f"with a picture of more than {_Guard.most_pixels} pixels within"
        raise refuse(field, mime_type, problem, f"at most {_Guard.most_pixels} pixels in all") from exc
    except _FAILURES as exc:
        raise refuse(field, mime_type, "broken or cut short", "a whole file") from exc


def frame_count(image: "Image") -> int:
    """Returns the number of frames of an opened image, at least 1."""
    # Pillow gives the attribute only to images of formats that can have several.
    count: int = getattr(image, "n_frames", 1)
    return count


def _bombs() -> tuple[type[Exception], ...]:
    """Returns the exceptions that Pillow raises for pictures beyond its limit."""
    module = _pil()
    return module.DecompressionBombError, module.DecompressionBombWarning


@contextmanager
def opened(data: bytes, mime_type: str, field: str) -> Iterator["Image"]:
    """Opens an image and reads its header, but not its pixels; closes it at the end of the block.

    Args:
        data: The file. Shared, not copied.
        mime_type: Its type, from its signature.
        field: The path of the field, for the error.

    Raises:
        MediaInvalid: The file is broken, here or within the block; or it is HEIC and there is no library.
    """
    if _FORMATS[mime_type] == "HEIF" and not heif_installed():
        raise refuse(
            field,
            mime_type,
            "which this server cannot read: its operator has to install 'pi-heif'",
            "PNG, JPEG, WebP or GIF",
        )
    with decoding(field, mime_type), _opened(data, mime_type) as image:
        yield image


def _opened(data: bytes, mime_type: str) -> "Image":
    module = _pil()
    setattr(module, "MAX_IMAGE_PIXELS", _Guard.most_pixels)  # noqa: B010 - Pillow's stubs declare it a constant
    image: Image = module.open(io.BytesIO(data), formats=[_FORMATS[mime_type]])
    return image
