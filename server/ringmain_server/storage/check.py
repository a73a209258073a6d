"""Storage: checks the database before a gateway serves, and brings a file up to date.

It runs before any event loop does, and where several processes will serve, in their supervisor alone.
"""

import asyncio
import subprocess
import sys
from typing import Final

from ringmain_server.storage import sqlite
from ringmain_server.storage.opening import revision
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import Schema, demand_current, schema_of
from ringmain_server.storage.url import Location, Memory, SqliteFile

_MIGRATION: Final = 600.0
"""Seconds that a migration may take."""


def prepare(where: Location, *, migrate: bool) -> None:
    """Checks that a database has the present schema.

    Args:
        where: The database.
        migrate: Whether to bring the schema of a file up to date.

    Raises:
        StorageProblem: It cannot be opened, or does not have the present schema.
    """
    if isinstance(where, SqliteFile):
        found = sqlite.revision(where)
        if migrate and schema_of(found) in (Schema.MISSING, Schema.OLDER):
            _migrate(where)
            found = sqlite.revision(where)
        demand_current(found, where)
    elif not isinstance(where, Memory):
        demand_current(asyncio.run(revision(where)), where)


def _migrate(where: SqliteFile) -> None:
    """Migrates a file in a process of its own, so that this one imports no alembic."""
    command = [sys.executable, "-m", "ringmain_server.storage.migrate", str(where.path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MIGRATION, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as exc:
        raise StorageProblem(f"the database {where} was not migrated within {_MIGRATION:g} s") from exc
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"the migration ended with {done.returncode}"]
        raise StorageProblem(lines[-1])
