"""Client: sends the tokens of a caller's function, over asyncio. Its twin for threads is `_auth_sync`."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc

from ringmain._tokens import AsyncTokenSource, KeptToken, bearer
from ringmain.errors import DeadlineExceeded

_REFUSED: Final = grpc.StatusCode.UNAUTHENTICATED


class AsyncTokens:
    """The tokens of a client. Calls that need another one at the same time share one call of the function.

    Args:
        source: The caller's function.
    """

    def __init__(self, source: AsyncTokenSource) -> None:
        self._source = source
        self._kept = KeptToken()
        self._asking: asyncio.Task[str] | None = None

    async def text(self, timeout: float | None) -> str:
        """Returns the token to send.

        Args:
            timeout: The most seconds to wait for it.

        Raises:
            DeadlineExceeded: It took longer.
        """
        known = self._kept.good
        if known is not None:
            return known
        if self._asking is None:
            self._asking = asyncio.create_task(self._asked())
            self._asking.add_done_callback(self._has_asked)
        try:
            async with asyncio.timeout(timeout):
                # A call that ends early does not end the wait of others.
                return await asyncio.shield(self._asking)
        except TimeoutError:
            raise DeadlineExceeded("no token came in time", code=grpc.StatusCode.DEADLINE_EXCEEDED) from None

    async def another(self, refused: str, timeout: float | None) -> str | None:
        """Returns the token to send in place of a refused one, None if there is no other."""
        text = await self.text(timeout) if self._kept.refused(refused) else refused
        return None if text == refused else text

    def _has_asked(self, asking: asyncio.Task[str]) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # so that nobody is told that it was never looked at

    async def _asked(self) -> str:
        try:
            given = self._source()
            given = await given if inspect.isawaitable(given) else given
        except Exception as exc:  # noqa: BLE001, whatever it is, it is told as the cause
            return self._kept.after(exc)
        return self._kept.keep(given)


def authorizing(tokens: AsyncTokens) -> tuple[grpc.aio.ClientInterceptor, ...]:
    """Returns the interceptors that send the token; gRPC wants one for each kind of call."""
    return (_Whole(tokens), _Streamed(tokens), _Uploaded(tokens), _Both(tokens))


class _Attempt:
    """The token of one call, and of its repetition."""

    def __init__(self, tokens: AsyncTokens, details: grpc.aio.ClientCallDetails) -> None:
        self._tokens = tokens
        self._given = details
        self._clock = asyncio.get_running_loop().time
        self._ends_at = None if details.timeout is None else self._clock() + details.timeout
        self._text = ""

    async def details(self) -> grpc.aio.ClientCallDetails:
        self._text = await self._tokens.text(self._left())
        return self._with_token()

    async def again(self) -> grpc.aio.ClientCallDetails | None:
        """Returns the details of the repetition, None if there is no other token."""
        text = await self._tokens.another(self._text, self._left())
        if text is None:
            return None
        self._text = text
        return self._with_token()

    def _with_token(self) -> grpc.aio.ClientCallDetails:
        given = self._given
        metadata = grpc.aio.Metadata(*(given.metadata or ()), bearer(self._text))
        return grpc.aio.ClientCallDetails(
            given.method, self._left(), metadata, given.credentials, given.wait_for_ready
        )

    def _left(self) -> float | None:
        return None if self._ends_at is None else self._ends_at - self._clock()


class _Authorizing:
    def __init__(self, tokens: AsyncTokens) -> None:
        self._tokens = tokens


class _Whole(_Authorizing, grpc.aio.UnaryUnaryClientInterceptor):
    """Sends the token with each call, and makes a refused call once more with another token."""

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        attempt = _Attempt(self._tokens, details)
        call = await continuation(await attempt.details(), request)
        if await call.code() is _REFUSED and (again := await attempt.again()) is not None:
            return await continuation(again, request)
        return call


class _Streamed(_Authorizing, grpc.aio.UnaryStreamClientInterceptor):
    """Sends the token with each call, and begins a refused call once more with another token."""

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        attempt = _Attempt(self._tokens, details)
        call = await continuation(await attempt.details(), request)
        return _Events(lambda again: continuation(again, request), attempt, call)


class _Uploaded(_Authorizing, grpc.aio.StreamUnaryClientInterceptor):
    """Sends the token. The part of a stream that was sent cannot be had again, so nothing is repeated."""

    async def intercept_stream_unary(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        return await continuation(await _Attempt(self._tokens, details).details(), request_iterator)


class _Both(_Authorizing, grpc.aio.StreamStreamClientInterceptor):
    """Sends the token. The part of a stream that was sent cannot be had again, so nothing is repeated."""

    async def intercept_stream_stream(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        return await continuation(await _Attempt(self._tokens, details).details(), request_iterator)


class _Events(grpc.aio.UnaryStreamCall[Any, Any]):
    """A streamed call of gRPC that begins again if the gateway refuses its token before it sends anything."""

    def __init__(
        self,
        begin: Callable[[grpc.aio.ClientCallDetails], Awaitable[Any]],
        attempt: _Attempt,
        call: "grpc.aio.UnaryStreamCall[Any, Any]",
    ) -> None:
        self._begin = begin
        self._attempt: _Attempt | None = attempt
        self._call = call
        self._cancelled = False

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (event := await self.read()) is not grpc.aio.EOF:
            yield event

    async def read(self) -> Any:
        attempt, self._attempt = self._attempt, None
        try:
            return await self._call.read()
        except grpc.aio.AioRpcError as exc:
            if attempt is None or exc.code() is not _REFUSED:
                raise
            again = await attempt.again()
            if again is None:
                raise
        self._call = await self._begin(again)
        if self._cancelled:  # by another task, meanwhile
            self._call.cancel()
        return await self._call.read()

    def cancel(self) -> bool:
        self._cancelled = True
        return bool(self._call.cancel())

    def cancelled(self) -> bool:
        return bool(self._call.cancelled())

    def done(self) -> bool:
        return bool(self._call.done())

    def time_remaining(self) -> float | None:
        return self._call.time_remaining()

    def add_done_callback(self, callback: Any) -> None:
        self._call.add_done_callback(callback)

    async def initial_metadata(self) -> grpc.aio.Metadata:
        return await self._call.initial_metadata()

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        return await self._call.trailing_metadata()

    async def code(self) -> grpc.StatusCode:
        return await self._call.code()

    async def details(self) -> str:
        return await self._call.details()

    async def wait_for_connection(self) -> None:
        await self._call.wait_for_connection()
