"""The name server of the tests answers as a name server does."""

import socket

from tests.tools.dns import addresses_of, answer, name_server, queried

NAME = "headless.test"
THREE = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


def test_a_name_with_several_addresses() -> None:
    """Every address is told, whatever the case of the letters that are asked for."""
    reply = answer(queried("Headless.TEST"), NAME, THREE)
    assert list(addresses_of(reply)) == THREE
    assert reply[:4] == b"\x00\x07\x85\x00"


def test_nothing_else() -> None:
    """Another kind of record is empty, another name does not exist."""
    assert list(addresses_of(answer(queried(NAME, kind=28), NAME, THREE))) == []
    assert answer(queried("other.test"), NAME, THREE)[3] & 0xF == 3


async def test_over_udp() -> None:
    """It answers on its port."""
    import asyncio

    async with name_server(NAME, THREE) as port:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendto(asking, queried(NAME), ("127.0.0.1", port))
            assert list(addresses_of(await loop.sock_recv(asking, 512))) == THREE
