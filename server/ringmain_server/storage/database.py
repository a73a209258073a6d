"""Storage: the interface of a database, and what both have in common."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ringmain_server.storage.statements import Work

T = TypeVar("T")


class Database(Protocol):
    """A database that runs transactions, one at a time.

    A transaction that has begun ends even if whoever waits for it leaves.
    """

    async def read(self, work: Work[T]) -> T:
        """Runs a transaction that only reads.

        Raises:
            StoreUnavailable: The database cannot be reached.
        """
        ...

    async def write(self, work: Work[T]) -> T:
        """Runs a transaction.

        Raises:
            StoreUnavailable: The database cannot be reached; whether the transaction took place is unknown.
            Exception: Whatever the transaction raises, which undoes it.
        """
        ...

    async def pause(self) -> None:
        """Waits until it is time to look for changes that other processes made."""
        ...

    async def close(self) -> None:
        """Closes the database."""
        ...


class OneAtATime:
    """Runs work that shares a connection.

    Args:
        longest: Seconds that work may take, waiting for its turn included.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Runs work once its turn has come. From then on it goes on even if the caller leaves.

        Raises:
            TimeoutError: It takes too long. If it has begun, it goes on, and nothing else begins before
                it ends.
        """
        async with asyncio.timeout(self._longest):
            await self._turn.acquire()
            running = asyncio.ensure_future(self._run(work))
            running.add_done_callback(_ignored)
            return await asyncio.shield(running)

    async def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        finally:
            self._turn.release()


def _ignored(ended: "asyncio.Future[T]") -> None:
    """Reads the outcome of work that perhaps nobody waits for any more, or asyncio would complain."""
    if not ended.cancelled():
        ended.exception()
