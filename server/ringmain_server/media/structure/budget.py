"""Media, structure: what one file may hold in all, counted while it is walked."""

import zlib
from collections.abc import Iterator

from ringmain_server.media.limits import ReadLimits, size_words

_STEP = 256 * 1024
"""Bytes that are inflated at a time."""
_CANVASES = 4
"""The canvas, the frame, and what they are disposed to and shown as."""


class Beyond(Exception):
    """Something inside a file is beyond a limit.

    Args:
        problem: What was found, with its figure.
        allowed: The limit.
    """

    def __init__(self, problem: str, allowed: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = allowed


class Budget:
    """Counts what is inside one file.

    Args:
        limits: What is read at all.
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
        """Something of this size inside: a frame, a page, a tile.

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
        """The file is an animation, whose decoder has several canvases at once.

        Raises:
            Beyond: Something in it has too many pixels for that.
        """
        most = self.limits.max_pixels // _CANVASES
        if self.largest > most:
            found = f"an animation with a frame or canvas of {self.largest} pixels"
            raise Beyond(found, f"at most {most} pixels where there are several frames")

    def frame(self, width: int, height: int, what: str = "a frame") -> None:
        """One more picture of this size, which counts with all others of the file.

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
        """So many pixels more that a decoder goes over.

        Raises:
            Beyond: They are too many together.
        """
        self.pixels += pixels
        most = self.most_pixels
        if self.pixels > most:
            found = f"with {self.pixels} pixels in all its frames"
            raise Beyond(found, f"at most {most} pixels in all frames")

    def pieces(self, count: int = 1) -> None:
        """So many more chunks, segments, boxes or entries to look at.

        Raises:
            Beyond: They are too many.
        """
        self._pieces += count
        if self._pieces > self.limits.max_pieces:
            most = self.limits.max_pieces
            raise Beyond(f"made of more than {most} pieces", f"at most {most} chunks, segments or entries")

    def metadata(self, size: int, what: str, most: int) -> None:
        """Something about the image that is not its pixels: a profile, a text.

        Raises:
            Beyond: It has too many bytes, or all of these together have.
        """
        self._metadata += size
        total = self.limits.max_metadata_bytes
        if size > most:
            raise Beyond(f"with {what} of more than {size_words(most)}", f"at most {size_words(most)}")
        if self._metadata > total:
            found = f"with more than {size_words(total)} of metadata unpacked"
            raise Beyond(found, f"at most {size_words(total)}")


def inflated(packed: bytes | memoryview, most: int) -> Iterator[bytes]:
    """What zlib makes of some bytes, in pieces that nobody keeps, and no more than a little beyond a limit.

    Args:
        packed: The bytes; what follows the end of the stream does not matter.
        most: Bytes after which nothing more is inflated.

    Raises:
        zlib.error: They are broken.
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
    """How many bytes zlib makes of some bytes; a figure above the limit means that there may be more.

    What is broken counts as far as it goes.
    """
    found = 0
    try:
        for piece in inflated(packed, most):
            found += len(piece)
    except zlib.error:
        pass
    return found
