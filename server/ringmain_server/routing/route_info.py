"""Room 3: writes the cost and the route of an answer into its messages."""

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from ringmain.v1 import routing_pb2

from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import MOST_NANO
from ringmain_server.errors import RingmainError
from ringmain_server.operations.base import Accounted

DOMAIN = "ringmain.v1"
"""`ErrorInfo.domain` of every error."""


def finish(accounted: Accounted | None, call: Call, candidate: Candidate) -> None:
    """Prices the usage and fills in the route.

    Args:
        accounted: The usage and the route of the answer, None where the operation has none.
        call: The call, whose attempts have ended.
        candidate: The candidate that answered.
    """
    if accounted is None:
        return
    usage, route = accounted.usage, accounted.route
    # A cost from the provider, or from a translator that priced something without a count, takes precedence
    # over a list price; a price that the operator configured takes precedence over both.
    told = usage.HasField("cost_nano_usd") and not candidate.price_configured
    if candidate.price is not None and not told:
        price = candidate.price.at(usage.input_token_count)
        cost = None if price is None else price.cost_nano_usd(usage)
        if cost is not None and cost <= MOST_NANO:
            usage.cost_nano_usd = cost
    route.provider_id = candidate.provider_id
    route.provider_model = candidate.provider_model
    # The last attempt is the one that succeeded; a hedged one may have begun before a slower one.
    for attempt in sorted(call.attempts, key=_slower_first) if len(call.attempts) > 1 else call.attempts:
        _write_attempt(attempt, route.attempts.add())


def attempt_message(attempt: Attempt) -> routing_pb2.Attempt:
    """Returns an attempt as a message for the caller."""
    message = routing_pb2.Attempt()
    _write_attempt(attempt, message)
    return message


def _write_attempt(attempt: Attempt, message: routing_pb2.Attempt) -> None:
    message.provider_id = attempt.candidate.provider_id
    message.provider_model = attempt.candidate.provider_model
    seconds = attempt.latency or 0.0
    latency = message.latency
    latency.seconds = whole = int(seconds)
    latency.nanos = int((seconds - whole) * 1e9)
    latency.SetInParent()  # even where it took no time
    if attempt.error is not None:
        message.error.CopyFrom(status(attempt.error))
    elif attempt.lost:
        message.error.code = grpc.StatusCode.CANCELLED.value[0]
        message.error.message = f"{attempt.candidate.provider_id}: another candidate answered first"


def _slower_first(attempt: Attempt) -> bool:
    return attempt.error is None and not attempt.lost


def status(error: RingmainError) -> Status:
    """Returns an error as a status with its ErrorInfo."""
    details = Any()
    details.Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    return Status(code=error.code.value[0], message=error.message, details=[details])
