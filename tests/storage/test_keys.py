"""The laws of every store of keys."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.keys import KeyStore

from tests.storage.conftest import Open
from tests.storage.records import record, records

WARM = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


async def everything(store: KeyStore) -> list[KeyRecord]:
    """All keys of a store."""
    return list(await store.page("", "", 10_000))


def _named(name: str, key: KeyRecord) -> KeyRecord:
    return replace(key, display_name=name)


async def test_what_is_stored_comes_back(store: KeyStore) -> None:
    """Every field of a key is as it was, whatever text, number or time it holds."""
    count = iter(range(10_000))

    def unique(name: str) -> str:
        return f"{name}{next(count):05}"

    loop = asyncio.get_running_loop()

    @WARM
    @given(records(st.sampled_from("abc").map(unique)))
    def check(key: KeyRecord) -> None:
        asyncio.run_coroutine_threadsafe(stored(key), loop).result()

    async def stored(key: KeyRecord) -> None:
        await store.insert(key)
        assert await store.update(key.key_id, lambda stored: stored) == key
        changed = replace(key, display_name="changed", allowed_models=("x", "y*"), revoke_time=17.25)
        assert await store.update(key.key_id, lambda _: changed) == changed
        assert changed in (await store.changes()).records
        assert changed in await everything(store)

    await asyncio.to_thread(check)


async def test_changes_are_told_once(store: KeyStore) -> None:
    """The first look returns every key, each later one what has changed since."""
    await store.insert(record("a"))
    await store.insert(record("b"))
    first = await store.changes()
    assert (sorted(key.key_id for key in first.records), first.whole) == (["a", "b"], True)
    assert not (await store.changes()).records
    changed = await store.update("a", lambda key: replace(key, revoke_time=5.0))
    await store.insert(record("c"))
    later = await store.changes()
    assert sorted(later.records, key=lambda key: key.key_id) == [changed, record("c")]
    assert not later.whole
    assert not (await store.changes()).records


async def test_a_key_that_is_not_there_is_not_changed(store: KeyStore) -> None:
    """An update of an unknown id returns None and does nothing."""
    assert await store.update("a", lambda key: key) is None
    assert not await everything(store)


async def test_a_change_that_fails_changes_nothing(store: KeyStore) -> None:
    """What the change raises comes out, and the key is as before."""

    def refuse(_: KeyRecord) -> KeyRecord:
        raise LookupError("no")

    await store.insert(record("a"))
    with pytest.raises(LookupError):
        await store.update("a", refuse)
    assert await everything(store) == [record("a")]
    assert await store.update("a", lambda key: replace(key, display_name="next")) is not None


async def test_pages_follow_one_another(store: KeyStore) -> None:
    """Pages are by id and hold each key once; a tenant sees its own alone."""
    for number in range(10):
        await store.insert(record(f"k{number}", tenant_id="acme" if number % 3 else "umbrella"))
    seen: list[str] = []
    while page := await store.page("acme", seen[-1] if seen else "", 4):
        assert len(page) <= 4
        seen += [key.key_id for key in page]
    assert seen == ["k1", "k2", "k4", "k5", "k7", "k8"]
    assert [key.key_id for key in await store.page("umbrella", "k3", 10)] == ["k6", "k9"]
    assert len(await everything(store)) == 10
    assert not await store.page("nobody", "", 10)


async def test_last_uses_only_move_forward(store: KeyStore) -> None:
    """An earlier use changes nothing, a later one does, and neither counts as a change of the key."""
    await store.insert(record("a"))
    await store.insert(record("b"))
    await store.changes()
    await store.note_uses({"b": 2.5, "a": 20.0, "gone": 1.0})
    await store.note_uses({"a": 10.0, "b": 3.5})
    await store.note_uses({})
    assert [key.last_use_time for key in await everything(store)] == [20.0, 3.5]
    assert not (await store.changes()).records
    await store.update("a", lambda key: replace(key, display_name="new", last_use_time=None))
    assert (await everything(store))[0].last_use_time == 20.0


async def test_changes_of_one_key_happen_one_after_the_other(store: KeyStore) -> None:
    """None of many simultaneous changes is lost."""
    await store.insert(record("a", requests_per_minute=0))

    def more(key: KeyRecord) -> KeyRecord:
        return replace(key, requests_per_minute=(key.requests_per_minute or 0) + 1)

    await asyncio.gather(*(store.update("a", more) for _ in range(20)))
    assert (await everything(store))[0].requests_per_minute == 20


async def test_a_change_ends_even_if_nobody_waits(store: KeyStore) -> None:
    """A caller who leaves while its change is under way neither undoes it nor disturbs the next."""
    await store.insert(record("a"))
    for number in range(20):
        task = asyncio.ensure_future(store.update("a", partial(_named, str(number))))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    changed = await store.update("a", lambda key: replace(key, requests_per_minute=1))
    assert await everything(store) == [changed]


async def test_processes_see_each_others_changes(opened: Open) -> None:
    """What one has stored, another sees at its next look; changes of both are in one order."""
    one, other = await opened(), await opened()
    assert (await other.changes()).whole
    await one.insert(record("a"))
    assert (await other.changes()).records == [record("a")]
    await asyncio.gather(
        *(store.insert(record(f"{name}{n}")) for n in range(10) for name, store in (("x", one), ("y", other)))
    )
    seen = {key.key_id for key in (await other.changes()).records}
    assert seen == {f"{name}{n}" for n in range(10) for name in "xy"}


async def test_a_change_of_another_ends_the_pause(opened: Open) -> None:
    """A store that waits for changes finds one within half a second, whoever made it."""
    one, other = await opened(), await opened()
    await other.changes()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await one.insert(record("a"))
    found: list[KeyRecord] = []
    while not found:
        await other.pause()
        found = list((await other.changes()).records)
    assert found == [record("a")]
    assert loop.time() - began < 50
