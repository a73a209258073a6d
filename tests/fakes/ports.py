"""Tests, fakes: ports that answer nobody."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager


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
    """A port of loopback that was free just now.

    It is below those that the kernel gives to connections, and chosen by chance, so that no connection and
    hardly any other test takes it before whoever is told to listen there does.
    """
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
