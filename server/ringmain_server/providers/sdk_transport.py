"""Room 4, the I/O side: through a vendor's SDK, where its client must sign what is sent.

The low-level request (`client.post`) skips the SDK's own models and keeps its credentials and endpoints. It
costs five times what `HttpTransport` does, so only what needs it comes this way. The SDKs of OpenAI and
Anthropic are made from one template; what is used here is the same in both.
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
"""How the SDKs' clients say in a RuntimeError that they found no credentials, or no project with them."""
_CLOSING: set[asyncio.Future[None]] = set()

Unframe = Callable[[str, Incoming[bytes]], Incoming[bytes]]
"""Provider id and an answer in a platform's own framing to the same as server-sent events."""
Payload = Callable[[Any], Mapping[str, Any]]
"""A request's body to how the client is handed it."""


def as_fields(body: Any) -> Mapping[str, Any]:
    """For a client that reads the body and changes it, as those of the clouds do."""
    return {"body": plain(body)}


def as_bytes(body: Any) -> Mapping[str, Any]:
    """For a client that sends on what it gets: large leaves are not copied into strings first."""
    return {"content": b"".join(pieces(render(body)))}


class SdkClient(Protocol):
    """An SDK's client, its retries off and redirects not followed."""

    @property
    def post(self) -> Callable[..., Awaitable[Any]]:
        """Sends a request to a path."""
        ...

    @property
    def get(self) -> Callable[..., Awaitable[Any]]:
        """Asks for a path."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Sdk:
    """What a client's SDK raises, and how it is asked for a stream.

    Attributes:
        status_error: What it raises for a status that is not a success; its `response` has been read.
        connection_error: What it raises where there was no response.
        stream: Its reader of streams. It is only named: what comes in is read here.
        credentials: What its client raises when credentials cannot be had.
    """

    status_error: type[Exception]
    connection_error: type[Exception]
    stream: Any
    credentials: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True)
class SdkTransport:
    """An endpoint behind an SDK's client. See `Transport`.

    Attributes:
        provider_id: Whose endpoint it is.
        client: Signs and sends.
        sdk: What the client is of.
        error_map: What a status that is not a success means.
        unframe: What turns a stream into server-sent events, None where it is that already.
        payload: How the client is handed a body.
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
        """The whole answer. See `Transport.send`."""
        incoming = SdkIncoming(self.provider_id, await self._post(request))
        chunks: list[bytes] = []
        workers = self.limit
        try:
            while chunk := await incoming.read():
                chunks.append(chunk)
                if (workers := workers - len(chunk)) < 0:
                    raise AnswerTooLarge(self.provider_id, f"the answer exceeds {self.limit} bytes")
        finally:
            incoming.close(complete=False)
        return b"".join(chunks)

    async def open(self, request: HttpRequest) -> Incoming[bytes]:
        """The answer as it comes in. See `Transport.open`."""
        incoming = SdkIncoming(self.provider_id, await self._post(request))
        return incoming if self.unframe is None else self.unframe(self.provider_id, incoming)

    async def check(self, path: str) -> None:
        """Gets a path. See `HttpTransport.check`."""
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
        """What an exception of the SDK means, None for one that is a mistake of ours."""
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
    """Sends nothing: for a client that is only asked what it knows. A real one costs a TLS context."""


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
        """Everything that has come in since the last read. See `Incoming.read`."""
        if self._error is not None:
            raise self._error
        self._reading = asyncio.ensure_future(_next(self._chunks))
        try:
            return await self._reading
        except asyncio.CancelledError:
            if self._error is None:
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
        """Ends the exchange in the loop's next round; what was read to its end keeps its connection."""
        _CLOSING.add(task := asyncio.ensure_future(self._close()))
        task.add_done_callback(_CLOSING.discard)

    async def _close(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
            await asyncio.wait((self._reading,))
        async with aclosing(self._response):
            pass


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def transport_error(provider_id: str, exc: BaseException) -> ProviderError | Overloaded:
    """What a failure below HTTP means, told by its first cause.

    On the aiohttp client a refused connection surfaces as a timeout of the SDK: only what aiohttp raised says
    which.
    """
    if lack := shortage(exc):
        return lack
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, aiohttp.ClientError | OSError):
            return connection_error(provider_id, cause)
        cause = cause.__cause__
    return ConnectionFailed(provider_id, "closed the connection before its answer")
