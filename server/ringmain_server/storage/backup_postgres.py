"""Storage: writes backups of a PostgreSQL database, and puts them back."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from ringmain_server.storage import postgres
from ringmain_server.storage.backup import (
    BATCH,
    RENEW,
    VERSION,
    Tables,
    batches,
    filled,
    insertion,
    not_empty,
    probe,
    selection,
)
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.url import PostgresServer

_LONGEST: Final = 3600.0
"""Seconds that one statement may take."""


async def copy_server(where: PostgresServer, target: sqlite3.Connection, tables: Tables) -> None:
    """Copies all rows of a database, as they are at one moment, to a file with the same tables.

    Raises:
        StorageProblem: The database cannot be read.
        sqlite3.Error: The file cannot be written.
    """
    async with _connected(where) as db, db.transaction(isolation="repeatable_read", readonly=True):
        target.execute("BEGIN")
        for name, columns in tables.items():
            target.execute(f"DELETE FROM {name}")  # noqa: S608  a table of ours
            cursor = await db.cursor(selection(name, columns), timeout=_LONGEST)
            while rows := await cursor.fetch(BATCH, timeout=_LONGEST):
                target.executemany(insertion(name, columns), map(tuple, rows))
        target.execute("COMMIT")


async def restore_server(
    where: PostgresServer, source: sqlite3.Connection, tables: Tables, *, replace: bool
) -> None:
    """Replaces all rows of a database by those of a backup, in one transaction.

    Raises:
        StorageProblem: The database cannot be written, or must not be replaced.
    """
    async with _connected(where) as db, db.transaction(isolation="read_committed"):
        before = await db.fetchrow(f"{VERSION} FOR UPDATE")
        if not replace and [name for name in filled(tables) if await db.fetchval(probe(name))]:
            raise not_empty(where)
        for name, columns in tables.items():
            await db.execute(f"DELETE FROM {name}", timeout=_LONGEST)  # noqa: S608  a table of ours
            for rows in batches(source, name, columns):
                await db.copy_records_to_table(name, records=rows, columns=columns, timeout=_LONGEST)
        await db.execute(RENEW, *before)


@asynccontextmanager
async def _connected(where: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    db = await postgres.connect(where)
    try:
        yield db
    except postgres.FAILURES as exc:
        raise StorageProblem(f"the database {where} failed: {postgres.reason(exc)}") from exc
    finally:
        db.terminate()
