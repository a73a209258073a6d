"""Room 4, the I/O side: a transport whose library is loaded after the gateway serves, or at its first use.

The SDKs take up to a second each to import, and only what reaches a provider needs them: translators do not.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from ringmain_server.providers.transport import Incoming

Wire_contra = TypeVar("Wire_contra", contravariant=True)
Wire = TypeVar("Wire")
Raw_co = TypeVar("Raw_co", covariant=True)
Raw = TypeVar("Raw")
Chunk_co = TypeVar("Chunk_co", covariant=True)
Chunk = TypeVar("Chunk")


class Checked(Protocol[Wire_contra, Raw_co, Chunk_co]):
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
    """

    def __init__(self, make: Callable[[], Checked[Wire, Raw, Chunk]]) -> None:
        self._make = make
        self._made: Checked[Wire, Raw, Chunk] | None = None
        self._making = asyncio.Lock()

    async def warm(self) -> Checked[Wire, Raw, Chunk]:
        """The transport, made now if it was not."""
        if self._made is None:
            async with self._making:
                if self._made is None:
                    self._made = await asyncio.to_thread(self._make)
        return self._made

    # Once it is made, its own coroutine is handed on: one more around it would run at each wake-up.

    def send(self, request: Wire) -> Coroutine[Any, Any, Raw]:
        """See `Transport.send`."""
        return self._send_first(request) if self._made is None else self._made.send(request)

    def open(self, request: Wire) -> Coroutine[Any, Any, Incoming[Chunk]]:
        """See `Transport.open`."""
        return self._open_first(request) if self._made is None else self._made.open(request)

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
