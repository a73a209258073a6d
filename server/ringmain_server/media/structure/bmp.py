"""Media, structure: BMP (https://learn.microsoft.com/windows/win32/gdi/bitmap-storage).

A bitmap has one picture. If it is uncompressed, its file holds every pixel. If it is run-length coded, a few
bytes make a row, and these are decoded slowly, so its limits are lower.
"""

import struct

from ringmain_server.media.structure.budget import Beyond, Budget

_RUNS = (1, 2)
_MOST_RUN_PIXELS = 4_000_000
_MOST_RUN_BYTES = 1024 * 1024
_SLACK = 4096
_LARGEST_HEADER = 124
"""Bytes of the header's fifth version."""
_RAW, _FIELDS = 0, 3


def check(data: bytes, budget: Budget) -> None:
    """Checks the size, the compression, and whether the pixels are there.

    Raises:
        Beyond: Something is beyond a limit.
    """
    start, header = struct.unpack_from("<II", data, 10)
    if header > _LARGEST_HEADER:
        raise Beyond(f"with a header of {header} bytes", f"at most {_LARGEST_HEADER}")
    compression = 0
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        height = abs(height)
    budget.frame(max(width, 0), height)
    if compression in _RUNS and width * height > _MOST_RUN_PIXELS:
        found = f"of {width * height} pixels, coded in runs"
        raise Beyond(found, f"at most {_MOST_RUN_PIXELS} pixels where they are coded in runs")
    if compression in _RUNS and len(data) - start > min(
        2 * width * height + 2 * height + _SLACK, _MOST_RUN_BYTES
    ):
        raise Beyond(
            f"with {len(data) - start} bytes of runs", f"at most {_MOST_RUN_BYTES}, and two for each pixel"
        )
    stride = (width * bits + 31) // 32 * 4
    if compression in (_RAW, _FIELDS) and stride * (height - 1) > len(data) - min(start, len(data)):
        raise Beyond("broken or cut short", "a whole file")
