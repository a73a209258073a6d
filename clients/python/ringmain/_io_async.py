"""Client: channels and streamed calls over asyncio. Its twin for threads is `_io_sync`.

`aio` and `aio_media` import these names. `client` and `media` are generated from them and import the
same names, without `Async`, from `_io_sync`: whatever asyncio and threads do differently belongs here.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import grpc

from ringmain._auth_async import AsyncTokens, authorizing
from ringmain._channel import Connection
from ringmain._tokens import AsyncTokenSource
from ringmain.errors import Cancelled, translated

AsyncChannel: TypeAlias = grpc.aio.Channel
Event = TypeVar("Event")
Event_co = TypeVar("Event_co", covariant=True)
Method = TypeVar("Method")


def open_channel(to: Connection, interceptors: Sequence[Any], token: AsyncTokenSource | None) -> AsyncChannel:
    """Returns a channel, which connects with its first call."""
    if token is not None:
        interceptors = (*interceptors, *authorizing(AsyncTokens(token)))
    if to.credentials is None:
        return grpc.aio.insecure_channel(to.target, to.options, interceptors=interceptors)
    return grpc.aio.secure_channel(to.target, to.credentials, to.options, interceptors=interceptors)


def property_if_sync(method: Method) -> Method:
    """Returns a method as it is. In the threaded client, the method is a property instead."""
    return method


class AsyncEventCall(Protocol[Event_co]):
    """The part of gRPC's streamed call that the client uses."""

    def __aiter__(self) -> AsyncIterator[Event_co]: ...
    def cancel(self) -> bool: ...


class AsyncRunningCall(Generic[Event]):
    """A streamed call, which is cancelled when its reader stops, or when nothing refers to it anymore."""

    # True until __init__ has finished, because __del__ also runs for an object whose __init__ failed.
    _closed = True

    def __init__(self, call: AsyncEventCall[Event]) -> None:
        """Takes over a call of gRPC.

        Raises:
            RuntimeError: No event loop is running.
        """
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[AsyncEventCall[Event]]:
        """Gives a block the call to iterate over, and cancels the call at the end of the block.

        Raises:
            RingmainError: The call failed.
        """
        try:
            with translated():
                yield self._call
        except asyncio.CancelledError:
            # gRPC raises CancelledError in the reading task also when another task closed the call. Nobody
            # cancelled the reading task then, so it gets an ordinary error, which code such as
            # asyncio.timeout and task groups does not take for a cancellation.
            if self._closed and not _task_is_cancelled():
                raise Cancelled("the stream was closed", code=grpc.StatusCode.CANCELLED) from None
            raise
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Cancels the call, unless it has ended."""
        self._closed = True
        self._call.cancel()

    def __del__(self) -> None:
        """Cancels a call that was dropped."""
        # The garbage collector may run in any thread, but only the loop's own may touch the call.
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.cancel)


def _task_is_cancelled() -> bool:
    """Whether somebody asked for the cancellation of the current task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
