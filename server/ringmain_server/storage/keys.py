"""Storage: the stores of API keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.database import Database
from ringmain_server.storage.rows import COLUMNS, record_of, row_of
from ringmain_server.storage.statements import Statement, Transaction

Change = Callable[[KeyRecord], KeyRecord]
"""Returns a key as it is to be. It may be called in a thread, and what it raises leaves the key as it is."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes since the last look.

    Attributes:
        records: The keys that were made or changed; every key if `whole`.
        whole: Whether keys that are not among them are gone, as after a backup was restored.
    """

    records: Sequence[KeyRecord]
    whole: bool = False


class KeyStore(Protocol):
    """Keeps API keys. All its methods raise StoreUnavailable if the database cannot be reached."""

    async def changes(self) -> Changes:
        """Returns what has changed since the last call, also by other processes; all keys the first time."""
        ...

    async def pause(self) -> None:
        """Waits until it is time to ask for changes: at most half a second. Never raises."""
        ...

    async def insert(self, record: KeyRecord) -> None:
        """Adds a key, whose id must be new."""
        ...

    async def update(self, key_id: str, change: Change) -> KeyRecord | None:
        """Changes a key, but for its id and its last use; no other change happens in between.

        Returns:
            The key as it is now, None if there is none of this id.

        Raises:
            Exception: Whatever `change` raises.
        """
        ...

    async def page(self, tenant_id: str, after: str, count: int) -> Sequence[KeyRecord]:
        """Returns keys by id, which is the order in which they were made.

        Args:
            tenant_id: The tenant whose keys to return; empty for all.
            after: Only keys with a greater id.
            count: The most keys to return.
        """
        ...

    async def note_uses(self, uses: Mapping[str, float]) -> None:
        """Notes when keys were last used; an earlier time than is noted changes nothing.

        Args:
            uses: Seconds since the epoch, by key id.
        """
        ...

    async def close(self) -> None:
        """Closes the store."""
        ...


_NAMES: Final = ", ".join(COLUMNS)
_PLACES: Final = ", ".join(f"?{number}" for number in range(1, len(COLUMNS) + 2))
_CHANGEABLE: Final = COLUMNS[1:-1]
_SET: Final = ", ".join(f"{name} = ?{number}" for number, name in enumerate(_CHANGEABLE, 2))

# Only names of columns are put into these texts.
_VERSION = Statement("SELECT version, epoch FROM key_version")
_NEXT = Statement("UPDATE key_version SET version = version + 1 RETURNING version")
_ALL = Statement(f"SELECT {_NAMES} FROM api_key")  # noqa: S608
_SINCE = f"SELECT {_NAMES} FROM api_key WHERE version > ?1"  # noqa: S608
_ONE = f"SELECT {_NAMES} FROM api_key WHERE key_id = ?1"  # noqa: S608
_INSERT = f"INSERT INTO api_key ({_NAMES}, version) VALUES ({_PLACES})"  # noqa: S608
_PAGE = (
    f"SELECT {_NAMES} FROM api_key WHERE key_id > ?1 AND (?2 = '' OR tenant_id = ?2) "  # noqa: S608
    "ORDER BY key_id LIMIT ?3"
)
_UPDATE = f"UPDATE api_key SET {_SET}, version = ?{len(COLUMNS)} WHERE key_id = ?1"  # noqa: S608
_USED = (
    "UPDATE api_key SET last_use_time = ?2 "
    "WHERE key_id = ?1 AND (last_use_time IS NULL OR last_use_time < ?2)"
)


class DatabaseKeys:
    """Keys in a database.

    Every change takes the next version, which the changed row gets too. Taking it locks the one row of
    `key_version` to the end of the transaction, so that versions become visible in their order, and whoever
    has seen one finds later changes by it.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: tuple[int, int] | None = None

    async def changes(self) -> Changes:
        """Returns what has changed since the last call; see `KeyStore`."""
        seen = self._seen
        changes, self._seen = await self._database.read(lambda: _changes(seen))
        return changes

    async def pause(self) -> None:
        """Waits until it is time to ask for changes."""
        await self._database.pause()

    async def insert(self, record: KeyRecord) -> None:
        """Adds a key."""
        await self._database.write(lambda: insertion(record))

    async def update(self, key_id: str, change: Change) -> KeyRecord | None:
        """Changes a key; see `KeyStore`."""
        return await self._database.write(lambda: _update(key_id, change))

    async def page(self, tenant_id: str, after: str, count: int) -> Sequence[KeyRecord]:
        """Returns keys by id; see `KeyStore`."""
        return await self._database.read(lambda: _records(Statement(_PAGE, (after, tenant_id, count))))

    async def note_uses(self, uses: Mapping[str, float]) -> None:
        """Notes when keys were last used; see `KeyStore`."""
        if uses:
            await self._database.write(lambda: _note(uses))

    async def close(self) -> None:
        """Closes the database."""
        await self._database.close()


def insertion(record: KeyRecord) -> Transaction[None]:
    """Adds a key."""
    ((version,),) = yield _NEXT
    yield Statement(_INSERT, (*row_of(record), version))


def insertion_unless(
    record: KeyRecord, already: Callable[[KeyRecord], bool]
) -> Transaction[KeyRecord | None]:
    """Adds a key unless there is a certain one already.

    Args:
        record: The key.
        already: Whether a key is such a one.

    Returns:
        That other key, None if the key was added.
    """
    ((version,),) = yield _NEXT
    for other in (yield from _records(_ALL)):
        if already(other):
            return other
    yield Statement(_INSERT, (*row_of(record), version))
    return None


def _changes(seen: tuple[int, int] | None) -> Transaction[tuple[Changes, tuple[int, int]]]:
    # The version first: a change between the two statements is then found again, never missed.
    ((version, epoch),) = yield _VERSION
    assert isinstance(version, int)
    assert isinstance(epoch, int)
    now = (version, epoch)
    if now == seen:
        return Changes(()), now
    whole = seen is None or seen[1] != epoch
    statement = _ALL if seen is None or whole else Statement(_SINCE, (seen[0],))
    return Changes((yield from _records(statement)), whole), now


def _records(statement: Statement) -> Transaction[Sequence[KeyRecord]]:
    return [record_of(row) for row in (yield statement)]


def _update(key_id: str, change: Change) -> Transaction[KeyRecord | None]:
    ((version,),) = yield _NEXT
    found = yield Statement(_ONE, (key_id,))
    if not found:
        return None
    changed = change(record_of(found[0]))
    assert changed.key_id == key_id
    yield Statement(_UPDATE, (*row_of(changed)[:-1], version))
    return changed


def _note(uses: Mapping[str, float]) -> Transaction[None]:
    # In the order of their ids, so that two processes never wait for each other's rows.
    yield Statement(_USED, each=sorted(uses.items()))
