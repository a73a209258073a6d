"""Client: sends the tokens of a caller's function, over threads. Its twin for asyncio is `_auth_async`."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc

from ringmain._tokens import KeptToken, TokenSource, bearer
from ringmain.errors import DeadlineExceeded

_REFUSED: Final = grpc.StatusCode.UNAUTHENTICATED


class Tokens:
    """The tokens of a client. Threads that need another one at the same time share one call of the function.

    Args:
        source: The caller's function.
    """

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._kept = KeptToken()
        self._one_at_a_time = threading.Lock()

    def text(self, timeout: float | None) -> str:
        """Returns the token to send.

        Args:
            timeout: The most seconds to wait for another thread that asks for one.

        Raises:
            DeadlineExceeded: The other thread took longer.
        """
        known = self._kept.good
        if known is not None:
            return known
        if not self._one_at_a_time.acquire(timeout=-1 if timeout is None else max(timeout, 0.0)):
            raise DeadlineExceeded("no token came in time", code=grpc.StatusCode.DEADLINE_EXCEEDED)
        try:
            return self._kept.good or self._asked()
        finally:
            self._one_at_a_time.release()

    def another(self, refused: str, timeout: float | None) -> str | None:
        """Returns the token to send in place of a refused one, None if there is no other."""
        with self._one_at_a_time:
            again = self._kept.refused(refused)
        text = self.text(timeout) if again else refused
        return None if text == refused else text

    def _asked(self) -> str:
        try:
            given = self._source()
        except Exception as exc:  # noqa: BLE001, whatever it is, it is told as the cause
            return self._kept.after(exc)
        return self._kept.keep(given)


class Authorizing(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Sends the token with each call, and makes a refused call once more with another token.

    A call that sends a stream is not repeated, since the part that was sent cannot be had again.

    Args:
        tokens: The tokens.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Makes a call with the token, and once more if the gateway refuses it."""
        attempt = _Attempt(self._tokens, details)
        call = continuation(attempt.details(), request)
        # For a call that another thread waits for, this waits too: gRPC has no way to go on later.
        if call.code() is _REFUSED and (again := attempt.again()) is not None:
            return continuation(again, request)
        return call

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        """Begins a streamed answer with the token, and once more if the gateway refuses it."""
        attempt = _Attempt(self._tokens, details)
        return _Events(lambda again: continuation(again, request), attempt)

    def intercept_stream_unary(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        """Makes a call with the token."""
        return continuation(_Attempt(self._tokens, details).details(), request_iterator)

    def intercept_stream_stream(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        """Makes a call with the token."""
        return continuation(_Attempt(self._tokens, details).details(), request_iterator)


class _Details(grpc.ClientCallDetails):
    """The details of a call, with other metadata and the time that is left."""

    def __init__(self, given: Any, text: str, timeout: float | None) -> None:
        self.method = given.method
        self.timeout = timeout
        self.metadata = (*(given.metadata or ()), bearer(text))
        self.credentials = given.credentials
        self.wait_for_ready = given.wait_for_ready
        self.compression = given.compression


class _Attempt:
    """The token of one call, and of its repetition."""

    def __init__(self, tokens: Tokens, details: Any) -> None:
        self._tokens = tokens
        self._given = details
        self._ends_at = None if details.timeout is None else time.monotonic() + details.timeout
        self._text = tokens.text(self._left())

    def details(self) -> _Details:
        return _Details(self._given, self._text, self._left())

    def again(self) -> _Details | None:
        """Returns the details of the repetition, None if there is no other token."""
        text = self._tokens.another(self._text, self._left())
        return None if text is None else _Details(self._given, text, self._left())

    def _left(self) -> float | None:
        return None if self._ends_at is None else self._ends_at - time.monotonic()


class _Events:
    """A streamed call of gRPC that begins again if the gateway refuses its token before it sends anything."""

    def __init__(self, begin: Callable[[_Details], Any], attempt: _Attempt) -> None:
        self._begin = begin
        self._attempt: _Attempt | None = attempt
        self._cancelled = False
        self._call = begin(attempt.details())

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        attempt, self._attempt = self._attempt, None
        try:
            return next(self._call)
        except grpc.RpcError:
            if attempt is None or self._call.code() is not _REFUSED:
                raise
            again = attempt.again()
            if again is None:
                raise
        self._call = self._begin(again)
        if self._cancelled:  # by another thread, meanwhile
            self._call.cancel()
        return next(self._call)

    def cancel(self) -> bool:
        self._cancelled = True
        return bool(self._call.cancel())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)
