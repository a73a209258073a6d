"""Room 4: bounds the silence of one stream without a timer for every event.

A single timer checks from time to time whether content arrived. Time counts only while the reader waits, so a
slow caller is never mistaken for a silent provider. Keep-alive comments are not content and do not reset it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ringmain_server.call import Attempt
from ringmain_server.errors import CallerLimitPassed, NoAnswer, ProviderError

T = TypeVar("T")


class StreamTimeouts:
    """The first-content and idle timeouts of one attempt at a stream.

    Args:
        attempt: Holds the timeouts and the start time.
        loop: Supplies the clock and the timer.

    Attributes:
        paused: Whether no time counts, because the reader is passing content on. The reader sets it; `listen`
            resets it.
    """

    __slots__ = (
        "_abort",
        "_attempt",
        "_content",
        "_looks_at",
        "_loop",
        "_since",
        "_timeout",
        "_timer",
        "paused",
    )

    def __init__(self, attempt: Attempt, loop: asyncio.AbstractEventLoop) -> None:
        self._attempt = attempt
        self._loop = loop
        self._timeout = attempt.first_content_timeout
        self._since = max(attempt.start, attempt.ready_at)
        self._content = False
        self.paused = False
        self._looks_at = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._abort: Callable[[ProviderError], None] | None = None

    async def bound(self, opening: Awaitable[T]) -> T:
        """Waits for the provider to accept the request, within the first-content timeout.

        Raises:
            NoAnswer: The provider did not accept it in time. CallerLimitPassed if the caller chose a shorter
                time.
        """
        if self._timeout is None:
            return await opening
        timeout = asyncio.timeout_at(self._since + self._timeout)
        try:
            async with timeout:
                return await opening
        except TimeoutError as exc:
            if not timeout.expired():  # another timeout, within the transport
                raise
            raise self._error() from exc

    def watch(self, abort: Callable[[ProviderError], None]) -> None:
        """Starts the timer; `abort` must wake the reader with the error."""
        self._abort = abort
        self._look()

    def listen(self) -> None:
        """Records that the reader waits for the provider; time counts from now on if it was paused."""
        if not self.paused:
            return  # no content has come since the last time
        self.paused = False
        self._since = self._loop.time()
        if not self._content:
            self._content = True
            self._timeout = timeout = self._attempt.idle_timeout
            if timeout is not None and self._since + timeout < self._looks_at:
                # The timer still has the first content's timeout, which is longer.
                self.end()
                self._look()

    def end(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Aborts if the silence has lasted too long; otherwise checks again at the next possible time."""
        timeout = self._timeout
        if timeout is None:
            return
        # While paused, the silence has not begun, so it cannot end before a whole timeout from now.
        rest = timeout if self.paused else self._since + timeout - self._loop.time()
        if rest > 0:
            self._looks_at = self._loop.time() + rest
            self._timer = self._loop.call_later(rest, self._look)
        elif self._abort is not None:
            self._abort(self._error())

    def _error(self) -> NoAnswer:
        attempt = self._attempt
        what = "further content" if self._content else "first content"
        allowed = attempt.idle_allowed if self._content else attempt.first_content_allowed
        failed = attempt.was_allowed(self._since, self._loop.time(), allowed)
        kind = NoAnswer if failed else CallerLimitPassed
        return kind(attempt.candidate.provider_id, f"no {what} within {self._timeout:g} s")
