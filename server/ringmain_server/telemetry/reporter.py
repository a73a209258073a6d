"""Turns what breakers, calls and limits do into events. Nothing here is on the way of a stream's events."""

from collections.abc import Iterable
from itertools import pairwise

from ringmain_server.backend import Attempt, Call
from ringmain_server.condition import Condition
from ringmain_server.errors import Overloaded, RingmainError
from ringmain_server.policies import Clock
from ringmain_server.telemetry.events import Events
from ringmain_server.telemetry.metrics import Metrics

PAUSE = 1.0
"""Seconds between two events of refused calls: under overload there may be thousands of them."""

_SAID = {"open": "opened", "half_open": "lets one call through", "closed": "closed"}


class Reporter:
    """Is told by the machines and by the edge.

    Args:
        events: Where events go.
        metrics: Where numbers go.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, events: Events, metrics: Metrics, clock: Clock) -> None:
        self._events = events
        self._metrics = metrics
        self._clock = clock
        self._refused = 0
        self._quiet_until = clock()

    def configured(self, conditions: Iterable[Condition]) -> None:
        """These are the candidates of the configuration: the breakers that are worth a metric."""
        states = {(one.provider_id, one.provider_model): one.breaker.state.value for one in conditions}
        self._metrics.follow_breakers(states)

    def breaker_changed(self, condition: Condition, state: str, reason: str) -> None:
        """A candidate's breaker has changed."""
        self._metrics.breaker_changed(condition.provider_id, condition.provider_model, state)
        self._events.publish(
            "breaker",
            f"the breaker of {condition.name} {_SAID[state]}: {reason}",
            condition.provider_id,
            provider_model=condition.provider_model,
            state=state,
            reason=reason,
        )

    def ended(self, call: Call) -> None:
        """A call of more than one attempt has ended: where it went after each failure."""
        for failed, following in pairwise(call.attempts):
            if failed.error is not None and failed.candidate.name != following.candidate.name:
                self._moved(call, failed, following, failed.error)

    def refused(self, error: RingmainError) -> None:
        """A call has failed; tells of it when it was refused because too many run."""
        if error.reason != Overloaded.reason:
            return
        self._refused += 1
        now = self._clock()
        if now >= self._quiet_until:
            self._quiet_until = now + PAUSE
            count, self._refused = self._refused, 0
            said = "1 call was refused" if count == 1 else f"{count} calls were refused"
            self._events.publish("limit", f"{said}: {error.message}", refused_count=str(count))

    def _moved(self, call: Call, failed: Attempt, following: Attempt, error: RingmainError) -> None:
        began = failed.first_content is not None
        self._events.publish(
            "recovery" if began else "failover",
            f"{'a stream' if began else 'a request'} went on to {following.candidate.name}: {error.message}",
            failed.candidate.provider_id,
            model=call.model,
            failed_candidate=failed.candidate.name,
            next_candidate=following.candidate.name,
            error=type(error).__name__,
            response_id=call.response_id,
        )
