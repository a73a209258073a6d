"""Room 1: when each call came to a server, before a busy loop took it (`policies.backlog`).

gRPC asks every generic handler in turn which method a call wants, in the task that then serves it. The first
one here serves nothing: it notes the call, and the handler of the method finds the note in its context.
"""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import grpc.aio
from grpc_channelz.v1 import channelz, channelz_pb2

from ringmain_server.policies.backlog import Backlog

_LOOK = 0.005
"""Seconds between two looks at whether calls still come."""
_ON_TIME = 0.001
"""By how many seconds a look may be late when the loop has had several turns since the one before."""
_TURNS = 4
"""Turns of the loop from a call that waits in gRPC to its note here."""

_NO_LIMITS: tuple[tuple[str, int], ...] = (
    ("grpc.server.max_pending_requests", 1_000_000),
    ("grpc.server.max_pending_requests_hard_limit", 1_000_000),
    ("grpc.server_max_unrequested_time_in_server", 3600),
)
"""Options without which gRPC ends calls that wait to be taken, as CANCELLED and unseen: some of them beyond
1,000, all beyond 3,000, and each after 30 seconds."""


@dataclass(slots=True)
class Arrival:
    """The note of a call.

    Attributes:
        came: When it came, in seconds of the monotonic clock.
        waited: Seconds it waited to be taken.
        begun: Whether its handler was reached.
    """

    came: float
    waited: float
    begun: bool = False


_NO_CONTEXT: Any = None
"""The servicer of channelz needs one only to say what failed."""

Missed = Callable[[str, float], None]

_ARRIVAL: ContextVar[Arrival] = ContextVar("arrival")


def arrival(now: float) -> Arrival:
    """The note of the running call; where nobody took one, it came now."""
    found = _ARRIVAL.get(None)
    if found is None:
        return Arrival(now, 0.0)
    found.begun = True
    return found


class Arrivals(grpc.GenericRpcHandler):
    """Notes the calls of one server. To be the first of its handlers.

    Args:
        count: How many calls have come to the server so far, None when nobody knows.
        missed: Is told of a call that ended before its handler was reached: its path and the seconds.
    """

    def __init__(self, count: Callable[[], int | None], missed: Missed) -> None:
        self._backlog = Backlog(time.monotonic, count)
        self._missed = missed
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._last = 0.0
        self._turns = 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> None:
        """Notes a call, and leaves it to the other handlers."""
        now = self._last = time.monotonic()
        came = self._backlog.taken(now)
        note = Arrival(came, now - came)
        _ARRIVAL.set(note)
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(partial(self._ended, note, handler_call_details.method))
        self._turns = 0
        if self._timer is None:
            self._look_later(now)

    def _ended(self, note: Arrival, path: str, _: "asyncio.Task[object]") -> None:
        if not note.begun:
            self._missed(path, time.monotonic() - note.came)

    def _look_later(self, now: float) -> None:
        self._due = now + _LOOK
        self._timer = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _look(self) -> None:
        now, self._timer = time.monotonic(), None
        # A look that is late says that a turn takes long, and counts for one turn only.
        self._turns += _TURNS if now - self._due < _ON_TIME else 1
        if self._turns <= _TURNS or not self._backlog.quiet(now, now - self._last):
            self._look_later(now)


def waiting_server(options: list[tuple[str, object]], missed: Missed) -> grpc.aio.Server:
    """A server whose calls may wait to be taken, and which knows since when they do.

    Args:
        options: Channel arguments.
        missed: Is told of a call that ended before its handler was reached: its path and the seconds.
    """
    server = grpc.aio.server(options=[*options, *_NO_LIMITS])
    server.add_generic_rpc_handlers((Arrivals(_counter(_newest_id()), missed),))
    return server


def _newest_id() -> int:
    """The id that channelz gave the last server made in this process."""
    newest = 0
    while True:
        request = channelz_pb2.GetServersRequest(start_server_id=newest + 1)
        found = channelz.ChannelzServicer.GetServers(request, _NO_CONTEXT)
        newest = max([newest, *(server.ref.server_id for server in found.server)])
        if found.end or not found.server:
            return newest


def _counter(server_id: int) -> Callable[[], int | None]:
    """Counts the calls that came to a server: only channelz tells of those that were not taken yet."""
    request = channelz_pb2.GetServerRequest(server_id=server_id)

    def count() -> int | None:
        try:
            found = channelz.ChannelzServicer.GetServer(request, _NO_CONTEXT)
        except Exception:  # noqa: BLE001  it is about a figure in the log, and may fail no call
            return None
        return int(found.server.data.calls_started)

    return count
