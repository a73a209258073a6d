"""Client: the errors that failed calls raise.

Every failed call raises a :class:`RingmainError`. The gateway's reason decides the subclass. A status
without a reason, such as one from a proxy, gets the subclass of its code. RESOURCE_EXHAUSTED without a reason
comes from gRPC itself, which refuses a message that is too large::

    RingmainError
     ├ InvalidRequest      INVALID_FIELD, PROVIDER_REJECTED; INVALID_ARGUMENT, OUT_OF_RANGE,
     │  │                  RESOURCE_EXHAUSTED without a reason
     │  ├ ContextTooLong   CONTEXT_TOO_LONG
     │  └ MediaInvalid     MEDIA_INVALID
     ├ NotFound            MODEL_NOT_FOUND, RESOURCE_NOT_FOUND; NOT_FOUND
     ├ CapabilityMissing   CAPABILITY_MISSING, METHOD_NOT_SERVED; UNIMPLEMENTED
     ├ ContentFiltered     CONTENT_FILTERED
     ├ Unauthenticated     CREDENTIALS_INVALID; UNAUTHENTICATED
     ├ PermissionDenied    NOT_ALLOWED; PERMISSION_DENIED
     ├ RateLimited         RATE_LIMITED, PROVIDERS_RATE_LIMITED; RESOURCE_EXHAUSTED with another reason
     │  ├ BudgetExceeded   BUDGET_EXCEEDED
     │  └ Overloaded       OVERLOADED
     ├ Unavailable         PROVIDERS_UNAVAILABLE, LIMITS_UNAVAILABLE, ISSUER_UNAVAILABLE, SHUTTING_DOWN;
     │                     UNAVAILABLE
     ├ StreamInterrupted   STREAM_INTERRUPTED; ABORTED, DATA_LOSS
     ├ ModelOutputInvalid  MODEL_OUTPUT_INVALID
     ├ DeadlineExceeded    DEADLINE_EXCEEDED
     ├ Cancelled           CANCELLED
     └ InternalError       INTERNAL
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from ringmain.v1.error_reason_pb2 import ErrorReason

_DOMAIN: Final = "ringmain.v1"
_DETAILS_KEY: Final = "grpc-status-details-bin"


class Violation(NamedTuple):
    """A field of the request that breaks a rule."""

    field: str
    """The path of the field, such as `messages[2].parts[0].media`."""
    description: str
    """The rule that the field breaks."""


class RingmainError(Exception):
    """The error of a failed call.

    Attributes:
        message: A description for people.
        code: The gRPC status code.
        reason: The gateway's reason, such as `PROVIDERS_UNAVAILABLE`. Empty if the status came
            from gRPC itself or from a proxy.
        metadata: Details of the reason, such as `{"model": "smart"}`.
        retry_delay: Seconds to wait before a retry can succeed. None if the gateway named none.
        violations: The fields that break a rule.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_delay: float | None = None,
        violations: Iterable[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.retry_delay = retry_delay
        self.violations = tuple(violations)

    @property
    def response_id(self) -> str:
        """The gateway's id of the call, under which its log describes the call. Empty if there is none."""
        return self.metadata.get("response_id", "")

    @property
    def error_reason(self) -> ErrorReason.ValueType:
        """The reason as the contract's enum. UNSPECIFIED if it is empty or unknown to this client."""
        name = f"ERROR_REASON_{self.reason}"
        if name in ErrorReason.keys():  # noqa: SIM118  an enum wrapper is no mapping
            return ErrorReason.Value(name)
        return ErrorReason.ERROR_REASON_UNSPECIFIED

    def __str__(self) -> str:
        """Returns reason, message, violations and delay in one line."""
        fields = "".join(f"; {field}: {what}" for field, what in self.violations)
        delay = "" if self.retry_delay is None else f" (retry in {self.retry_delay:g} s)"
        return f"{self.reason or self.code.name}: {self.message}{fields}{delay}"


class InvalidRequest(RingmainError):
    """The request breaks a rule, or is too large. `violations` names the fields. A retry would fail too."""


class ContextTooLong(InvalidRequest):
    """The input is longer than every candidate's context."""


class MediaInvalid(InvalidRequest):
    """An image or document cannot be read, is of the wrong kind, or is too large."""


class NotFound(RingmainError):
    """The model does not exist, no provider serves it, or there is no resource with the given id."""


class CapabilityMissing(RingmainError):
    """The model or the gateway lacks a capability that the request needs."""


class ContentFiltered(RingmainError):
    """The provider's safety system refused the request."""


class Unauthenticated(RingmainError):
    """The token is missing or wrong."""


class PermissionDenied(RingmainError):
    """The token is valid, but not for this model or method."""


class RateLimited(RingmainError):
    """The call exceeds a rate limit. `retry_delay` is the time to wait."""


class BudgetExceeded(RateLimited):
    """The budget is spent, and waiting for seconds does not help."""


class Overloaded(RateLimited):
    """The gateway itself is at capacity."""


class Unavailable(RingmainError):
    """The gateway or its store of limits cannot be reached, or every candidate failed."""


class StreamInterrupted(RingmainError):
    """The stream broke after content was sent. `Stream.partial` has the answer until then."""


class ModelOutputInvalid(RingmainError):
    """The model wrote something unusable, such as a malformed tool call. A retry may help."""


class DeadlineExceeded(RingmainError):
    """The call took longer than its timeout."""


class Cancelled(RingmainError):
    """The call was cancelled, by `close`, by the gateway or by a proxy."""


class InternalError(RingmainError):
    """The gateway has a bug. Its log has details under `response_id`."""


_BY_REASON: Final[Mapping[str, type[RingmainError]]] = {
    "INVALID_FIELD": InvalidRequest,
    "PROVIDER_REJECTED": InvalidRequest,
    "CONTEXT_TOO_LONG": ContextTooLong,
    "MEDIA_INVALID": MediaInvalid,
    "MODEL_NOT_FOUND": NotFound,
    "RESOURCE_NOT_FOUND": NotFound,
    "CAPABILITY_MISSING": CapabilityMissing,
    "METHOD_NOT_SERVED": CapabilityMissing,
    "CONTENT_FILTERED": ContentFiltered,
    "CREDENTIALS_INVALID": Unauthenticated,
    "NOT_ALLOWED": PermissionDenied,
    "RATE_LIMITED": RateLimited,
    "PROVIDERS_RATE_LIMITED": RateLimited,
    "BUDGET_EXCEEDED": BudgetExceeded,
    "OVERLOADED": Overloaded,
    "PROVIDERS_UNAVAILABLE": Unavailable,
    "LIMITS_UNAVAILABLE": Unavailable,
    "ISSUER_UNAVAILABLE": Unavailable,
    "STORE_UNAVAILABLE": Unavailable,
    "SHUTTING_DOWN": Unavailable,
    "STREAM_INTERRUPTED": StreamInterrupted,
    "MODEL_OUTPUT_INVALID": ModelOutputInvalid,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "INTERNAL": InternalError,
}
_BY_CODE: Final[Mapping[grpc.StatusCode, type[RingmainError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNIMPLEMENTED: CapabilityMissing,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: RateLimited,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.ABORTED: StreamInterrupted,
    grpc.StatusCode.DATA_LOSS: StreamInterrupted,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.INTERNAL: InternalError,
}


class _Failed(Protocol):
    """The methods that the errors of grpc and of grpc.aio share."""

    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str | None: ...
    def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...


@contextmanager
def translated() -> Iterator[None]:
    """Raises gRPC's errors in the block as RingmainError."""
    try:
        yield
    except grpc.RpcError as exc:
        raise error_of(exc) from exc


def error_of(rpc_error: grpc.RpcError) -> RingmainError:
    """Returns the error that this client raises for an error of the generated stubs.

    Args:
        rpc_error: The error of gRPC, from its threaded or its asyncio API.
    """
    failed = cast("_Failed", rpc_error)
    code = failed.code()
    status = _status(failed.trailing_metadata() or ())
    info, retry, bad = ErrorInfo(), RetryInfo(), BadRequest()
    for detail in status.details:
        for kind in (info, retry, bad):
            detail.Unpack(kind)
    if info.domain != _DOMAIN:
        info.Clear()
    return _kind_of_error(info.reason, code)(
        failed.details() or "no details",
        code=code,
        reason=info.reason,
        metadata=info.metadata,
        retry_delay=_seconds(retry),
        violations=(Violation(v.field, v.description) for v in bad.field_violations),
    )


def _kind_of_error(reason: str, code: grpc.StatusCode) -> type[RingmainError]:
    if not reason and code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # gRPC itself refused the message, which is larger than the client or the server allows.
        return InvalidRequest
    return _BY_REASON.get(reason) or _BY_CODE.get(code, RingmainError)


def _seconds(retry: RetryInfo) -> float | None:
    if not retry.HasField("retry_delay"):
        return None
    return retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9


def _status(trailers: Iterable[tuple[str, str | bytes]]) -> Status:
    """Returns the status with details in the trailers, or an empty one if it is absent or malformed."""
    for key, value in trailers:
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                break  # A proxy sent details of another form. The status code alone is enough then.
    return Status()
