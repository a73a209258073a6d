"""App: tells glibc how to keep freed memory. Other C libraries are not told.

By default, glibc keeps large blocks once the first of them has been freed. A gateway of images
would hold megabytes between others that are in use, and clear them by hand for a decoder that asks for zeros,
with the interpreter's lock held.
"""

import ctypes
import os

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Parameters of mallopt(3)."""
_LARGE = 8 << 20
"""Bytes from which a block is the kernel's own; below, a system call for each block would cost too much."""
_KEPT = 64 << 20
"""Bytes at the heap's end that may stay for the next call: as many as glibc comes to keep by itself."""
_OPERATORS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
"""Environment variables by which an operator decides; see mallopt(3)."""


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
    """Gives free memory back to the kernel now."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if malloc_trim is not None:
        malloc_trim(0)
