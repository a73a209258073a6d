"""Errors: recognizes what this machine lacks, for which no provider is to blame and no other one helps.

A lack of descriptors, memory, ports or threads shows wherever something is opened, in the words of whichever
library was at work. It is recognized here by its error number, in the exception or in any of its causes.
"""

import errno
import os
import re
import socket
from collections.abc import Iterator

from ringmain_server.errors import Overloaded

_LACKS = {
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
    errno.ENOMEM: "memory",
    errno.ENOBUFS: "memory",
    errno.EADDRNOTAVAIL: "ports",
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
}
_NO_THREAD = "can't start new thread"
_NUMBER = re.compile(r"\[Errno (\d+)\]")
"""Matches an error number in the message that aiohappyeyeballs makes of several failures."""
_IPV6 = re.compile(r"\('[0-9a-fA-F]*:")
"""Matches an IPv6 address in a failure's message. Without IPv6, EADDRNOTAVAIL means no lack of ports."""


def shortage(exc: BaseException) -> Overloaded | None:
    """Returns an error that names what the machine lacked; None if something failed for another reason.

    Args:
        exc: The failure, whose causes are examined too.
    """
    for cause in _causes(exc):
        if isinstance(cause, Overloaded):
            return cause
        if isinstance(cause, socket.gaierror):
            # The resolver hides the error number when it could not open a file or socket.
            return lacking_descriptors()
        lack = _lack(cause)
        if lack is not None:
            return _overloaded(lack)
    return None


def lacking_descriptors() -> Overloaded | None:
    """Returns an error if no file can be opened now, for failures that do not say why."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as exc:
        return None if exc.errno not in (errno.EMFILE, errno.ENFILE) else _overloaded("descriptors")
    return None


def shortage_in_message(message: str) -> Overloaded | None:
    """Recognizes a lack by the system's message, for libraries such as gRPC that hide the number."""
    for number, lack in _LACKS.items():
        if os.strerror(number).lower() in message.lower() and lack != "ports":
            return _overloaded(lack)
    return None


def _lack(cause: BaseException) -> str | None:
    if isinstance(cause, MemoryError):
        return "memory"
    if isinstance(cause, RuntimeError):
        return "threads" if _NO_THREAD in str(cause) else None
    if not isinstance(cause, OSError):
        return None
    if cause.errno is not None:
        return _of_number(cause.errno, str(cause))
    found = {_of_number(int(number), str(cause)) for number in _NUMBER.findall(str(cause))}
    # Several addresses of one host were tried: if they failed for different reasons, the machine is blamed
    # only for a lack of descriptors.
    return found.pop() if len(found) == 1 else "descriptors" if "descriptors" in found else None


def _of_number(number: int, message: str) -> str | None:
    lack = _LACKS.get(number)
    return None if lack == "ports" and _IPV6.search(message) else lack


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yields an exception and all its causes, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        # aiohttp, which is not imported for this, keeps the system's error in `os_error`.
        waiting += [cause.__context__, cause.__cause__, getattr(cause, "os_error", None)]


def _overloaded(lack: str) -> Overloaded:
    return Overloaded(f"the gateway's machine lacks {lack}", limit=lack)
