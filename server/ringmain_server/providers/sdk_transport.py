"""Room 4, the I/O side: through a vendor's SDK, where its client must sign what is sent.

The low-level request (`client.post`) skips the SDK's own models and keeps its credentials, endpoints and
decoding. It costs five times what `HttpTransport` does, so only platforms that need it come this way. The
SDKs of OpenAI and Anthropic are made from one template; what is used here is the same in both.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import httpx2
import orjson

from ringmain_server.errors import (
    CredentialsRefused,
    MalformedAnswer,
    ProviderError,
)
from ringmain_server.providers.http import connection_error
from ringmain_server.providers.transport import ErrorMap, HttpRequest


class SdkClient(Protocol):
    """An SDK's client, with its own retries off."""

    async def post(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any,
        options: Any,
        stream: bool,
        stream_cls: Any,
    ) -> Any:
        """Sends a request."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK of a client: what it raises, and how it reads a stream.

    Attributes:
        api_error: The base of what it raises.
        status_error: What it raises for a status that is not a success; has `response` and `body`.
        stream: What reads a stream as decoded events.
        credentials: What its credentials raise when they cannot be had.
        decoding: What its reader raises for an answer that it cannot decode.
    """

    api_error: type[Exception]
    status_error: type[Exception]
    stream: Any
    credentials: tuple[type[Exception], ...] = ()
    decoding: tuple[type[Exception], ...] = (ValueError,)


@dataclass(frozen=True, slots=True)
class SdkTransport:
    """An endpoint behind an SDK's client. See `Transport`.

    Attributes:
        provider_id: Whose endpoint it is.
        client: Signs and sends.
        sdk: What the client is of.
        error_map: What a status that is not a success means; status 200 for an error within a stream.
    """

    provider_id: str
    client: SdkClient
    sdk: Sdk
    error_map: ErrorMap

    async def send(self, request: HttpRequest) -> bytes:
        """The whole answer. See `Transport.send`."""
        answer: bytes = await self._post(request, stream=False)
        return answer

    async def open(self, request: HttpRequest) -> "SdkIncoming":
        """The answer as it comes in. See `Transport.open`."""
        return SdkIncoming(self, await self._post(request, stream=True))

    async def close(self) -> None:
        """Closes every connection."""
        await self.client.close()

    def mapped(self, exc: Exception) -> ProviderError:
        """What the SDK's exception means."""
        if isinstance(exc, self.sdk.status_error):
            response, body = getattr(exc, "response", None), getattr(exc, "body", None)
            status = response.status_code if response is not None else 500
            headers: Mapping[str, str] = response.headers if response is not None else {}
            return self.error_map(self.provider_id, status, headers, _bytes(body))
        if isinstance(exc, self.sdk.credentials):
            return _no_credentials(self.provider_id)
        if isinstance(exc, self.sdk.decoding):
            return MalformedAnswer(self.provider_id, "answered something that cannot be read")
        return connection_error(self.provider_id, _cause(exc))

    @property
    def foreign(self) -> tuple[type[Exception], ...]:
        """Everything that stands for the provider rather than for a mistake of ours."""
        sdk = self.sdk
        return (sdk.api_error, httpx2.HTTPError, OSError, *sdk.credentials, *sdk.decoding)

    async def _post(self, request: HttpRequest, *, stream: bool) -> Any:
        try:
            return await self.client.post(
                request.path,
                cast_to=object if stream else bytes,
                body=dict(request.body),
                options={"headers": dict(request.headers)} if request.headers else {},
                stream=stream,
                stream_cls=self.sdk.stream,
            )
        except self.foreign as exc:
            raise self.mapped(exc) from exc
        except RuntimeError as exc:
            if _UNRESOLVED.search(str(exc)) is None:
                raise
            raise _no_credentials(self.provider_id) from exc


class SdkIncoming:
    """A streamed answer, event by event. See `Incoming`."""

    __slots__ = ("_error", "_events", "_scope", "_stream", "_transport")

    def __init__(self, transport: SdkTransport, stream: Any) -> None:
        self._transport = transport
        self._stream = stream
        self._events: AsyncIterator[object] = aiter(stream)
        self._error: ProviderError | None = None
        self._scope: asyncio.Timeout | None = None

    async def read(self) -> bytes | None:
        """The next event as server-sent, whatever the platform's own framing was. See `Incoming.read`."""
        if self._error is not None:
            raise self._error
        try:
            async with asyncio.timeout(None) as self._scope:
                event = await anext(self._events, None)
        except TimeoutError as exc:
            if self._error is None:
                raise self._transport.mapped(exc) from exc
            raise self._error from exc
        except self._transport.foreign as exc:
            raise self._transport.mapped(exc) from exc
        finally:
            self._scope = None
        return None if event is None else b"data: " + orjson.dumps(event) + b"\n\n"

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._error = error
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def close(self, *, complete: bool) -> None:
        """Ends the exchange at once; the SDK keeps the connection if the answer was read to its end."""
        _CLOSING.add(task := asyncio.ensure_future(self._close(complete=complete)))
        task.add_done_callback(_CLOSING.discard)

    async def _close(self, *, complete: bool) -> None:
        try:
            if complete:  # the end of the body, without which the connection could not be kept
                async with asyncio.timeout(_LINGER):
                    await anext(self._events, None)
        except self._transport.foreign:
            pass  # a TimeoutError is an OSError
        finally:
            await self._stream.close()


_UNRESOLVED = re.compile(r"could not (?:be )?resolve", re.IGNORECASE)
"""How the SDKs' clients say in a RuntimeError that they found no credentials, or no project with them."""
_LINGER = 1.0
"""Seconds that a complete answer's connection may take to end."""
_CLOSING: set[asyncio.Future[None]] = set()


def _no_credentials(provider_id: str) -> CredentialsRefused:
    return CredentialsRefused(provider_id, "is not reached: the gateway's credentials cannot be had")


def _bytes(body: object) -> bytes:
    """An error's body as it came: the SDK has decoded it where it could."""
    if isinstance(body, str):
        return body.encode()
    return b"" if body is None else orjson.dumps(body)


def _cause(exc: BaseException) -> BaseException:
    """What the connection really died of: the SDK calls a refused connection a timeout."""
    while not isinstance(exc, aiohttp.ClientError) and exc.__cause__ is not None:
        exc = exc.__cause__
    return exc
