"""Telemetry: events of the gateway, for the log, for a metric and for watchers."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from structlog.typing import FilteringBoundLogger

from ringmain_server.policies import Clock
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.text.excerpt import MESSAGE_LIMIT, excerpt

KINDS: Final = ("breaker", "failover", "recovery", "limit", "budget", "config", "provider", "key")
"""Every kind of event in the contract."""

BUFFER = 1024
"""The most events that wait for one watcher."""

_WARNINGS: Final = frozenset({"failover", "limit"})
_GRAVE: Final = frozenset({"problems", "restart_paths", "retire_date"})
"""Attributes that make an event a warning."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in the gateway.

    Attributes:
        time: Seconds since 1970.
        kind: One of `KINDS`.
        message: A description for people.
        provider_id: The provider that the event concerns, or empty.
        attributes: Details for programs.
    """

    time: float
    kind: str
    message: str
    provider_id: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


Listener = Callable[[Event], None]
"""Receives each event as it is published. It must not block."""


class Watcher:
    """One reader of events. A slow watcher loses its oldest events, and gets an event that says so.

    Args:
        kinds: The kinds of events to receive; empty for all.
        leave: Called when the watcher stops.
        buffer: The most events that wait for the watcher.
    """

    def __init__(self, kinds: frozenset[str], leave: Callable[["Watcher"], None], buffer: int) -> None:
        self._kinds = kinds
        self._leave = leave
        self._waiting: deque[Event] = deque(maxlen=buffer)
        self._lost = 0
        self._news = asyncio.Event()
        self._closed = False

    def __enter__(self) -> Self:
        """Starts watching; no event is missed from now on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops watching."""
        self._leave(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Waits for the next event and returns it. Ends when the gateway closes its events."""
        # The flag stays set while events wait, so it is cleared only once there are none.
        while not self._waiting and not self._closed:
            self._news.clear()
            await self._news.wait()
        if self._lost:
            return self._loss_event()
        if not self._waiting:
            raise StopAsyncIteration
        return self._waiting.popleft()

    def hear(self, event: Event) -> None:
        """Keeps an event for the reader if it is of a wanted kind."""
        if self._kinds and event.kind not in self._kinds:
            return
        self._lost += len(self._waiting) == self._waiting.maxlen
        self._waiting.append(event)
        self._news.set()

    def close(self) -> None:
        """Ends the iteration once the reader has read the events that wait."""
        self._closed = True
        self._news.set()

    def _loss_event(self) -> Event:
        lost, self._lost = self._lost, 0
        message = f"{lost} events were lost here: they came faster than they were read"
        return Event(self._waiting[0].time, "limit", message, attributes={"lost_event_count": str(lost)})


class Events:
    """Publishes events to listeners and watchers.

    Args:
        clock: Seconds since 1970.
        listeners: Receive each event before the watchers.
        buffer: The most events that wait for one watcher.
        faults: Reports exceptions of listeners.
    """

    def __init__(
        self,
        clock: Clock,
        listeners: Sequence[Listener] = (),
        *,
        buffer: int = BUFFER,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self._clock = clock
        self._listeners = tuple(listeners)
        self._buffer = buffer
        self._watchers: set[Watcher] = set()
        self._closed = False

    def publish(self, kind: str, message: str, provider_id: str = "", **attributes: str) -> None:
        """Publishes an event. Never raises.

        Args:
            kind: One of `KINDS`.
            message: A description for people. It holds no secret and no address. It is cut and escaped here,
                as attributes are.
            provider_id: The provider that the event concerns, or empty.
            attributes: Details for programs.
        """
        self._publish(kind, message, provider_id, attributes)

    @harmless
    def _publish(self, kind: str, message: str, provider_id: str, attributes: Mapping[str, str]) -> None:
        safe = {name: excerpt(value, MESSAGE_LIMIT) for name, value in attributes.items()}
        event = Event(self._clock(), kind, excerpt(message, MESSAGE_LIMIT), provider_id, safe)
        for hear in (*self._listeners, *(watcher.hear for watcher in self._watchers)):
            self._notify(hear, event)

    @harmless
    def _notify(self, hear: Listener, event: Event) -> None:
        """Passes an event to one listener; its failure does not keep the event from the others."""
        hear(event)

    def watch(self, kinds: Iterable[str] = ()) -> Watcher:
        """Returns a watcher of events from now on, to be entered by `with` and iterated.

        Args:
            kinds: The kinds of events to receive; empty for all.
        """
        watcher = Watcher(frozenset(kinds), self._watchers.discard, self._buffer)
        self._watchers.add(watcher)
        if self._closed:
            watcher.close()
        return watcher

    @property
    def watcher_count(self) -> int:
        """The number of watchers."""
        return len(self._watchers)

    def close(self) -> None:
        """Ends every watcher, so that none keeps the gateway from stopping."""
        self._closed = True
        for watcher in self._watchers:
            watcher.close()


def logged(log: FilteringBoundLogger) -> Listener:
    """Returns a listener that writes a log line for each event."""

    def listener(event: Event) -> None:
        bad = event.kind in _WARNINGS or event.attributes.get("state") == "open"
        write = log.warning if bad or _GRAVE.intersection(event.attributes) else log.info
        provider = {"provider": event.provider_id} if event.provider_id else {}
        write(event.kind, message=event.message, **provider, **event.attributes)

    return listener


def counted(metrics: Metrics) -> Listener:
    """Returns a listener that counts events by kind."""
    return lambda event: metrics.happened(event.kind)
