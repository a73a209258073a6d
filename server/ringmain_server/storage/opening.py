"""Storage: opens a database with the present schema, by plain statements."""

import sqlite3
from typing import TYPE_CHECKING

from ringmain_server.aio.threads import in_daemon
from ringmain_server.storage import sqlite
from ringmain_server.storage.database import Database
from ringmain_server.storage.keys import DatabaseKeys, KeyStore
from ringmain_server.storage.memory import MemoryKeys
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import demand_current
from ringmain_server.storage.url import Location, Memory, PostgresServer, SqliteFile

if TYPE_CHECKING:
    from types import ModuleType


async def open_keys(where: Location) -> KeyStore:
    """Opens the store of keys.

    Raises:
        StorageProblem: It cannot be opened, or does not have the present schema.
    """
    return MemoryKeys() if isinstance(where, Memory) else DatabaseKeys(await open_database(where))


async def open_database(where: SqliteFile | PostgresServer) -> Database:
    """Opens a database.

    Raises:
        StorageProblem: It cannot be opened, or does not have the present schema.
    """
    if isinstance(where, SqliteFile):
        return await in_daemon(lambda: _open_file(where), "storage")
    return await _open_server(where)


async def revision(where: SqliteFile | PostgresServer) -> str | None:
    """Returns the revision of a database's schema, None where there is none.

    Raises:
        StorageProblem: It cannot be opened.
    """
    if isinstance(where, SqliteFile):
        return await in_daemon(lambda: sqlite.revision(where), "storage")
    postgres = driver()
    db = await postgres.connect(where)
    try:
        found: str | None = await postgres.revision(db)
    except postgres.FAILURES as exc:
        raise StorageProblem(f"cannot read the database {where}: {postgres.reason(exc)}") from exc
    finally:
        db.terminate()
    return found


def driver() -> "ModuleType":
    """Imports what talks to PostgreSQL, which no other process needs.

    Raises:
        StorageProblem: Its extra is not installed.
    """
    try:
        from ringmain_server.storage import postgres
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("ringmain_server"):
            raise
        raise StorageProblem("PostgreSQL needs an extra: pip install 'ringmain[server,postgres]'") from exc
    return postgres


def _open_file(where: SqliteFile) -> Database:
    demand_current(sqlite.revision(where), where)
    try:
        return sqlite.SqliteDatabase(sqlite.connect(where.path))
    except sqlite3.Error as exc:
        raise StorageProblem(f"cannot open the database {where}: {exc}") from exc


async def _open_server(where: PostgresServer) -> Database:
    demand_current(await revision(where), where)
    database: Database = driver().PostgresDatabase(where)
    return database
