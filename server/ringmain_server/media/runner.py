"""Media: runs work on media in a few threads, never on the event loop.

    pool = MediaPool()
    prepared = await pool.run(prepare, data, limits, field="images[0].data")

Threads are enough, since Pillow and PDFium release the interpreter's lock while they work, and bytes need not
be copied to another process. On Linux the threads yield to the event loop: their own nice value is higher.
A caller that is cancelled frees its place at once; work that has begun ends at its next `checkpoint`.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from ringmain_server.errors import Overloaded
from ringmain_server.media.work import abandoned

_NICE = 10

P = ParamSpec("P")
T = TypeVar("T")


def default_workers() -> int:
    """Returns the number of media threads of a process: half of its processors, from one to eight."""
    return min(max((os.cpu_count() or 2) // 2, 1), 8)


class MediaPool:
    """A bounded number of threads, and a bounded number of callers that wait for them.

    Args:
        workers: The number of threads, which start when they are needed; zero means `default_workers()`.
        waiting: How many callers may wait beyond those that are served.
    """

    def __init__(self, workers: int = 0, waiting: int = 256) -> None:
        self.workers = workers or default_workers()
        self._limit = self.workers + waiting
        self._callers = 0
        self._threads = ThreadPoolExecutor(self.workers, "media", initializer=_yield_to_the_loop)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs work in a thread and returns its result.

        Raises:
            Overloaded: Too many callers wait already.
            Exception: Whatever the work raises.
        """
        if self._callers >= self._limit:
            raise Overloaded("too many images and documents are in work", limit="media")
        # The context carries the flag into the thread, where `checkpoint` finds it.
        flag = threading.Event()
        context = copy_context()
        context.run(abandoned.set, flag)
        self._callers += 1
        try:
            done = self._threads.submit(partial(context.run, work, *args, **kwargs))
            return await asyncio.wrap_future(done)
        finally:
            # The place is free at once, although an abandoned thread may still work for a moment.
            flag.set()  # on cancellation too: work that nobody waits for ends at its next checkpoint
            self._callers -= 1

    def close(self) -> None:
        """Ends the threads once they finish what they do; work that has not begun is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _yield_to_the_loop() -> None:
    """Lowers this thread's priority where threads have their own (setpriority(2), section Bugs)."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)
