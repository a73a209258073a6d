"""Room 1: turns errors into gRPC statuses with details (docs/errors.md).

Peers refuse trailers of more than 8 KiB by default, and then their callers see a library's error in place
of the status. So a status is measured as it is sent, and its quotations are cut until it fits.
"""

from dataclasses import dataclass
from urllib.parse import quote

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from ringmain_server.errors import (
    Internal,
    InvalidField,
    IssuerUnavailable,
    Overloaded,
    ProvidersUnavailable,
    RateLimited,
    RingmainError,
    ShuttingDown,
    StoreUnavailable,
)
from ringmain_server.errors.shortage import shortage
from ringmain_server.routing.route_info import DOMAIN
from ringmain_server.text.excerpt import MESSAGE_LIMIT, excerpt

DETAILS_KEY = "grpc-status-details-bin"
"""The trailer that carries `google.rpc.Status`."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """The most characters of the message and of each text in the details, and the most of these texts."""

    message: int
    text: int
    count: int


_ROOM = 7_500
"""Bytes for message and details: 8 KiB without other content of the trailers, such as names and headers."""
_STEPS = (_Limits(MESSAGE_LIMIT, 500, 32), _Limits(512, 200, 16), _Limits(200, 64, 8))
_LAST_STEP = _Limits(100, 48, 4)
"""Limits that fit even if each character takes the twelve bytes of an emoji."""
_RETRYABLE = (
    ProvidersUnavailable,
    RateLimited,
    Overloaded,
    IssuerUnavailable,
    ShuttingDown,
    StoreUnavailable,
)
_DEFAULT_RETRY = 1.0
_LONGEST_RETRY = 366 * 86400.0


def caller_status(error: RingmainError, response_id: str) -> Status:
    """Returns the status for a caller, which fits the 8 KiB that peers allow trailers by default.

    Args:
        error: The error.
        response_id: Names the request in the gateway's log and usage records.
    """
    error.metadata.setdefault("response_id", response_id)
    for limits in _STEPS:
        found = _status(error, limits)
        if _wire_bytes(found) <= _ROOM:
            return found
    return _status(error, _LAST_STEP)


def caller_error(exc: BaseException) -> RingmainError:
    """Returns the error that the caller may see; an unknown exception shows only a lack of resources."""
    if isinstance(exc, RingmainError):
        return exc
    return shortage(exc) or Internal("a fault of the gateway; its log has the details under this response id")


def _status(error: RingmainError, limits: _Limits) -> Status:
    found = Status(code=error.code.value[0], message=excerpt(error.message, limits.message))
    for detail in _details(error, limits):
        found.details.add().Pack(detail)
    return found


def _wire_bytes(found: Status) -> int:
    """Returns the bytes that message (percent-encoded) and details (in base64) take in the trailers.

    See "Responses" at https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
    """
    return len(quote(found.message, safe=_SAFE)) + -(-found.ByteSize() // 3) * 4


_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def _metadata(error: RingmainError, limits: _Limits) -> dict[str, str]:
    """Returns the metadata cut to the limits, always with the response id."""
    kept = list(error.metadata.items())[: limits.count]
    found = {excerpt(name, limits.text): excerpt(value, limits.text) for name, value in kept}
    found["response_id"] = error.metadata["response_id"]
    return found


def _details(error: RingmainError, limits: _Limits) -> list[Message]:
    details: list[Message] = [
        ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=_metadata(error, limits))
    ]
    if isinstance(error, InvalidField):
        details.append(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(
                        field=excerpt(violation.field, limits.text),
                        description=excerpt(violation.description, limits.text),
                    )
                    for violation in error.violations[: limits.count]
                ]
            )
        )
    if isinstance(error, RateLimited):
        subject = f"provider:{excerpt(error.provider_id, limits.text)}"
        said = excerpt(error.message, limits.text)
        details.append(QuotaFailure(violations=[QuotaFailure.Violation(subject=subject, description=said)]))
    if isinstance(error, _RETRYABLE):
        seconds = _DEFAULT_RETRY if error.retry_after is None else error.retry_after
        if not 0 <= seconds <= _LONGEST_RETRY:  # also NaN: a provider's value must not break the status
            seconds = _DEFAULT_RETRY
        delay = Duration()
        delay.FromNanoseconds(int(seconds * 1e9))
        details.append(RetryInfo(retry_delay=delay))
    return details
