"""Room 3: bytes that a caller sends once and that are read as often as needed, each time from their start.

A recording goes to a provider while it still comes in. Another candidate, tried after a failure, gets it from
its start.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from ringmain_server.errors import RingmainError


class ReplayBuffer:
    """A buffer that one writer fills while any number of readers read it.

    Args:
        limit: The most bytes that it takes.
        too_large: Makes the error that readers get when more comes.

    Attributes:
        size: The bytes so far.
        ended: Whether nothing more comes.
        ended_at: When the last byte came, on the event loop's clock; zero before.
    """

    def __init__(self, limit: int, too_large: Callable[[], RingmainError]) -> None:
        self._limit = limit
        self._too_large = too_large
        self._chunks: list[bytes] = []
        self._grown = asyncio.Event()
        self._error: BaseException | None = None
        self.size = 0
        self.ended = False
        self.ended_at = 0.0

    async def fill(self, chunks: AsyncIterator[bytes]) -> None:
        """Takes in everything that comes. Readers get the error that ends it, if any."""
        try:
            async for chunk in chunks:
                self._add(chunk)
        except RingmainError as exc:
            self._error = exc
        finally:
            self.ended = True
            self.ended_at = asyncio.get_running_loop().time()
            self._grown.set()

    def _add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit:
            raise self._too_large()
        if chunk:
            self._chunks.append(chunk)
            self._grown.set()

    async def read(self) -> AsyncGenerator[bytes, None]:
        """Yields every chunk from the first one on, waiting for those to come.

        Raises:
            RingmainError: The upload failed or became too large.
        """
        chunks = self._chunks
        index = 0
        while True:
            while index < len(chunks):
                yield chunks[index]
                index += 1
            if self._error is not None:
                raise self._error
            if self.ended:
                return
            self._grown.clear()
            await self._grown.wait()

    async def head(self, size: int) -> bytes:
        """Waits for the first bytes. Returns fewer only where there are fewer in all.

        Raises:
            RingmainError: As `read`.
        """
        found = b""
        async with aclosing(self.read()) as chunks:
            async for chunk in chunks:
                found += chunk[: size - len(found)]
                if len(found) == size:
                    break
        return found

    @property
    def gathered(self) -> bytes:
        """All bytes, for a caller that has waited for `whole`."""
        return b"".join(self._chunks)

    async def whole(self) -> bytes:
        """Waits for all bytes and returns them.

        Raises:
            RingmainError: As `read`.
        """
        async with aclosing(self.read()) as chunks:
            found = [chunk async for chunk in chunks]
        if len(found) > 1:
            # One copy in memory, also for the next reader. Readers that have begun keep the list they had.
            self._chunks = found = [b"".join(found)]
        return found[0] if found else b""
