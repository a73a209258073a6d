"""Events: to listeners at once, to watchers through a buffer that never holds anybody up."""

import asyncio
import io
import json

import pytest
from prometheus_client import CollectorRegistry
from ringmain_server.config import LogSettings
from ringmain_server.telemetry.events import Event, Events, Watcher, counted, logged
from ringmain_server.telemetry.logs import make_log
from ringmain_server.telemetry.metrics import Metrics

from tests.fakes.clock import FakeClock
from tests.fakes.waiting import LIMIT


async def _read(watcher: Watcher, count: int) -> list[Event]:
    async with asyncio.timeout(LIMIT):
        return [await anext(watcher) for _ in range(count)]


async def test_a_watcher_hears_of_what_happens_from_now_on() -> None:
    """What was published before it began is not heard, what comes after is, with its time and attributes."""
    clock = FakeClock(100.0)
    events = Events(clock)
    events.publish("config", "before")
    with events.watch() as watcher:
        assert events.watcher_count == 1
        clock.advance(5)
        events.publish("provider", "after", "up", action="drain")
        assert await _read(watcher, 1) == [Event(105.0, "provider", "after", "up", {"action": "drain"})]
    assert events.watcher_count == 0


async def test_a_watcher_waits_for_news() -> None:
    """Who asks before anything has happened gets the next event."""
    events = Events(FakeClock())
    with events.watch() as watcher:
        reading = asyncio.ensure_future(anext(watcher))
        await asyncio.sleep(0)
        events.publish("config", "now")
        assert (await reading).message == "now"


async def test_only_the_kinds_that_were_asked_for() -> None:
    """Other kinds are neither heard nor kept."""
    events = Events(FakeClock(), buffer=1)
    with events.watch(["breaker"]) as watcher:
        events.publish("breaker", "one")
        events.publish("config", "another")
        assert [event.message for event in await _read(watcher, 1)] == ["one"]


async def test_a_slow_watcher_loses_the_oldest_and_is_told() -> None:
    """Beyond the buffer the oldest events go; the first one read says how many."""
    events = Events(FakeClock(), buffer=2)
    with events.watch(["config"]) as watcher:
        for number in range(5):
            events.publish("config", str(number))
        told, *rest = await _read(watcher, 3)
        assert (told.kind, told.attributes) == ("limit", {"lost_event_count": "3"})
        assert [event.message for event in rest] == ["3", "4"]


async def test_watchers_end_with_the_gateway() -> None:
    """Closing lets every watcher read what waits for it and then ends it, the later ones too."""
    events = Events(FakeClock())
    with events.watch() as watcher, events.watch() as waiting:
        reading = asyncio.ensure_future(anext(waiting, None))
        await asyncio.sleep(0)
        events.publish("config", "last")
        assert (await reading) is not None
        reading = asyncio.ensure_future(anext(waiting, None))
        await asyncio.sleep(0)
        events.close()
        assert await reading is None
        assert [event.message async for event in watcher] == ["last"]
    with events.watch() as late:
        assert [event async for event in late] == []


@pytest.mark.parametrize(
    ("kind", "attributes", "level"),
    [
        ("breaker", {"state": "open"}, "warning"),
        ("breaker", {"state": "closed"}, "info"),
        ("failover", {}, "warning"),
        ("config", {"problems": "a"}, "warning"),
        ("config", {"restart_paths": "a"}, "warning"),
        ("provider", {}, "info"),
    ],
)
def test_every_event_is_a_line_and_a_number(kind: str, attributes: dict[str, str], level: str) -> None:
    """An event is logged under its kind, bad news as a warning, and counted by kind."""
    lines, registry = io.StringIO(), CollectorRegistry()
    log = make_log(LogSettings(format="json"), stream=lines)
    events = Events(FakeClock(), (logged(log), counted(Metrics(registry))))
    events.publish(kind, "it happened", "up", **attributes)
    line = json.loads(lines.getvalue())
    del line["time"]
    assert line == {"level": level, "event": kind, "message": "it happened", "provider": "up", **attributes}
    assert registry.get_sample_value("ringmain_events_total", {"kind": kind}) == 1


@pytest.mark.parametrize("fill", ["x", "\0", "é", "🙂", "\ud800"])
async def test_an_event_tells_little_of_what_others_wrote(fill: str) -> None:
    """Message and attributes are cut and escaped, so that the line and the admin's stream can hold them."""
    lines = io.StringIO()
    events = Events(FakeClock(), (logged(make_log(LogSettings(format="json"), stream=lines)),))
    with events.watch() as watcher:
        events.publish("failover", fill * 99_999, "p", model=fill * 99_999)
        (event,) = await _read(watcher, 1)
    for text in (event.message, event.attributes["model"]):
        assert len(text) <= 1024
        assert text.isprintable()
    assert len(lines.getvalue().encode()) < 4096
