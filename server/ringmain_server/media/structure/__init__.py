"""Media, pure: measures what is inside an image file before any library opens it.

    check_structure(data, mime_type, limits, field=…)

The header of a file says how large its first picture claims to be. Decompression bombs hide behind it: a
frame
larger than the screen, a page of a TIFF, a tile, a compressed text. Each reader here walks its format's own
structure, reads headers only, inflates at most a bounded piece, and stops at the first thing beyond a limit.
The work is bounded too, by the number of pieces that are examined. What a reader cannot interpret is left for
the decoder to refuse, unless that decoder would have to reserve memory first.

A type of image without a reader here is not read at all: a test goes through `limits.IMAGE_TYPES`.
"""

import struct
import zlib
from collections.abc import Callable

from ringmain_server.media.limits import ReadLimits, refuse
from ringmain_server.media.structure import bmp, boxes, gif, jpeg, png, tiff, webp
from ringmain_server.media.structure.budget import Beyond, Budget

READERS: dict[str, Callable[[bytes, Budget], None]] = {
    "image/png": png.check,
    "image/jpeg": jpeg.check,
    "image/webp": webp.check,
    "image/gif": gif.check,
    "image/bmp": bmp.check,
    "image/tiff": tiff.check,
    "image/avif": boxes.check,
    "image/heic": boxes.check,
    "image/heif": boxes.check,
}
"""The function that checks each type of image."""


def check_structure(data: bytes, mime_type: str, limits: ReadLimits, *, field: str) -> None:
    """Refuses an image with anything inside that is beyond a limit. Nothing is decoded.

    Args:
        data: The file.
        mime_type: Its type, from its signature; one of `READERS`.
        limits: The gateway's limits for any image.
        field: The path of the field that holds it, for the error.

    Raises:
        MediaInvalid: Something inside is beyond a limit; the message names it and the limit.
    """
    try:
        READERS[mime_type](data, Budget(limits))
    except Beyond as exc:
        raise refuse(field, mime_type, exc.problem, exc.allowed) from None
    except (struct.error, IndexError, zlib.error):
        return  # cut or broken: the decoder reports that
