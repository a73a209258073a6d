"""Outside the rooms: what this machine lacks. No provider is to blame for it, and asking another is no use.

A lack of descriptors, memory, ports or threads shows wherever something is opened, in the words of whatever
library was at work. Here they are recognized by their number, along everything that caused an exception.
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
"""How several failures that were made one say what each was (aiohappyeyeballs)."""
_IPV6 = re.compile(r"\('[0-9a-fA-F]*:")
"""An IPv6 address in the words of a failure: where there is no IPv6, no port is lacking."""


def shortage(exc: BaseException) -> Overloaded | None:
    """What the machine lacked when something failed; None when it failed for another reason.

    Args:
        exc: The failure, with all that caused it.
    """
    for cause in _causes(exc):
        if isinstance(cause, Overloaded):
            return cause
        if isinstance(cause, socket.gaierror):
            # The resolver hides why it could not open what it needs.
            return lacking_descriptors()
        lack = _lack(cause)
        if lack is not None:
            return _overloaded(lack)
    return None


def lacking_descriptors() -> Overloaded | None:
    """Whether nothing can be opened now, for failures that do not say why."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as exc:
        return None if exc.errno not in (errno.EMFILE, errno.ENFILE) else _overloaded("descriptors")
    return None


def in_words(said: str) -> Overloaded | None:
    """What the machine lacked, of failures that are told in the system's words alone, as gRPC's are."""
    for number, lack in _LACKS.items():
        if os.strerror(number).lower() in said.lower() and lack != "ports":
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
    # Of several ways to one host, those that lacked nothing say what the matter is.
    return found.pop() if len(found) == 1 else "descriptors" if "descriptors" in found else None


def _of_number(number: int, said: str) -> str | None:
    lack = _LACKS.get(number)
    return None if lack == "ports" and _IPV6.search(said) else lack


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__context__, cause.__cause__, getattr(cause, "os_error", None)]


def _overloaded(lack: str) -> Overloaded:
    return Overloaded(f"the gateway's machine lacks {lack}", limit=lack)
