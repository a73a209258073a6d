"""A router over scripted candidates, with a quick back-off."""

import random
import time
from collections.abc import Callable, Sequence

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.operations import CHAT, STREAM_CHAT, AnyOperation
from ringmain_server.policies.backoff import Backoff, BackoffSettings, RetryBudget
from ringmain_server.routing.health import CandidateHealth, HealthSettings, ProviderState
from ringmain_server.routing.models import Models, RoutePlan, Target
from ringmain_server.routing.policy import ModelPolicy
from ringmain_server.routing.router import Router
from ringmain_server.routing.schedule import Retries

OPERATIONS: frozenset[AnyOperation] = frozenset({CHAT, STREAM_CHAT})


def target(
    backend: Backend,
    candidate: Candidate | None = None,
    settings: HealthSettings | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Target:
    """A candidate with a health of its own, by a clock of its own."""
    who = candidate or Candidate("p0", "openai", "model-0")
    health = CandidateHealth(
        who.provider_id,
        who.provider_model,
        ProviderState(),
        clock,
        settings or HealthSettings(),
    )
    return Target(who, backend, OPERATIONS, health)


def router_of(candidates: Sequence[Target], policy: ModelPolicy | None = None, **others: RoutePlan) -> Router:
    """A router that knows the model `m`, and others by name."""
    plan = RoutePlan(tuple(candidates), policy or ModelPolicy(retries=0))
    rng = random.Random(0)
    retries = Retries(Backoff(rng, BackoffSettings(initial=0.001)), RetryBudget(time.monotonic))
    return Router(Models({"m": plan, **others}, {}), retries, time.monotonic, rng)


def new_call(seconds: float = 60.0) -> Call:
    """A call with so many seconds left."""
    return Call(response_id="resp_1", method="test", deadline=time.monotonic() + seconds)
