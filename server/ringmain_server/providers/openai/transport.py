"""Room 4, the I/O side: how OpenAI's wire is reached.

A fixed key goes through the shared aiohttp session with the SDK's headers and endpoint. A token that must be
made anew for each request goes through the SDK's own low-level request, which costs five times as much and
knows how to.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from typing import TYPE_CHECKING

import aiohttp
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, DefaultAioHttpClient

from ringmain_server.errors import ConnectionFailed, CredentialsRefused, MalformedAnswer, ProviderError
from ringmain_server.providers.http import (
    ANSWER_LIMIT,
    FixedHeaders,
    HttpTransport,
    connection_error,
)
from ringmain_server.providers.leaves import pieces, render
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.sdk import Token, endpoint, make_client
from ringmain_server.providers.sessions import HttpSessions, sdk_trust
from ringmain_server.providers.transport import ErrorMap, HttpRequest, Incoming

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

_CONNECT = 5.0
"""Seconds to reach the provider where its settings say nothing."""

_CLOSING: set[asyncio.Future[None]] = set()


def make_transport(
    provider_id: str,
    settings: "ProviderSettings",
    sessions: HttpSessions,
    errors: OpenAIErrors,
    token: Token | None = None,
) -> "HttpTransport | SdkTransport":
    """How to reach the provider of these settings.

    Args:
        provider_id: Its name in the configuration.
        settings: Its settings.
        sessions: Where the shared session is.
        errors: What its errors mean.
        token: Makes the bearer token of each request, instead of a fixed key.
    """
    connect = settings.timeouts.connect or _CONNECT
    if token is not None:
        http_client = DefaultAioHttpClient(
            verify=sdk_trust(),
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=connect),
            limits=httpx2.Limits(max_connections=settings.connection_limit or 0),
        )
        signing = make_client(settings, token=_guarded(provider_id, token), http_client=http_client)
        return SdkTransport(provider_id, signing, errors)
    known = endpoint(make_client(settings), settings)
    limit = settings.connection_limit
    return HttpTransport(
        provider_id=provider_id,
        sessions=HttpSessions(limit) if limit else sessions,
        base_url=known.base_url,
        credentials=FixedHeaders(known.headers),
        error_map=errors,
        connect_timeout=connect,
        query=known.query,
        owns_sessions=limit is not None,
    )


def _guarded(provider_id: str, token: Token) -> Token:
    async def make() -> str:
        try:
            return await token()
        except Exception as exc:
            # A source of tokens is foreign code, and whatever it raises means one thing here.
            raise CredentialsRefused(provider_id, "its credentials could not be obtained") from exc

    return make


class SdkTransport:
    """The SDK's low-level request. See `Transport`.

    Args:
        provider_id: Whose endpoint it is.
        client: The SDK's client, its retries off.
        error_map: What a status that is not a success means.
        limit: Most bytes of a whole answer.
    """

    def __init__(
        self, provider_id: str, client: AsyncOpenAI, error_map: ErrorMap, limit: int = ANSWER_LIMIT
    ) -> None:
        self._provider_id = provider_id
        self._client = client
        self._error_map = error_map
        self._limit = limit

    async def send(self, request: HttpRequest) -> bytes:
        """The whole answer. See `Transport.send`."""
        incoming = await self.open(request)
        chunks: list[bytes] = []
        room = self._limit
        try:
            while chunk := await incoming.read():
                chunks.append(chunk)
                if (room := room - len(chunk)) < 0:
                    raise MalformedAnswer(self._provider_id, f"the answer exceeds {self._limit} bytes")
        finally:
            incoming.close(complete=False)
        return b"".join(chunks)

    async def open(self, request: HttpRequest) -> Incoming[bytes]:
        """The answer as it comes in. See `Transport.open`."""
        response = await self._mapped(
            self._client.post(
                request.path,
                content=b"".join(pieces(render(request.body))),
                cast_to=httpx2.Response,
                options={"headers": request.headers},
                stream=True,
                stream_cls=AsyncStream[object],
            )
        )
        assert isinstance(response, httpx2.Response)
        if response.status_code != 200:
            await response.aclose()
            raise self._error_map(self._provider_id, response.status_code, response.headers, b"")
        return SdkIncoming(self._provider_id, response)

    async def check(self, path: str) -> None:
        """Gets a path. See `HttpTransport.check`."""
        await self._mapped(self._client.get(path, cast_to=httpx2.Response))

    async def close(self) -> None:
        """Closes every connection."""
        await self._client.close()

    async def _mapped(self, sending: Awaitable[object]) -> object:
        try:
            return await sending
        except APIStatusError as exc:
            answer = exc.response
            error = self._error_map(self._provider_id, answer.status_code, answer.headers, answer.content)
            raise error from exc
        except (APIConnectionError, httpx2.HTTPError, aiohttp.ClientError, OSError) as exc:
            raise transport_error(self._provider_id, exc) from exc


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


def transport_error(provider_id: str, exc: BaseException) -> ProviderError:
    """What a failure below HTTP means, told by its first cause.

    On the aiohttp client a refused connection surfaces as a timeout of the SDK: only what aiohttp raised says
    which.
    """
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, aiohttp.ClientError | OSError):
            return connection_error(provider_id, cause)
        cause = cause.__cause__
    return ConnectionFailed(provider_id, "closed the connection before its answer")
