"""Room 3: a growing sequence, written once and read by many, each from its start and at its own pace.

Places between items form a chain that points forward only. The log holds the first place while it is small
enough to be read anew. After that each reader holds its own place, and items that every reader has passed are
freed.
"""

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

from ringmain_server.errors import RingmainError, StreamInterrupted

AHEAD = 64 * 2**10
"""The most bytes that the writer is ahead of the fastest reader."""
PATIENCE = 5.0
"""The seconds for which others wait for a reader that is as far behind as it may be."""

_OVERHEAD = 128
"""The bytes that an item takes besides its content, so that empty items count too."""

T = TypeVar("T")


class _Place(Generic[T]):
    """A place between two items, `offset` bytes from the start."""

    __slots__ = ("following", "offset")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.following: tuple[T, _Place[T]] | None = None


class ReplayLog(Generic[T]):
    """A log that one writer writes while several readers read it.

    The writer waits while even the fastest reader has `ahead` bytes to read, and while the slowest has `keep`
    bytes to read: memory is bounded, and slow readers slow the writer down. But the slowest does not hold the
    others back for long: a reader that stays behind, such as a caller with a dead connection, is cut off.

    Args:
        keep: The most bytes up to which a new reader can begin.
        ahead: The most bytes that the writer is ahead of the fastest reader.
        patience: The seconds for which others wait for the slowest.
    """

    def __init__(self, keep: int, ahead: int = AHEAD, patience: float = PATIENCE) -> None:
        self._keep = keep
        self._ahead = ahead
        self._patience = patience
        place: _Place[T] = _Place(0)
        self._first: _Place[T] | None = place
        self._last = place
        self._readers: set[Reader[T]] = set()
        self._over = False
        self._failure: BaseException | None = None
        # The readers and the writer that wait now. Bare futures: an Event adds a coroutine to every wait.
        self._starved: list[asyncio.Future[None]] = []
        self._held: list[asyncio.Future[None]] = []

    @property
    def whole(self) -> bool:
        """Whether it can still be read from its start."""
        return self._first is not None

    def reader(self) -> "Reader[T]":
        """Returns a reader at the start. It holds the writer back until it is closed.

        Raises:
            ValueError: The log has outgrown what it keeps.
        """
        if self._first is None:
            raise ValueError("the log is no longer whole")
        reader = Reader(self, self._first)
        self._readers.add(reader)
        return reader

    def items(self) -> Iterator[T]:
        """Yields the items so far; none once the log is no longer whole."""
        place = self._first
        while place is not None and place.following is not None:
            item, place = place.following
            yield item

    async def write(self, item: T, size: int) -> None:
        """Appends an item, then waits until readers have caught up.

        Args:
            item: The item that readers get.
            size: The bytes that it has.
        """
        place: _Place[T] = _Place(self._last.offset + size + _OVERHEAD)
        self._last.following = item, place
        self._last = place
        if place.offset > self._keep:
            # Nothing but the readers holds the chain now, so items are freed as the slowest passes them.
            self._first = None
        _wake(self._starved)
        # Looks again after each wake-up: any reader that moves wakes the writer, not only the one waited for.
        while self._crowded():
            held, wait = _wait(self._held), self._cut_off_wait()
            await (held if wait is None else asyncio.wait((held,), timeout=wait))

    def end(self, failure: BaseException | None = None) -> None:
        """Ends the log. Readers raise the failure, if any, after the last item."""
        self._over, self._failure = True, failure
        _wake(self._starved)

    def _crowded(self) -> bool:
        if not self._readers:
            return False
        unread = [self._last.offset - reader.place.offset for reader in self._readers]
        return min(unread) > self._ahead or max(unread) > self._keep

    def _cut_off_wait(self) -> float | None:
        """Cuts off each reader that has been behind for too long while another could go on.

        Returns:
            The seconds until one may have to be cut off; None while only the fastest is waited for.
        """
        now = asyncio.get_running_loop().time()
        behind = [
            reader for reader in self._readers if reader.stays_behind(now, self._unread(reader), self._keep)
        ]
        # If all are behind, or even the fastest has enough to read, the slow ones hold nobody else back.
        if not behind or len(behind) == len(self._readers) or self._fastest() > self._ahead:
            return None
        waits = []
        for reader in behind:
            wait = self._patience - (now - reader.since)
            if wait <= 0:
                reader.cut_off(self._last)
                self._readers.discard(reader)
            else:
                waits.append(wait)
        return min(waits, default=0.0)

    def _unread(self, reader: "Reader[T]") -> int:
        return self._last.offset - reader.place.offset

    def _fastest(self) -> int:
        return min(self._unread(reader) for reader in self._readers)

    @property
    def over(self) -> bool:
        """Whether nothing more is written."""
        return self._over

    def grown(self) -> "asyncio.Future[None]":
        """Returns a future that is done when more is written, or at the end."""
        return _wait(self._starved)

    def ending(self) -> BaseException:
        """Returns the exception that a reader raises at the end."""
        return StopAsyncIteration() if self._failure is None else _again(self._failure)

    def moved(self) -> None:
        """Notes that a reader has moved on."""
        _wake(self._held)

    def left(self, reader: "Reader[T]") -> None:
        """Notes that a reader reads no more."""
        self._readers.discard(reader)
        _wake(self._held)


class Reader(Generic[T]):
    """One reader of a log, an asynchronous iterator.

    Attributes:
        place: The place that it has reached.
        ended: Whether it has reached the end of the log, or its failure.
        since: When it fell behind, in seconds of the event loop's clock.
    """

    __slots__ = ("_behind", "_cut", "_log", "ended", "place", "since")

    def __init__(self, log: ReplayLog[T], place: _Place[T]) -> None:
        self._log = log
        self.place = place
        self.ended = False
        self.since = 0.0
        self._behind = False
        self._cut = False

    def stays_behind(self, now: float, unread: int, most: int) -> bool:
        """Whether the reader is behind. Once it is, it stays so until it has read half of what it may lag.

        Args:
            now: The time on the event loop's clock.
            unread: The bytes that it has to read.
            most: The most bytes that it may have to read.
        """
        if not self._behind and unread > most:
            self._behind, self.since = True, now
        elif unread * 2 < most:
            self._behind = False
        return self._behind

    def cut_off(self, last: _Place[T]) -> None:
        """Ends the reader. Items that it has not read are not kept for it."""
        # Away from its old place, which would keep alive all the items after it.
        self.place, self._cut = last, True

    def __aiter__(self) -> "Reader[T]":
        return self

    async def __anext__(self) -> T:
        """Returns the next item as soon as it is written.

        Raises:
            StreamInterrupted: The reader was too slow, and was cut off.
        """
        if self._cut:
            raise StreamInterrupted(
                "others wait for the same answer, and this caller read too slowly: ask again"
            )
        while self.place.following is None:
            if self._log.over:
                self.ended = True
                raise self._log.ending()
            await self._log.grown()
        item, self.place = self.place.following
        self._log.moved()
        return item

    def close(self) -> None:
        """Stops holding the writer back."""
        self._log.left(self)


def _wait(waiting: list[asyncio.Future[None]]) -> "asyncio.Future[None]":
    future = asyncio.get_running_loop().create_future()
    waiting.append(future)
    return future


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for future in waiting:
        # Those that were cancelled while they waited are still in the list.
        if not future.done():
            future.set_result(None)
    waiting.clear()


def _again(error: BaseException) -> BaseException:
    """Copies a failure for one more reader: what that reader's caller adds to it must not show to others."""
    if not isinstance(error, RingmainError):
        return error
    twin = type(error).__new__(type(error), *error.args)
    twin.__dict__.update(error.__dict__, metadata=dict(error.metadata))
    twin.__cause__ = error
    return twin
