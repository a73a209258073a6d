"""Documents: the file of a document, in memory or on a disk."""

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from ringmain_server.documents.limits import DocumentLimits
from ringmain_server.media.detect import describe
from ringmain_server.media.limits import refuse, size_words

_SAMPLE = 256 * 1024
_IN_MEMORY = 1024 * 1024
"""Bytes up to which a file is read rather than mapped."""


class DocumentFile:
    """A document's file.

    Args:
        data: Its bytes, or a binary file that can seek. The opener closes the file after the document.
    """

    def __init__(self, data: bytes | BinaryIO) -> None:
        self._data = data
        self.size = len(data) if isinstance(data, bytes) else data.seek(0, io.SEEK_END)

    def sample(self) -> bytes:
        """Returns the first and the last bytes, by which the type is detected."""
        if isinstance(self._data, bytes):
            return self._data[:_SAMPLE] + self._data[max(self.size - _SAMPLE, _SAMPLE) :]
        self._data.seek(0)
        head = self._data.read(_SAMPLE)
        self._data.seek(max(self.size - _SAMPLE, len(head)))
        return head + self._data.read(_SAMPLE)

    def whole(self) -> bytes:
        """Returns the whole file."""
        if isinstance(self._data, bytes):
            return self._data
        self._data.seek(0)
        return self._data.read()

    @contextmanager
    def view(self) -> Iterator[bytes | mmap.mmap]:
        """Returns the whole file for searching; a large file on a disk is mapped, not read into memory."""
        number = None
        if not isinstance(self._data, bytes) and self.size > _IN_MEMORY:
            with suppress(OSError, AttributeError):
                number = self._data.fileno()
        if number is None:
            yield self.whole()
            return
        with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as view:
            yield view

    def file(self) -> BinaryIO:
        """Returns a file object at its beginning; bytes are shared, not copied."""
        if isinstance(self._data, bytes):
            return io.BytesIO(self._data)
        self._data.seek(0)
        return self._data

    def for_callbacks(self) -> "bytes | CalledBack":
        """Returns the bytes, or a file for a library that reads by calling back."""
        return self._data if isinstance(self._data, bytes) else CalledBack(self._data)


class CalledBack(io.RawIOBase):
    """A file for a C library that reads by calling back, where an exception would be printed, not raised.

    A failed read returns nothing, which the library refuses. That also ends a read that still runs in a
    thread
    when its caller has left and the file is closed.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Moves in the file as `seek` does; does nothing where that fails."""
        with suppress(OSError, ValueError):  # the disk fails, or the file is closed
            return int(self._file.seek(position, whence))
        return 0

    def readinto(self, buffer: Any) -> int:
        """Reads as `readinto` does; reads nothing where that fails."""
        with suppress(OSError, ValueError):
            return int(self._file.readinto(buffer))
        return 0


def check_size(source: DocumentFile, limits: DocumentLimits, field: str) -> None:
    """Refuses a file that is empty or has too many bytes.

    Raises:
        MediaInvalid: The file is refused.
    """
    if not source.size:
        raise refuse(field, describe(b""), "not a document", "a whole file")
    if source.size > limits.max_bytes:
        problem, allowed = f"of {size_words(source.size)}", f"at most {size_words(limits.max_bytes)}"
        raise refuse(field, describe(source.sample()), problem, allowed)
