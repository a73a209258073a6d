"""Media, outside the rooms: the one door to Pillow, which is imported when the first image needs it.

Only the decoder of the type that was found in the bytes is tried, and every failure of a decoder becomes a
MediaInvalid. Needs a call to `probe` before it: Pillow's own check of pixels is off, since ours is stricter.
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
from ringmain_server.media.limits import refuse

if TYPE_CHECKING:
    from PIL.Image import Image

HEIF_LIBRARIES = ("pi_heif", "pillow_heif")
"""What reads HEIC, tried in this order; see https://pypi.org/project/pi-heif/."""

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
# What Pillow's decoders raise for broken files.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError)
_FAILURES = (*_BROKEN, struct.error, zlib.error)


@cache
def _pil() -> ModuleType:
    module = importlib.import_module("PIL.Image")
    # The limits of `probe` hold instead: they are settings, and stricter.
    setattr(module, "MAX_IMAGE_PIXELS", None)  # noqa: B010 - a module's variable, typed as a constant
    # Pillow's encoders keep the interpreter's lock for a block: a smaller one lets the event loop in sooner.
    setattr(importlib.import_module("PIL.ImageFile"), "MAXBLOCK", _BLOCK)  # noqa: B010
    # What its decoders remark on a caller's metadata concerns nobody here.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    return module


@cache
def heif_installed() -> bool:
    """Whether a library that reads HEIC is installed; it is made known to Pillow."""
    for name in HEIF_LIBRARIES:
        try:
            importlib.import_module(name).register_heif_opener()
        except ImportError:
            continue
        return True
    return False


def pillow_format(mime_type: str) -> str:
    """Pillow's name of a media type that can be read.

    Raises:
        KeyError: It cannot.
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
    except _FAILURES as exc:
        raise refuse(field, mime_type, "broken or cut short", "a whole file") from exc


@contextmanager
def opened(data: bytes, mime_type: str, field: str) -> Iterator["Image"]:
    """An image whose header was read and whose pixels were not; closed at the end of the block.

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
    image: Image = _pil().open(io.BytesIO(data), formats=[_FORMATS[mime_type]])
    return image
