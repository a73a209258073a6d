"""What watches calls never raises into them: its faults are lines of the log, each once a minute."""

import io
import json
from typing import Any, NoReturn

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import LogSettings
from ringmain_server.errors import AnswerUnreadable, Internal, NoAnswer, Overloaded
from ringmain_server.telemetry.events import Event, Events
from ringmain_server.telemetry.faults import PAUSE, Faults
from ringmain_server.telemetry.logs import Mask, make_log
from ringmain_server.telemetry.metrics import TOGETHER, Metrics
from ringmain_server.telemetry.observer import Observer
from ringmain_server.telemetry.reporter import Reporter

from tests.fakes.clock import FakeClock

METHOD = "ringmain.v1.ChatService/Chat"


class Broken:
    """Anything at all, and every use of it fails."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(name)

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise RuntimeError("called")


class Bench:
    """A log, and faults that are told there."""

    def __init__(self) -> None:
        self.lines = io.StringIO()
        self.clock = FakeClock()
        self.log = make_log(LogSettings(format="json"), Mask(), stream=self.lines)
        self.faults = Faults(self.log, self.clock)

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


def call(*attempts: Attempt, usage: Usage | None = None, method: str = METHOD) -> Call:
    """A call that has ended."""
    return Call("resp_1", method, 0.0, attempts=list(attempts), usage=usage)


def attempt(error: Any = None) -> Attempt:
    """An attempt that has ended."""
    return Attempt(Candidate("p", "openai", "m"), 0.0, error=error)


def test_a_fault_is_told_once_a_minute_with_its_number() -> None:
    """The first of a place is told at once, later ones of the same minute together."""
    bench = Bench()
    for _ in range(3):
        bench.faults.happened("here", ValueError("x"))
    bench.faults.happened("there")
    bench.clock.advance(PAUSE)
    bench.faults.happened("here", ValueError("x"))
    told = [(line["where"], line["count"]) for line in bench.told()]
    assert told == [("here", 1), ("there", 1), ("here", 3)]
    assert "ValueError" in bench.lines.getvalue()


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """A fault of the log, too, stays where it is."""
    Faults(Broken()).happened("here", ValueError("x"))
    Faults(None).happened("here")


@pytest.mark.parametrize("part", ["log", "metrics", "reporter"])
def test_an_observer_never_raises(part: str) -> None:
    """Whatever part of an observer is broken, no call hears of it."""
    bench = Bench()
    metrics = Metrics(CollectorRegistry())
    parts: dict[str, Any] = {
        "log": bench.log,
        "metrics": metrics,
        "reporter": Reporter(Events(bench.clock), metrics, bench.clock),
    }
    observer = Observer(**parts)
    one, several = call(attempt()), call(attempt(NoAnswer("p", "x")), attempt())
    observer.began(one, ChatRequest(model="m"))
    for name in (f"_{part}", "_write") if part == "log" else (f"_{part}",):
        setattr(observer, name, Broken())
    observer.began(one, ChatRequest(model="m"))
    observer.named(one, Broken())  # type: ignore[arg-type]
    for ended in (one, several, Broken()):
        for answer in (ChatResponse(), Broken()):
            observer.succeeded(ended, answer, 0.1)  # type: ignore[arg-type]
        observer.cancelled(ended, 0.1)  # type: ignore[arg-type]
        for error in (NoAnswer("p", "x"), Internal("x"), Overloaded("x")):
            observer.failed(ended, error, 0.1)  # type: ignore[arg-type]
        observer.crashed(ended, ValueError("x"))  # type: ignore[arg-type]
    assert [line for line in bench.told() if line["event"] == "fault"]


def test_one_bad_call_takes_no_other_out_of_the_metrics() -> None:
    """Of a batch with calls that cannot be counted all others are, and whoever looks gets all numbers."""
    bench, registry = Bench(), CollectorRegistry()
    metrics = Metrics(registry, bench.faults)
    for _ in range(TOGETHER // 2):
        metrics.running[METHOD] += 1
        metrics.ended(call(attempt(), usage=Usage(input_token_count=2, output_token_count=1)), "OK", 0.1)
        metrics.running[METHOD] += 1
        metrics.ended(call(attempt(), usage=Usage(input_token_count=-9, output_token_count=-9)), "OK", 0.1)
        metrics.ended(call(method="never began"), "OK", 0.1)
        metrics.running[METHOD] += 1
        metrics.ended(call(attempt()), "OK", "long")  # type: ignore[arg-type]
        metrics.ended(Broken(), "OK", 0.1)  # type: ignore[arg-type]
    shown = generate_latest(registry).decode()
    assert f'ringmain_tokens_total{{direction="input",provider="p"}} {2.0 * (TOGETHER // 2)}' in shown
    assert f'ringmain_tokens_total{{direction="output",provider="p"}} {1.0 * (TOGETHER // 2)}' in shown
    assert registry.get_sample_value("ringmain_calls_in_flight", {"method": METHOD}) == 0
    count = registry.get_sample_value("ringmain_call_duration_seconds_count", {"method": METHOD})
    assert count == TOGETHER
    assert {line["where"] for line in bench.told()} == {"Metrics.ended", "Metrics._add"}


def test_metrics_of_odd_labels_and_numbers() -> None:
    """What is no state, no number or no name of a candidate changes nothing and raises nothing."""
    bench, registry = Bench(), CollectorRegistry()
    metrics = Metrics(registry, bench.faults)
    metrics.tasks("many")  # type: ignore[arg-type]
    metrics.lost_lines(-1)
    metrics.follow_breakers({("p", "m"): "ajar"})
    metrics.breaker_changed("p", "m", "ajar")
    metrics.occupied(1, {("p",): (1, 1)})  # type: ignore[dict-item]
    metrics.follow_breakers({("p", "m"): "open"})
    assert registry.get_sample_value("ringmain_breaker_state", {"provider": "p", "model": "m"}) == 2
    assert len(bench.told()) == 5


def test_a_listener_that_fails_keeps_an_event_from_nobody() -> None:
    """Events reach everybody who can hear, whoever else cannot."""
    bench = Bench()
    heard: list[Event] = []
    events = Events(bench.clock, (Broken(), heard.append), faults=bench.faults)
    with events.watch() as watcher:
        events.publish("limit", "full", number="3")
        events.publish("limit", "odd", number=3)  # type: ignore[arg-type]
        events.publish("limit", "again")
        assert len(watcher._waiting) == 2
    assert [event.message for event in heard] == ["full", "again"]
    assert {line["where"] for line in bench.told()} == {"Events._notify", "Events._publish"}


def test_a_reporter_never_raises() -> None:
    """Machines that tell of themselves are not stopped by who listens."""
    bench = Bench()
    reporter = Reporter(Broken(), Broken(), bench.clock, bench.faults)  # type: ignore[arg-type]
    reporter.configured([Broken()])  # type: ignore[list-item]
    reporter.refresh(1, 3)
    reporter.breaker_changed(Broken(), "open", "x")  # type: ignore[arg-type]
    reporter.ended(call(attempt(NoAnswer("p", "x")), Attempt(Candidate("q", "openai", "m"), 0.0)))
    reporter.refused(Overloaded("full"))
    assert {line["where"] for line in bench.told()} == {
        f"Reporter.{name}" for name in ("configured", "refresh", "breaker_changed", "ended", "refused")
    }


@pytest.mark.parametrize("ended", ["failed", "succeeded"])
def test_an_unreadable_answer_is_a_fault_in_the_log(ended: str) -> None:
    """How a translator failed at an answer is told once a minute, also where another candidate answered."""
    bench = Bench()
    observer = Observer(bench.log, Metrics(CollectorRegistry()))
    error = AnswerUnreadable("p", "answered what could not be read")
    error.where, error.trace = "TypeError at chat_answer.py:245", "chat_answer.py:245 in _finish_reason"
    for _ in range(3):
        one = call(attempt(error), attempt())
        observer.began(one, ChatRequest(model="m"))
        if ended == "failed":
            observer.failed(one, error, 0.1)
        else:
            observer.succeeded(one, None, 0.1)
    (line,) = [line for line in bench.told() if line["event"] == "fault"]
    assert (line["where"], line["trace"], line["candidate"]) == (error.where, error.trace, "p/m")
