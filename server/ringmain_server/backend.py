"""The one interface of the pipeline."""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeVar

from ringmain_server.call import Call
from ringmain_server.operations.base import Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Backend(Protocol):
    """What every layer is, and is around."""

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Answers whole.

        Raises:
            RingmainError: Anything a caller may be told; below the router a ProviderError.
        """
        ...

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Answers in events. Closing the iterator ends the provider's work.

        Raises:
            RingmainError: As `call`, from the iterator.
        """
        ...
