"""Room 4, the I/O side: a transport whose library is loaded while the gateway starts, or at its first use.

The SDKs take up to a second each to import, and only what reaches a provider needs them: translators do not.
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
"""Seconds until a library that could not be loaded is tried again: each time costs as much as loading it."""

Wire_contra = TypeVar("Wire_contra", contravariant=True)
Wire = TypeVar("Wire")
Raw_co = TypeVar("Raw_co", covariant=True)
Raw = TypeVar("Raw")
Chunk_co = TypeVar("Chunk_co", covariant=True)
Chunk = TypeVar("Chunk")


_BROKEN = "its library cannot be loaded"


class CheckedTransport(Protocol[Wire_contra, Raw_co, Chunk_co]):
    """A transport that can also ask an address for nothing but an answer."""

    async def send(self, request: Wire_contra) -> Raw_co:
        """See `Transport.send`."""
        ...

    async def open(self, request: Wire_contra) -> Incoming[Chunk_co]:
        """See `Transport.open`."""
        ...

    async def check(self, path: str) -> None:
        """Asks whether the provider answers and takes the credentials."""
        ...

    async def close(self) -> None:
        """See `Transport.close`."""
        ...


class LazyTransport(Generic[Wire, Raw, Chunk]):
    """Makes a transport when it is needed, once, in a thread: importing must not stop the loop.

    Args:
        make: Imports the library and makes the transport.
        provider_id: Whose it is.
        clock: Seconds on any monotonic clock.

    Attributes:
        send: See `Transport.send`.
        open: See `Transport.open`.
    """

    def __init__(
        self,
        make: Callable[[], CheckedTransport[Wire, Raw, Chunk]],
        provider_id: str = "",
        clock: Clock = time.monotonic,
    ) -> None:
        self._make = make
        self._provider_id = provider_id
        self._clock = clock
        self._made: CheckedTransport[Wire, Raw, Chunk] | None = None
        self._making: asyncio.Future[CheckedTransport[Wire, Raw, Chunk]] | None = None
        self._broken_until = 0.0
        # Once the transport is made, its own methods stand here: nothing of this class is on a request's way.
        self.send: Callable[[Wire], Coroutine[Any, Any, Raw]] = self._send_first
        self.open: Callable[[Wire], Coroutine[Any, Any, Incoming[Chunk]]] = self._open_first

    @property
    def made(self) -> bool:
        """Whether there is nothing left to load."""
        return self._made is not None

    async def warm(self) -> CheckedTransport[Wire, Raw, Chunk]:
        """The transport, made now if it was not.

        Raises:
            LibraryBroken: It cannot be made, or could not a moment ago.
        """
        if self._made is not None:
            return self._made
        if self._making is None:
            if self._clock() < self._broken_until:
                raise LibraryBroken(self._provider_id, _BROKEN)
            self._making = in_daemon(self._make, name="load")
            self._making.add_done_callback(self._ended)
        try:
            # Who waits may be cancelled; what is loaded is of use to the next one.
            return await asyncio.shield(self._making)
        except Exception as exc:
            raise LibraryBroken(self._provider_id, _BROKEN) from exc

    async def prepare(self) -> None:
        """Loads what is needed, if it can be: what cannot be is the attempt's failure."""
        if self._made is None:
            with suppress(LibraryBroken):
                await self.warm()

    def _ended(self, making: "asyncio.Future[CheckedTransport[Wire, Raw, Chunk]]") -> None:
        self._making = None
        if making.cancelled() or making.exception() is not None:
            self._broken_until = self._clock() + _AGAIN
        else:
            self._made = making.result()
            self.send, self.open = self._made.send, self._made.open

    async def _send_first(self, request: Wire) -> Raw:
        return await (await self.warm()).send(request)

    async def _open_first(self, request: Wire) -> Incoming[Chunk]:
        return await (await self.warm()).open(request)

    async def check(self, path: str) -> None:
        """Asks whether the provider answers and takes the credentials."""
        await (self._made or await self.warm()).check(path)

    async def close(self) -> None:
        """See `Transport.close`."""
        if self._made is not None:
            await self._made.close()
