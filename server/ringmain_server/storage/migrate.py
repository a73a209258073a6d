"""Storage: brings the schema of a database up to date, by alembic's revisions.

    python -m ringmain_server.storage.migrate FILE

does so for an SQLite file. A gateway that starts runs it as a process of its own, which is gone when the
gateway serves: alembic and SQLAlchemy take 50 MB.

Two processes never migrate at once: those of one file lock the file beside it, and those of a PostgreSQL
database take a lock in it. Each revision is in the same transaction as its number.
"""

import asyncio
import fcntl
import io
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from ringmain_server.storage import sqlite
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import HEAD, REVISIONS, Schema, schema_of, unknown
from ringmain_server.storage.url import Location, Memory, SqliteFile

_SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x52494E47
"""The key of PostgreSQL's advisory lock."""


def migrate(where: Location) -> str | None:
    """Brings a database up to date; an SQLite file is made if there is none.

    Returns:
        The revision that it had before, None for none.

    Raises:
        StorageProblem: It cannot be opened or changed, or has the schema of a later version.
    """
    if isinstance(where, Memory):
        raise StorageProblem("storage.url is memory: there is nothing to migrate")
    if isinstance(where, SqliteFile):
        return migrate_file(where)
    from ringmain_server.storage.migrate_postgres import migrate_server

    return asyncio.run(migrate_server(where, _LOCK))


def migrate_file(where: SqliteFile, to: str = HEAD) -> str | None:
    """Brings a file to a revision; see `migrate`."""
    try:
        sqlite.create(where.path)
        with _locked(where.path.with_name(f"{where.path.name}.lock")):
            before = sqlite.revision(where)
            if sql := script("sqlite", before, to, where):
                run_script(where.path, sql, new=before is None)
    except (sqlite3.Error, OSError) as exc:
        raise StorageProblem(f"cannot migrate the database {where}: {exc}") from exc
    return before


def script(dialect: str, before: str | None, to: str, where: Location) -> str:
    """Returns the statements that bring a database from one revision to another; empty if there are none.

    Args:
        dialect: `sqlite` or `postgresql`.
        before: The revision that it has, None for none.
        to: The revision that it is to have.
        where: The database, for the message of a failure.

    Raises:
        StorageProblem: It has a revision that is not known.
    """
    if schema_of(before) is Schema.UNKNOWN:
        raise StorageProblem(unknown(before, where))
    if before is not None and REVISIONS.index(before) >= REVISIONS.index(to):
        return ""
    config = Config(output_buffer=(written := io.StringIO()))
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["dialect"] = dialect
    command.upgrade(config, to if before is None else f"{before}:{to}", sql=True)
    return written.getvalue()


def run_script(path: Path, sql: str, *, new: bool) -> None:
    """Runs a script in one transaction.

    Args:
        path: The file.
        sql: The statements.
        new: Whether nothing was ever written to the file.

    Raises:
        sqlite3.Error: A statement failed; nothing has changed.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=30) if new else sqlite.connect(path)
    with closing(db):
        if new:
            # Only before anything is written can a file be told to give back the pages of deleted rows.
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            db.execute("PRAGMA journal_mode=WAL")
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{sql}\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    sqlite.create(path)
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """Migrates a file.

    Returns:
        The exit status: 1 with a line on standard error if it failed, else 0.
    """
    try:
        migrate_file(SqliteFile(Path(arguments[0])))
    except StorageProblem as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
