"""App: one gateway from its start to its end, controlled by signals."""

import asyncio
import os
import signal
import sys
from typing import Any

from ringmain_server.app import orphan
from ringmain_server.app.app import App
from ringmain_server.app.signals import Sentinel, Stopping, handle, soon


async def run(app: App) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal stops at once.

    SIGHUP reloads, SIGQUIT logs the stacks of all tasks and threads.

    Raises:
        StartError: The gateway cannot start.
    """
    loop = asyncio.get_running_loop()
    sentinel = Sentinel(app.log, loop, app.longest_stop)
    lifetime = _Lifetime(app, sentinel, loop)
    lifetime.handle_signals()
    starting = asyncio.ensure_future(app.start())
    await first_of(starting, lifetime.stopping.begun)
    if starting.done():
        starting.result()
    else:
        starting.cancel()
        await asyncio.wait((starting,))
    await lifetime.stopping.begun.wait()
    await app.stop(lifetime.stopping.at_once)
    sentinel.over()


async def first_of(work: "asyncio.Future[Any]", event: asyncio.Event) -> None:
    """Waits until work is done or an event has happened."""
    happening = asyncio.ensure_future(event.wait())
    await asyncio.wait((work, happening), return_when=asyncio.FIRST_COMPLETED)
    happening.cancel()


class _Lifetime:
    """The actions of signals on a gateway."""

    def __init__(self, app: App, sentinel: Sentinel, loop: asyncio.AbstractEventLoop) -> None:
        self.stopping = Stopping()
        self._app = app
        self._sentinel = sentinel
        self._loop = loop
        self._asked = False
        self._reloading: set[asyncio.Task[None]] = set()
        self._on_terminal = os.isatty(sys.stderr.fileno())

    def handle_signals(self) -> None:
        handle(
            {
                signal.SIGTERM: self._stop,
                signal.SIGINT: self._stop,
                signal.SIGHUP: self._hang_up,
                signal.SIGQUIT: self._sentinel.tell_stacks,
                orphan.ORPHANED: self._orphaned,
            }
        )
        if orphan.missed(signal.SIGHUP):
            self._reload()

    def _stop(self) -> None:
        # Set first, since one handler may interrupt another.
        again, self._asked = self._asked, True
        self._sentinel.stop(again=again)
        soon(self._loop, self.stopping.ask)

    def _orphaned(self) -> None:
        """Begins to drain, since the supervisor is gone. It is told twice, which must not hurry the drain."""
        told, self._asked = self._asked, True
        if not told:
            self._sentinel.stop()
        soon(self._loop, self.stopping.begun.set)

    def _hang_up(self) -> None:
        if self._on_terminal and not os.isatty(sys.stderr.fileno()):
            self._orphaned()  # the terminal was closed, which is the other meaning of this signal
        else:
            soon(self._loop, self._reload)

    def _reload(self) -> None:
        if len(self._reloading) < 2:  # one that waits for another will read the latest file
            self._reloading.add(task := asyncio.create_task(self._app.reload()))
            task.add_done_callback(self._reloading.discard)
