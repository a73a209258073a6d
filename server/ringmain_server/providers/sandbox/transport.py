"""Room 4, the sandbox: acts out a script in place of a network. See `Transport` and `Incoming`."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol, assert_never

from ringmain_sandbox.endpoints import Work
from ringmain_sandbox.refusal import RefusedError
from ringmain_sandbox.script import End, Script
from ringmain_sandbox.upstream import Admitted, Upstream

from ringmain_server.errors import ConnectionFailed, ProviderError
from ringmain_server.media.runner import MediaPool
from ringmain_server.providers.sandbox.receive import receive
from ringmain_server.providers.transport import ErrorMap, HttpRequest

_BATCH = 64 << 10
"""About the most bytes of one read."""

_BROKEN = {
    End.REFUSED: "refused the connection",
    End.RESET: "closed the connection before its answer",
    End.CUT: "closed the connection within the answer",
}


class Handle(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Cancels the call."""
        ...


class Timer(Protocol):
    """The part of an event loop that tells the time and schedules calls."""

    def time(self) -> float:
        """Returns the time in seconds."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Handle:
        """Schedules a call after a delay in seconds."""
        ...


class SandboxTransport:
    """The transport to the server that the sandbox plays.

    Args:
        provider_id: The name of the provider.
        upstream: The server.
        error_map: Maps refusals to errors, as it does for a real server.
        pool: The threads in which it draws.
        timer: Returns the source of time; the running loop by default.
    """

    def __init__(
        self,
        provider_id: str,
        upstream: Upstream,
        error_map: ErrorMap,
        pool: MediaPool,
        timer: Callable[[], Timer] = asyncio.get_running_loop,
    ) -> None:
        self._provider_id = provider_id
        self._upstream = upstream
        self._error_map = error_map
        self._pool = pool
        self._timer = timer

    async def send(self, request: HttpRequest) -> bytes:
        """Returns the whole answer, after as long as a stream of it would take. See `Transport.send`."""
        wait = _Wait(self._timer())
        script = await self._act(request, stream=False)
        if script.end is End.SILENT:
            await wait.forever()
        await wait.until(script.pace.due(max(script.count - 1, 0)))
        _raise_broken(self._provider_id, script.end)
        return script.tail

    async def open(self, request: HttpRequest) -> "SandboxIncoming":
        """Returns the answer as it comes in. See `Transport.open`."""
        wait = _Wait(self._timer())
        script = await self._act(request, stream=True)
        if not script.accepted:
            if script.end is End.SILENT:
                await wait.forever()
            _raise_broken(self._provider_id, script.end)
        return SandboxIncoming(self._provider_id, script, wait)

    async def close(self) -> None:
        """Does nothing, because there is nothing to close."""

    async def _act(self, request: HttpRequest, *, stream: bool) -> Script:
        received = await receive(request)
        try:
            admitted = self._upstream.admit(received)
            if isinstance(admitted, Script):
                return admitted
            return await self._perform(admitted, stream=stream)
        except RefusedError as exc:
            refused = exc.refusal
            raise self._error_map(self._provider_id, refused.status, refused.headers, refused.body) from exc

    async def _perform(self, admitted: Admitted, *, stream: bool) -> Script:
        perform = partial(self._upstream.perform, admitted, stream=stream)
        work = admitted.endpoint.work(admitted.received)
        match work:
            case Work.LOOP:
                return perform()
            case Work.THREAD:
                return await asyncio.to_thread(perform)
            case Work.DRAWING:
                return await self._pool.run(perform)
            case _:
                assert_never(work)


class SandboxIncoming:
    """A streamed answer."""

    __slots__ = ("_chunks", "_left", "_provider_id", "_script", "_sent", "_wait")

    def __init__(self, provider_id: str, script: Script, wait: "_Wait") -> None:
        self._provider_id = provider_id
        self._script = script
        self._wait = wait
        self._chunks = script.chunks
        self._sent = 0
        self._left = True

    async def read(self) -> bytes | None:
        """Returns every token that has come by now, after waiting for one. See `Incoming.read`."""
        if self._left:
            now = await self._wait.until(self._script.pace.due(self._sent))
            if batch := self._due(now):
                return batch
        await self._end()
        return None

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._wait.abort(error)

    def close(self, *, complete: bool) -> None:
        """Stops writing. See `Incoming.close`."""
        del complete  # there is no connection to keep
        self._chunks = iter(())
        self._left = False

    def _due(self, now: float) -> bytes:
        script = self._script
        batch: list[bytes] = []
        size = 0
        while self._sent < script.count and size < _BATCH and script.pace.due(self._sent) <= now:
            batch.append(chunk := next(self._chunks))
            size += len(chunk)
            self._sent += 1
        if self._sent == script.count and not (batch and script.tail_apart):
            self._left = False
            batch.append(script.tail)
        return b"".join(batch)

    async def _end(self) -> None:
        if self._script.end is End.SILENT:
            await self._wait.forever()
        await self._wait.until(0.0)
        _raise_broken(self._provider_id, self._script.end)


def _raise_broken(provider_id: str, end: End) -> None:
    message = _BROKEN.get(end)
    if message is not None:
        raise ConnectionFailed(provider_id, message)


class _Wait:
    """The waits of one reader, in seconds since its request."""

    __slots__ = ("_error", "_start", "_timer", "_waiter")

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._start = timer.time()
        self._waiter: asyncio.Future[None] | None = None
        self._error: ProviderError | None = None

    async def until(self, due: float) -> float:
        """Waits for a time, and returns the time after the wait, both in seconds since the request.

        Raises:
            ProviderError: `abort` was called.
        """
        if self._error is not None:
            raise self._error
        now = self._timer.time() - self._start
        if now >= due:
            return now
        waiter = asyncio.get_running_loop().create_future()
        handle = self._timer.call_later(due - now, partial(_release, waiter))
        try:
            await self._woken(waiter)
        finally:
            handle.cancel()
        return max(due, self._timer.time() - self._start)  # a timer may be a tick early

    async def forever(self) -> None:
        """Waits for `abort`."""
        if self._error is not None:
            raise self._error
        await self._woken(asyncio.get_running_loop().create_future())

    def abort(self, error: ProviderError) -> None:
        """Makes the pending and every further wait raise `error`."""
        self._error = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    async def _woken(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = waiter
        try:
            await waiter
        finally:
            self._waiter = None


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
