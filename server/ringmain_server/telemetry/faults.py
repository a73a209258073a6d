"""Tells of faults of telemetry itself: what watches a call never raises into it."""

import functools
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from structlog.typing import FilteringBoundLogger

from ringmain_server.policies import Clock
from ringmain_server.policies.repeats import Repeats

PAUSE = 60.0
"""Seconds between two lines about the same fault."""


class Faults:
    """Writes a line about each fault, at most one a minute about those of a place, with their number.

    Args:
        log: Where lines go; None where nobody reads them.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, log: FilteringBoundLogger | None = None, clock: Clock = time.monotonic) -> None:
        self._log = log
        self._repeats: Repeats[str] = Repeats(clock, PAUSE)

    def happened(self, where: str, exc: BaseException | None = None, **more: object) -> None:
        """A fault happened. Never raises: a log that cannot be written stops nothing.

        Args:
            where: The place, of which there are few.
            exc: What was raised there, None where its traceback is told otherwise.
            more: Further fields of the line.
        """
        with suppress(Exception):
            count = self._repeats.happened(where)
            if count and self._log is not None:
                self._log.error("fault", where=where, count=count, exc_info=exc, **more)


M = TypeVar("M", bound=Callable[..., None])


def harmless(method: M) -> M:
    """A method of telemetry that raises nothing: its exceptions become a line of the log.

    Args:
        method: Of an object whose `faults` are `Faults`.
    """
    where = method.__qualname__

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - no call may fail for what watches it
            self.faults.happened(where, exc)

    return cast("M", guarded)
