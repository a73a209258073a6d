"""Telemetry: turns changes of breakers, calls and limits into events, off the path of streamed events."""

from collections.abc import Iterable
from itertools import pairwise

from ringmain_server.call import Attempt, Call
from ringmain_server.errors import Overloaded, RingmainError
from ringmain_server.policies import Clock
from ringmain_server.policies.repeats import Repeats
from ringmain_server.providers.unknown_fields import OTHER, TALLY, Count, Since, Tally
from ringmain_server.routing.health import CandidateHealth
from ringmain_server.telemetry.events import Events
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.metrics import Metrics

PAUSE = 1.0
"""Seconds between two events of refused calls: an overloaded gateway may refuse thousands."""

_LOG = "log"
_LOG_PAUSE = 60.0
"""Seconds between two events of lost log lines."""

_CHANGES = {"open": "opened", "half_open": "lets one call through", "closed": "closed"}


class Reporter:
    """Publishes events of breakers and of calls. No method raises.

    Args:
        events: Publishes the events.
        metrics: The metrics.
        clock: Seconds on any monotonic clock.
        faults: Reports its own faults.
        unknown: Counts the fields of answers that no translator knows.
    """

    def __init__(
        self,
        events: Events,
        metrics: Metrics,
        clock: Clock,
        faults: Faults | None = None,
        unknown: Tally = TALLY,
    ) -> None:
        self.faults = faults or Faults()
        self._events = events
        self._metrics = metrics
        self._refused: Repeats[str] = Repeats(clock, PAUSE)
        self._refusal: dict[str, str] = {}
        self._lost: Repeats[str] = Repeats(clock, _LOG_PAUSE)
        self._lost_lines = 0
        self._candidates: list[CandidateHealth] = []
        self._unknown = Since(unknown)
        self._told: set[tuple[str, str]] = set()

    @harmless
    def configured(self, healths: Iterable[CandidateHealth]) -> None:
        """Sets the configured candidates, which have metrics."""
        self._candidates = list(healths)
        self._metrics.follow_breakers({_key(one): one.breaker.state.value for one in self._candidates})

    @harmless
    def refresh(self, limit: int, lost_lines: int = 0) -> None:
        """Updates the metrics that nobody reports, and publishes events that were held back.

        Args:
            limit: How many calls the gateway runs at once.
            lost_lines: How many lines of the log could not be written so far.
        """
        if lost_lines > self._lost_lines:
            lost, self._lost_lines = lost_lines - self._lost_lines, lost_lines
            self._metrics.lost_lines(lost)
            self._publish_lost(self._lost.happened(_LOG, lost))
        else:
            self._publish_lost(sum(count for _, count in self._lost.due()))
        occupied = {_key(one): (one.limit.in_flight, one.limit.limit) for one in self._candidates}
        self._metrics.occupied(limit, occupied)
        for name, count in self._refused.due():
            self._publish_refused(name, count)
        for one in self._unknown.news():
            self._publish_unknown(one)

    @harmless
    def breaker_changed(self, health: CandidateHealth, state: str, reason: str) -> None:
        """Publishes that a candidate's breaker has changed."""
        self._metrics.breaker_changed(health.provider_id, health.provider_model, state)
        self._events.publish(
            "breaker",
            f"the breaker of {health.name} {_CHANGES[state]}: {reason}",
            health.provider_id,
            provider_model=health.provider_model,
            state=state,
            reason=reason,
        )

    @harmless
    def ended(self, call: Call) -> None:
        """Publishes where a call of several attempts went after each failure."""
        for failed, following in pairwise(call.attempts):
            if failed.error is not None and failed.candidate.name != following.candidate.name:
                self._moved(call, failed, following, failed.error)

    @harmless
    def refused(self, error: RingmainError) -> None:
        """Publishes that calls were refused, if the error says that the gateway is overloaded."""
        if not isinstance(error, Overloaded):
            return
        self._metrics.refused(error.limit)
        self._refusal[error.limit] = error.message
        if count := self._refused.happened(error.limit):
            self._publish_refused(error.limit, count)

    def _publish_unknown(self, one: Count) -> None:
        """Publishes that answers have a field that no translator knows, the first time only."""
        if (one.wire, one.field) in self._told:
            return
        self._told.add((one.wire, one.field))
        what = "further fields" if one.field == OTHER else f"a field {one.field}"
        message = f"answers of the wire {one.wire} have {what}, unknown to this version of the gateway"
        self._events.publish("provider", message, one.provider_id, wire=one.wire, field=one.field)

    def _publish_lost(self, count: int) -> None:
        if count:
            message = f"{count} lines of the log were lost: nobody reads it, or the disk is full"
            self._events.publish("limit", message, limit="log", lost_line_count=str(count))

    def _publish_refused(self, limit: str, count: int) -> None:
        text = "1 call was refused" if count == 1 else f"{count} calls were refused"
        self._events.publish(
            "limit", f"{text}: {self._refusal[limit]}", limit=limit, refused_count=str(count)
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
            **{f"labels.{key}": value for key, value in call.labels.items()},
        )


def _key(health: CandidateHealth) -> tuple[str, str]:
    return health.provider_id, health.provider_model
