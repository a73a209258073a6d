"""Configuration: reads files that an operator names, with limits.

A path may lead to a pipe, a device, an endless file or a network file system that does not answer. None of
them may block the process, so only regular files are read, up to a size and within a time.
"""

import errno
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ringmain_server.aio.threads import within

LIMIT = 4 << 20
"""Most bytes of a configuration file or of a file that it names."""
PATIENCE = 10.0
"""Seconds after which a file counts as unreadable if the file system does not answer."""

_IS = {
    stat.S_IFDIR: "is a directory",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


class Unreadable(OSError):
    """A file cannot be read. The message says why and is meant to follow "cannot be read: "."""


def read_bytes(
    path: str,
    *,
    limit: int = LIMIT,
    seconds: float = PATIENCE,
    read: "Callable[[str, int], bytes] | None" = None,
) -> bytes:
    """Returns the content of a regular file.

    Args:
        path: The path of the file.
        limit: Most bytes.
        seconds: The longest wait for the file system.
        read: Reads up to a number of bytes.

    Raises:
        Unreadable: The file is missing, not a regular file or too large, or the file system does not answer.
    """
    try:
        content = within(seconds, partial(read or _read, path, limit + 1), name="read-file")
    except TimeoutError as exc:
        raise Unreadable(errno.ETIMEDOUT, f"it does not answer within {seconds:g} s") from exc
    except Unreadable:
        raise
    except ValueError as exc:  # no file can have such a name
        raise Unreadable(errno.EINVAL, "its name has a character that no file name can have") from exc
    except OSError as exc:
        raise Unreadable(exc.errno, exc.strerror or type(exc).__name__) from exc
    if len(content) > limit:
        raise Unreadable(errno.EFBIG, f"it is larger than {limit >> 20} MiB")
    return content


def check_readable(path: str, *, limit: int = LIMIT, seconds: float = PATIENCE) -> None:
    """Checks a file that a library will read by itself.

    Raises:
        Unreadable: For the same reasons as `read_bytes`.
    """
    read_bytes(path, limit=limit, seconds=seconds)


def _read(path: str, most: int) -> bytes:
    # Looked at before it is opened, since opening a device may do something; without waiting, because opening
    # a pipe waits for whoever writes; and looked at again, because the name may lead elsewhere by now.
    _check_regular(Path(path).stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        _check_regular(os.fstat(descriptor).st_mode)
        return file.read(most)


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = _IS.get(stat.S_IFMT(mode), "is something else")
        raise Unreadable(errno.EINVAL, f"it {what}, not a regular file")
