"""Media, structure: counts what one file holds while it is walked, and enforces the limits."""

import zlib
from collections.abc import Iterator

from ringmain_server.media.limits import ReadLimits, size_words

_STEP = 256 * 1024
"""Bytes that are inflated at a time."""
_CANVASES = 4
"""Buffers that a decoder of animations needs: the canvas, the frame, the disposed and the shown one."""


class Beyond(Exception):
    """Something inside a file is beyond a limit.

    Args:
        problem: A description with the figure found.
        allowed: The limit.
    """

    def __init__(self, problem: str, allowed: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = allowed


class Budget:
    """Counts the content of one file against limits.

    Args:
        limits: The gateway's limits for any image.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self.limits = limits
        self.largest = 0
        """Pixels of the largest area so far."""
        self.canvas = 0
        """Pixels of the largest track of an animation."""
        self.samples = 0
        """Pictures of the longest track of an animation."""
        self.most_pixels = limits.max_total_pixels
        self.frames = 0
        self.pixels = 0
        self._pieces = 0
        self._metadata = 0

    def area(self, width: int, height: int, what: str) -> None:
        """Checks the size of something inside the file: a frame, a page, a tile.

        Raises:
            Beyond: It has too many pixels, or a side is too long.
        """
        limits, size = self.limits, f"with {what} of {width}x{height} pixels"
        if max(width, height) > limits.max_side:
            raise Beyond(size, f"at most {limits.max_side} pixels on a side")
        if width * height > limits.max_pixels:
            raise Beyond(f"{size} ({width * height})", f"at most {limits.max_pixels} pixels in all")
        self.largest = max(self.largest, width * height)

    def moving(self) -> None:
        """Checks that an animation is small enough for the several canvases of its decoder.

        Raises:
            Beyond: A frame or the canvas has too many pixels for that.
        """
        most = self.limits.max_pixels // _CANVASES
        if self.largest > most:
            found = f"an animation with a frame or canvas of {self.largest} pixels"
            raise Beyond(found, f"at most {most} pixels where there are several frames")

    def frame(self, width: int, height: int, what: str = "a frame") -> None:
        """Counts one more picture of this size, together with all others of the file.

        Raises:
            Beyond: It is too large, there are too many, or they have too many pixels together.
        """
        self.area(width, height, what)
        self.frames += 1
        if self.frames > self.limits.max_frames:
            found = f"of more than {self.limits.max_frames} frames"
            raise Beyond(found, f"at most {self.limits.max_frames} frames")
        self.work(width * height)

    def work(self, pixels: int) -> None:
        """Counts more pixels that a decoder has to process.

        Raises:
            Beyond: There are too many in all.
        """
        self.pixels += pixels
        most = self.most_pixels
        if self.pixels > most:
            found = f"with {self.pixels} pixels in all its frames"
            raise Beyond(found, f"at most {most} pixels in all frames")

    def pieces(self, count: int = 1) -> None:
        """Counts more chunks, segments, boxes or entries.

        Raises:
            Beyond: There are too many.
        """
        self._pieces += count
        if self._pieces > self.limits.max_pieces:
            most = self.limits.max_pieces
            raise Beyond(f"made of more than {most} pieces", f"at most {most} chunks, segments or entries")

    def metadata(self, size: int, what: str, most: int) -> None:
        """Counts bytes that are not pixels: a profile, a text.

        Raises:
            Beyond: There are too many bytes in it, or in all metadata together.
        """
        self._metadata += size
        total = self.limits.max_metadata_bytes
        if size > most:
            raise Beyond(f"with {what} of more than {size_words(most)}", f"at most {size_words(most)}")
        if self._metadata > total:
            found = f"with more than {size_words(total)} of metadata unpacked"
            raise Beyond(found, f"at most {size_words(total)}")


def inflated(packed: bytes | memoryview, most: int) -> Iterator[bytes]:
    """Inflates bytes with zlib and yields the result in pieces, up to a little beyond a limit.

    Args:
        packed: The bytes; anything behind the end of the stream is ignored.
        most: Bytes after which nothing more is inflated.

    Raises:
        zlib.error: The bytes are broken.
    """
    machine, found = zlib.decompressobj(), 0
    piece = machine.decompress(packed, _STEP)
    while piece:
        yield piece
        found += len(piece)
        if found > most or machine.eof:
            return
        piece = machine.decompress(machine.unconsumed_tail, _STEP)


def inflated_size(packed: bytes | memoryview, most: int) -> int:
    """Returns how many bytes zlib inflates to; a figure above the limit means that there may be more.

    A broken stream counts up to where it breaks.
    """
    found = 0
    try:
        for piece in inflated(packed, most):
            found += len(piece)
    except zlib.error:
        pass
    return found
