"""Documents: the file of one, in memory or spooled to a disk."""

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


class Source:
    """A document's file.

    Args:
        data: Its bytes, or a binary file that can seek, which whoever opened it closes after the document.
    """

    def __init__(self, data: bytes | BinaryIO) -> None:
        self._data = data
        self.size = len(data) if isinstance(data, bytes) else data.seek(0, io.SEEK_END)

    def sample(self) -> bytes:
        """Its first and its last bytes, by which its type is known."""
        if isinstance(self._data, bytes):
            return self._data[:_SAMPLE] + self._data[max(self.size - _SAMPLE, _SAMPLE) :]
        self._data.seek(0)
        head = self._data.read(_SAMPLE)
        self._data.seek(max(self.size - _SAMPLE, len(head)))
        return head + self._data.read(_SAMPLE)

    def whole(self) -> bytes:
        """All of it."""
        if isinstance(self._data, bytes):
            return self._data
        self._data.seek(0)
        return self._data.read()

    @contextmanager
    def view(self) -> Iterator[bytes | mmap.mmap]:
        """All of it, to be looked through: a file on a disk is not read into memory for that."""
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
        """A file over it, at its beginning; bytes are shared, not copied."""
        if isinstance(self._data, bytes):
            return io.BytesIO(self._data)
        self._data.seek(0)
        return self._data

    def for_callbacks(self) -> "bytes | CalledBack":
        """For a library that reads it by calling back."""
        return self._data if isinstance(self._data, bytes) else CalledBack(self._data)


class CalledBack(io.RawIOBase):
    """A file for a C library that reads it by calling back, where an error would be printed, not raised.

    What cannot be read reads as nothing, which the library refuses. So ends, too, what still reads in a
    thread when its caller has left and the file is closed.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """As of any file; does nothing where that fails."""
        with suppress(OSError, ValueError):  # the disk fails; the file is closed
            return int(self._file.seek(position, whence))
        return 0

    def readinto(self, buffer: Any) -> int:
        """As of any file; reads nothing where that fails."""
        with suppress(OSError, ValueError):
            return int(self._file.readinto(buffer))
        return 0


def check_size(source: Source, limits: DocumentLimits, field: str) -> None:
    """Refuses what is empty or of too many bytes.

    Raises:
        MediaInvalid: It is.
    """
    if not source.size:
        raise refuse(field, describe(b""), "not a document", "a whole file")
    if source.size > limits.max_bytes:
        problem, allowed = f"of {size_words(source.size)}", f"at most {size_words(limits.max_bytes)}"
        raise refuse(field, describe(source.sample()), problem, allowed)
