"""Checks and probes of providers that are made by hand: silence, faults, cancellation."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable

from ringmain_sandbox.upstream import Upstream
from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.assembly.health_checks import HealthChecks, check
from ringmain_server.candidate import Candidate
from ringmain_server.config import LogSettings, load
from ringmain_server.errors import CredentialsRefused, NoAnswer, ServerFault
from ringmain_server.media.runner import MediaPool
from ringmain_server.policies.breaker import BreakerState
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.sandbox.transport import SandboxTransport
from ringmain_server.routing.models import Models, RoutePlan
from ringmain_server.telemetry.logs import make_log

from tests.fakes.backend import ScriptedBackend
from tests.fakes.waiting import until
from tests.routing.routing import router_of, target


async def _silent() -> None:
    await asyncio.Event().wait()


async def _broken() -> None:
    raise ZeroDivisionError


class Bench:
    """Probes of one provider whose only candidate's breaker is open and due."""

    def __init__(self, ask: Callable[[], Awaitable[None]], limit: float = 10.0) -> None:
        self.provider = _provider(ask)
        one = target(ScriptedBackend([]), Candidate("p", "sandbox", "x"))
        self.breaker = one.health.breaker
        self.breaker.trip()
        # Due at once: nothing else of the breaker depends on the time.
        self.breaker._opens_until = 0.0
        models = Models({"m": RoutePlan((one,))}, {})
        overrides = {"health_checks.enabled": True, "health_checks.interval": 0.005}
        settings = load(environ={}, overrides=overrides)
        snapshot = Snapshot(settings, {"p": self.provider}, models, router_of([one]))
        self.lines = io.StringIO()
        log = make_log(LogSettings(format="json"), stream=self.lines)
        self.checks = HealthChecks(ActiveConfig(snapshot), log, limit)


def _provider(ask: Callable[[], Awaitable[None]]) -> Provider:
    transport = SandboxTransport("p", Upstream(), OpenAIErrors(), MediaPool())
    return Provider("p", "sandbox", transport, {}, check=ask)


async def test_silence_is_no_answer() -> None:
    """A check that gets no answer ends after its limit."""
    said = await check(_provider(_silent), limit=0.01)
    assert isinstance(said.error, NoAnswer)
    assert said.error.message == "p: did not answer within 0.01 s"
    assert said.latency >= 0.01


async def test_a_silent_provider_stays_alone() -> None:
    """A probe that gets no answer opens the breaker again."""
    bench = Bench(_silent, limit=0.01)
    await bench.checks.sweep()
    assert bench.breaker.state is BreakerState.OPEN
    assert bench.breaker.last_failure is not None
    assert "did not answer" in bench.breaker.last_failure.reason


async def test_a_cancelled_probe_says_nothing() -> None:
    """When the gateway stops within a probe, the breaker waits for the next one."""
    bench = Bench(_silent)
    probing = asyncio.ensure_future(bench.checks.sweep())
    await until(lambda: bench.breaker.state is BreakerState.HALF_OPEN)
    assert bench.breaker.admit() is None
    probing.cancel()
    await asyncio.wait((probing,))
    assert bench.breaker.admit() is not None
    assert bench.provider.use.count == 0


async def test_a_fault_does_not_end_the_probing() -> None:
    """What a check should not raise is logged, and the next round comes."""
    bench = Bench(_broken)
    running = asyncio.ensure_future(bench.checks.run())
    await until(lambda: bench.lines.getvalue().count("\n") == 2)
    running.cancel()
    line = json.loads(bench.lines.getvalue().splitlines()[0])
    assert (line["event"], line["where"]) == ("fault", "health_checks")


class Refused:
    """A candidate in cooldown for refused credentials, at a provider that can be asked; probes are off."""

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        one = target(ScriptedBackend([]), Candidate("p", "sandbox", "x"))
        self.health = one.health
        self.health.provider.checks = True
        refused = CredentialsRefused("p", "refused the gateway's credentials")
        permit = self.health.admit()
        assert permit is not None
        permit.failed(refused)
        settings = load(
            environ={}, overrides={"health_checks.enabled": False, "health_checks.interval": 0.005}
        )
        models = Models({"m": RoutePlan((one,))}, {})
        snapshot = Snapshot(settings, {"p": _provider(ask)}, models, router_of([one]))
        self.checks = HealthChecks(
            ActiveConfig(snapshot), make_log(LogSettings(format="json"), stream=io.StringIO())
        )


async def test_refused_credentials_are_asked_after_without_probes() -> None:
    """A cooldown for refused credentials ends once the provider accepts them, even if probes are disabled."""
    answers = [CredentialsRefused("p", "no"), CredentialsRefused("p", "no"), None]

    async def ask() -> None:
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer

    refused = Refused(ask)
    assert refused.health.cooldown.awaits_check
    running = asyncio.ensure_future(refused.checks.run())
    await until(lambda: refused.health.refusal() is None)
    running.cancel()
    assert not answers


async def test_a_check_that_tells_nothing_changes_no_cooldown() -> None:
    """A check that fails for something else neither ends nor renews the cooldown: it runs out by itself."""

    async def ask() -> None:
        raise ServerFault("p", "answered with status 500")

    refused = Refused(ask)
    before = refused.health.cooldown.until
    await refused.checks.ask_refused()
    assert refused.health.cooldown.until == before
    refused.health.check_failed(CredentialsRefused("p", "no"))
    assert refused.health.cooldown.until != before


async def test_without_a_check_refused_credentials_end_their_cooldown_in_time() -> None:
    """Where a provider has no check, the cooldown is as long as any other and waits for nobody."""
    health = target(ScriptedBackend([]), Candidate("p", "sandbox", "x")).health
    permit = health.admit()
    assert permit is not None
    permit.failed(CredentialsRefused("p", "no"))
    assert (health.cooldown.awaits_check, health.cooldown.until is None) == (False, False)
