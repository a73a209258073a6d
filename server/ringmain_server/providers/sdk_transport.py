"""Room 4, the I/O side: sends through a vendor's SDK if its client must sign the requests.

The low-level request (`client.post`) bypasses the SDK's own models and uses its credentials and endpoints. It
costs five times as much as `HttpTransport`, so only requests that need it are sent this way. The SDKs of
OpenAI and Anthropic are generated from one template; everything used here is the same in both.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import httpx2

from ringmain_server.errors import (
    AnswerTooLarge,
    ConnectionFailed,
    CredentialsRefused,
    Overloaded,
    ProviderError,
)
from ringmain_server.errors.shortage import shortage
from ringmain_server.providers.http import ANSWER_LIMIT, connection_error, upload_cut
from ringmain_server.providers.json_base64 import pieces, plain, render, size
from ringmain_server.providers.transport import ErrorMap, HttpRequest, Incoming
from ringmain_server.providers.unreadable import explained

_UNRESOLVED = re.compile(r"could not (?:be )?resolve", re.IGNORECASE)
"""Matches the RuntimeErrors of the SDKs' clients that found no credentials, or no project with them."""
_CLOSING: set[asyncio.Future[None]] = set()

Unframe = Callable[[str, Incoming[bytes]], Incoming[bytes]]
"""Converts a provider's id and an answer in a platform's own framing to server-sent events."""
Payload = Callable[[Any], Mapping[str, Any]]
"""Converts a request's body to the arguments that the client accepts."""


def as_fields(body: Any) -> Mapping[str, Any]:
    """Returns the arguments for a client that reads the body and changes it, as those of the clouds do."""
    return {"body": plain(body)}


def as_bytes(body: Any) -> Mapping[str, Any]:
    """Returns the arguments for a client that forwards the body; blobs are not copied to strings first."""
    return {"content": b"".join(pieces(render(body)))}


class SdkClient(Protocol):
    """An SDK's client that neither retries nor follows redirects."""

    @property
    def post(self) -> Callable[..., Awaitable[Any]]:
        """Sends a request to a path."""
        ...

    @property
    def get(self) -> Callable[..., Awaitable[Any]]:
        """Requests a path."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Sdk:
    """The exceptions of a client's SDK, and its type of streams.

    Attributes:
        status_error: Raised for an unsuccessful status; its `response` has been read.
        connection_error: Raised if there was no response.
        stream: The SDK's reader of streams. It is only named; streams are read here.
        credentials: Raised if credentials cannot be obtained.
    """

    status_error: type[Exception]
    connection_error: type[Exception]
    stream: Any
    credentials: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True)
class SdkTransport:
    """An endpoint behind an SDK's client. See `Transport`.

    Attributes:
        provider_id: The provider's name in the configuration.
        client: Signs and sends requests.
        sdk: The SDK of the client.
        error_map: Translates an unsuccessful status.
        unframe: Converts a stream to server-sent events; None if it already consists of them.
        payload: Converts a body to the client's arguments.
        limit: Most bytes of a whole answer.
    """

    provider_id: str
    client: SdkClient
    sdk: Sdk
    error_map: ErrorMap
    unframe: Unframe | None = None
    payload: Payload = as_fields
    limit: int = ANSWER_LIMIT

    async def send(self, request: HttpRequest) -> bytes:
        """Returns the whole answer. See `Transport.send`."""
        incoming = SdkIncoming(self.provider_id, await self._post(request))
        chunks: list[bytes] = []
        left = self.limit
        try:
            while chunk := await incoming.read():
                chunks.append(chunk)
                if (left := left - len(chunk)) < 0:
                    raise AnswerTooLarge(self.provider_id, f"the answer exceeds {self.limit} bytes")
        finally:
            incoming.close(complete=False)
        return b"".join(chunks)

    async def open(self, request: HttpRequest) -> Incoming[bytes]:
        """Returns the answer as it comes in. See `Transport.open`."""
        incoming = SdkIncoming(self.provider_id, await self._post(request))
        return incoming if self.unframe is None else self.unframe(self.provider_id, incoming)

    async def check(self, path: str) -> None:
        """Requests a path. See `HttpTransport.check`."""
        await self._sent(self.client.get(path, cast_to=httpx2.Response))

    async def close(self) -> None:
        """Closes every connection."""
        await self.client.close()

    async def _post(self, request: HttpRequest) -> httpx2.Response:
        try:
            response = await self._sent(
                self.client.post(
                    request.path,
                    cast_to=httpx2.Response,
                    options={"headers": dict(request.headers)},
                    stream=True,
                    stream_cls=self.sdk.stream,
                    **self.payload(request.body),
                )
            )
        except ConnectionFailed as exc:
            if exc.sent and (cut := upload_cut(exc, size(render(request.body)))):
                raise cut from exc
            raise
        if response.status_code != 200:
            await response.aclose()
            raise self._refusal(response.status_code, response.headers, b"")
        return response

    async def _sent(self, sending: Awaitable[httpx2.Response]) -> httpx2.Response:
        try:
            return await sending
        except Exception as exc:
            if (error := self._mapped(exc)) is None:
                raise
            raise error from exc

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return explained(self.error_map, self.provider_id, status, headers, body, time.time())

    def _mapped(self, exc: Exception) -> ProviderError | Overloaded | None:
        """Returns the failure that an exception of the SDK means; None if it is a bug of ours."""
        if lack := shortage(exc):
            return lack
        if isinstance(exc, self.sdk.status_error):
            response: httpx2.Response = exc.response  # type: ignore[attr-defined] # the SDKs' common shape
            return self._refusal(response.status_code, response.headers, response.content)
        unresolved = isinstance(exc, RuntimeError) and _UNRESOLVED.search(str(exc)) is not None
        if unresolved or isinstance(exc, self.sdk.credentials):
            return CredentialsRefused(self.provider_id, "its credentials could not be obtained")
        if isinstance(exc, self.sdk.connection_error | httpx2.HTTPError | aiohttp.ClientError | OSError):
            return transport_error(self.provider_id, exc)
        return None


class Mute(httpx2.AsyncBaseTransport):
    """Sends nothing, for clients that are only asked for headers. A real transport costs a TLS context."""


class SdkIncoming:
    """A streamed answer of the SDK. See `Incoming`."""

    __slots__ = ("_chunks", "_error", "_provider_id", "_reading", "_response")

    def __init__(self, provider_id: str, response: httpx2.Response) -> None:
        self._provider_id = provider_id
        self._response = response
        self._chunks = response.aiter_bytes()
        self._reading: asyncio.Future[bytes | None] | None = None
        self._error: ProviderError | None = None

    async def read(self) -> bytes | None:
        """Returns everything that has arrived since the last read. See `Incoming.read`."""
        if self._error is not None:
            raise self._error
        # In a task of its own, so that `abort` can cancel the read without canceling the caller.
        self._reading = asyncio.ensure_future(_next(self._chunks))
        try:
            return await self._reading
        except asyncio.CancelledError:
            if self._error is None:  # the caller was cancelled, and not the read by `abort`
                raise
            raise self._error from None
        except (httpx2.HTTPError, aiohttp.ClientError, OSError) as exc:
            raise transport_error(self._provider_id, exc) from exc

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._error = error
        if self._reading is not None:
            self._reading.cancel()

    def close(self, *, complete: bool) -> None:
        """Ends the exchange in the loop's next iteration.

        The connection of an answer that was read to its end is kept.
        """
        _CLOSING.add(task := asyncio.ensure_future(self._close()))
        task.add_done_callback(_CLOSING.discard)

    async def _close(self) -> None:
        # A response cannot be closed while something reads from it.
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
            await asyncio.wait((self._reading,))
        async with aclosing(self._response):
            pass


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def transport_error(provider_id: str, exc: BaseException) -> ProviderError | Overloaded:
    """Returns the failure that an exception below HTTP means, judged by its first cause.

    On the aiohttp client a refused connection surfaces as a timeout of the SDK; only aiohttp's own exception
    tells them apart.
    """
    if lack := shortage(exc):
        return lack
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, aiohttp.ClientError | OSError):
            return connection_error(provider_id, cause)
        cause = cause.__cause__
    return ConnectionFailed(provider_id, "closed the connection before its answer")
