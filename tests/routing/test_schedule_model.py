"""A model of the router's decisions: whatever fails, drains and returns, the rules of failover hold."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ringmain_server import errors
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import Failover, ProviderError, RingmainError
from ringmain_server.operations import CHAT
from ringmain_server.policies.backoff import Backoff, RetryBudget, RetryBudgetSettings
from ringmain_server.policies.breaker import BreakerSettings
from ringmain_server.routing.health import CandidateHealth, HealthSettings, ProviderState
from ringmain_server.routing.models import RoutePlan, Target
from ringmain_server.routing.policy import ModelPolicy
from ringmain_server.routing.schedule import Retries, Schedule

from tests.fakes.backend import ScriptedBackend
from tests.fakes.clock import FakeClock

NAMES = ("p0", "p1", "p2")
FAILURES: tuple[type[ProviderError], ...] = (
    errors.ConnectionFailed,
    errors.NoAnswer,
    errors.ServerFault,
    errors.MalformedAnswer,
    errors.RateLimited,
    errors.QuotaSpent,
    errors.CredentialsRefused,
    errors.UnknownProviderModel,
    errors.ContextTooLong,
    errors.ContentFiltered,
    errors.Rejected,
)
OUTCOMES = st.sampled_from([None, "cancel", *FAILURES])
DEADLINE = 30.0


class RouterModel(RuleBasedStateMachine):
    """Requests, time and operators act at random on three candidates; each decision is checked."""

    @initialize(
        hops=st.integers(1, 4), retries=st.integers(0, 2), seed=st.integers(0, 9), breaking=st.integers(1, 4)
    )
    def begin(self, hops: int, retries: int, seed: int, breaking: int) -> None:
        """A model with three candidates."""
        self.clock = FakeClock()
        self.policy = ModelPolicy(max_hops=hops, retries=retries)
        breaker = BreakerSettings(consecutive_failures=breaking, open_for=5)
        self.target = [self._candidate(name, HealthSettings(breaker)) for name in NAMES]
        budget = RetryBudget(self.clock, RetryBudgetSettings(share=1.0))
        self.retries = Retries(Backoff(random.Random(seed)), budget)

    def _candidate(self, name: str, machines: HealthSettings) -> Target:
        health = CandidateHealth(name, "m", ProviderState(), self.clock, machines)
        backend = ScriptedBackend([[]])
        return Target(Candidate(name, "openai", "m"), backend, frozenset({CHAT}), health)

    @rule(outcomes=st.lists(OUTCOMES, min_size=12, max_size=12))
    def request(self, outcomes: list[type[ProviderError] | str | None]) -> None:
        """One request, whose attempts end as drawn."""
        willing = [target for target in self.target if target.health.refusal() is None]
        call = Call("r", "m", deadline=self.clock() + DEADLINE)
        schedule = Schedule(RoutePlan(tuple(self.target), self.policy), call, self.clock, self.retries)
        tried: list[Target] = []
        ended: str | RingmainError = ""
        for outcome in outcomes:
            try:
                target, delay = schedule.next()
            except RingmainError as exc:
                ended = exc
                break
            self.clock.advance(delay)
            assert self.clock() <= call.deadline, "waited beyond the deadline"
            before = target.health.refusal()
            attempt = schedule.begin(target)
            assert (attempt is None) == (before is not None), "tried in spite of a refusal, or the reverse"
            if attempt is None:
                continue
            tried.append(target)
            if outcome is None:
                attempt.succeed(self.clock())
                ended = "answered"
                break
            if outcome == "cancel":
                attempt.abandon(self.clock())
                ended = "cancelled"
                break
            assert isinstance(outcome, type)
            schedule.failed(
                target, attempt, outcome(target.candidate.provider_id, "failed", retry_after=None)
            )
        self._check(call, tried, willing, ended)

    def _check(
        self, call: Call, tried: list[Target], willing: list[Target], ended: str | RingmainError
    ) -> None:
        failures = [attempt.error for attempt in call.attempts if attempt.error is not None]
        assert ended, "a request went on without end"
        assert all(attempt.latency is not None for attempt in call.attempts), "an attempt never ended"
        # Each candidate is tried in one run of attempts, in the configured order, within the bounds.
        runs = [target for index, target in enumerate(tried) if index == 0 or tried[index - 1] is not target]
        assert len(runs) == len(set(map(id, runs))) <= self.policy.max_hops
        assert runs == [target for target in self.target if target in runs]
        assert all(tried.count(target) <= self.policy.retries + 1 for target in runs)
        if willing:
            assert tried[:1] == willing[:1], "the first willing candidate is tried first"
        else:
            assert isinstance(ended, RingmainError)
        for error in failures[:-1]:
            assert error.failover is not Failover.NO, "went on after a failure that ends a request"
        if isinstance(ended, RingmainError) and failures and failures[-1].failover is Failover.YES:
            left = [target for target in willing if target not in runs]
            assert not left or len(runs) == self.policy.max_hops, "gave up while a candidate was left"

    @rule(seconds=st.floats(0.0, 400.0))
    def time_passes(self, seconds: float) -> None:
        """Holds end and breakers admit probes."""
        self.clock.advance(seconds)

    @rule(index=st.integers(0, 2), drained=st.booleans())
    def operate(self, index: int, drained: bool) -> None:
        """An operator drains or restores a provider."""
        health = self.target[index].health
        health.provider.drained = drained
        if not drained:
            health.restore()
            assert health.refusal() is None

    @invariant()
    def nothing_is_left_running(self) -> None:
        """Between requests no candidate has a call under way."""
        for target in getattr(self, "target", ()):
            assert target.health.limit.in_flight == 0


RouterModel.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestRouterModel = RouterModel.TestCase
