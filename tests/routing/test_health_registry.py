"""What is kept of candidates: all of configured ones, and of those that callers address what is worth it."""

import gc
import weakref

import pytest
from ringmain_server.errors import ProviderError, QuotaSpent, ServerFault, UnknownProviderModel
from ringmain_server.policies.cooldown import CooldownSettings
from ringmain_server.routing.health import IDLE, CandidateHealth, HealthSettings
from ringmain_server.routing.health_registry import ADDRESSED_LIMIT, HealthRegistry

from tests.fakes.clock import FakeClock

SETTINGS = HealthSettings()


class Bench:
    """Conditions on a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.health_registry = HealthRegistry(self.clock)

    def addressed(self, model: str) -> CandidateHealth:
        return self.health_registry.get("p", model, SETTINGS, addressed=True)

    def fail(self, health: CandidateHealth, error: type[ProviderError]) -> None:
        permit = health.admit()
        assert permit is not None
        permit.failed(error("p", "no"))


def test_a_candidate_that_was_never_tried_is_not_kept() -> None:
    """A name that a caller only mentions leaves nothing, although nobody collects garbage."""
    bench = Bench()
    gc.disable()
    try:
        gone = weakref.ref(bench.addressed("x"))
        assert gone() is None
    finally:
        gc.enable()
    assert bench.health_registry.of("p") == []


def test_a_candidate_that_was_tried_is_kept() -> None:
    """What was learnt from the first attempt on is there for the next caller."""
    bench = Bench()
    for _ in range(SETTINGS.breaker.consecutive_failures):
        bench.fail(bench.addressed("x"), ServerFault)
    assert bench.addressed("x").refusal() is not None
    assert bench.addressed("y").refusal() is None


def test_callers_that_come_together_share_a_condition() -> None:
    """Before the first attempt too, everybody who addresses a name sees the same limit and breaker."""
    bench = Bench()
    one, other = bench.addressed("x"), bench.addressed("x")
    assert one is other
    assert bench.health_registry.get("p", "x", SETTINGS) is one


def test_a_forgotten_candidate_is_gone_at_once() -> None:
    """Of thousands of names that are tried, the latest are kept, and no garbage waits for a collector."""
    bench = Bench()
    bench.fail(first := bench.addressed("first"), ServerFault)
    gone = weakref.ref(first)
    del first
    gc.disable()
    try:
        for number in range(ADDRESSED_LIMIT):
            bench.fail(bench.addressed(f"n{number}"), ServerFault)
        assert gone() is None
    finally:
        gc.enable()
    assert len(bench.health_registry.of("p")) == ADDRESSED_LIMIT


def test_a_candidate_in_use_is_not_displaced() -> None:
    """Who is used again and again stays, however many names come by."""
    bench = Bench()
    for _ in range(SETTINGS.breaker.consecutive_failures):
        bench.fail(bench.addressed("mine"), ServerFault)
    mine = bench.addressed("mine")
    for number in range(2 * ADDRESSED_LIMIT):
        bench.clock.advance(1)
        if (permit := mine.admit()) is not None:
            permit.abandoned()
        bench.fail(bench.addressed(f"n{number}"), ServerFault)
    del mine
    assert bench.addressed("mine").tried


def test_an_unknown_model_is_dropped_and_left_alone_for_a_while() -> None:
    """Nothing is kept of it but that its provider is not to be asked; later it is asked again."""
    bench = Bench()
    bench.fail(bench.addressed("made-up"), UnknownProviderModel)
    assert bench.health_registry.of("p") == []
    refused = bench.addressed("made-up").refusal()
    assert isinstance(refused, UnknownProviderModel)
    assert refused.retry_after == pytest.approx(CooldownSettings().long)
    assert bench.addressed("other").refusal() is None
    bench.clock.advance(CooldownSettings().long + 1)
    assert bench.addressed("made-up").refusal() is None


@pytest.mark.parametrize("settings", [SETTINGS, HealthSettings(cooldown=CooldownSettings(first=2))])
def test_an_unknown_model_is_asked_again_when_its_provider_has_changed(settings: HealthSettings) -> None:
    """A name is unknown to a provider whatever the settings; changed ones of the provider end that."""
    bench = Bench()
    bench.fail(bench.addressed("made-up"), UnknownProviderModel)
    assert bench.health_registry.get("p", "made-up", settings, addressed=True).refusal() is not None
    bench.health_registry.renew("other")
    assert bench.health_registry.get("p", "made-up", settings, addressed=True).refusal() is not None
    bench.health_registry.renew("p")
    assert bench.health_registry.get("p", "made-up", settings, addressed=True).refusal() is None


def test_a_configured_candidate_is_in_cooldown_and_kept() -> None:
    """A configured model that its provider does not know is in cooldown as after any failure, and shown."""
    bench = Bench()
    configured = bench.health_registry.get("p", "x", SETTINGS)
    bench.fail(configured, UnknownProviderModel)
    assert bench.health_registry.of("p") == [configured]
    assert configured.cooldown.reason == "p: no"
    for number in range(2 * ADDRESSED_LIMIT):
        bench.fail(bench.addressed(f"n{number}"), ServerFault)
    assert bench.health_registry.get("p", "x", SETTINGS) is configured


def test_a_candidate_is_idle_when_nothing_happens_and_nothing_is_against_it() -> None:
    """After a while without attempts it is idle, but not while it is in cooldown."""
    bench = Bench()
    fine, paused = bench.addressed("fine"), bench.addressed("paused")
    assert fine.idle
    bench.fail(paused, QuotaSpent)
    permit = fine.admit()
    assert permit is not None
    assert (fine.idle, paused.idle) == (False, False)
    permit.succeeded()
    bench.clock.advance(IDLE + 1)
    assert (fine.idle, paused.idle) == (True, True)
    paused.breaker.trip()
    assert not paused.idle
