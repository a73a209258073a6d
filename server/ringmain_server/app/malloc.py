"""The composition root's affair: how the C library keeps the memory that is let go of. glibc alone is told.

By itself, glibc learns from the first large block that is let go of to keep such blocks. A gateway of images
would hold megabytes between others that are in use, and clear them by hand for a decoder that asks for zeros,
with the interpreter's lock held.
"""

import ctypes
import os

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Parameters of mallopt(3)."""
_LARGE = 8 << 20
"""Bytes from which a block is the kernel's: below, asking it each time would cost more than it gives."""
_KEPT = 64 << 20
"""Bytes at the heap's end that may stay for the next call: as many as glibc by itself comes to keep."""
_OPERATORS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
"""Variables by which an operator decides; see mallopt(3)."""


def give_back_large_blocks() -> bool:
    """Lets every large block go back to the kernel at once, unless the environment says otherwise.

    Returns:
        Whether the C library was told.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is None or any(name in os.environ for name in _OPERATORS):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE) and mallopt(_TRIM_THRESHOLD, _KEPT))


def trim() -> None:
    """Gives the kernel what is free now."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if malloc_trim is not None:
        malloc_trim(0)
