"""Client: the names that callers of the Ringmain gateway import.

`Client` and `AsyncClient` call the gateway. The functions make messages and tools from plain Python.
A failed call raises a `RingmainError`. The messages of the contract are in `ringmain.v1`.

A name is imported when it is first used, so that `ringmain.v1` alone, which servers need, stays small.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringmain._request import ChatOptions, Prompt, chat_request
    from ringmain._tokens import AsyncTokenSource, Token, TokenSource
    from ringmain.aio import AsyncClient, AsyncStream
    from ringmain.answer import Answer, ProviderToolCall, ToolCall
    from ringmain.client import Client, Stream
    from ringmain.errors import (
        BudgetExceeded,
        Cancelled,
        CapabilityMissing,
        ContentFiltered,
        ContextTooLong,
        DeadlineExceeded,
        InternalError,
        InvalidRequest,
        MediaInvalid,
        ModelOutputInvalid,
        NotFound,
        Overloaded,
        PermissionDenied,
        RateLimited,
        RingmainError,
        StreamInterrupted,
        Unauthenticated,
        Unavailable,
        Violation,
        error_of,
    )
    from ringmain.folding import Delta, Fold
    from ringmain.messages import Turn, assistant, document, image, system, tool_result, user
    from ringmain.pictures import Image, Images, Preview, Upscaled
    from ringmain.reading import Embeddings, Page
    from ringmain.sound import Segment, Speech, Transcript, Word
    from ringmain.tools import code_execution, schema_of, tool, web_search
__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "AsyncTokenSource",
    "BudgetExceeded",
    "Cancelled",
    "CapabilityMissing",
    "ChatOptions",
    "Client",
    "ContentFiltered",
    "ContextTooLong",
    "DeadlineExceeded",
    "Delta",
    "Embeddings",
    "Fold",
    "Image",
    "Images",
    "InternalError",
    "InvalidRequest",
    "MediaInvalid",
    "ModelOutputInvalid",
    "NotFound",
    "Overloaded",
    "Page",
    "PermissionDenied",
    "Preview",
    "Prompt",
    "ProviderToolCall",
    "RateLimited",
    "RingmainError",
    "Segment",
    "Speech",
    "Stream",
    "StreamInterrupted",
    "Token",
    "TokenSource",
    "ToolCall",
    "Transcript",
    "Turn",
    "Unauthenticated",
    "Unavailable",
    "Upscaled",
    "Violation",
    "Word",
    "assistant",
    "chat_request",
    "code_execution",
    "document",
    "error_of",
    "image",
    "schema_of",
    "system",
    "tool",
    "tool_result",
    "user",
    "web_search",
]

_HOMES = {
    "ringmain._request": (
        "ChatOptions",
        "Prompt",
        "chat_request",
    ),
    "ringmain._tokens": (
        "AsyncTokenSource",
        "Token",
        "TokenSource",
    ),
    "ringmain.aio": (
        "AsyncClient",
        "AsyncStream",
    ),
    "ringmain.answer": (
        "Answer",
        "ProviderToolCall",
        "ToolCall",
    ),
    "ringmain.client": (
        "Client",
        "Stream",
    ),
    "ringmain.errors": (
        "BudgetExceeded",
        "Cancelled",
        "CapabilityMissing",
        "ContentFiltered",
        "ContextTooLong",
        "DeadlineExceeded",
        "InternalError",
        "InvalidRequest",
        "MediaInvalid",
        "ModelOutputInvalid",
        "NotFound",
        "Overloaded",
        "PermissionDenied",
        "RateLimited",
        "RingmainError",
        "StreamInterrupted",
        "Unauthenticated",
        "Unavailable",
        "Violation",
        "error_of",
    ),
    "ringmain.folding": (
        "Delta",
        "Fold",
    ),
    "ringmain.messages": (
        "Turn",
        "assistant",
        "document",
        "image",
        "system",
        "tool_result",
        "user",
    ),
    "ringmain.pictures": (
        "Image",
        "Images",
        "Preview",
        "Upscaled",
    ),
    "ringmain.reading": (
        "Embeddings",
        "Page",
    ),
    "ringmain.sound": (
        "Segment",
        "Speech",
        "Transcript",
        "Word",
    ),
    "ringmain.tools": (
        "code_execution",
        "schema_of",
        "tool",
        "web_search",
    ),
}
"""The names by the modules that have them; a test compares them with the imports above."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # so that type checkers know which names there are

    def __getattr__(name: str) -> object:
        """Imports a name at its first use.

        Raises:
            AttributeError: There is no such name.
        """
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(home), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
