"""A model of every store of keys: after any operations, two processes see what a dictionary would hold."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from ringmain_server.identity.principal import Scope
from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.keys import KeyStore
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import Location, Memory

from tests.storage.records import record

STEPS = 250


@dataclass
class Process:
    """One process: its store, and the keys that it knows of."""

    store: KeyStore
    known: dict[str, KeyRecord] = field(default_factory=dict)

    async def look(self) -> None:
        """Learns what has changed."""
        changes = await self.store.changes()
        if changes.whole:
            self.known.clear()
        self.known.update((key.key_id, key) for key in changes.records)


@dataclass
class Model:
    """What the stores should hold, and random operations on both.

    Attributes:
        processes: Those that share the database.
        random: Chooses.
        keys: Every key.
    """

    processes: Sequence[Process]
    random: random.Random
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def step(self) -> None:
        """Does one operation in one of the processes."""
        process = self.random.choice(self.processes)
        operations: tuple[Callable[[Process], Awaitable[None]], ...] = (
            *(self.insert, self.update, self.update, self.fail),
            *(self.use, self.page, self.look, self.many),
        )
        await self.random.choice(operations)(process)

    async def insert(self, process: Process) -> None:
        key = record(f"k{next(self.numbers):05}", tenant_id=self.random.choice("ab"))
        await process.store.insert(key)
        self.keys[key.key_id] = key

    async def update(self, process: Process) -> None:
        key_id = self.random.choice([*self.keys, "unknown"])
        choices: Sequence[dict[str, object]] = (
            {"revoke_time": self.random.random()},
            {"display_name": str(self.random.random())},
            {"scopes": frozenset(self.random.sample(list(Scope), 2)), "allowed_models": ("x", "y*")},
            {"secret_hash": self.random.randbytes(32), "old_secret_hash": self.random.randbytes(33)},
        )
        more = self.random.choice(choices)
        changed = await process.store.update(key_id, lambda key: replace(key, **more))  # type: ignore[arg-type]
        if key_id in self.keys:
            self.keys[key_id] = replace(self.keys[key_id], **more)  # type: ignore[arg-type]
        assert changed == self.keys.get(key_id)

    async def fail(self, process: Process) -> None:
        def refuse(_: KeyRecord) -> KeyRecord:
            raise LookupError

        if self.keys:
            with pytest.raises(LookupError):
                await process.store.update(self.random.choice(list(self.keys)), refuse)

    async def use(self, process: Process) -> None:
        used = {key_id: self.random.random() for key_id in self.keys if self.random.random() < 0.2}
        await process.store.note_uses(used)
        for key_id, time in used.items():
            key = self.keys[key_id]
            self.keys[key_id] = replace(key, last_use_time=max(time, key.last_use_time or 0))

    async def page(self, process: Process) -> None:
        tenant, after = self.random.choice(["", "a", "b"]), self.random.choice(["", "k00003", "k1"])
        count = self.random.randrange(1, 8)
        expected = [
            key for name, key in sorted(self.keys.items()) if name > after and tenant in ("", key.tenant_id)
        ]
        assert list(await process.store.page(tenant, after, count)) == expected[:count]

    async def look(self, process: Process) -> None:
        await process.look()
        # A last use is no change, so what a process knows of it may be old.
        assert _lasting(process.known) == _lasting(self.keys)

    async def many(self, _: Process) -> None:
        """Several processes add keys at once."""
        made = [record(f"k{next(self.numbers):05}", tenant_id="a") for _ in range(4)]
        processes = itertools.cycle(self.processes)
        await asyncio.gather(*(next(processes).store.insert(key) for key in made))
        self.keys |= {key.key_id: key for key in made}


def _lasting(keys: dict[str, KeyRecord]) -> dict[str, KeyRecord]:
    return {key_id: replace(key, last_use_time=None) for key_id, key in keys.items()}


@pytest.mark.parametrize("seed", range(2))
async def test_any_operations_in_two_processes(place: Location, seed: int) -> None:
    """Random operations of two processes leave what a dictionary would hold, and both know of all changes."""
    count = 1 if isinstance(place, Memory) else 2
    processes = [Process(await open_keys(place)) for _ in range(count)]
    model = Model(processes, random.Random(seed))
    try:
        for _ in range(STEPS):
            await model.step()
        for process in processes:
            await model.look(process)
        assert list(await processes[0].store.page("", "", 10_000)) == [
            key for _, key in sorted(model.keys.items())
        ]
    finally:
        for process in processes:
            await process.store.close()
