"""The schema: revisions, and what they come to in both databases."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from ringmain_server.storage import migrate as migrating
from ringmain_server.storage.check import prepare
from ringmain_server.storage.migrate import migrate, run_script
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import HEAD, REVISIONS
from ringmain_server.storage.rows import COLUMNS
from ringmain_server.storage.schema import METADATA
from ringmain_server.storage.url import Location, Memory, PostgresServer, SqliteFile
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.fakes.postgres import PostgresFake

_SHAPES = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
ORDER BY 1, 2
"""
_INDEXES = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
_CHECKS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""


def query(url: str, *statements: str) -> list[list[tuple[Any, ...]]]:
    """The rows of statements that a PostgreSQL server runs."""

    async def run() -> list[list[tuple[Any, ...]]]:
        db = await asyncpg.connect(url)
        try:
            return [[tuple(row) for row in await db.fetch(statement)] for statement in statements]
        finally:
            await db.close()

    return asyncio.run(run())


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    """What serving processes compare with are alembic's own revisions, in their order."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "newline")
    walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(walked)) == REVISIONS


def test_the_rows_are_the_tables() -> None:
    """The columns that the statements name are all columns of the table but its version."""
    assert set(COLUMNS) | {"version"} == set(METADATA.tables["api_key"].columns.keys())


def test_the_migrations_of_a_file_come_to_the_schema(sqlite_file: SqliteFile, tmp_path: Path) -> None:
    """A migrated file has the tables and indexes of the schema, word for word."""
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    METADATA.create_all(engine)
    engine.dispose()

    def shape(path: Path) -> set[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as db:
            rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        return {(name, " ".join(sql.split())) for name, sql in rows if name != "alembic_version"}

    assert shape(sqlite_file.path) == shape(tmp_path / "made.db")


def test_the_migrations_of_a_server_come_to_the_schema(
    postgres_database: PostgresServer, postgres_server: PostgresFake
) -> None:
    """A migrated database has the columns, indexes and constraints of the schema."""
    made = postgres_server.database()
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in METADATA.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        query(made, str(CreateTable(table).compile(dialect=dialect)))
        for index in indexes:
            query(made, str(CreateIndex(index).compile(dialect=dialect)))
    statements = (_SHAPES, _INDEXES, _CHECKS)
    assert query(postgres_database.dsn, *statements) == query(made, *statements)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Nobody but its owner can read a database that a migration made, nor what lies beside it."""
    where = SqliteFile(tmp_path / "state" / "ringmain.db")
    umask = os.umask(0)
    try:
        migrate(where)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(where.path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in where.path.parent.iterdir()} == {0o600}
    with closing(sqlite3.connect(where.path)) as db:
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_migration_is_repeated_without_effect(where: Location) -> None:
    """A database that is up to date stays as it is, and keeps what is in it."""
    assert migrate(where) == HEAD


@pytest.mark.slow
def test_many_migrations_at_once(postgres_server: PostgresFake, tmp_path: Path) -> None:
    """Processes that migrate one database at the same time all find it migrated, once."""
    path = tmp_path / "ringmain.db"
    url = postgres_server.database()
    code = (
        "import sys; from ringmain_server.storage.migrate import migrate; "
        "from ringmain_server.storage.url import *; from pathlib import Path; "
        "print(migrate(SqliteFile(Path(sys.argv[1]))), migrate(PostgresServer(*sys.argv[2:] * 2)))"
    )
    command = [sys.executable, "-c", code, str(path), url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=100)[0].split() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    for before in zip(*said, strict=True):
        assert sorted(before) == [HEAD, HEAD, "None"]
    prepare(SqliteFile(path), migrate=False)


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A script that breaks off half-way is undone whole, and the next one succeeds."""
    where = SqliteFile(tmp_path / "ringmain.db")
    with closing(sqlite3.connect(where.path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        run_script(where.path, "CREATE TABLE half (x);\nCREATE TABLE half (x);", new=False)
    with closing(sqlite3.connect(where.path)) as db:
        assert not db.execute("SELECT name FROM sqlite_master").fetchall()
    assert migrate(where) is None


def _set_revision(where: Location, revision: str) -> None:
    statement = f"UPDATE alembic_version SET version_num = '{revision}'"
    if isinstance(where, SqliteFile):
        with closing(sqlite3.connect(where.path, isolation_level=None)) as db:
            db.execute(statement)
    elif isinstance(where, PostgresServer):
        query(where.dsn, statement)


def test_a_newer_schema_is_refused(where: Location) -> None:
    """A database that a later version has changed is neither used nor migrated; a line says what to do."""
    _set_revision(where, "9999")
    acts: tuple[Callable[[], object], ...] = (partial(prepare, where, migrate=True), partial(migrate, where))
    for act in acts:
        with pytest.raises(StorageProblem) as caught:
            act()
        assert "has the schema 9999, which this version does not know" in str(caught.value)
        assert "`ringmain db restore`" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_missing_schema_is_said(postgres_server: PostgresFake, tmp_path: Path) -> None:
    """Without tables, whoever starts is told to migrate; a file is migrated unless that is not wanted."""
    url = postgres_server.database()
    for where in (PostgresServer(url, "postgresql://shown"), SqliteFile(tmp_path / "ringmain.db")):
        with pytest.raises(StorageProblem, match=r"has no tables yet: run `ringmain db migrate`$"):
            prepare(where, migrate=False)
    with pytest.raises(StorageProblem, match="postgresql://shown has no tables yet"):
        prepare(PostgresServer(url, "postgresql://shown"), migrate=True)
    prepare(SqliteFile(tmp_path / "ringmain.db"), migrate=True)
    prepare(SqliteFile(tmp_path / "ringmain.db"), migrate=False)


def _as_text(path: Path) -> None:
    path.write_text("no database at all, but long enough to look like one\n" * 100)


def _as_folder(path: Path) -> None:
    path.mkdir()


def _as_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE customers (name)")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_as_text, "file is not a database"),
        (_as_folder, "unable to open database file"),
        (_as_foreign, "belongs to another program"),
    ],
)
def test_a_file_of_something_else(tmp_path: Path, make: Callable[[Path], None], problem: str) -> None:
    """It is neither opened nor changed, and a line says why."""
    path = tmp_path / "ringmain.db"
    make(path)
    with pytest.raises(StorageProblem, match=problem) as caught:
        prepare(SqliteFile(path), migrate=True)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_away() -> None:
    """A line says that nobody answers, without the password."""
    where = PostgresServer("postgresql://user:secret@127.0.0.1:9/db", "postgresql://user:***@127.0.0.1:9/db")
    with pytest.raises(StorageProblem, match=r"cannot open the database postgresql://user:\*\*\*@") as caught:
        prepare(where, migrate=True)
    assert "secret" not in str(caught.value)


def test_memory_needs_no_tables() -> None:
    """There is nothing to check in memory, and nothing to migrate."""
    prepare(Memory(), migrate=True)
    with pytest.raises(StorageProblem, match="nothing to migrate"):
        migrate(Memory())
