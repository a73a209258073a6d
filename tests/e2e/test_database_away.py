"""A database that goes away and comes back, under load: calls go on, revocations wait, an event tells."""

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.identity.principal import Scope
from ringmain_server.storage.migrate import migrate
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import PostgresServer

from tests.e2e.keyed import Keyed, keyed
from tests.fakes.keys import make_key
from tests.fakes.postgres import PostgresFake, postgres
from tests.fakes.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresFake]:
    """A server that these tests stop."""
    with postgres() as running:
        yield running


@pytest.fixture
def database(server: PostgresFake) -> PostgresServer:
    """A database of it with the present schema."""
    url = server.database()
    where = PostgresServer(url, url)
    migrate(where)
    return where


def told(gate: Keyed) -> list[object]:
    """What events have said about the database."""
    return [line["state"] for line in gate.ringmain.events("key") if "state" in line]


async def test_a_server_that_crashes_and_comes_back(server: PostgresFake, database: PostgresServer) -> None:
    """Known keys work all the time; changes are refused while it is away, and possible once it is back."""
    async with keyed(database) as gate:
        made = await gate.create()
        stop = asyncio.Event()

        async def call() -> int:
            count = 0
            while not stop.is_set():
                assert await gate.accepts(made.secret)
                count += 1
            return count

        calling = [asyncio.ensure_future(call()) for _ in range(4)]
        for _ in range(2):
            server.stop()
            await until(lambda: told(gate)[-1:] == ["away"])
            refusal = await gate.refused("RevokeApiKey", pb.RevokeApiKeyRequest(key_id=made.key.key_id))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
            assert refusal.retry_delay
            await asyncio.to_thread(server.start)
            await until(lambda: told(gate)[-1:] == ["back"])
        stop.set()
        assert sum(await asyncio.gather(*calling)) > 10
        assert told(gate) == ["away", "back"] * 2
        await gate.call("RevokeApiKey", pb.RevokeApiKeyRequest(key_id=made.key.key_id))
        assert not await gate.accepts(made.secret)
        assert "secret" not in gate.ringmain.lines.getvalue()


async def test_a_server_that_hangs(server: PostgresFake, database: PostgresServer) -> None:
    """Calls do not wait for it. Once it goes on, a key that was revoked elsewhere stops working."""
    async with keyed(database) as gate:
        made = await gate.create()
        elsewhere = await open_keys(database)
        server.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(20):
                assert await gate.accepts(made.secret)
            assert time.monotonic() - began < 10
            await until(lambda: told(gate) == ["away"])
        finally:
            server.signal(signal.SIGCONT)
        await until(lambda: told(gate) == ["away", "back"])
        key_id = made.key.key_id
        await elsewhere.update(key_id, lambda key: replace(key, revoke_time=1.0))
        await until(lambda: _refused(gate, made.secret))
        await elsewhere.close()


async def _refused(gate: Keyed, key: str) -> bool:
    return not await gate.accepts(key)


async def test_last_uses_wait_for_the_server(server: PostgresFake, database: PostgresServer) -> None:
    """The use of a key while the server is away is stored when it is back."""
    async with keyed(database) as gate:
        made = await gate.create()
        server.stop()
        await until(lambda: told(gate) == ["away"])
        assert await gate.accepts(made.secret)
        await asyncio.to_thread(server.start)
        await until(lambda: told(gate) == ["away", "back"])
    store = await open_keys(database)
    (found,) = await store.page("acme", "", 10)
    await store.close()
    assert found.last_use_time is not None


async def test_what_is_new_is_found_after_the_pause(server: PostgresFake, database: PostgresServer) -> None:
    """A key that another process made while this one saw nothing is known once the server is back."""
    async with keyed(database) as gate:
        server.stop()
        await until(lambda: told(gate) == ["away"])
        await asyncio.to_thread(server.start)
        other = make_key("acme", (Scope.INFERENCE,))
        store = await open_keys(database)
        await store.insert(other.record)
        await store.close()
        await until(lambda: gate.accepts(other.text))
