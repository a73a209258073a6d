"""Room 4: bounds the silence of one stream, without a timer for every event.

One timer looks now and then whether content came; only while the reader waits does time count, so that a slow
caller is never mistaken for a silent provider. Keep-alive comments are not content and do not reset it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ringmain_server.call import Attempt
from ringmain_server.errors import CallerLimitPassed, NoAnswer, ProviderError

T = TypeVar("T")


class StreamTimeouts:
    """The first-content and idle timeouts of one attempt at a stream.

    Args:
        attempt: Holds the timeouts and when it began.
        loop: Whose clock and timers are used.
    """

    __slots__ = (
        "_abort",
        "_attempt",
        "_content",
        "_listening",
        "_loop",
        "_since",
        "_timeout",
        "_timer",
    )

    def __init__(self, attempt: Attempt, loop: asyncio.AbstractEventLoop) -> None:
        self._attempt = attempt
        self._loop = loop
        self._timeout = attempt.first_content_timeout
        self._since = max(attempt.start, attempt.ready_at)
        self._content = False
        self._listening = False
        self._timer: asyncio.TimerHandle | None = None
        self._abort: Callable[[ProviderError], None] | None = None

    async def bound(self, opening: Awaitable[T]) -> T:
        """Waits for the provider to accept the request, within the first-content timeout.

        Raises:
            NoAnswer: It did not, or not within the shorter time that the caller chose.
        """
        if self._timeout is None:
            return await opening
        timeout = asyncio.timeout_at(self._since + self._timeout)
        try:
            async with timeout:
                return await opening
        except TimeoutError as exc:
            if not timeout.expired():
                raise
            raise self._error() from exc

    def watch(self, abort: Callable[[ProviderError], None]) -> None:
        """Starts the timer; `abort` must wake the reader with the error."""
        self._abort = abort
        self._look()

    def listen(self) -> None:
        """The reader waits for the provider from now on."""
        if not self._listening:
            self._listening = True
            if self._content:
                self._since = self._loop.time()

    def heard(self) -> None:
        """Content came; the reader is busy handing it on."""
        self._listening = False
        if not self._content:
            self._content = True
            self._timeout = self._attempt.idle_timeout
            # The timer still waits for the first content, which may be allowed to take longer.
            self.end()
            self._look()

    def end(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Aborts if the silence has lasted too long, else looks again at the earliest time it can have."""
        rest = self._rest()
        if rest is None:
            return
        if rest > 0:
            self._timer = self._loop.call_later(rest, self._look)
        elif self._abort is not None:
            self._abort(self._error())

    def _rest(self) -> float | None:
        """Seconds until the timeout can pass at the earliest, None if it never can."""
        timeout = self._timeout
        if timeout is None:
            return None
        if not self._listening and self._content:
            return timeout
        return self._since + timeout - self._loop.time()

    def _error(self) -> NoAnswer:
        attempt = self._attempt
        what = "further content" if self._content else "first content"
        allowed = attempt.idle_allowed if self._content else attempt.first_content_allowed
        failed = attempt.was_allowed(self._since, self._loop.time(), allowed)
        kind = NoAnswer if failed else CallerLimitPassed
        return kind(attempt.candidate.provider_id, f"no {what} within {self._timeout:g} s")
