"""Room 3: answers operations that the gateway composes of others."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from ringmain_server.call import Call
from ringmain_server.operations.base import AnyOperation, Streamed, Unary

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


class Composed:
    """Answers each operation by a function. A `Backend`.

    Args:
        functions: The function of each operation, which takes a request and its call. Its types depend on the
            operation, which a mapping cannot express.
    """

    def __init__(self, functions: Mapping[AnyOperation, Callable[[Any, Call], Any]]) -> None:
        self._functions = functions

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Asks for a whole answer."""
        answer: Coroutine[Any, Any, Res] = self._functions[op](request, call)
        return answer

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks for an answer in events."""
        events: AsyncGenerator[Event, None] = self._functions[op](request, call)
        return events
