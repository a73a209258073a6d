"""Storage: API keys in the memory of the process, for trials and tests."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.keys import Change, Changes

_LOOK: Final = 0.5


class MemoryKeys:
    """Keys that are gone when the process ends; see `KeyStore`."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}
        self._changed: set[str] = set()
        self._looked = False

    async def changes(self) -> Changes:
        """Returns what has changed since the last call."""
        changed, self._changed = self._changed, set()
        first, self._looked = not self._looked, True
        return Changes([self._records[key_id] for key_id in changed], whole=first)

    async def pause(self) -> None:
        """Waits a moment: nobody else can change anything."""
        await asyncio.sleep(_LOOK)

    async def insert(self, record: KeyRecord) -> None:
        """Adds a key."""
        assert record.key_id not in self._records
        self._put(record)

    async def update(self, key_id: str, change: Change) -> KeyRecord | None:
        """Changes a key."""
        before = self._records.get(key_id)
        if before is None:
            return None
        return self._put(replace(change(before), last_use_time=before.last_use_time))

    async def page(self, tenant_id: str, after: str, count: int) -> Sequence[KeyRecord]:
        """Returns keys by id."""
        ids = sorted(key_id for key_id in self._records if key_id > after)
        found = (self._records[key_id] for key_id in ids)
        return [record for record in found if tenant_id in ("", record.tenant_id)][:count]

    async def note_uses(self, uses: Mapping[str, float]) -> None:
        """Notes when keys were last used."""
        for key_id, time in uses.items():
            record = self._records.get(key_id)
            if record is not None and (record.last_use_time or 0) < time:
                self._records[key_id] = replace(record, last_use_time=time)

    async def close(self) -> None:
        """Does nothing."""

    def _put(self, record: KeyRecord) -> KeyRecord:
        self._records[record.key_id] = record
        self._changed.add(record.key_id)
        return record
