"""Room 2, pure: the status of a provider, for operators."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.policies import Clock
from ringmain_server.policies.breaker import BreakerState
from ringmain_server.policies.latency import joint_quantile
from ringmain_server.routing.health import CandidateHealth
from ringmain_server.routing.route_info import status

_STATES = {
    BreakerState.CLOSED: admin_pb2.BREAKER_STATE_CLOSED,
    BreakerState.OPEN: admin_pb2.BREAKER_STATE_OPEN,
    BreakerState.HALF_OPEN: admin_pb2.BREAKER_STATE_HALF_OPEN,
}


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks, to convert an instant to a date.

    Attributes:
        monotonic: The clock of the candidates' health.
        wall: Seconds since 1970.
    """

    monotonic: Clock = time.monotonic
    wall: Clock = time.time

    def date(self, instant: float) -> Timestamp:
        """Returns the date of an instant of the monotonic clock."""
        date = Timestamp()
        date.FromNanoseconds(round((self.wall() + instant - self.monotonic()) * 1e9))
        return date


def provider_status(
    provider_id: str, kind: str, healths: Sequence[CandidateHealth], clocks: Clocks, *, drained: bool
) -> admin_pb2.Provider:
    """Returns the status of a provider and the health of each of its models.

    Args:
        provider_id: Its name.
        kind: Its kind.
        healths: The health of its models.
        clocks: Convert instants to dates.
        drained: Whether an operator has drained it.
    """
    attempts = sum(one.recent.count for one in healths)
    failed = sum(one.recent.failed_count for one in healths)
    found = admin_pb2.Provider(
        provider_id=provider_id,
        kind=kind,
        state=admin_pb2.PROVIDER_STATE_DRAINED if drained else admin_pb2.PROVIDER_STATE_ACTIVE,
        breakers=[_breaker(one, clocks) for one in healths],
        in_flight_count=sum(one.limit.in_flight for one in healths),
        failure_rate=failed / attempts if attempts else 0.0,
    )
    median = joint_quantile((one.recent for one in healths), 0.5)
    if median is not None:
        found.median_latency.CopyFrom(duration(median))
    return found


def duration(seconds: float) -> Duration:
    """Converts seconds to a protobuf duration."""
    span = Duration()
    span.FromNanoseconds(round(seconds * 1e9))
    return span


def _breaker(health: CandidateHealth, clocks: Clocks) -> admin_pb2.Breaker:
    breaker = health.breaker
    found = admin_pb2.Breaker(
        provider_model=health.provider_model,
        state=_STATES[breaker.state],
        change_time=clocks.date(breaker.changed_at),
        cooldown_reason=health.cooldown.reason or "",
    )
    if breaker.opens_until is not None:
        found.probe_time.CopyFrom(clocks.date(breaker.opens_until))
    if health.last_error is not None:
        found.last_error.CopyFrom(status(health.last_error))
    until = health.cooldown.until
    if until is not None and not health.cooldown.awaits_check:
        found.cooldown_end_time.CopyFrom(clocks.date(until))
    return found
