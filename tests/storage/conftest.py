"""Fixtures: databases with the present schema, each test's own."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from ringmain_server.storage.keys import KeyStore
from ringmain_server.storage.migrate import migrate
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import Location, Memory, PostgresServer, SqliteFile

from tests.fakes.postgres import PostgresFake, postgres

Open = Callable[[], Awaitable[KeyStore]]


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresFake]:
    """A server for all tests of a process that do not stop it."""
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_database(server: PostgresFake) -> str:
    """The name of a database of it with the present schema, to be copied."""
    url = server.database()
    migrate(PostgresServer(url, url))
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the present schema, to be copied."""
    path = tmp_path_factory.mktemp("storage") / "migrated.db"
    migrate(SqliteFile(path))
    return path


@pytest.fixture
def sqlite_file(migrated_file: Path, tmp_path: Path) -> SqliteFile:
    """A file with the present schema."""
    return SqliteFile(Path(shutil.copy(migrated_file, tmp_path / "ringmain.db")))


@pytest.fixture
def postgres_database(server: PostgresFake, migrated_database: str) -> PostgresServer:
    """A database of a server, with the present schema."""
    url = server.database(migrated_database)
    return PostgresServer(url, url)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> Location:
    """A database with the present schema, in each of the two."""
    name = "sqlite_file" if request.param == "sqlite" else "postgres_database"
    found: Location = request.getfixturevalue(name)
    return found


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


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Location:
    """A place for keys, of each kind."""
    if request.param == "memory":
        return Memory()
    name = "sqlite_file" if request.param == "sqlite" else "postgres_database"
    found: Location = request.getfixturevalue(name)
    return found


@pytest.fixture
async def store(place: Location) -> AsyncIterator[KeyStore]:
    """An empty store, of each kind."""
    opened = await open_keys(place)
    yield opened
    await opened.close()
