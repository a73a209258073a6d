"""Turns what breakers, calls and limits do into events. Nothing here is on the way of a stream's events."""

from collections.abc import Iterable
from itertools import pairwise

from ringmain_server.backend import Attempt, Call
from ringmain_server.condition import Condition
from ringmain_server.errors import Overloaded, RingmainError
from ringmain_server.policies import Clock
from ringmain_server.policies.repeats import Repeats
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
        self._refused: Repeats[str] = Repeats(clock, PAUSE)
        self._refusal: dict[str, str] = {}
        self._candidates: list[Condition] = []

    def configured(self, conditions: Iterable[Condition]) -> None:
        """These are the candidates of the configuration, which are worth metrics."""
        self._candidates = list(conditions)
        self._metrics.follow_breakers({_key(one): one.breaker.state.value for one in self._candidates})

    def look(self, limit: int) -> None:
        """Brings the numbers up to date that nobody tells of, and tells of what was not told yet.

        Args:
            limit: How many calls the gateway runs at once.
        """
        occupied = {_key(one): (one.limit.in_flight, one.limit.limit) for one in self._candidates}
        self._metrics.occupied(limit, occupied)
        for name, count in self._refused.due():
            self._tell_refused(name, count)

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
        if not isinstance(error, Overloaded):
            return
        self._metrics.refused(error.limit)
        self._refusal[error.limit] = error.message
        if count := self._refused.happened(error.limit):
            self._tell_refused(error.limit, count)

    def _tell_refused(self, limit: str, count: int) -> None:
        said = "1 call was refused" if count == 1 else f"{count} calls were refused"
        self._events.publish(
            "limit", f"{said}: {self._refusal[limit]}", limit=limit, refused_count=str(count)
        )

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


def _key(condition: Condition) -> tuple[str, str]:
    return condition.provider_id, condition.provider_model
