"""Client: the names that callers of the Ringmain gateway import.

`Client` and `AsyncClient` call the gateway. The functions make messages and tools from plain Python.
A failed call raises a `RingmainError`. The messages of the contract are in `ringmain.v1`.
"""

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
