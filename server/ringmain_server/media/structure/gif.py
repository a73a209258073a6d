"""Media, structure: GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt).

A decoder enlarges its canvas to hold a frame that extends beyond the screen, and reserves the extent of a
frame to dispose of it. So every frame is checked, whatever the screen's size says.
"""

import struct
from collections import Counter

from ringmain_server.media.structure.budget import Beyond, Budget

_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_MOST_BLOCKS = 200_000
"""Blocks of data: a file of 32 MiB has 131,000 full blocks, or 16 million of one byte."""
_MOST_NOTES = 40_000
"""Blocks of comments and of programs' own notes, which a decoder joins."""
_LARGE = 64 * 1024
_MOST_NOTE = 1024 * 1024
_MOST_BETWEEN = 1_000


def check(data: bytes, budget: Budget) -> None:
    """Checks each frame's extent, and counts frames and blocks.

    Raises:
        Beyond: Something is beyond a limit.
    """
    width, height = struct.unpack_from("<HH", data, 6)
    at, blocks, between = 13 + _table(data[10]), _Blocks(), 0
    while at < len(data) and data[at] != _END:
        if data[at] == _IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            # The canvas grows with each frame and counts in full, however small the frame is.
            width, height = max(width, left + wide), max(height, top + high)
            budget.frame(width, height)
            if budget.frames > 1:
                budget.moving()
            at = blocks.behind(data, at + 11 + _table(flags), _MOST_BLOCKS)
        elif data[at] == _EXTENSION:
            budget.pieces()
            start, at = at, blocks.behind(data, at + 2, _MOST_NOTES)
            if at - start > _LARGE:
                budget.metadata(at - start, "a note", _MOST_NOTE)
        else:  # decoders, too, skip bytes until the next block
            between, at = between + 1, at + 1
            if between > _MOST_BETWEEN:
                raise Beyond(f"with more than {_MOST_BETWEEN} bytes between its blocks", "whole blocks")


class _Blocks:
    """Counts the data blocks of a file: those of frames, and those of notes."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def behind(self, data: bytes, at: int, most: int) -> int:
        """Returns where the blocks that begin at a place end.

        Raises:
            Beyond: There are more of their kind in the file than `most`.
        """
        left = most - self._counts[most]
        while at < len(data) and data[at]:
            at += 1 + data[at]
            left -= 1
            if left < 0:
                raise Beyond(f"made of more than {most} blocks", f"at most {most} blocks")
        self._counts[most] = most - left
        return at + 1


def _table(flags: int) -> int:
    """Returns the bytes of the color table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
