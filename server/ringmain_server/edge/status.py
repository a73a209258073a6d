"""Room 1: errors as gRPC statuses with details (laws, section 7)."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from ringmain_server.errors import (
    Internal,
    InvalidField,
    Overloaded,
    ProvidersUnavailable,
    RateLimited,
    RingmainError,
    ShuttingDown,
)
from ringmain_server.settlement import status

DETAILS_KEY = "grpc-status-details-bin"
"""The trailer that carries `google.rpc.Status`."""

_VIOLATION_LIMIT = 32
_MESSAGE_LIMIT = 1024
_RETRYABLE = (ProvidersUnavailable, RateLimited, Overloaded, ShuttingDown)
_DEFAULT_RETRY = 1.0


def caller_status(error: RingmainError, response_id: str) -> Status:
    """The status a caller gets. Fits the 8 KiB that peers allow trailers by default.

    Args:
        error: What went wrong.
        response_id: Names the request in the gateway's log and usage records.
    """
    error.metadata.setdefault("response_id", response_id)
    found = status(error)
    found.message = found.message[:_MESSAGE_LIMIT]
    for detail in _details(error):
        found.details.add().Pack(detail)
    return found


def caller_error(exc: BaseException) -> RingmainError:
    """What the caller may know of any exception: of an unknown one, nothing."""
    if isinstance(exc, RingmainError):
        return exc
    return Internal("a fault of the gateway; its log has the details under this response id")


def _details(error: RingmainError) -> list[Message]:
    details: list[Message] = []
    if isinstance(error, InvalidField):
        details.append(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(field=violation.field, description=violation.description)
                    for violation in error.violations[:_VIOLATION_LIMIT]
                ]
            )
        )
    if isinstance(error, RateLimited):
        subject = f"provider:{error.provider_id}"
        violation = QuotaFailure.Violation(subject=subject, description=error.message)
        details.append(QuotaFailure(violations=[violation]))
    if isinstance(error, _RETRYABLE):
        seconds = _DEFAULT_RETRY if error.retry_after is None else error.retry_after
        delay = Duration()
        delay.FromNanoseconds(int(seconds * 1e9))
        details.append(RetryInfo(retry_delay=delay))
    return details
