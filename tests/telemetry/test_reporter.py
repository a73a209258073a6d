"""What breakers, calls and limits do becomes events and numbers."""

import pytest
from prometheus_client import CollectorRegistry
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import ModelNotFound, NoAnswer, Overloaded, ProviderError, StreamBroken
from ringmain_server.providers.unknown_fields import MOST_NAMES, Tally
from ringmain_server.routing.health import CandidateHealth, ProviderState
from ringmain_server.telemetry.events import Event, Events
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.reporter import Reporter

from tests.fakes.clock import FakeClock

A, B = Candidate("a", "openai", "x"), Candidate("b", "openai", "x")


class Bench:
    """A reporter, and what came of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[Event] = []
        self.registry = CollectorRegistry()
        events = Events(self.clock, (self.told.append,))
        self.unknown = Tally()
        self.reporter = Reporter(events, Metrics(self.registry), self.clock, unknown=self.unknown)

    def health(self, model: str) -> CandidateHealth:
        return CandidateHealth(
            "p", model, ProviderState(), self.clock, on_change=self.reporter.breaker_changed
        )

    def gauge(self, model: str) -> float | None:
        labels = {"provider": "p", "model": model}
        return self.registry.get_sample_value("ringmain_breaker_state", labels)


def _call(*attempts: Attempt) -> Call:
    return Call("resp_1", "test", 0.0, model="m", attempts=list(attempts))


def _attempt(who: Candidate, error: ProviderError | None = None, content: float | None = None) -> Attempt:
    return Attempt(who, 0.0, error=error, first_content=content)


def test_a_breakers_change_is_an_event_and_a_number() -> None:
    """Each transition is told with its reason; the gauge follows the configured candidates."""
    bench = Bench()
    health = bench.health("x")
    bench.reporter.configured([health])
    assert bench.gauge("x") == 0
    health.breaker.trip("it broke")
    assert bench.gauge("x") == 2
    bench.clock.advance(60)
    assert health.breaker.admit() is not None
    assert bench.gauge("x") == 1
    health.breaker.reset()
    assert bench.gauge("x") == 0
    assert [event.attributes["state"] for event in bench.told] == ["open", "half_open", "closed"]
    assert bench.told[0].message == "the breaker of p/x opened: it broke"
    assert (bench.told[0].kind, bench.told[0].provider_id) == ("breaker", "p")


def test_only_configured_candidates_have_a_gauge() -> None:
    """A model that a caller made up is told of, and adds no series; one that is gone loses its own."""
    bench = Bench()
    bench.reporter.configured([bench.health("x")])
    made_up = bench.health("made-up")
    made_up.breaker.trip()
    assert bench.gauge("made-up") is None
    assert len(bench.told) == 1
    bench.reporter.configured([bench.health("y")])
    assert (bench.gauge("x"), bench.gauge("y")) == (None, 0)


def test_gauges_of_several_processes_go_to_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where workers share files of metrics, what is no longer configured stays as closed."""
    bench = Bench()
    health = bench.health("x")
    health.breaker.trip()
    bench.reporter.configured([health])
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/tmp")
    bench.reporter.configured([])
    assert bench.gauge("x") == 0


def test_a_failover_is_told_with_its_reason() -> None:
    """A failed attempt that is followed by one at another candidate is a failover; a retry is none."""
    bench = Bench()
    down = NoAnswer("a", "is silent")
    bench.reporter.ended(_call(_attempt(A, down), _attempt(A, down), _attempt(B)))
    (event,) = bench.told
    assert (event.kind, event.provider_id) == ("failover", "a")
    assert event.message == "a request went on to b/x: a: is silent"
    assert event.attributes == {
        "model": "m",
        "failed_candidate": "a/x",
        "next_candidate": "b/x",
        "error": "NoAnswer",
        "response_id": "resp_1",
    }


def test_a_stream_that_goes_on_is_a_recovery() -> None:
    """After content it is a recovery; what a hedge lost is neither."""
    bench = Bench()
    bench.reporter.ended(_call(_attempt(A, StreamBroken("a", "ended"), content=0.1), _attempt(B)))
    bench.reporter.ended(_call(_attempt(A), _attempt(B)))
    assert [event.kind for event in bench.told] == ["recovery"]


def test_refused_calls_are_told_once_a_second() -> None:
    """The first refusal is told at once, then the sum of each second; other errors are no refusal."""
    bench = Bench()
    full = Overloaded("as many calls as may")
    bench.reporter.refused(ModelNotFound("m"))
    for _ in range(3):
        bench.reporter.refused(full)
    bench.clock.advance(1)
    bench.reporter.refused(full)
    assert [event.attributes["refused_count"] for event in bench.told] == ["1", "3"]
    assert bench.told[0].message == "1 call was refused: as many calls as may"
    assert bench.told[1].message == "3 calls were refused: as many calls as may"


def test_what_is_refused_last_is_told_too() -> None:
    """Refusals that nothing follows are told at the next look; each limit is told and counted by itself."""
    bench = Bench()
    for limit in ("gateway", "gateway", "candidate"):
        bench.reporter.refused(Overloaded("full", limit=limit))
    bench.clock.advance(1)
    bench.reporter.refresh(10)
    told = [(event.attributes["limit"], event.attributes["refused_count"]) for event in bench.told]
    assert told == [("gateway", "1"), ("candidate", "1"), ("gateway", "1")]
    assert bench.registry.get_sample_value("ringmain_refusals_total", {"limit": "gateway"}) == 2


def test_the_limits_of_concurrent_calls_are_numbers() -> None:
    """What runs and what may run, of each configured candidate, and what may run in the gateway."""
    bench = Bench()
    health = bench.health("x")
    bench.reporter.configured([health])
    permit = health.admit()
    bench.reporter.refresh(4000)
    labels = {"provider": "p", "model": "x"}
    assert permit is not None
    assert bench.registry.get_sample_value("ringmain_calls_limit") == 4000
    assert bench.registry.get_sample_value("ringmain_candidate_calls_in_flight", labels) == 1
    assert bench.registry.get_sample_value("ringmain_candidate_calls_limit", labels) == health.limit.limit


def test_an_unknown_field_is_told_once() -> None:
    """The first answer with a field that no translator knows is an event; the others are numbers."""
    bench = Bench()
    for _ in range(2):
        bench.unknown.add("messages", "claude", ["content.new"])
        bench.reporter.refresh(10)
    bench.unknown.add("chat_completions", "claude", ["content.new"])
    bench.reporter.refresh(10)
    told = [(event.kind, event.provider_id, dict(event.attributes)) for event in bench.told]
    assert told == [
        ("provider", "claude", {"wire": "messages", "field": "content.new"}),
        ("provider", "claude", {"wire": "chat_completions", "field": "content.new"}),
    ]
    message = "answers of the wire messages have a field content.new, unknown to this version of the gateway"
    assert bench.told[0].message == message


def test_unknown_fields_do_not_flood_the_log() -> None:
    """However many fields a provider makes up, the events of a wire are few."""
    bench = Bench()
    for number in range(500):
        bench.unknown.add("messages", "p", [f"new_{number}"])
        bench.reporter.refresh(10)
    assert len(bench.told) == MOST_NAMES + 1
    assert "further fields" in bench.told[-1].message
