"""Room 1: reads requests of several messages: first a configuration, then the bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from google.protobuf.message import Message

from ringmain_server.edge.grpc.parsing import unparsed
from ringmain_server.errors import InvalidField, Violation

CHUNK_LIMIT = 1 << 20
"""The most bytes of one chunk, by the contract."""
_LISTEN = 2.0
"""Seconds for which a refused caller may go on sending."""
_PAUSE = 0.5
"""Seconds without a message after which a refused caller is not in the midst of sending one."""
_DISCARDED = 32 << 20
"""The most bytes that are read of a refused caller."""
_AT_ONCE = 32
"""The most refused callers that are read at once."""
_NOTHING: Any = object()
"""Stands for a first message where none comes."""


class UploadReader:
    """Reads the messages of one upload. Each is a oneof of `config` and `chunk`.

    Args:
        messages: The messages from gRPC.
        validate: The rules of the configuration.
    """

    def __init__(self, messages: AsyncIterator[Any], validate: Callable[[Any], Sequence[Violation]]) -> None:
        self._messages = messages
        self._validate = validate
        self._ended = False

    async def config(self) -> Message:
        """Returns the configuration, which comes first.

        Raises:
            InvalidField: Something else comes first, nothing, or nothing that can be parsed, or the
                configuration breaks a rule.
        """
        first = await anext(aiter(self._messages), _NOTHING)
        if first is None:
            raise unparsed()
        if first is _NOTHING or not first.HasField("config"):
            raise InvalidField.at("config", "is not in the first message")
        config: Message = first.config
        violations = self._validate(config)
        if violations:
            raise InvalidField([one.within("config.") for one in violations])
        return config

    def unread(self) -> AsyncIterator[Any] | None:
        """Returns the messages that were not read, None if all were."""
        return None if self._ended else self._messages

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yields the bytes as they come.

        Raises:
            InvalidField: A message cannot be parsed or is no chunk, or its chunk is too large.
        """
        async for message in self._messages:
            if message is None:
                raise unparsed()
            if not message.HasField("chunk"):
                raise InvalidField.at("chunk", "is not set: only the first message carries the configuration")
            chunk: bytes = message.chunk
            if len(chunk) > CHUNK_LIMIT:
                raise InvalidField.at(
                    "chunk", f"holds {len(chunk)} bytes, and at most {CHUNK_LIMIT} are allowed"
                )
            yield chunk
        self._ended = True


class Discards:
    """Reads on for callers whose upload is refused, for a while, and throws away what comes.

    A caller whose write fails may never see why: grpc.aio then reports an internal error of its own in place
    of the call's status. What refused callers may send in this way is bounded, as they may be anybody.
    """

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    async def __call__(self, messages: AsyncIterator[Any] | None) -> None:
        """Reads the messages of a refused caller, if there are any, until they end, pause or are too many."""
        if messages is None or self._count >= _AT_ONCE:
            return
        self._count += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LISTEN):
                    await _read(messages)
        finally:
            self._count -= 1


async def _read(messages: AsyncIterator[Any]) -> None:
    left = _DISCARDED
    incoming = aiter(messages)
    while left > 0:
        async with asyncio.timeout(_PAUSE):
            message = await anext(incoming, _NOTHING)
        if message is _NOTHING:
            return
        left -= message.ByteSize() if isinstance(message, Message) else len(message or b"")
