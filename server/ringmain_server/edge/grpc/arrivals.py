"""Room 1: notes when each call came to a server, before a busy loop accepted it (`policies.backlog`).

gRPC asks every generic handler in turn which method a call wants, in the task that then serves it. The first
handler, here, serves nothing: it notes the call, and the handler of the method finds the note in its context.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import grpc
import grpc.aio
from grpc_channelz.v1 import channelz, channelz_pb2

from ringmain_server.edge.auth.gate import Gate, Verdict
from ringmain_server.identity.principal import Principal
from ringmain_server.policies.backlog import Backlog

_LOOK = 0.005
"""Seconds between two checks whether calls still come."""
_ON_TIME = 0.001
"""Seconds by which a check may be late when the loop has had several turns since the last one."""
_TURNS = 5
"""Turns of the loop after which every call that waited in gRPC before them has been noted here."""

_PENDING = 25_000
"""The most calls that wait in gRPC, at 13 KB each: so many that only a flood reaches it."""

_UNENDABLE = 256
"""The most calls without their message that nothing can end, at 20 KB each."""

_FRESH = 0.5
"""Seconds after which the credentials of a call are looked at again: it may come after a revocation."""

_NO_LIMITS: tuple[tuple[str, int], ...] = (
    ("grpc.server.max_pending_requests", _PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _PENDING),
    ("grpc.server_max_unrequested_time_in_server", 3600),
)
"""Options without which gRPC ends calls that wait to be accepted, as CANCELLED and unseen.

It would end some of them beyond 1,000, all beyond 3,000, and each after 30 seconds.
"""


@dataclass(slots=True, eq=False)
class Arrival:
    """The note of a call.

    Attributes:
        came: When the call came, in seconds of the monotonic clock.
        waited: How many seconds the call waited to be accepted.
        path: The path of the method.
        among: The calls of the server whose handlers were not reached yet, and that are served like this one.
        missed: Called if the call ends before its handler is reached.
        too_late: Whether the call was ended because its message did not come.
        verdict: The caller that the headers name, or why the call is refused; None where nobody looked.
    """

    came: float
    waited: float
    path: str = ""
    among: "dict[Arrival, asyncio.Task[object]] | None" = None
    missed: "Missed | None" = None
    too_late: bool = False
    verdict: Verdict | None = None

    def task_ended(self, _: "asyncio.Task[object]") -> None:
        """Reports a call that ended before its handler was reached."""
        if isinstance(self.verdict, Coroutine):
            self.verdict.close()
        if self.among is not None and self.among.pop(self, None) is not None and self.missed is not None:
            self.missed(self.path, time.monotonic() - self.came)


_NO_CONTEXT: Any = None
"""Passed to the servicer of channelz, which needs a context only to report failures."""

Missed = Callable[[str, float], None]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_ARRIVAL: ContextVar[Arrival] = ContextVar("arrival")


def arrival(now: float) -> Arrival:
    """Returns the note of the running call, whose handler is reached now; a new one where none was made."""
    found = _ARRIVAL.get(None)
    if found is None:
        return Arrival(now, 0.0)
    if now - found.came > _FRESH and isinstance(found.verdict, Principal):
        found.verdict = None
    if found.among is not None:
        task = found.among.pop(found, None)
        if task is not None:
            task.remove_done_callback(found.task_ended)
    return found


def too_late() -> bool:
    """Whether the running call was ended because its message did not come."""
    found = _ARRIVAL.get(None)
    return found is not None and found.too_late


class Methods(Protocol):
    """The methods of a server. `binding.Edge` has them."""

    @property
    def careful(self) -> Mapping[str, Handler]:
        """Maps a method's path to a handler that is reached before its message comes, and so can end."""
        ...

    @property
    def refusals(self) -> Mapping[str, Handler]:
        """Maps a method's path to a handler that refuses a call whose credentials are not valid."""
        ...

    @property
    def gate(self) -> Gate:
        """Decides who may call these methods."""
        ...

    def missed(self, path: str, seconds: float) -> None:
        """Records a call that ended before its handler was reached."""
        ...


class Arrivals(grpc.GenericRpcHandler):
    """Notes the calls of one server. It must be the first of the server's handlers.

    Args:
        count: Returns how many calls have come to the server so far, None when that is unknown.
        methods: The methods of the server.
        most: How many calls that can be ended may wait for their message; beyond that, the oldest is ended.
    """

    def __init__(self, count: Callable[[], int | None], methods: Methods, most: int) -> None:
        self._backlog = Backlog(time.monotonic, count)
        self._methods = methods
        self._most = most
        self._waiting: dict[Arrival, asyncio.Task[object]] = {}
        self._endable: dict[Arrival, asyncio.Task[object]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._last = 0.0
        self._turns = 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Notes a call, and refuses it if its credentials are not valid.

        Returns:
            The handler that refuses it, or one for calls without their message when many of these wait; None
            for every other call, which is left to the other handlers.
        """
        now = self._last = time.monotonic()
        came = self._backlog.accepted(now)
        path = handler_call_details.method or ""
        verdict = None
        if self._methods.gate.asks and path in self._methods.refusals:
            verdict = self._methods.gate.look(handler_call_details.invocation_metadata)
        # gRPC itself reads the one message of a call and reaches its handler then: nothing can end it before.
        handler = self._methods.careful.get(path) if len(self._waiting) >= _UNENDABLE else None
        among = self._waiting if handler is None else self._endable
        if isinstance(verdict, Exception):
            # It waits for nothing, so that it must not end one that does.
            handler, among = self._methods.refusals[path], self._waiting
        note = Arrival(came, now - came, path, among, self._methods.missed, verdict=verdict)
        _ARRIVAL.set(note)
        task = asyncio.current_task()
        if task is not None:
            among[note] = task
            task.add_done_callback(note.task_ended)
            if len(self._endable) > self._most:
                self._end_oldest()
        self._turns = 0
        if self._timer is None:
            self._since = now
            self._timer = asyncio.get_running_loop().call_later(_LOOK, self._look)
        return handler

    def _end_oldest(self) -> None:
        """Ends a call whose message does not come; honest callers send it together with the call."""
        note = next(iter(self._endable))
        note.too_late = True
        self._endable.pop(note).cancel()

    def _look(self) -> None:
        """Checks whether calls still come, and again later unless nothing can be waiting."""
        self._timer = None
        now = time.monotonic()
        # A look that is late says that a turn takes long, and counts for one turn only. So does one that
        # follows a call closely.
        several = now - self._since < _LOOK + _ON_TIME and self._last <= self._since
        self._turns += _TURNS if several else 1
        if self._turns >= _TURNS and self._backlog.quiet(now, now - self._last):
            return
        self._since = now
        self._timer = asyncio.get_running_loop().call_later(_LOOK, self._look)


def waiting_server(options: list[tuple[str, object]], methods: Methods, most: int) -> grpc.aio.Server:
    """Makes a server whose calls may wait to be accepted, and which knows since when they do.

    Args:
        options: Channel arguments.
        methods: The methods of the server.
        most: How many calls may wait for their message, of those that can be ended before it comes.
    """
    server = grpc.aio.server(options=[*options, *_NO_LIMITS])
    server.add_generic_rpc_handlers((Arrivals(_counter(_newest_id()), methods, most),))
    return server


def _newest_id() -> int:
    """Returns the id that channelz gave the last server made in this process."""
    newest = 0
    while True:
        request = channelz_pb2.GetServersRequest(start_server_id=newest + 1)
        found = channelz.ChannelzServicer.GetServers(request, _NO_CONTEXT)
        newest = max([newest, *(server.ref.server_id for server in found.server)])
        if found.end or not found.server:
            return newest


def _counter(server_id: int) -> Callable[[], int | None]:
    """Makes a function that counts the calls that came; only channelz knows those not accepted yet."""
    request = channelz_pb2.GetServerRequest(server_id=server_id)

    def count() -> int | None:
        try:
            found = channelz.ChannelzServicer.GetServer(request, _NO_CONTEXT)
        except Exception:  # noqa: BLE001  a figure of the log must not fail a call
            return None
        return int(found.server.data.calls_started)

    return count
