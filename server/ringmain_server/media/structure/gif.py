"""Media, structure: GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt).

A decoder enlarges its canvas to hold a frame that is beyond the screen, and reserves the extent of a frame to
dispose of it, so each frame counts, whatever the screen says.
"""

import struct

from ringmain_server.media.structure.budget import Beyond, Budget

_IMAGE, _EXTENSION = 0x2C, 0x21
_MOST_BLOCKS = 200_000
"""Blocks of data: 32 MiB in whole ones are 131,000, in blocks of one byte 16 million."""


def check(data: bytes, budget: Budget) -> None:
    """Looks at each frame's extent, and counts frames and blocks.

    Raises:
        Beyond: Something is beyond a limit.
    """
    width, height = struct.unpack_from("<HH", data, 6)
    at, blocks = 13 + _table(data[10]), 0
    while at < len(data) and data[at] in (_IMAGE, _EXTENSION):
        if data[at] == _IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            width, height = max(width, left + wide), max(height, top + high)
            budget.frame(width, height)
            at += 11 + _table(flags)
        else:
            budget.pieces()
            at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
            if blocks > _MOST_BLOCKS:
                raise Beyond(f"made of more than {_MOST_BLOCKS} blocks", f"at most {_MOST_BLOCKS} blocks")
        at += 1


def _table(flags: int) -> int:
    """Bytes of the color table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
