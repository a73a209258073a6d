"""Tests, fakes: ports that answer nobody, and ports for servers that have to know theirs beforehand."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_reserved: list[socket.socket] = []
"""Sockets of this process that keep the ports it gave out."""


@contextmanager
def closed_port() -> Iterator[int]:
    """A loopback port that refuses connections for as long as the context lasts.

    The port stays bound without listening, so nobody else can take it meanwhile.
    """
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield int(reserved.getsockname()[1])


@contextmanager
def mute_port() -> Iterator[int]:
    """A loopback port that takes connections and never reads or answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield int(listener.getsockname()[1])


def free_port() -> int:
    """A port for a server that has to know it beforehand; any other server listens on port 0.

    It stays reserved until this process ends, so it is given out once, to this test alone.
    """
    return reserve(0)


def reserve(port: int) -> int:
    """Reserves a port, of every address, until this process ends.

    A socket that never listens keeps it: the kernel gives such a port to no connection and to nobody who asks
    for any, in this process or another, while Linux lets a server with SO_REUSEADDR, as all have it, listen
    there. Other kernels do not, so there the port is let go at once.

    Args:
        port: The port; 0 for any.

    Returns:
        The port.

    Raises:
        OSError: It is taken.
    """
    reserved = socket.socket()
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("", port))
        port = int(reserved.getsockname()[1])
    except OSError:
        reserved.close()
        raise
    if sys.platform == "linux":
        _reserved.append(reserved)
    else:
        reserved.close()
    return port
