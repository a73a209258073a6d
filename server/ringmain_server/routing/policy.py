"""Room 3: the routing policy of one model, as configured."""

from dataclasses import dataclass, field

from ringmain.v1.routing_pb2 import STREAM_RECOVERY_FAIL, StreamRecovery

from ringmain_server.errors import ProviderError
from ringmain_server.routing.balance import Strategy


@dataclass(frozen=True, slots=True)
class HedgePolicy:
    """The time after which a second candidate is asked although the first has not failed.

    Attributes:
        quantile: The quantile of the first candidate's recent first contents after which it counts as late.
        after: Seconds to wait while there are too few observations for the quantile.
        least: Seconds to wait at least.
    """

    quantile: float = 0.95
    after: float = 1.0
    least: float = 0.05


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """The routing policy of one model.

    Attributes:
        strategy: The order of its candidates.
        failover_on: Failures after which the next candidate is tried; None means the table of docs/errors.md.
        max_hops: The most candidates tried for one request.
        retries: The most times the same candidate is asked again.
        rate_limit_wait: The most seconds to wait for a rate-limited candidate when no other is left.
        stream_recovery: The default recovery of a stream that breaks after content.
        hedge: The hedging, None for none.
        exhausted_wait: The most seconds to wait for the first candidate to return when none may be tried.
        fallback: A model whose candidates are tried when this one's are exhausted, or nothing.
        replaced_by: The model of this gateway to use instead, or nothing.
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
    replaced_by: str = ""
