"""Backups: of either database, restored to either."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage import backup as backups
from ringmain_server.storage.backup import backup, restore
from ringmain_server.storage.keys import KeyStore, insertion
from ringmain_server.storage.opening import open_database, open_keys
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.statements import Transaction
from ringmain_server.storage.url import Location, Memory, PostgresServer, SqliteFile

from tests.fakes.postgres import PostgresFake
from tests.storage.conftest import Open
from tests.storage.records import record

KEYS = [
    record("a", display_name="Ünï 💡", allowed_models=("x", "y*"), last_use_time=1790000000.123456),
    record("b", monthly_budget_nano_usd=9 * 10**15, old_secret_hash=b"\x00\xff", revoke_time=2.5),
]


async def _filled(where: Location, keys: Sequence[KeyRecord]) -> None:
    store = await open_keys(where)
    for key in keys:
        await store.insert(key)
    await store.close()


async def _held(where: Location) -> list[KeyRecord]:
    store = await open_keys(where)
    try:
        return list(await store.page("", "", 10_000))
    finally:
        await store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A database without tables, in each of the two."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "target" / "ringmain.db")
    postgres_server: PostgresFake = request.getfixturevalue("postgres_server")
    url = postgres_server.database()
    return PostgresServer(url, url)


def test_a_backup_goes_to_any_database(where: Location, target: Location, tmp_path: Path) -> None:
    """What was in a database is in another one, of the same or the other kind, to the last bit."""
    asyncio.run(_filled(where, KEYS))
    backup(where, tmp_path / "keys.backup")
    restore(target, tmp_path / "keys.backup", replace=False)
    assert asyncio.run(_held(target)) == KEYS


def test_a_backup_is_one_private_file(where: Location, tmp_path: Path) -> None:
    """Nothing lies beside it, nobody else can read it, and a file of its name is never replaced."""
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(where, folder / "keys.backup")
    assert [file.name for file in folder.iterdir()] == ["keys.backup"]
    assert stat.S_IMODE((folder / "keys.backup").stat().st_mode) == 0o600
    with pytest.raises(StorageProblem, match="exists: name another file"):
        backup(where, folder / "keys.backup")


def test_a_database_that_is_not_empty_stays(where: Location, tmp_path: Path) -> None:
    """It is replaced only where that is said, and then wholly."""
    backup(where, tmp_path / "empty.backup")
    asyncio.run(_filled(where, KEYS[:1]))
    backup(where, tmp_path / "keys.backup")
    asyncio.run(_filled(where, KEYS[1:]))
    with pytest.raises(StorageProblem, match="is not empty: `--replace` deletes"):
        restore(where, tmp_path / "keys.backup", replace=False)
    assert asyncio.run(_held(where)) == KEYS
    restore(where, tmp_path / "keys.backup", replace=True)
    assert asyncio.run(_held(where)) == KEYS[:1]
    restore(where, tmp_path / "empty.backup", replace=True)
    assert not asyncio.run(_held(where))


async def test_gateways_take_on_what_is_restored(where: Location, opened: Open, tmp_path: Path) -> None:
    """A process that runs reads all keys anew, so that a key that the backup lacks is gone for it too."""
    store = await opened()
    await store.insert(KEYS[0])
    await asyncio.to_thread(backup, where, tmp_path / "keys.backup")
    await store.insert(KEYS[1])
    await store.changes()
    await asyncio.to_thread(restore, where, tmp_path / "keys.backup", replace=True)
    found = await store.changes()
    assert (found.records, found.whole) == ([KEYS[0]], True)
    later = await store.update("a", lambda key: replace(key, display_name="later"))
    assert (await store.changes()).records == [later]


async def test_a_backup_is_of_one_moment(where: Location, opened: Open, tmp_path: Path) -> None:
    """While keys are written, a backup has what was there at one moment: every key before its last one."""
    store = await opened()
    stop = threading.Event()

    async def write() -> int:
        count = 0
        while not stop.is_set():
            await store.insert(record(f"k{count:06}"))
            count += 1
        return count

    writing = asyncio.ensure_future(write())
    for number in range(3):
        await asyncio.to_thread(backup, where, tmp_path / f"{number}.backup")
    stop.set()
    await writing
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.backup")) as db:
            ids = [key_id for (key_id,) in db.execute("SELECT key_id FROM api_key ORDER BY key_id")]
            assert ids == [f"k{count:06}" for count in range(len(ids))]
            assert db.execute("SELECT version FROM key_version").fetchone() == (len(ids),)


def test_many_keys_are_copied_in_batches(where: Location, target: Location, tmp_path: Path) -> None:
    """More rows than one batch holds come over, each once."""
    keys = [record(f"k{number:06}") for number in range(backups.BATCH + 1)]
    asyncio.run(_many(where, keys))
    backup(where, tmp_path / "keys.backup")
    restore(target, tmp_path / "keys.backup", replace=False)
    assert asyncio.run(_held_all(target)) == len(keys)


async def _many(where: Location, keys: Sequence[KeyRecord]) -> None:
    """Adds keys in one transaction, since each one would wait for the disk."""

    def work() -> Transaction[None]:
        for key in keys:
            yield from insertion(key)

    assert not isinstance(where, Memory)
    database = await open_database(where)
    await database.write(work)
    await database.close()


async def _held_all(where: Location) -> int:
    store: KeyStore = await open_keys(where)
    found = await store.changes()
    await store.close()
    return len({key.key_id for key in found.records})


def test_what_is_no_backup(tmp_path: Path, sqlite_file: SqliteFile) -> None:
    """A line says why a file cannot be restored, and nothing has changed."""
    asyncio.run(_filled(sqlite_file, KEYS))
    (tmp_path / "text").write_text("no database at all, but long enough to look like one\n" * 100)
    (tmp_path / "empty").touch()
    for name, problem in (
        ("none", "there is no file"),
        ("text", "file is not a database"),
        ("empty", "is no backup"),
    ):
        with pytest.raises(StorageProblem, match=problem):
            restore(sqlite_file, tmp_path / name, replace=True)
    assert asyncio.run(_held(sqlite_file)) == KEYS


def test_a_backup_of_a_later_version_is_refused(tmp_path: Path, sqlite_file: SqliteFile) -> None:
    """This version does not know what is in it."""
    backup(sqlite_file, tmp_path / "keys.backup")
    with closing(sqlite3.connect(tmp_path / "keys.backup", isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageProblem, match="has the schema 9999, which this version does not know"):
        restore(sqlite_file, tmp_path / "keys.backup", replace=True)


def test_nothing_to_back_up(tmp_path: Path, postgres_server: PostgresFake) -> None:
    """A database without tables, and memory, have no backup; a folder that is missing is said."""
    url = postgres_server.database()
    for empty in (Memory(), SqliteFile(tmp_path / "ringmain.db"), PostgresServer(url, url)):
        with pytest.raises(StorageProblem, match="there is nothing to keep"):
            backup(empty, tmp_path / "keys.backup")
    with pytest.raises(StorageProblem, match="there is nothing to restore to"):
        restore(Memory(), tmp_path / "keys.backup", replace=True)
    assert not (tmp_path / "keys.backup").exists()


def test_a_backup_that_cannot_be_written(tmp_path: Path, where: Location) -> None:
    """A line says why."""
    with pytest.raises(StorageProblem, match=r"cannot write the backup .*No such file or directory"):
        backup(where, tmp_path / "missing" / "keys.backup")
