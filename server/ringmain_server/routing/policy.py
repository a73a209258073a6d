"""Room 3: how the requests of one model are routed, as configured."""

from dataclasses import dataclass, field

from ringmain.v1.routing_pb2 import STREAM_RECOVERY_FAIL, StreamRecovery

from ringmain_server.errors import ProviderError
from ringmain_server.routing.balance import Strategy


@dataclass(frozen=True, slots=True)
class HedgePolicy:
    """When a second candidate is asked although the first has not failed.

    Attributes:
        quantile: Of the first candidate's recent first contents, after which it counts as late.
        after: Seconds to wait while there are too few observations for the quantile.
        least: Seconds to wait at least.
    """

    quantile: float = 0.95
    after: float = 1.0
    least: float = 0.05


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """How the requests of one model are routed.

    Attributes:
        strategy: The order of its candidates.
        failover_on: Failures after which the next candidate is tried; None means the table of docs/errors.md.
        max_hops: Most candidates tried for one request.
        retries: Most times the same candidate is asked again.
        rate_limit_wait: Most seconds to wait for a rate-limited candidate when no other is left.
        stream_recovery: What to do when a stream breaks after content, where the request does not say.
        hedge: Whether and when to hedge, None for never.
        exhausted_wait: Most seconds to wait for the first candidate to return when none may be tried.
        fallback: A model whose candidates are tried when this one's are exhausted, or nothing.
    """

    strategy: Strategy = Strategy.PRIORITY
    failover_on: frozenset[type[ProviderError]] | None = None
    max_hops: int = 8
    retries: int = 1
    rate_limit_wait: float = 10.0
    stream_recovery: StreamRecovery.ValueType = field(default=STREAM_RECOVERY_FAIL)
    hedge: HedgePolicy | None = None
    exhausted_wait: float = 0.0
    fallback: str = ""
