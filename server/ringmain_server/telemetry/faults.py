"""Telemetry: reports its own faults, so that code that observes a call never raises into it."""

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
    """Logs faults, each place at most once a minute with the number of times it happened.

    Args:
        log: The log, or None to log nothing.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, log: FilteringBoundLogger | None = None, clock: Clock = time.monotonic) -> None:
        self._log = log
        self._repeats: Repeats[str] = Repeats(clock, PAUSE)

    def happened(self, where: str, exc: BaseException | None = None, **more: object) -> None:
        """Counts a fault, and logs it unless its place was logged recently. Never raises.

        Args:
            where: The place of the fault. There must be few distinct places.
            exc: The exception, or None where its traceback is logged elsewhere.
            more: Further fields of the line.
        """
        with suppress(Exception):
            count = self._repeats.happened(where)
            if count and self._log is not None:
                self._log.error("fault", where=where, count=count, exc_info=exc, **more)


M = TypeVar("M", bound=Callable[..., None])


def harmless(method: M) -> M:
    """Decorates a method of telemetry so that it never raises: exceptions become a line of the log.

    Args:
        method: A method of an object whose attribute `faults` is a `Faults`.
    """
    where = method.__qualname__

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - a call must not fail because of its telemetry
            self.faults.happened(where, exc)

    return cast("M", guarded)
