"""Storage: backups, which are SQLite files whatever the database is, and their way back into any database.

A backup has the schema that the database had. One of an older schema is brought up to date, in a copy, before
it is restored. Neither direction needs a program of PostgreSQL's.
"""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from ringmain_server.storage import sqlite
from ringmain_server.storage.migrate import migrate, migrate_file
from ringmain_server.storage.opening import revision
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import Schema, schema_of, unknown
from ringmain_server.storage.url import Location, Memory, PostgresServer, SqliteFile

BATCH: Final = 1000
"""Rows that are in memory at once."""

Tables = Mapping[str, Sequence[str]]
"""Maps the names of tables to those of their columns."""

_TABLES: Final = (
    "SELECT name FROM sqlite_master "
    "WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version' ORDER BY rowid"
)
VERSION: Final = "SELECT version, epoch FROM key_version"
RENEW: Final = (
    "UPDATE key_version SET version = CASE WHEN version > $1 THEN version ELSE $1 END + 1, epoch = $2 + 1"
)
"""Makes every process read all keys anew. Its parameters are what `VERSION` returned before."""


def backup(where: Location, file: Path) -> None:
    """Writes a backup, as of one moment, while others go on reading and writing.

    Args:
        where: The database.
        file: The backup, which must not exist. Only its owner can read it.

    Raises:
        StorageProblem: The database cannot be read, or the file exists or cannot be written.
    """
    if isinstance(where, Memory):
        raise StorageProblem("storage.url is memory: there is nothing to keep")
    found = asyncio.run(revision(where))
    if schema_of(found) is Schema.MISSING:
        raise StorageProblem(f"the database {where} has no tables: there is nothing to keep")
    if schema_of(found) is Schema.UNKNOWN:
        raise StorageProblem(unknown(found, where))
    assert found is not None
    try:
        with _new(file) as made:
            if isinstance(where, SqliteFile):
                _copy_file(where.path, made)
            else:
                migrate_file(SqliteFile(made), found)
                _copy_server(where, made)
            _finish(made)
    except (sqlite3.Error, OSError) as exc:
        raise StorageProblem(f"cannot write the backup {file}: {exc}") from exc


def restore(where: Location, file: Path, *, replace: bool) -> None:
    """Puts back what a backup holds; gateways that run take it on.

    Args:
        where: The database, which is made if there is none.
        file: The backup.
        replace: Whether what is in the database may be lost.

    Raises:
        StorageProblem: The backup cannot be used, or the database holds something that must not be lost.
    """
    if isinstance(where, Memory):
        raise StorageProblem("storage.url is memory: there is nothing to restore to")
    try:
        with _current(file) as source:
            migrate(where)
            tables = tables_of(source)
            if isinstance(where, SqliteFile):
                _restore_file(where, source, tables, replace=replace)
            else:
                from ringmain_server.storage.backup_postgres import restore_server

                asyncio.run(restore_server(where, source, tables, replace=replace))
    except (sqlite3.Error, OSError) as exc:
        raise StorageProblem(f"cannot restore the backup {file}: {exc}") from exc


def tables_of(db: sqlite3.Connection) -> Tables:
    """Returns the tables of a backup."""
    names = [str(name) for (name,) in db.execute(_TABLES).fetchall()]
    return {
        name: [str(column[1]) for column in db.execute(f"PRAGMA table_info({name})").fetchall()]
        for name in names
    }


def not_empty(where: Location) -> StorageProblem:
    """Returns the refusal to lose what is in a database."""
    return StorageProblem(
        f"the database {where} is not empty: `--replace` deletes what is in it and restores the backup"
    )


@contextmanager
def _new(file: Path) -> Iterator[Path]:
    """Yields a file to write, which then gets its name, unless there is one of that name."""
    if file.exists():
        raise StorageProblem(f"{file} exists: name another file")
    made = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield made
        try:
            os.link(made, file)  # unlike a rename, it never replaces a file
        except FileExistsError as exc:
            raise StorageProblem(f"{file} exists: name another file") from exc
    finally:
        for left in ("", "-wal", "-shm", "-journal", ".lock"):
            with suppress(FileNotFoundError):
                made.with_name(f"{made.name}{left}").unlink()


def _finish(made: Path) -> None:
    """Makes one whole file of a backup: without a journal beside it, and on the disk."""
    with closing(sqlite.connect(made)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    with made.open("rb") as file:
        os.fsync(file.fileno())


def _copy_file(path: Path, made: Path) -> None:
    with closing(sqlite.connect(path)) as source, closing(sqlite3.connect(made)) as target:
        source.backup(target)


def _copy_server(where: PostgresServer, made: Path) -> None:
    from ringmain_server.storage.backup_postgres import copy_server

    with closing(sqlite.connect(made)) as target:
        asyncio.run(copy_server(where, target, tables_of(target)))


@contextmanager
def _current(file: Path) -> Iterator[sqlite3.Connection]:
    """Yields a backup with the present schema; one of an older schema stays as it is, and a copy is used."""
    if not file.is_file():
        raise StorageProblem(f"there is no file {file}")
    where = SqliteFile(file)
    match schema_of(found := sqlite.revision(where)):
        case Schema.MISSING:
            raise StorageProblem(f"{file} is no backup")
        case Schema.UNKNOWN:
            raise StorageProblem(unknown(found, where))
        case Schema.CURRENT:
            with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
                yield db
        case Schema.OLDER:
            with tempfile.TemporaryDirectory(prefix="ringmain-") as folder:
                copy = Path(folder) / "backup.db"
                _copy_file(file, copy)
                migrate_file(SqliteFile(copy))
                with closing(sqlite.connect(copy)) as db:
                    yield db


def _restore_file(where: SqliteFile, source: sqlite3.Connection, tables: Tables, *, replace: bool) -> None:
    with closing(sqlite.connect(where.path)) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            _replace_all(db, where, source, tables, replace=replace)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _replace_all(
    db: sqlite3.Connection, where: SqliteFile, source: sqlite3.Connection, tables: Tables, *, replace: bool
) -> None:
    if not replace and any(db.execute(probe(name)).fetchone() for name in filled(tables)):
        raise not_empty(where)
    before = db.execute(VERSION).fetchone()
    for name, columns in tables.items():
        db.execute(f"DELETE FROM {name}")  # noqa: S608  a table of ours
        for rows in batches(source, name, columns):
            db.executemany(insertion(name, columns), rows)
    db.execute(RENEW.replace("$", "?"), before)


# Only names of our own tables and columns are put into these texts.


def filled(tables: Tables) -> list[str]:
    """Returns the tables that are empty in a database that holds nothing: all but the version of keys."""
    return [name for name in tables if name != "key_version"]


def probe(table: str) -> str:
    """Returns the statement that finds out whether there is anything in a table."""
    return f"SELECT 1 FROM {table} LIMIT 1"  # noqa: S608


def selection(table: str, columns: Sequence[str]) -> str:
    """Returns the statement that reads a table."""
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608


def insertion(table: str, columns: Sequence[str]) -> str:
    """Returns the statement that adds a row to a table of a file."""
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608


def batches(
    source: sqlite3.Connection, table: str, columns: Sequence[str]
) -> Iterator[list[tuple[object, ...]]]:
    """Yields the rows of a table of a backup."""
    rows = source.execute(selection(table, columns))
    while batch := rows.fetchmany(BATCH):
        yield batch
