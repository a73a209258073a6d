"""The one interface between layers, router and candidates."""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeVar

from ringmain_server.call import Call
from ringmain_server.operations.base import Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Backend(Protocol):
    """Answers operations, whole or streamed. Every layer is a backend around another."""

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Returns a whole answer.

        Raises:
            RingmainError: Any error that a caller may see; below the router a ProviderError.
        """
        ...

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Yields an answer's events. Closing the iterator ends the provider's work.

        Raises:
            RingmainError: As `call`, from the iterator.
        """
        ...
