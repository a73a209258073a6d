"""Room 3, pure: decides what is tried next for one request. The router waits and acts.

Retries, failover, cooldowns, open breakers, the wait for a rate-limited last candidate and the fallback model
are all decided here, for whole answers and streams alike, so that no event of a stream passes through a layer
that only needs to know how an attempt began and ended.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

from ringmain_server.call import Attempt, Call
from ringmain_server.errors import (
    CooldownKind,
    Incapable,
    PrefillRejected,
    ProviderError,
    ProvidersUnavailable,
    RingmainError,
    UnknownProviderModel,
)
from ringmain_server.policies import Clock
from ringmain_server.policies.backoff import Backoff, RetryBudget
from ringmain_server.routing.failover import exhausted, may_help
from ringmain_server.routing.models import RoutePlan, Target
from ringmain_server.routing.retirement import tell_of_end, tell_of_successor, utc_today

_CALLERS_FAULT = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)

MARGIN = 0.005
"""Seconds added to a wait for a cooldown, so that it has certainly ended."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The delays and the budget of retries that all requests share."""

    backoff: Backoff
    budget: RetryBudget


class Schedule:
    """The candidates that are left for one request, and the results of those tried.

    Args:
        plan: The candidates in order, and the model's policy.
        call: The request.
        clock: Seconds on the clock of the call's deadline.
        retries: The delays and the budget that all requests share.
        fallback: Returns the plan of the model's fallback, when it is needed.
        today: Returns the present day in ISO 8601, which says whether a model has ended.

    Attributes:
        left: The candidates that are left.
        policy: The policy that applies now: the model's, then its fallback's.
    """

    def __init__(
        self,
        plan: RoutePlan,
        call: Call,
        clock: Clock,
        retries: Retries,
        fallback: Callable[[str], RoutePlan] | None = None,
        today: Callable[[], str] = utc_today,
    ) -> None:
        self.left = list(plan.targets)
        self.policy = plan.policy
        self._call = call
        self._clock = clock
        self._retries = retries
        self._fallback = fallback
        self._today = today
        self._successor = plan.policy.replaced_by
        self._again: tuple[Target, float] | None = None
        self._passed: list[Target] = []
        self._failures: list[ProviderError] = []
        self._tries = 0
        self._hops = 0
        self._waited = 0.0
        retries.budget.request()

    @property
    def attempts_left(self) -> int:
        """The number of candidates that may still be tried."""
        return min(len(self.left), max(self.policy.max_hops - self._hops, 0))

    def next(self) -> tuple[Target, float]:
        """Returns the next target and the seconds to wait before trying it.

        Raises:
            RingmainError: No candidate is left.
        """
        if self._again is not None:
            again, self._again = self._again, None
            return again
        while self.left and self._hops < self.policy.max_hops:
            target = self.left.pop(0)
            if target.health.refusal() is None:
                self._hops += 1
                self._tries = 0
                return target, 0.0
            self._passed.append(target)
        return self._when_none_is_left()

    def begin(self, target: Target) -> Attempt | None:
        """Begins an attempt; None when the candidate may not be tried any more."""
        # `refusal` only looked. This takes a place, and another request may have taken the last one since.
        permit = target.health.admit()
        if permit is None:
            self._passed.append(target)
            return None
        self._tries += 1
        attempt = Attempt(target.candidate, self._clock(), permit)
        self._call.attempts.append(attempt)
        return attempt

    def failed(
        self, target: Target, attempt: Attempt, error: ProviderError, *, content: bool = False
    ) -> None:
        """Ends an attempt that failed, and leaves only candidates that may help.

        Args:
            target: The target that was tried.
            attempt: The attempt.
            error: Why it failed.
            content: Whether the caller has content of it, which rules out asking the same candidate again.
        """
        if isinstance(error, Incapable):
            self._pass_over(attempt, error)
            return
        tell_of_end(error, target.candidate, self._today())
        attempt.fail(self._clock(), error)
        self._failures.append(error)
        if error.retry_after is None:
            error.retry_after = target.health.wait  # so that the caller gets the real wait
        if not content and self._retry(target, error):
            return
        if isinstance(error, PrefillRejected):
            # The candidate itself is well: it continues the stream without prefill.
            self._again = (target, 0.0)
            return
        self.left = [other for other in self.left if self._may_help(error, target, other)]
        if not self.left and not content and error.cooldown is CooldownKind.TIMED and not error.final:
            self._wait_for(target)

    def _pass_over(self, attempt: Attempt, error: Incapable) -> None:
        """Takes an attempt back that could not even be made."""
        attempt.abandon(self._clock())
        self._call.attempts.remove(attempt)
        self._failures.append(error)
        self._hops -= 1

    def second(self) -> tuple[Target, Attempt] | None:
        """Begins an attempt beside the running one, at a candidate that may be tried at once."""
        for target in self.left[: self.attempts_left]:
            attempt = self.begin(target) if target.health.refusal() is None else None
            if attempt is not None:
                self.left.remove(target)
                self._hops += 1
                return target, attempt
        return None

    def _retry(self, target: Target, error: ProviderError) -> bool:
        """Asks the same candidate again, if that may help and the budget has room."""
        if error.final or not error.retry or self._tries > self.policy.retries:
            return False
        if not self._retries.budget.take():
            return False
        delay = self._retries.backoff.delay(self._tries)
        if delay >= self._remaining():
            return False
        self._again = (target, delay)
        return True

    def _may_help(self, error: ProviderError, failed: Target, other: Target) -> bool:
        chosen = self.policy.failover_on
        if chosen is None:
            return may_help(error, failed.candidate, other.candidate)
        return isinstance(error, tuple(chosen))

    def _wait_for(self, target: Target) -> None:
        """Waits for a rate-limited candidate, once, when no other is left and the wait is short enough."""
        until = target.health.cooldown.until
        wait = math.inf if until is None else until - self._clock() + MARGIN
        longest = min(self.policy.rate_limit_wait, self._remaining())
        if self._tries <= self.policy.retries and wait <= longest:
            self._again = (target, wait)

    def _when_none_is_left(self) -> tuple[Target, float]:
        refusals = [(target, target.health.refusal()) for target in self._passed]
        waits = [
            (refusal.retry_after or 0.0, target)
            for target, refusal in refusals
            if refusal is not None and refusal.retry_after is not None
        ]
        # Waiting for a candidate to return is for requests that no candidate could even be asked to serve.
        if self._all_incapable() and waits:
            wait, target = min(waits, key=lambda pair: pair[0])
            wait += MARGIN
            if self._waited + wait <= min(self.policy.exhausted_wait, self._remaining()):
                self._waited += wait
                self._passed.remove(target)
                return target, wait
        if self.policy.fallback and self._fallback is not None and self._open_to_fallback():
            plan = self._fallback(self.policy.fallback)
            # From here on the fallback's own policy applies, and its hops are counted anew.
            self.left, self.policy, self._hops = list(plan.targets), plan.policy, 0
            return self.next()
        for target, refusal in refusals:
            if refusal is not None:
                tell_of_end(refusal, target.candidate, self._today())
        error = self._exhausted([refusal for _, refusal in refusals if refusal is not None])
        if self._successor and isinstance(error, UnknownProviderModel):
            raise tell_of_successor(error, self._successor)
        raise error

    def _open_to_fallback(self) -> bool:
        """Whether the fallback may succeed: not when the request itself was at fault."""
        return self._all_incapable() or exhausted(self._failures).code not in _CALLERS_FAULT

    def _all_incapable(self) -> bool:
        """Whether no candidate that was tried could be asked; also if none was tried."""
        return all(isinstance(failure, Incapable) for failure in self._failures)

    def _exhausted(self, refusals: Sequence[ProviderError]) -> RingmainError:
        if not self._all_incapable() and exhausted(self._failures).code in _CALLERS_FAULT:
            return exhausted(self._failures)
        if not refusals and not self._failures:
            return ProvidersUnavailable("every candidate returned too late to be tried")
        return exhausted([*refusals, *self._failures])

    def _remaining(self) -> float:
        return self._call.deadline - self._clock()
