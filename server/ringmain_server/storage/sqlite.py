"""Storage: a database in one file, by the standard library's `sqlite3`.

House rules:

* Every transaction runs in a daemon thread, since a file may lie on a network that hangs. One connection
  serves them all, one after the other.
* A transaction that writes begins by BEGIN IMMEDIATE. One that begins as a reader and then writes fails at
  once where another process has written in between, however long it would be allowed to wait.
* The journal is a WAL, so that readers and the writer do not wait for each other, and each commit reaches the
  disk: a key that was revoked must not work again after a power cut.
"""

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from ringmain_server.aio.threads import in_daemon
from ringmain_server.errors import StoreUnavailable
from ringmain_server.storage.database import OneAtATime
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.statements import Row, Statement, Transaction, Work
from ringmain_server.storage.url import SqliteFile

T = TypeVar("T")

_BUSY: Final = 5.0
"""Seconds to wait for another process that writes."""
_LONGEST: Final = 10.0
"""Seconds after which a transaction counts as hung."""
_LOOK: Final = 0.25
"""Seconds between two looks for changes of other processes."""


def connect(path: Path) -> sqlite3.Connection:
    """Opens a file that exists, to work with it.

    Raises:
        sqlite3.Error: It does not exist, or cannot be opened.
    """
    db = _open(path)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
    except BaseException:
        db.close()
        raise
    return db


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY,
        isolation_level=None,
        check_same_thread=False,
    )


def create(path: Path) -> None:
    """Makes an empty file that only its owner can read, unless there is one.

    Raises:
        OSError: It cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def revision(where: SqliteFile) -> str | None:
    """Returns the revision of a file's schema; None where there is no file, or nothing in it.

    Raises:
        StorageProblem: It cannot be read, or belongs to another program.
    """
    if not where.path.exists():
        return None
    try:
        with closing(_open(where.path)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise StorageProblem(f"the database {where} belongs to another program")
                return None
            row = db.execute("SELECT version_num FROM alembic_version").fetchone()
            return None if row is None else str(row[0])
    except (sqlite3.Error, OSError) as exc:
        raise StorageProblem(f"cannot open the database {where}: {exc}") from exc


def run(db: sqlite3.Connection, work: Work[T], begin: str = "BEGIN IMMEDIATE") -> T:
    """Runs a transaction, and undoes it if it fails."""
    db.execute(begin)
    try:
        result = _result(db, work())
    except BaseException:
        if db.in_transaction:  # some failures undo it by themselves
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return result


def _result(db: sqlite3.Connection, transaction: Transaction[T]) -> T:
    with closing(transaction):
        try:
            statement = next(transaction)
            while True:
                statement = transaction.send(_rows(db, statement))
        except StopIteration as end:
            result: T = end.value
            return result


def _rows(db: sqlite3.Connection, statement: Statement) -> list[Row]:
    if statement.each is None:
        return db.execute(statement.sql, statement.values).fetchall()
    db.executemany(statement.sql, statement.each)
    return []


class SqliteDatabase:
    """A file whose transactions run in threads.

    Args:
        db: The connection, made by `connect`.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._turns = OneAtATime(_LONGEST)

    async def read(self, work: Work[T]) -> T:
        """Runs a transaction that only reads; see `Database`."""
        return await self._run(work, "BEGIN")

    async def write(self, work: Work[T]) -> T:
        """Runs a transaction; see `Database`."""
        return await self._run(work, "BEGIN IMMEDIATE")

    async def pause(self) -> None:
        """Waits a moment: a look at the file costs little."""
        await asyncio.sleep(_LOOK)

    async def close(self) -> None:
        """Closes the file, once the transaction that runs has ended."""
        with suppress(TimeoutError):
            await self._turns.run(lambda: in_daemon(self._db.close, "storage"))

    async def _run(self, work: Work[T], begin: str) -> T:
        try:
            return await self._turns.run(lambda: in_daemon(partial(run, self._db, work, begin), "storage"))
        except (sqlite3.Error, TimeoutError) as exc:
            raise StoreUnavailable("the database cannot be used") from exc
