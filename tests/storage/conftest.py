"""Fixtures: open stores of keys."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from ringmain_server.storage.keys import KeyStore
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import Location

Open = Callable[[], Awaitable[KeyStore]]


@pytest.fixture
async def opened(where: Location) -> AsyncIterator[Open]:
    """Opens the same database again and again, as several processes do."""
    stores: list[KeyStore] = []

    async def open_another() -> KeyStore:
        stores.append(await open_keys(where))
        return stores[-1]

    yield open_another
    for store in stores:
        await store.close()


@pytest.fixture
async def store(place: Location) -> AsyncIterator[KeyStore]:
    """An empty store, of each kind."""
    opened = await open_keys(place)
    yield opened
    await opened.close()
