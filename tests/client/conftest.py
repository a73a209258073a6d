"""Fixtures: a scripted gateway and both clients."""

from collections.abc import AsyncIterator, Iterator

import pytest
from ringmain import AsyncClient, Client

from tests.client.gateway import Gateway
from tests.fakes.waiting import LIMIT


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway without TLS, with an empty script."""
    with Gateway(lambda server: server.add_insecure_port("127.0.0.1:0")).serving() as serving:
        yield serving


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    """A threaded client of the gateway."""
    with Client(gateway.target, model="smart", timeout=LIMIT) as made:
        yield made


@pytest.fixture
async def aclient(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    """An asyncio client of the gateway."""
    async with AsyncClient(gateway.target, model="smart", timeout=LIMIT) as made:
        yield made
