"""Room 4, the I/O side of `vertex`: makes calls over gRPC without the client's own wrappers.

The wrappers would add their own retries, a log entry for each call and a second set of errors, and cost as
much as the call itself (`docs/decisions/0009-vertex-without-client-wrappers.md`). The client's channel, TLS
and credentials are used.
"""

import asyncio
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, TypeVar
from urllib.parse import quote

import grpc.aio
from google.protobuf.message import DecodeError

from ringmain_server.aio.tasks import release_task
from ringmain_server.errors import (
    ConnectionFailed,
    MalformedAnswer,
    Overloaded,
    ProviderError,
)
from ringmain_server.errors.shortage import lacking_descriptors, shortage_in_message
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.channels import Connection, Connections
from ringmain_server.providers.vertex.errors import from_rpc

WholeAnswer = wire.GenerateContentResponse | wire.CountTokensResponse
M = TypeVar("M", wire.GenerateContentResponse, wire.CountTokensResponse)

_OURS = metadata.version("ringmain-server")
_CLIENT = f"gl-python/{platform.python_version()} grpc/{grpc.__version__} ringmain/{_OURS}"
_MODEL, _ENDPOINT = "model", "endpoint"
"""The fields by which Google routes a call: for an answer, whole or streamed, and for a count."""
_LINGER = 1.0
"""Seconds that the call of a complete answer may take to end by itself."""


@dataclass(frozen=True, slots=True)
class VertexRequest:
    """A request on this wire.

    Attributes:
        message: The message to send.
        resource: The model's full name, by which the call is routed.
    """

    message: wire.GenerateContentRequest | wire.CountTokensRequest
    resource: str


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request whose answer the translator reads from bytes, because parsed messages would be too slow.

    Attributes:
        message: The message to send.
        resource: The model's full name, by which the call is routed.
    """

    message: wire.PredictRequest | wire.EmbedContentRequest
    resource: str


class VertexTransport:
    """A Vertex AI endpoint. See `Transport`.

    Args:
        provider_id: The provider's name in the configuration.
        connections: Connections to the endpoint.
        secrets: The provider's own credentials, which no message may repeat.
    """

    def __init__(self, provider_id: str, connections: Connections, secrets: tuple[str, ...] = ()) -> None:
        self._provider_id = provider_id
        self._connections = connections
        self._secrets = secrets

    async def send(self, request: VertexRequest | PlainRequest) -> WholeAnswer | bytes:
        """Returns the whole answer. See `Transport.send`."""
        connection = await self._connections.take()
        try:
            if isinstance(request, PlainRequest):
                return await _plain(connection, request)
            if isinstance(request.message, wire.CountTokensRequest):
                call = connection.count(request.message, metadata=_routed(_ENDPOINT, request.resource))
                return parse(wire.CountTokensResponse, await call, self._provider_id)
            call = connection.generate(request.message, metadata=_routed(_MODEL, request.resource))
            return parse(wire.GenerateContentResponse, await call, self._provider_id)
        except grpc.aio.AioRpcError as exc:
            raise _failure(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            # gRPC raises this in two cases: our task was cancelled, or the channel was closed under the call.
            if _cancelling():
                raise
            raise _closed(self._provider_id) from None
        finally:
            connection.in_flight -= 1

    async def open(self, request: VertexRequest) -> "VertexIncoming":
        """Returns the answer as it comes in. See `Transport.open`."""
        connection = await self._connections.take()
        call = connection.stream(request.message, metadata=_routed(_MODEL, request.resource))
        incoming = VertexIncoming(self._provider_id, connection, call, self._secrets)
        try:
            await incoming.accepted()
        # Also on cancellation: the call must not go on, nor count as in flight.
        except BaseException:
            incoming.close(complete=False)
            raise
        return incoming

    async def close(self) -> None:
        """Closes every connection."""
        await self._connections.close()


def _failure(
    provider_id: str, exc: grpc.aio.AioRpcError, secrets: tuple[str, ...]
) -> ProviderError | Overloaded:
    """Returns the failure that an error means.

    A failed connection may be caused by a shortage on this machine, which gRPC only reports in words.
    """
    error = from_rpc(provider_id, exc, secrets)
    lack = shortage_in_message(exc.details() or "") or lacking_descriptors()
    return lack if lack is not None and isinstance(error, ConnectionFailed) else error


_AHEAD = 64 << 10
"""Bytes that may wait for a slow caller; beyond that the provider is slowed down."""


class VertexIncoming:
    """A streamed answer. See `Incoming`."""

    __slots__ = (
        "_call",
        "_connection",
        "_drained",
        "_error",
        "_held",
        "_provider_id",
        "_reading",
        "_ready",
        "_secrets",
        "_wanted",
    )

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
        self._reading: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready: list[bytes] = []
        self._held = 0
        self._wanted = asyncio.Event()
        self._drained = asyncio.Event()

    async def accepted(self) -> None:
        """Waits until the provider has accepted the call.

        Raises:
            ProviderError: The provider has not accepted it.
        """
        try:
            await self._call.wait_for_connection()
        except grpc.aio.AioRpcError as exc:
            raise _failure(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            if _cancelling():
                raise
            raise _closed(self._provider_id) from None
        self._reading = asyncio.ensure_future(self._fill())

    async def read(self) -> Sequence[wire.GenerateContentResponse] | None:
        """Returns every message since the last read. See `Incoming.read`."""
        # `_fill` sets the event when messages arrive and when it ends, so this cannot miss either.
        while not self._ready and not self._reading.done():
            self._wanted.clear()
            await self._wanted.wait()
        if self._ready:
            found = [parse(wire.GenerateContentResponse, data, self._provider_id) for data in self._ready]
            self._ready.clear()
            self._held = 0
            self._drained.set()
            return found
        self._reading.result()  # raises the error that ended it, if any
        return None

    async def _fill(self) -> None:
        """Reads ahead while messages are processed, so that what arrives in the meantime forms one step."""
        try:
            while isinstance(data := await self._call.read(), bytes):
                self._ready.append(data)
                self._held += len(data)
                self._wanted.set()
                if self._held >= _AHEAD:
                    self._drained.clear()
                    await self._drained.wait()
        except grpc.aio.AioRpcError as exc:
            # `abort` cancels the call, which ends the read; the reader gets the reason for the abort.
            raise self._error or _failure(self._provider_id, exc, self._secrets) from exc
        except asyncio.CancelledError:
            if _cancelling():
                raise
            raise self._error or _closed(self._provider_id) from None
        finally:
            self._wanted.set()

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._error = error
        self._call.cancel()
        self._drained.set()

    def close(self, *, complete: bool) -> None:
        """Lets the call of a complete answer end by itself, and cancels any other at once."""
        if self._connection is None:
            return
        self._connection.in_flight -= 1
        self._connection = None
        reading = self._reading
        # Canceling a complete call would reset its stream, so it gets time to receive its trailers.
        if complete and not self._call.done():
            _LINGERING.add(reading)
            asyncio.get_running_loop().call_later(_LINGER, self._call.cancel)
        else:
            self._call.cancel()
        self._drained.set()  # otherwise `_fill` would wait for room forever
        reading.add_done_callback(_forget)


_LINGERING: set[asyncio.Future[None]] = set()


def _forget(reading: "asyncio.Future[None]") -> None:
    """Releases a finished reading task, whose result has already been reported."""
    _LINGERING.discard(reading)
    release_task(reading)


async def _plain(connection: Connection, request: PlainRequest) -> bytes:
    if isinstance(request.message, wire.PredictRequest):
        return await connection.predict(request.message, metadata=_routed(_ENDPOINT, request.resource))
    return await connection.embed(request.message, metadata=_routed(_MODEL, request.resource))


def parse(kind: type[M], data: bytes, provider_id: str) -> M:
    """Parses a message of the wire.

    Raises:
        MalformedAnswer: The data is not such a message.
    """
    try:
        return kind.FromString(data)
    except DecodeError as exc:
        raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc


def _cancelling() -> bool:
    """Whether the caller cancelled; gRPC raises the same exception if a call was cancelled by this module."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _closed(provider_id: str) -> ProviderError:
    return ConnectionFailed(provider_id, "lost its connection: it was closed here")


@lru_cache(maxsize=1024)
def _routed(field: str, resource: str) -> grpc.aio.Metadata:
    """Returns the headers that route a call.

    https://google.aip.dev/client-libraries/4222. They are in gRPC's own form, which it would otherwise build
    for each call.
    """
    return grpc.aio.Metadata(
        ("x-goog-request-params", f"{field}={quote(resource, safe='')}"),
        ("x-goog-api-client", _CLIENT),
    )
