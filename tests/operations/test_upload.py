"""Bytes that come in once and are read as often as needed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.errors import InvalidField, MediaInvalid
from ringmain_server.operations.upload import ReplayBuffer


def _too_large() -> MediaInvalid:
    return MediaInvalid.at("chunk", "too large")


async def _chunks(*chunks: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk
    if error is not None:
        raise error


async def _read(buffer: ReplayBuffer) -> bytes:
    async with aclosing(buffer.read()) as chunks:
        return b"".join([chunk async for chunk in chunks])


@given(st.lists(st.binary(max_size=8), max_size=8), st.integers(0, 20))
def test_every_reader_gets_everything(chunks: list[bytes], head: int) -> None:
    """Readers that begin before, while and after the bytes come in get the same."""

    async def main() -> None:
        buffer = ReplayBuffer(1000, _too_large)
        early = asyncio.create_task(_read(buffer))
        whole = asyncio.create_task(buffer.whole())
        first = asyncio.create_task(buffer.head(head))
        await buffer.fill(_chunks(*chunks))
        sent = b"".join(chunks)
        assert (await early, await whole, await first) == (sent, sent, sent[:head])
        assert (await _read(buffer), buffer.size, buffer.ended) == (sent, len(sent), True)

    asyncio.run(main())


async def test_reads_while_bytes_come_in() -> None:
    """A reader does not wait for the end."""
    buffer = ReplayBuffer(1000, _too_large)
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"one"
        await gate.wait()
        yield b"two"

    filling = asyncio.create_task(buffer.fill(slow()))
    async with aclosing(buffer.read()) as chunks:
        assert await anext(chunks) == b"one"
        gate.set()
        assert await anext(chunks) == b"two"
    await filling


async def test_more_than_the_limit_is_refused() -> None:
    """Readers get the error once more came than is taken."""
    buffer = ReplayBuffer(5, _too_large)
    await buffer.fill(_chunks(b"123", b"456"))
    with pytest.raises(MediaInvalid, match="too large"):
        await buffer.whole()


async def test_what_ends_the_writer_reaches_readers() -> None:
    """A broken rule of the caller is raised by every reader, after what came before it."""
    buffer = ReplayBuffer(100, _too_large)
    await buffer.fill(_chunks(b"12", error=InvalidField.at("chunk", "is wrong")))
    assert await buffer.head(2) == b"12"
    for _ in range(2):
        with pytest.raises(InvalidField, match="is wrong"):
            await buffer.whole()


async def test_a_cancelled_writer_ends_the_bytes() -> None:
    """When the caller leaves, readers do not wait for ever."""
    buffer = ReplayBuffer(100, _too_large)

    async def endless() -> AsyncIterator[bytes]:
        yield b"12"
        await asyncio.Event().wait()

    filling = asyncio.create_task(buffer.fill(endless()))
    await buffer.head(1)
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling
    assert await buffer.whole() == b"12"
