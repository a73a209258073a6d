"""Assembly: keeps the API keys of this process in step with the store that all processes share.

Nothing here is on the way of a call. A key that another process revoked stops working here at the next look,
at most half a second later. While the store is away, calls go on with the keys that are known, and an event
says that revocations wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from ringmain_server.errors import StoreUnavailable
from ringmain_server.identity.keyring import Keyring
from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.keys import Change, KeyStore
from ringmain_server.storage.url import Location
from ringmain_server.telemetry.events import Events

T = TypeVar("T")

USES: Final = 30.0
"""Seconds between two times at which last uses are stored."""
_LAST: Final = 2.0
"""Seconds that storing them may take when the gateway stops."""


class StoredKeys:
    """The keys of a process and their store.

    Args:
        where: The store.
        keyring: Gets every key.
        events: Publishes that the store is away, and that it is back.
        uses: Seconds between two times at which last uses are stored.
    """

    def __init__(self, where: Location, keyring: Keyring, events: Events, *, uses: float = USES) -> None:
        self._where = where
        self._keyring = keyring
        self._events = events
        self._uses = uses
        self._opened: KeyStore | None = None
        self._one_at_a_time = asyncio.Lock()
        self._away = False
        self._read = False
        self._pending: dict[str, float] = {}

    async def open(self) -> None:
        """Opens the store and reads every key.

        Raises:
            StorageProblem: It cannot be opened, or does not have the present schema.
            StoreUnavailable: It cannot be read.
        """
        # Imported where there is a store: it takes a megabyte and more.
        from ringmain_server.storage.opening import open_keys

        self._opened = await open_keys(self._where)
        await self._refresh()
        if self._keyring.foreign:
            self._events.publish(
                "key",
                f"{self._keyring.foreign} API keys were made with another pepper (auth.keys.pepper) and do "
                "not work until they are rotated",
                problems="pepper",
            )

    async def follow(self) -> None:
        """Takes on, again and again, what other processes change."""
        while True:
            await self._store.pause()
            await self._refresh_soon()

    async def note_uses(self) -> None:
        """Stores, again and again, when keys were last used."""
        while True:
            await asyncio.sleep(self._uses)
            await self._note()

    async def close(self) -> None:
        """Stores the last uses, if that takes no time, and closes the store."""
        if self._opened is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._note(), _LAST)
        await self._opened.close()

    async def insert(self, record: KeyRecord) -> None:
        """Adds a key.

        Raises:
            StoreUnavailable: The store cannot be reached.
        """
        await self._store.insert(record)
        await self._refresh_soon()

    async def update(self, key_id: str, change: Change) -> KeyRecord | None:
        """Changes a key here and for every other process.

        Args:
            key_id: The key.
            change: Returns it as it is to be; what it raises leaves the key as it is.

        Returns:
            The key as it is now, None if there is none of this id.

        Raises:
            StoreUnavailable: The store cannot be reached.
        """
        changed = await self._store.update(key_id, change)
        await self._refresh_soon()
        return changed

    async def page(self, tenant_id: str, after: str, count: int) -> Sequence[KeyRecord]:
        """Returns keys by id; see `KeyStore`."""
        return await self._store.page(tenant_id, after, count)

    @property
    def _store(self) -> KeyStore:
        assert self._opened is not None, "open() comes first"
        return self._opened

    async def _refresh_soon(self) -> None:
        """Refreshes now, or where that fails, at the next look: what was stored is stored."""
        with suppress(StoreUnavailable):
            await self._refresh()

    async def _refresh(self) -> None:
        # One at a time, so that no older state of a key is put after a newer one.
        async with self._one_at_a_time:
            changes = await self._watched(self._store.changes)
            if changes.whole:
                self._keyring.replace(changes.records)
                self._tell_of_replacement(len(changes.records))
            else:
                for record in changes.records:
                    self._keyring.put(record)

    def _tell_of_replacement(self, count: int) -> None:
        again, self._read = self._read, True
        if again:
            message = f"all {count} API keys were read anew, since the database was restored from a backup"
            self._events.publish("key", message, action="restore")

    async def _watched(self, read: Callable[[], Awaitable[T]]) -> T:
        """Reads from the store, and tells when it goes away and when it is back."""
        try:
            found = await read()
        except StoreUnavailable as exc:
            if not self._away:
                self._away = True
                message = f"{exc.message}: API keys that are known work on, changes of keys wait"
                self._events.publish("key", message, problems=_cause(exc), state="away")
            raise
        if self._away:
            self._away = False
            self._events.publish("key", "the database of API keys is back", state="back")
        return found

    async def _note(self) -> None:
        self._pending |= self._keyring.used()
        noting = self._pending
        with suppress(StoreUnavailable):
            await self._store.note_uses(noting)
            self._pending = {}


def _cause(error: StoreUnavailable) -> str:
    """Returns what the driver said, for operators; it holds neither a password nor a key."""
    cause = error.__cause__
    return f"{type(cause).__name__}: {cause}" if cause is not None else error.message
