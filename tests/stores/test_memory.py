"""Answers in memory: bounded in age, number and bytes."""

from ringmain_server.stores.answers import Key, StoredAnswer
from ringmain_server.stores.memory import ENTRY_OVERHEAD, MemoryAnswers

from tests.fakes.clock import FakeClock


def _key(name: str) -> Key:
    return Key("tenant", name)


def _answer(size: int = 0) -> StoredAnswer:
    return StoredAnswer(b"", "", bytes(size))


async def test_an_answer_is_kept_for_its_time() -> None:
    """An answer is there until its time to live is over, however often it was read."""
    clock = FakeClock()
    store = MemoryAnswers(ttl=10, max_entries=5, max_bytes=2**20, clock=clock)
    answer = StoredAnswer(b"fingerprint", "resp_1", b"body")
    await store.put(_key("a"), answer)
    clock.advance(9.9)
    assert await store.get(_key("a")) == answer
    clock.advance(0.1)
    assert await store.get(_key("a")) is None


async def test_tenants_do_not_share_answers() -> None:
    """The same request id of another tenant is another request."""
    store = MemoryAnswers(ttl=10, max_entries=5, max_bytes=2**20)
    await store.put(Key("one", "a"), _answer())
    assert await store.get(Key("two", "a")) is None


async def test_the_number_of_answers_is_bounded() -> None:
    """When there are too many, the longest unused goes."""
    store = MemoryAnswers(ttl=10, max_entries=2, max_bytes=2**20)
    for name in "ab":
        await store.put(_key(name), _answer())
    await store.get(_key("a"))
    await store.put(_key("c"), _answer())
    assert [await store.get(_key(name)) is not None for name in "abc"] == [True, False, True]


async def test_putting_an_answer_again_forgets_no_other() -> None:
    """An answer that replaces one of the same key takes its place only."""
    store = MemoryAnswers(ttl=10, max_entries=2, max_bytes=2**20)
    for name in "abb":
        await store.put(_key(name), _answer())
    assert await store.get(_key("a")) is not None


async def test_the_bytes_of_answers_are_bounded() -> None:
    """A large answer displaces the longest unused; one larger than everything is not kept."""
    store = MemoryAnswers(ttl=10, max_entries=9, max_bytes=2 * ENTRY_OVERHEAD + 1000)
    await store.put(_key("a"), _answer(600))
    await store.put(_key("b"), _answer(600))
    assert await store.get(_key("a")) is None
    await store.put(_key("c"), _answer(5000))
    assert await store.get(_key("b")) is not None
    assert await store.get(_key("c")) is None
