"""Room 4, the I/O side of `vertex`: calls over gRPC, past the client's own wrappers.

They would add retries of their own, a log of each call and a second set of errors, and cost as much as the
call itself (`docs/decisions/0009-vertex-past-the-clients-wrappers.md`). The client's channel, TLS and
credentials stay.
"""

import asyncio
import enum
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, TypeVar
from urllib.parse import quote

import grpc.aio
from google.protobuf.message import DecodeError

from ringmain_server.errors import ConnectionFailed, MalformedAnswer, ProviderError
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.channels import Connection, Connections
from ringmain_server.providers.vertex.errors import from_rpc

Answer = wire.GenerateContentResponse | wire.CountTokensResponse
M = TypeVar("M", wire.GenerateContentResponse, wire.CountTokensResponse)

_CLIENT = (
    f"gl-python/{platform.python_version()} grpc/{grpc.__version__} ringmain/{metadata.version('ringmain')}"
)
_LINGER = 1.0
"""Seconds that a complete answer's call may take to end by itself."""


class Method(enum.Enum):
    """What is called."""

    GENERATE = "model"
    """Whole or streamed; the value names the field by which Google routes a call."""
    COUNT = "endpoint"


@dataclass(frozen=True, slots=True)
class VertexRequest:
    """A request on this wire.

    Attributes:
        message: What is sent.
        resource: The model's full name, by which the call is routed.
    """

    message: wire.GenerateContentRequest | wire.CountTokensRequest
    resource: str


class VertexTransport:
    """A Vertex AI endpoint. See `Transport`.

    Args:
        provider_id: Whose endpoint it is.
        connections: The way there.
        secrets: The provider's own credentials, which no message may repeat.
    """

    def __init__(self, provider_id: str, connections: Connections, secrets: tuple[str, ...] = ()) -> None:
        self._provider_id = provider_id
        self._connections = connections
        self._secrets = secrets

    async def send(self, request: VertexRequest) -> Answer:
        """The whole answer. See `Transport.send`."""
        connection = await self._connections.take()
        try:
            if isinstance(request.message, wire.CountTokensRequest):
                call = connection.count(request.message, metadata=_routed(Method.COUNT, request.resource))
                return parse(wire.CountTokensResponse, await call, self._provider_id)
            call = connection.generate(request.message, metadata=_routed(Method.GENERATE, request.resource))
            return parse(wire.GenerateContentResponse, await call, self._provider_id)
        except grpc.aio.AioRpcError as exc:
            raise from_rpc(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            if _cancelling():
                raise
            raise _closed(self._provider_id) from None
        finally:
            connection.in_flight -= 1

    async def open(self, request: VertexRequest) -> "VertexIncoming":
        """The answer as it comes in. See `Transport.open`."""
        connection = await self._connections.take()
        call = connection.stream(request.message, metadata=_routed(Method.GENERATE, request.resource))
        incoming = VertexIncoming(self._provider_id, connection, call, self._secrets)
        try:
            await incoming.accepted()
        except BaseException:
            incoming.close(complete=False)
            raise
        return incoming

    async def close(self) -> None:
        """Closes every connection."""
        await self._connections.close()


class VertexIncoming:
    """A streamed answer. See `Incoming`."""

    __slots__ = ("_call", "_connection", "_error", "_provider_id", "_secrets")

    def __init__(
        self,
        provider_id: str,
        connection: Connection,
        call: "grpc.aio.UnaryStreamCall[Any, bytes]",
        secrets: tuple[str, ...],
    ) -> None:
        self._provider_id = provider_id
        self._connection: Connection | None = connection
        self._call = call
        self._secrets = secrets
        self._error: ProviderError | None = None

    async def accepted(self) -> None:
        """Waits until the provider has taken the call.

        Raises:
            ProviderError: It has not.
        """
        try:
            await self._call.wait_for_connection()
        except grpc.aio.AioRpcError as exc:
            raise from_rpc(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            if _cancelling():
                raise
            raise _closed(self._provider_id) from None

    async def read(self) -> Sequence[wire.GenerateContentResponse] | None:
        """The next message. See `Incoming.read`."""
        try:
            data = await self._call.read()
        except grpc.aio.AioRpcError as exc:
            raise self._error or from_rpc(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            if _cancelling():
                raise
            raise self._error or _closed(self._provider_id) from None
        if isinstance(data, bytes):
            return (parse(wire.GenerateContentResponse, data, self._provider_id),)
        return None

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._error = error
        self._call.cancel()

    def close(self, *, complete: bool) -> None:
        """Lets a complete answer's call end by itself, and cancels any other at once."""
        if self._connection is None:
            return
        self._connection.in_flight -= 1
        self._connection = None
        if complete and not self._call.done():
            _LINGERING.add(task := asyncio.ensure_future(_linger(self._call)))
            task.add_done_callback(_LINGERING.discard)
        else:
            self._call.cancel()


_LINGERING: set[asyncio.Future[None]] = set()


async def _linger(call: "grpc.aio.UnaryStreamCall[Any, bytes]") -> None:
    """Reads the status that follows the last message, so that the call need not be reset."""
    try:
        async with asyncio.timeout(_LINGER):
            while isinstance(await call.read(), bytes):
                pass
    except (grpc.aio.AioRpcError, TimeoutError):
        pass  # the answer is complete
    finally:
        call.cancel()


def parse(kind: type[M], data: bytes, provider_id: str) -> M:
    """A message of the wire.

    Raises:
        MalformedAnswer: It is none.
    """
    try:
        return kind.FromString(data)
    except DecodeError as exc:
        raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc


def _cancelling() -> bool:
    """Whether it is the caller who gave up; gRPC raises the same when a call was cancelled from here."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _closed(provider_id: str) -> ProviderError:
    return ConnectionFailed(provider_id, "lost its connection: it was closed here")


@lru_cache(maxsize=1024)
def _routed(method: Method, resource: str) -> tuple[tuple[str, str], ...]:
    """https://google.aip.dev/client-libraries/4222."""
    return (
        ("x-goog-request-params", f"{method.value}={quote(resource, safe='')}"),
        ("x-goog-api-client", _CLIENT),
    )
