"""Room 4, the I/O side: HTTP through one shared aiohttp session."""

import asyncio
import functools
import io
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from yarl import URL

from ringmain_server.errors import (
    AnswerTooLarge,
    CandidateFull,
    ConnectionFailed,
    ContentFiltered,
    MalformedAnswer,
    Overloaded,
    ProviderError,
    RingmainError,
    UploadCut,
)
from ringmain_server.errors.shortage import shortage
from ringmain_server.providers.http_body import json_body
from ringmain_server.providers.json_base64 import BlobCutter
from ringmain_server.providers.sessions import ConnectionsInUse, HttpSessions, in_turn
from ringmain_server.providers.transport import ErrorMap, FormField, HttpRequest
from ringmain_server.providers.unreadable import explained

ANSWER_LIMIT = 64 << 20
"""Most bytes of a whole answer."""
DRAWN_LIMIT = 256 << 20
"""Most bytes of a whole answer that consists of images, in base64."""
ERROR_LIMIT = 64 << 10
"""Most bytes read of an error's body."""
_LARGE_UPLOAD = 1 << 20
"""From so many bytes on, a request may be why its connection was closed without an answer."""
_ANSWERED = frozenset({200, 201, 202})
"""Statuses of answers; where a job is begun, the answer to that is Created or Accepted."""
_LINGER = 1.0
"""Seconds that a complete answer's connection may take to end, so that it can be kept."""


class Credentials(Protocol):
    """What the provider's SDK knows and each request needs."""

    async def headers(self) -> Mapping[str, str]:
        """The headers of the next request, authorization included."""
        ...


@dataclass(frozen=True, slots=True)
class FixedHeaders:
    """Credentials that never change."""

    fixed: Mapping[str, str]

    async def headers(self) -> Mapping[str, str]:
        """The same headers, always."""
        return self.fixed


@dataclass(frozen=True, slots=True)
class HttpTransport:
    """An HTTP endpoint. See `Transport`.

    Attributes:
        provider_id: Whose endpoint it is.
        sessions: Where the shared session is.
        base_url: What paths are appended to.
        credentials: Headers of each request.
        error_map: What a status that is not a success means.
        connect_timeout: Seconds to reach the provider.
        query: The query string of each request, such as `api-version=…`.
        owns_sessions: Whether the session is this endpoint's own, to be closed with it.
        objection: Why a safety system objects to an answer, by its headers; empty where it does not. None
            for a provider that says such things in its answers alone.
    """

    provider_id: str
    sessions: HttpSessions
    base_url: str
    credentials: Credentials
    error_map: ErrorMap
    connect_timeout: float = 5.0
    query: str = ""
    owns_sessions: bool = False
    objection: Callable[[Mapping[str, str]], str] | None = None

    async def send(self, request: HttpRequest) -> bytes:
        """The whole answer. See `Transport.send`."""
        response = await self._post(request)
        blob = request.blob
        del request  # what was sent may be large, and so may be what comes
        try:
            if blob:
                return await self._cut(response, BlobCutter(blob))
            return await self._read(response, ANSWER_LIMIT)
        except BaseException:
            response.close()
            raise

    async def open(self, request: HttpRequest) -> "HttpIncoming":
        """The answer as it comes in. See `Transport.open`."""
        return HttpIncoming(self.provider_id, await self._post(request))

    async def check(self, path: str) -> None:
        """Gets a path and lets go of the answer, once it is known to be a success.

        Raises:
            ProviderError: No answer, or one that is not a success.
        """
        response = await self._ask("GET", path, await self.credentials.headers(), None)
        response.close()

    async def close(self) -> None:
        """Closes the session if it is not shared."""
        if self.owns_sessions:
            await self.sessions.close()

    async def _post(self, request: HttpRequest) -> aiohttp.ClientResponse:
        headers = {**await self.credentials.headers(), **request.headers}
        upload = _Upload()
        body: bytes | aiohttp.Payload | aiohttp.FormData | None = None
        if request.form:
            headers, body = _without_type(headers), _form(request.form, upload)
        elif request.method != "GET":
            body = json_body(request.body)
            upload.size = (len(body) if isinstance(body, bytes) else body.size) or 0
        try:
            return await self._ask(request.method, request.path, headers, body)
        except ConnectionFailed as exc:
            if cut := upload_cut(exc, upload.size):
                raise cut from exc
            raise

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: "bytes | aiohttp.Payload | aiohttp.FormData | None",
    ) -> aiohttp.ClientResponse:
        try:
            asking = self.sessions.get().request(
                method,
                self._url(path),
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=self.sessions.proxy(self.base_url),
                timeout=_connect_within(self.connect_timeout),
            )
            limited = self.sessions.limited
            response = await (in_turn(asking, self.connect_timeout) if limited else asking)
        except ConnectionsInUse as exc:
            raise CandidateFull(self.provider_id, "has as many connections in use as it may") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise _upload_error(exc) or connection_error(self.provider_id, exc) from exc
        if response.status not in _ANSWERED:
            raise await self._refusal(response)
        if self.objection is not None and (category := self.objection(response.headers)):
            response.close()
            why = "the provider's safety system withheld the answer"
            raise ContentFiltered(self.provider_id, why, metadata={"category": category})
        return response

    def _url(self, path: str) -> URL:
        query = f"?{self.query}" if self.query else ""
        return _parsed(self.base_url + path + query)

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        chunks = [chunk async for chunk in self._chunks(response, limit)]
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _cut(self, response: aiohttp.ClientResponse, cutter: BlobCutter) -> bytes:
        """A document without its leaves, which are decoded as they come."""
        texts = [cutter.feed(chunk) async for chunk in self._chunks(response, DRAWN_LIMIT)]
        return cutter.end(b"".join(texts))

    async def _chunks(self, response: aiohttp.ClientResponse, limit: int) -> AsyncGenerator[bytes, None]:
        workers = limit
        try:
            while chunk := await response.content.readany():
                if (workers := workers - len(chunk)) < 0:
                    raise AnswerTooLarge(self.provider_id, f"the answer exceeds {limit} bytes")
                yield chunk
        except (aiohttp.ClientError, OSError) as exc:
            raise _upload_error(exc) or connection_error(self.provider_id, exc) from exc

    async def _refusal(self, response: aiohttp.ClientResponse) -> ProviderError:
        try:
            body = await self._read(response, ERROR_LIMIT)
        except ProviderError:
            body = b""  # the status says enough
        finally:
            response.release()
        return explained(
            self.error_map, self.provider_id, response.status, response.headers, body, time.time()
        )


class _Upload:
    """How large a request is, as far as it is known.

    Attributes:
        size: Bytes; of a body that is still coming in, those that came.
    """

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0


class _Weighed:
    """An iterator over pieces of an upload, which are weighed on their way."""

    __slots__ = ("_pieces", "_upload")

    def __init__(self, pieces: AsyncIterator[bytes], upload: _Upload) -> None:
        self._pieces = pieces
        self._upload = upload

    def __aiter__(self) -> "_Weighed":
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._pieces)
        self._upload.size += len(piece)
        return piece


def _form(fields: Sequence[FormField], upload: _Upload) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for field in fields:
        value: object = field.value() if callable(field.value) else field.value
        if isinstance(value, bytes):
            upload.size += len(value)
            value = io.BytesIO(value)  # goes out in pieces, and is no copy
        elif isinstance(value, AsyncIterator):
            value = _Weighed(value, upload)
        form.add_field(
            field.name,
            value,
            filename=field.filename or None,
            content_type=field.mime_type or None,
        )
    return form


def _without_type(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without the type of a JSON body: a form's type names its boundary."""
    return {name: value for name, value in headers.items() if name.lower() != "content-type"}


@functools.lru_cache(maxsize=1024)
def _parsed(address: str) -> URL:
    return URL(address, encoded=True)


@functools.lru_cache(maxsize=64)
def _connect_within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=seconds)


class HttpIncoming:
    """A streamed answer. See `Incoming`."""

    __slots__ = ("_content", "_provider_id", "_response")

    def __init__(self, provider_id: str, response: aiohttp.ClientResponse) -> None:
        self._provider_id = provider_id
        self._response = response
        self._content = response.content

    async def read(self) -> bytes | None:
        """Everything that has come in since the last read. See `Incoming.read`."""
        try:
            return await self._content.readany() or None
        except (aiohttp.ClientError, OSError) as exc:
            # aiohttp drops what came right before the break, and has no public way to it: the caller is to
            # have that first, then the error.
            if left := self._content._read_nowait(-1):
                return left
            raise connection_error(self._provider_id, exc) from exc

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._content.set_exception(error)

    def close(self, *, complete: bool) -> None:
        """Keeps the connection of a complete answer, and closes any other at once."""
        if complete and not self._content.at_eof() and self._content.exception() is None:
            _LINGERING.add(task := asyncio.ensure_future(self._linger()))
            task.add_done_callback(_LINGERING.discard)
        else:
            self._response.close()

    async def _linger(self) -> None:
        """Reads the end that follows the end marker, without which the connection could not be kept."""
        try:
            async with asyncio.timeout(_LINGER):
                while await self._content.readany():
                    pass
        except (aiohttp.ClientError, OSError):
            pass
        finally:
            self._response.close()


_LINGERING: set[asyncio.Future[None]] = set()


def _upload_error(exc: BaseException) -> RingmainError | None:
    """What ended a body that was still coming in, where sending failed for that: no fault of the provider."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, RingmainError):
            return cause
        cause = cause.__cause__
    return None


def connection_error(provider_id: str, exc: BaseException) -> ProviderError | Overloaded:
    """What a failure below HTTP means. No address of the upstream gets into the message."""
    if lack := shortage(exc):
        return lack
    if isinstance(exc, (aiohttp.ConnectionTimeoutError, TimeoutError)):
        return ConnectionFailed(provider_id, "could not be reached in time")
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return ConnectionFailed(provider_id, "failed the TLS handshake")
    if isinstance(exc, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return ConnectionFailed(provider_id, "could not be found: its name does not resolve")
    if isinstance(exc, aiohttp.ClientConnectorError):
        return ConnectionFailed(provider_id, "refused the connection")
    if isinstance(exc, aiohttp.ClientPayloadError):
        return _lost(provider_id, "closed the connection within the answer")
    if isinstance(exc, aiohttp.ClientResponseError):
        return MalformedAnswer(provider_id, "answered something that is not HTTP")
    return _lost(provider_id, "closed the connection before its answer")


def upload_cut(error: object, size: int) -> UploadCut | None:
    """What a connection means that was closed without an answer over a request of so many bytes.

    None where the request is too small, or the failure another, for the request to be the reason.
    """
    if isinstance(error, ConnectionFailed) and error.sent and size > _LARGE_UPLOAD:
        return UploadCut(error.provider_id, "closed the connection over a large request")
    return None


def _lost(provider_id: str, message: str) -> ConnectionFailed:
    """The failure of a connection over which the request, or a part of it, had gone."""
    error = ConnectionFailed(provider_id, message)
    error.sent = True
    return error
