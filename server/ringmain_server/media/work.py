"""Media, outside the rooms: lets long work in a thread notice that nobody waits for it any more.

Whoever runs the work (`runner.py`) sets a flag for its thread; the work calls `checkpoint` between its steps.
Without a flag, as in tests of the work itself, a checkpoint does nothing.
"""

import threading
from contextvars import ContextVar

abandoned: ContextVar[threading.Event | None] = ContextVar("abandoned", default=None)
"""Set once nobody waits for the work of this context."""


class Abandoned(Exception):
    """Nobody waits for this work. Never seen by a caller: there is none."""


def checkpoint() -> None:
    """Ends the work here if nobody waits for it.

    Raises:
        Abandoned: Nobody does.
    """
    flag = abandoned.get()
    if flag is not None and flag.is_set():
        raise Abandoned
