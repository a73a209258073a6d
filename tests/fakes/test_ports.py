"""Ports for servers that have to know theirs beforehand."""

import socket
import sys

import pytest

from tests.fakes.ports import free_port, reserve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: others lend no reserved port")


def test_a_free_port_is_given_to_nobody_else() -> None:
    """Nobody who asks the kernel for any port gets one that was given out, and no second server takes it."""
    port = free_port()
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", port))
    assert len({free_port() for _ in range(100)} - {port}) == 100


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])
def test_a_server_listens_on_a_free_port_again_and_again(host: str) -> None:
    """It refuses until a server listens there, which may end and come back; nobody else can reserve it."""
    port = free_port()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server((host, port)):
            socket.create_connection((host, port)).close()
            with pytest.raises(OSError, match="in use"):
                reserve(port)
