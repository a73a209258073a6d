"""Room 4, the I/O side: HTTP through one shared aiohttp session."""

import asyncio
import functools
import io
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

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
"""Most bytes of a whole answer that consists of images in base64."""
ERROR_LIMIT = 64 << 10
"""Most bytes that are read of an error's body."""
_LARGE_UPLOAD = 1 << 20
"""Bytes from which the request's size may be why its connection was closed without an answer."""
_ANSWERED = frozenset({200, 201, 202})
"""Statuses of answers; the answer to the submission of a job is Created or Accepted."""
_LINGER = 1.0
"""Seconds that the connection of a complete answer may take to end, so that it can be kept."""


@dataclass(frozen=True, slots=True)
class HttpTransport:
    """An HTTP endpoint. See `Transport`.

    Attributes:
        provider_id: The provider's name in the configuration.
        sessions: Supplies the shared HTTP session.
        base_url: The URL to which paths are appended.
        headers: Headers of each request, authorization included.
        error_map: Translates an unsuccessful status.
        connect_timeout: Seconds to connect to the provider.
        query: The query string of each request, such as `api-version=…`.
        owns_sessions: Whether the session belongs to this endpoint alone and is closed with it.
        objection: Returns why a safety system objects to an answer, from its headers; empty if it does not.
            None for a provider that says so only in the body.
    """

    provider_id: str
    sessions: HttpSessions
    base_url: str
    headers: Mapping[str, str]
    error_map: ErrorMap
    connect_timeout: float = 5.0
    query: str = ""
    owns_sessions: bool = False
    objection: Callable[[Mapping[str, str]], str] | None = None

    async def send(self, request: HttpRequest) -> bytes:
        """Returns the whole answer. See `Transport.send`."""
        response = await self._ask(request)
        blob = request.blob
        del request  # the request may be large, and so may the answer
        try:
            if blob:
                cutter = BlobCutter(blob)
                return cutter.end(await self._read(response, DRAWN_LIMIT, cutter.feed))
            return await self._read(response, ANSWER_LIMIT)
        # Also on cancellation: the connection has unread data and cannot be reused.
        except BaseException:
            response.close()
            raise

    async def open(self, request: HttpRequest) -> "HttpIncoming":
        """Returns the answer as it comes in. See `Transport.open`."""
        response = await self._ask(request)
        try:
            # After one turn of the loop, the first read has all that arrived right behind the head: a burst
            # takes fewer messages then.
            await asyncio.sleep(0)
        except BaseException:
            response.close()
            raise
        return HttpIncoming(self.provider_id, response)

    async def check(self, path: str) -> None:
        """Requests a path, and drops the answer once it is known to be a success.

        Raises:
            ProviderError: There was no answer, or it is not a success.
        """
        response = await self._ask(HttpRequest(path, method="GET"))
        response.close()

    async def close(self) -> None:
        """Closes the session if it is not shared."""
        if self.owns_sessions:
            await self.sessions.close()

    async def _ask(self, request: HttpRequest) -> aiohttp.ClientResponse:
        """Sends a request, and returns the response after its head has been read."""
        headers: Mapping[str, str] = {**self.headers, **request.headers}
        body: bytes | aiohttp.Payload | aiohttp.FormData | None = None
        upload: _Upload | None = None
        if request.form:
            upload = _Upload()
            headers, body = _without_type(headers), _form(request.form, upload)
        elif request.method != "GET":
            body = json_body(request.body)
        address = self.base_url + request.path + (f"?{self.query}" if self.query else "")
        sessions = self.sessions
        try:
            asking = (sessions.session or sessions.start()).request(
                request.method,
                _parsed(address),
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=sessions.proxy(self.base_url) if sessions.proxies else None,
                timeout=_connect_within(self.connect_timeout),
            )
            response = await (in_turn(asking, self.connect_timeout) if sessions.limited else asking)
        except ConnectionsInUse as exc:
            raise CandidateFull(self.provider_id, "has as many connections in use as it may") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise self._failure(exc, _size(body) if upload is None else upload.size) from exc
        if response.status not in _ANSWERED:
            raise await self._refusal(response)
        if self.objection is not None and (category := self.objection(response.headers)):
            response.close()
            why = "the provider's safety system withheld the answer"
            raise ContentFiltered(self.provider_id, why, metadata={"category": category})
        return response

    async def _read(
        self,
        response: aiohttp.ClientResponse,
        limit: int,
        cut: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """Returns a whole body.

        Args:
            response: The response.
            limit: Most bytes of the body.
            cut: Removes from each chunk what the result must not contain; None keeps everything.
        """
        chunks: list[bytes] = []
        left = limit
        content = response.content
        try:
            while chunk := await content.readany():
                if (left := left - len(chunk)) < 0:
                    raise AnswerTooLarge(self.provider_id, f"the answer exceeds {limit} bytes")
                chunks.append(chunk if cut is None else cut(chunk))
        except (aiohttp.ClientError, OSError) as exc:
            raise _upload_error(exc) or connection_error(self.provider_id, exc) from exc
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _failure(self, exc: BaseException, size: int) -> RingmainError:
        """Returns the failure of a request that got no answer.

        Args:
            exc: The failure below HTTP.
            size: Bytes of the request that were sent, or were to be sent.
        """
        error = _upload_error(exc) or connection_error(self.provider_id, exc)
        return upload_cut(error, size) or error

    async def _refusal(self, response: aiohttp.ClientResponse) -> ProviderError:
        try:
            body = await self._read(response, ERROR_LIMIT)
        except ProviderError:
            body = b""  # the status alone is enough
        finally:
            response.release()
        return explained(
            self.error_map, self.provider_id, response.status, response.headers, body, time.time()
        )


class _Upload:
    """The size of a request, as far as it is known.

    Attributes:
        size: Bytes of the body; for a body that is still coming in, the bytes received so far.
    """

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0


class _Weighed:
    """An iterator over the pieces of an upload, which counts their bytes."""

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
            value = io.BytesIO(value)  # sent in pieces, without a copy
        elif isinstance(value, AsyncIterator):
            value = _Weighed(value, upload)
        form.add_field(
            field.name,
            value,
            filename=field.filename or None,
            content_type=field.mime_type or None,
        )
    return form


def _size(body: bytes | aiohttp.Payload | aiohttp.FormData | None) -> int:
    """Returns the size of a body that is not a form."""
    if isinstance(body, bytes):
        return len(body)
    return (body.size or 0) if isinstance(body, aiohttp.Payload) else 0


def _without_type(headers: Mapping[str, str]) -> dict[str, str]:
    """Returns the headers without the type of a JSON body, because a form's type names its boundary."""
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
        """Returns everything that has arrived since the last read. See `Incoming.read`."""
        try:
            return await self._content.readany() or None
        except (aiohttp.ClientError, OSError) as exc:
            # aiohttp drops what arrived right before the break and has no public access to it. The caller
            # must get that first, and then the error.
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
        """Reads the end of the body after the end marker; otherwise the connection could not be kept."""
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
    """Returns the error that ended an incoming body and thereby the request, which is no provider's fault."""
    # aiohttp wraps whatever the iterator over the body raises, so the whole chain of causes is searched.
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, RingmainError):
            return cause
        cause = cause.__cause__
    return None


def connection_error(provider_id: str, exc: BaseException) -> ProviderError | Overloaded:
    """Returns the failure that an exception below HTTP means. The message contains no URL of the upstream."""
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
    """Returns the failure of a connection that was closed without an answer to a large request.

    Returns:
        The failure; None if the request is too small, or the error another, for its size to be the reason.
    """
    if isinstance(error, ConnectionFailed) and error.sent and size > _LARGE_UPLOAD:
        return UploadCut(error.provider_id, "closed the connection over a large request")
    return None


def _lost(provider_id: str, message: str) -> ConnectionFailed:
    """Returns the failure of a connection over which at least a part of the request was sent."""
    error = ConnectionFailed(provider_id, message)
    error.sent = True
    return error
