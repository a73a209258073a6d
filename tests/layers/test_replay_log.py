"""A log: one writer, many readers, each from the start, and a writer that does not run away."""

import asyncio
import tracemalloc

import pytest
from ringmain_server.errors import InvalidField, RateLimited, StreamInterrupted
from ringmain_server.layers.replay_log import ReplayLog


async def _settle() -> None:
    """Lets every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def _fill(log: ReplayLog[int], count: int, size: int) -> None:
    for item in range(count):
        await log.write(item, size)
    log.end()


async def test_every_reader_gets_everything_at_its_own_pace() -> None:
    """A reader that begins late or after the end gets the same items as the first."""
    log: ReplayLog[int] = ReplayLog(keep=10_000)
    early = log.reader()
    await log.write(1, 10)
    assert await anext(early) == 1
    late = log.reader()
    await log.write(2, 10)
    log.end()
    assert [item async for item in late] == [1, 2]
    assert [item async for item in early] == [2]
    assert [item async for item in log.reader()] == [1, 2]
    assert list(log.items()) == [1, 2]
    assert early.ended


async def test_a_reader_waits_for_what_is_not_written_yet() -> None:
    """A reader at the last item sleeps until the next one, or the end."""
    log: ReplayLog[int] = ReplayLog(keep=10_000)
    reader = log.reader()
    reading = asyncio.ensure_future(anext(reader))
    await _settle()
    assert not reading.done()
    await log.write(1, 10)
    assert await reading == 1
    ending = asyncio.ensure_future(anext(reader, None))
    await _settle()
    log.end()
    assert await ending is None


async def test_the_writer_waits_for_the_fastest_reader() -> None:
    """With two readers the writer is ahead of the faster by the bound, not of the slower."""
    log: ReplayLog[int] = ReplayLog(keep=100_000, ahead=2000)
    fast, slow = log.reader(), log.reader()
    writing = asyncio.ensure_future(_fill(log, 20, size=872))
    await _settle()
    assert len(list(log.items())) == 3
    for _ in range(5):
        await anext(fast)
        await _settle()
    assert len(list(log.items())) == 8
    fast.close()
    slow.close()
    await writing


async def test_the_writer_waits_for_the_slowest_when_memory_is_full() -> None:
    """A reader that lags by more than the log keeps holds the writer; gone, it holds it no longer."""
    log: ReplayLog[int] = ReplayLog(keep=5000, ahead=2000)
    fast, slow = log.reader(), log.reader()
    writing = asyncio.ensure_future(_fill(log, 20, size=872))
    for _ in range(6):
        await anext(fast)
        await _settle()
    starving = asyncio.ensure_future(anext(fast))
    await _settle()
    assert not starving.done()
    slow.close()
    assert await starving == 6
    assert [item async for item in fast] == list(range(7, 20))
    await writing


async def test_who_stays_behind_is_cut_off_and_the_others_go_on() -> None:
    """One that does not read holds the others back for a while and then no more; its next read says so."""
    log: ReplayLog[int] = ReplayLog(keep=5000, ahead=2000, patience=0.05)
    fast, stuck = log.reader(), log.reader()
    assert not stuck.ended
    writing = asyncio.ensure_future(_fill(log, 20, size=872))
    assert [item async for item in fast] == list(range(20))
    await writing
    with pytest.raises(StreamInterrupted, match="too slowly"):
        await anext(stuck)


async def test_one_slow_reader_alone_is_never_cut_off() -> None:
    """Where nobody else waits, the writer waits for the reader, however long that takes."""
    log: ReplayLog[int] = ReplayLog(keep=5000, ahead=2000, patience=0.0)
    slow = log.reader()
    writing = asyncio.ensure_future(_fill(log, 20, size=872))
    await asyncio.sleep(0.02)
    assert [item async for item in slow] == list(range(20))
    await writing


async def test_a_log_that_outgrew_what_it_keeps_takes_no_new_reader() -> None:
    """Beyond its bound nothing can be read from the start, and what was read by all is freed."""
    log: ReplayLog[bytes] = ReplayLog(keep=2**20)
    reader = log.reader()
    tracemalloc.start()
    try:
        for _ in range(600):
            await log.write(bytes(2**15), 2**15)
            await anext(reader)
        assert tracemalloc.get_traced_memory()[0] < 2**20
    finally:
        tracemalloc.stop()
    assert not log.whole
    assert not list(log.items())
    with pytest.raises(ValueError, match="no longer whole"):
        log.reader()


async def test_a_long_log_is_freed_without_recursion() -> None:
    """A chain of very many items is freed when it is dropped."""
    log: ReplayLog[int] = ReplayLog(keep=2**40)
    for item in range(200_000):
        await log.write(item, 0)
    del log


async def test_each_reader_meets_a_failure_of_its_own_after_the_last_item() -> None:
    """Readers raise equal errors, and what one caller adds to its own does not show to the others."""
    log: ReplayLog[int] = ReplayLog(keep=10_000)
    readers = [log.reader(), log.reader()]
    await log.write(1, 1)
    failure = RateLimited("p", "answered 429", retry_after=3, metadata={"a": "b"})
    log.end(failure)
    met = []
    for reader in readers:
        assert await anext(reader) == 1
        with pytest.raises(RateLimited, match="p: answered 429") as caught:
            await anext(reader)
        caught.value.metadata["response_id"] = "mine"
        met.append(caught.value)
        assert reader.ended
    assert met[0] is not met[1]
    assert failure.metadata == {"a": "b"}
    assert (met[1].provider_id, met[1].retry_after, met[1].message) == ("p", 3, failure.message)
    assert met[1].__cause__ is failure


async def test_an_error_keeps_what_its_class_adds() -> None:
    """The violations of an InvalidField come with each reader's error; a foreign exception comes as it is."""
    log: ReplayLog[int] = ReplayLog(keep=10)
    log.end(InvalidField.at("model", "names no model"))
    with pytest.raises(InvalidField) as caught:
        await anext(log.reader())
    assert caught.value.violations[0].field == "model"
    foreign: ReplayLog[int] = ReplayLog(keep=10)
    failure = ZeroDivisionError()
    foreign.end(failure)
    with pytest.raises(ZeroDivisionError) as fault:
        await anext(foreign.reader())
    assert fault.value is failure
