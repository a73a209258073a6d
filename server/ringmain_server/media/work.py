"""Media: lets long work in a thread notice that nobody waits for it any more.

`runner.py` sets a flag for the thread that does the work; the work calls `checkpoint` between its steps.
Without a flag, as in tests of the work itself, a checkpoint does nothing.
"""

import threading
from contextvars import ContextVar

abandoned: ContextVar[threading.Event | None] = ContextVar("abandoned", default=None)
"""The flag that is set once nobody waits for the work of this context."""


class Abandoned(Exception):
    """Nobody waits for this work. No caller ever sees it, since there is none."""


def checkpoint() -> None:
    """Ends the work here if nobody waits for it.

    Raises:
        Abandoned: Nobody waits.
    """
    flag = abandoned.get()
    if flag is not None and flag.is_set():
        raise Abandoned
