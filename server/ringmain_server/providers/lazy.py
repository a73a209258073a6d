"""Room 4, the I/O side: libraries that are loaded during start-up, or at their first use.

The SDKs take up to a second each to import, and only transports need them, not translators.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from ringmain_server.aio.threads import in_daemon
from ringmain_server.errors import LibraryBroken
from ringmain_server.policies import Clock
from ringmain_server.providers.transport import Incoming

_AGAIN = 30.0
"""Seconds until a library that failed to load is tried again, since each try costs as much as loading it."""

Wire_contra = TypeVar("Wire_contra", contravariant=True)
Wire = TypeVar("Wire")
Raw_co = TypeVar("Raw_co", covariant=True)
Raw = TypeVar("Raw")
Chunk_co = TypeVar("Chunk_co", covariant=True)
Chunk = TypeVar("Chunk")
T = TypeVar("T")


_BROKEN = "its library cannot be loaded"


class CheckedTransport(Protocol[Wire_contra, Raw_co, Chunk_co]):
    """A transport that can also check that the provider answers."""

    async def send(self, request: Wire_contra) -> Raw_co:
        """Sends a request. See `Transport.send`."""
        ...

    async def open(self, request: Wire_contra) -> Incoming[Chunk_co]:
        """Opens a stream. See `Transport.open`."""
        ...

    async def check(self, path: str) -> None:
        """Checks that the provider answers and accepts the credentials."""
        ...

    async def close(self) -> None:
        """Closes the transport. See `Transport.close`."""
        ...


class Library(Generic[T]):
    """A library that is slow to import, loaded once and in a thread, so that it does not block the loop.

    Args:
        make: Imports the library and makes the object that uses it.
        provider_id: The provider that needs it.
        clock: Returns seconds on any monotonic clock.

    Attributes:
        loaded: Whether the library has been loaded.
    """

    def __init__(self, make: Callable[[], T], provider_id: str = "", clock: Clock = time.monotonic) -> None:
        self.loaded = False
        self._make = make
        self._provider_id = provider_id
        self._clock = clock
        self._loading: asyncio.Future[T] | None = None
        self._broken_until = 0.0

    async def load(self) -> T:
        """Waits for the library, and starts loading it if nobody has.

        Raises:
            LibraryBroken: The library cannot be loaded, or could not a moment ago.
        """
        if self._loading is None:
            if self._clock() < self._broken_until:
                raise LibraryBroken(self._provider_id, _BROKEN)
            self._loading = in_daemon(self._make, name="load")
            self._loading.add_done_callback(self._ended)
        try:
            # A waiting request may be cancelled, but the next one can use what has been loaded.
            return await asyncio.shield(self._loading)
        except Exception as exc:
            raise LibraryBroken(self._provider_id, _BROKEN) from exc

    async def prepare(self) -> None:
        """Loads the library if possible; if not, the attempt that needs it fails."""
        with suppress(LibraryBroken):
            await self.load()

    def _ended(self, loading: "asyncio.Future[T]") -> None:
        if loading.cancelled() or loading.exception() is not None:
            self._loading = None
            self._broken_until = self._clock() + _AGAIN
        else:
            self.loaded = True
            self._found(loading.result())

    def _found(self, loaded: T) -> None:
        """Keeps the loaded object; a subclass overrides this."""


class LazyTransport(Library[CheckedTransport[Wire, Raw, Chunk]]):
    """A transport that is made when its library is loaded, at the latest for the first request.

    Attributes:
        send: Sends a request. See `Transport.send`.
        open: Opens a stream. See `Transport.open`.
    """

    def __init__(
        self,
        make: Callable[[], CheckedTransport[Wire, Raw, Chunk]],
        provider_id: str = "",
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(make, provider_id, clock)
        self._made: CheckedTransport[Wire, Raw, Chunk] | None = None
        # Replaced by the transport's own methods once it is made, so that a request takes no detour.
        self.send: Callable[[Wire], Coroutine[Any, Any, Raw]] = self._send_first
        self.open: Callable[[Wire], Coroutine[Any, Any, Incoming[Chunk]]] = self._open_first

    def _found(self, loaded: CheckedTransport[Wire, Raw, Chunk]) -> None:
        self._made = loaded
        self.send, self.open = loaded.send, loaded.open

    async def _send_first(self, request: Wire) -> Raw:
        return await (await self.load()).send(request)

    async def _open_first(self, request: Wire) -> Incoming[Chunk]:
        return await (await self.load()).open(request)

    async def check(self, path: str) -> None:
        """Checks that the provider answers and accepts the credentials."""
        await (await self.load()).check(path)

    async def close(self) -> None:
        """Closes the transport. See `Transport.close`."""
        if self._made is not None:
            await self._made.close()
