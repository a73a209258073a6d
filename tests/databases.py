"""Databases for tests, each test's own, as fixtures of the whole suite."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# A run without such tests imports neither the drivers nor alembic.
if TYPE_CHECKING:
    from ringmain_server.storage.url import Location, PostgresServer, SqliteFile

    from tests.fakes.postgres import PostgresFake


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresFake]":
    """A server for all tests of a process that do not stop it."""
    from tests.fakes.postgres import postgres

    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_database(postgres_server: "PostgresFake") -> str:
    """The name of a database of it with the present schema, to be copied."""
    from ringmain_server.storage.migrate import migrate
    from ringmain_server.storage.url import PostgresServer

    url = postgres_server.database()
    migrate(PostgresServer(url, url))
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the present schema, to be copied."""
    from ringmain_server.storage.migrate import migrate
    from ringmain_server.storage.url import SqliteFile

    path = tmp_path_factory.mktemp("storage") / "migrated.db"
    migrate(SqliteFile(path))
    return path


@pytest.fixture
def sqlite_file(migrated_file: Path, tmp_path: Path) -> "SqliteFile":
    """A file with the present schema."""
    from ringmain_server.storage.url import SqliteFile

    return SqliteFile(Path(shutil.copy(migrated_file, tmp_path / "ringmain.db")))


@pytest.fixture
def postgres_database(postgres_server: "PostgresFake", migrated_database: str) -> "PostgresServer":
    """A database of a server, with the present schema."""
    from ringmain_server.storage.url import PostgresServer

    url = postgres_server.database(migrated_database)
    return PostgresServer(url, url)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> "Location":
    """A database with the present schema, in each of the two."""
    return _database(request)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> "Location":
    """A place for keys, of each kind."""
    from ringmain_server.storage.url import Memory

    return Memory() if request.param == "memory" else _database(request)


def _database(request: pytest.FixtureRequest) -> "Location":
    name = "sqlite_file" if request.param == "sqlite" else "postgres_database"
    found: Location = request.getfixturevalue(name)
    return found
