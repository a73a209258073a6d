import pickle
from collections.abc import Mapping

import grpc
import pytest
import ringmain
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from ringmain import RingmainError, Violation, error_of
from ringmain.v1.error_reason_pb2 import ErrorReason

from tests.client.gateway import trailers

CODES: Mapping[str, tuple[grpc.StatusCode, type[RingmainError]]] = {
    "INVALID_FIELD": (grpc.StatusCode.INVALID_ARGUMENT, ringmain.InvalidRequest),
    "MODEL_NOT_FOUND": (grpc.StatusCode.NOT_FOUND, ringmain.NotFound),
    "RESOURCE_NOT_FOUND": (grpc.StatusCode.NOT_FOUND, ringmain.NotFound),
    "METHOD_NOT_SERVED": (grpc.StatusCode.UNIMPLEMENTED, ringmain.CapabilityMissing),
    "CAPABILITY_MISSING": (grpc.StatusCode.FAILED_PRECONDITION, ringmain.CapabilityMissing),
    "CONTEXT_TOO_LONG": (grpc.StatusCode.INVALID_ARGUMENT, ringmain.ContextTooLong),
    "CONTENT_FILTERED": (grpc.StatusCode.FAILED_PRECONDITION, ringmain.ContentFiltered),
    "PROVIDER_REJECTED": (grpc.StatusCode.INVALID_ARGUMENT, ringmain.InvalidRequest),
    "CREDENTIALS_INVALID": (grpc.StatusCode.UNAUTHENTICATED, ringmain.Unauthenticated),
    "NOT_ALLOWED": (grpc.StatusCode.PERMISSION_DENIED, ringmain.PermissionDenied),
    "RATE_LIMITED": (grpc.StatusCode.RESOURCE_EXHAUSTED, ringmain.RateLimited),
    "BUDGET_EXCEEDED": (grpc.StatusCode.RESOURCE_EXHAUSTED, ringmain.BudgetExceeded),
    "OVERLOADED": (grpc.StatusCode.RESOURCE_EXHAUSTED, ringmain.Overloaded),
    "PROVIDERS_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
    "LIMITS_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
    "ISSUER_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
    "STORE_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
    "SHUTTING_DOWN": (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
    "PROVIDERS_RATE_LIMITED": (grpc.StatusCode.RESOURCE_EXHAUSTED, ringmain.RateLimited),
    "MODEL_OUTPUT_INVALID": (grpc.StatusCode.ABORTED, ringmain.ModelOutputInvalid),
    "STREAM_INTERRUPTED": (grpc.StatusCode.ABORTED, ringmain.StreamInterrupted),
    "DEADLINE_EXCEEDED": (grpc.StatusCode.DEADLINE_EXCEEDED, ringmain.DeadlineExceeded),
    "MEDIA_INVALID": (grpc.StatusCode.INVALID_ARGUMENT, ringmain.MediaInvalid),
    "INTERNAL": (grpc.StatusCode.INTERNAL, ringmain.InternalError),
}


def failed(
    code: grpc.StatusCode, *trailing: tuple[str, str | bytes], details: str | None = "no luck"
) -> grpc.RpcError:
    """Return gRPC's own error."""
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailing), details=details)


@pytest.mark.parametrize("reason", CODES)
def test_every_reason_has_its_class(reason: str) -> None:
    """Each reason of the contract is raised as the class that the tree names for it."""
    code, kind = CODES[reason]
    error = error_of(failed(code, *trailers(code, reason, response_id="r-9", model="m")))
    assert type(error) is kind
    assert error.reason == reason
    assert error.error_reason == ErrorReason.Value(f"ERROR_REASON_{reason}")
    assert error.metadata == {"response_id": "r-9", "model": "m"}
    assert error.response_id == "r-9"
    assert error.code is code


def test_the_table_knows_the_whole_contract() -> None:
    """No reason of the contract is missing from the test above."""
    assert {f"ERROR_REASON_{reason}" for reason in CODES} == set(ErrorReason.keys()) - {
        "ERROR_REASON_UNSPECIFIED"
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNIMPLEMENTED, ringmain.CapabilityMissing),
        (grpc.StatusCode.UNAVAILABLE, ringmain.Unavailable),
        (grpc.StatusCode.CANCELLED, ringmain.Cancelled),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ringmain.InvalidRequest),
        (grpc.StatusCode.UNKNOWN, RingmainError),
    ],
)
def test_foreign_statuses_are_sorted_by_code(code: grpc.StatusCode, kind: type[RingmainError]) -> None:
    """A status without the gateway's reason, as gRPC or a proxy makes it, goes by its code."""
    error = error_of(failed(code))
    assert type(error) is kind
    assert (error.reason, error.retry_delay, error.violations) == ("", None, ())
    assert error.error_reason == ErrorReason.ERROR_REASON_UNSPECIFIED
    assert str(error) == f"{code.name}: no luck"


def test_details_of_others_are_not_ours() -> None:
    """Another domain's reason, garbled details and text details leave the code to decide."""
    foreign = Status()
    foreign.details.add().Pack(ErrorInfo(domain="googleapis.com", reason="INTERNAL"))
    for value in (foreign.SerializeToString(), b"\xff\xff", "text"):
        error = error_of(failed(grpc.StatusCode.NOT_FOUND, ("grpc-status-details-bin", value)))
        assert type(error) is ringmain.NotFound
        assert error.reason == ""


def test_a_newer_reason_is_kept_as_text() -> None:
    """A reason that this client does not know is sorted by code and still readable."""
    code = grpc.StatusCode.UNAVAILABLE
    error = error_of(failed(code, *trailers(code, "MOON_ECLIPSED"), details=None))
    assert type(error) is ringmain.Unavailable
    assert error.reason == "MOON_ECLIPSED"
    assert error.error_reason == ErrorReason.ERROR_REASON_UNSPECIFIED
    assert error.message == "no details"
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    assert type(error_of(failed(code, *trailers(code, "MOON_FULL")))) is ringmain.RateLimited


def test_retry_delay_and_violations_are_read() -> None:
    """RetryInfo becomes seconds, BadRequest becomes pairs, and the text names both."""
    code = grpc.StatusCode.INVALID_ARGUMENT
    bad = BadRequest(
        field_violations=[BadRequest.FieldViolation(field="messages[0]", description="is empty")]
    )
    retry = RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000))
    error = error_of(failed(code, *trailers(code, "INVALID_FIELD", bad, retry)))
    assert error.retry_delay == pytest.approx(1.5)
    assert error.violations == (Violation("messages[0]", "is empty"),)
    assert str(error) == "INVALID_FIELD: no luck; messages[0]: is empty (retry in 1.5 s)"


def test_errors_cross_processes() -> None:
    """An error survives pickling, as process pools need it."""
    code = grpc.StatusCode.NOT_FOUND
    error = error_of(failed(code, *trailers(code, "MODEL_NOT_FOUND", model="m")))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ringmain.NotFound
    assert (str(copy), copy.metadata) == (str(error), {"model": "m"})
