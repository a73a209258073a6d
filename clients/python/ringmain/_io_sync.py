"""Client: channels and streamed calls over threads. Its twin for asyncio is `_io_async`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import grpc

from ringmain._auth_sync import Authorizing, Tokens
from ringmain._channel import Connection
from ringmain._tokens import TokenSource
from ringmain.errors import translated

Channel: TypeAlias = grpc.Channel
Event = TypeVar("Event")
Event_co = TypeVar("Event_co", covariant=True)

property_if_sync = property
"""Makes a method a property. In the asyncio client, the method stays one, and callers await it."""


def open_channel(to: Connection, interceptors: Sequence[Any], token: TokenSource | None) -> Channel:
    """Returns a channel, which connects with its first call."""
    if token is not None:
        interceptors = (*interceptors, Authorizing(Tokens(token)))
    if to.credentials is None:
        channel = grpc.insecure_channel(to.target, to.options)
    else:
        channel = grpc.secure_channel(to.target, to.credentials, to.options)
    return grpc.intercept_channel(channel, *interceptors) if interceptors else channel


class EventCall(Protocol[Event_co]):
    """The part of gRPC's streamed call that the client uses."""

    def __iter__(self) -> Iterator[Event_co]: ...
    def cancel(self) -> bool: ...


class RunningCall(Generic[Event]):
    """A streamed call, which is cancelled when its reader stops, or when nothing refers to it anymore."""

    def __init__(self, call: EventCall[Event]) -> None:
        """Takes over a call of gRPC."""
        self._call = call

    @contextmanager
    def reading(self) -> Iterator[EventCall[Event]]:
        """Gives a block the call to iterate over, and cancels the call at the end of the block.

        Raises:
            RingmainError: The call failed.
        """
        # When another thread closes the call, gRPC raises an RpcError of status CANCELLED in the reading
        # thread. `translated` makes that the same error as over asyncio.
        try:
            with translated():
                yield self._call
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Cancels the call, unless it has ended. Any thread may do this."""
        self._call.cancel()

    def __del__(self) -> None:
        """Cancels a call that was dropped."""
        # Without this, a stream that was started but never read would stay open until its deadline.
        self.cancel()
