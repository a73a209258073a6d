"""Statuses fit the trailers that peers take, whatever is in them."""

import math

import pytest
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from ringmain_server.edge.status import caller_status
from ringmain_server.errors import (
    InvalidField,
    ModelNotFound,
    ProvidersUnavailable,
    RateLimited,
    RingmainError,
    Violation,
)

ROOM = 7_600
FILLS = ["x", "\0", "é", "🙂", "\ud800"]


def _grpc_bytes(status: Status) -> int:
    """The bytes of the message, percent-encoded as gRPC does, and of the details in base64."""
    message = sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else 3 for byte in status.message.encode())
    return message + math.ceil(status.ByteSize() / 3) * 4


def _detail(status: Status, kind: type[ErrorInfo] | type[BadRequest] | type[RetryInfo]) -> Any:
    return next(detail for detail in status.details if detail.type_url.endswith(f".{kind.__name__}"))


def _errors(fill: str) -> list[RingmainError]:
    many = {f"{number}{fill * 300}": fill * 9_999 for number in range(100)}
    return [
        ModelNotFound(fill * 100_000),
        InvalidField([Violation(fill * 9_000, fill * 9_000)] * 1_000),
        ProvidersUnavailable(fill * 9_999, metadata=many),
        RateLimited(fill * 9_999, fill * 9_999, metadata=many),
    ]


@pytest.mark.parametrize("fill", FILLS)
def test_every_status_fits_and_keeps_its_reason_and_response_id(fill: str) -> None:
    """However much callers and providers wrote, message and details leave room in 8 KiB."""
    for error in _errors(fill):
        status = caller_status(error, "resp_7")
        assert _grpc_bytes(status) <= ROOM
        assert (status.code, bool(status.message)) == (error.code.value[0], True)
        info = ErrorInfo()
        _detail(status, ErrorInfo).Unpack(info)
        assert (info.reason, info.metadata["response_id"]) == (error.reason, "resp_7")


def test_an_ordinary_status_is_told_whole() -> None:
    """Thirty-two violations of ordinary length are all named."""
    violations = [Violation(f"messages[{number}].parts", "holds no part") for number in range(40)]
    bad = BadRequest()
    _detail(caller_status(InvalidField(violations), "resp_7"), BadRequest).Unpack(bad)
    assert len(bad.field_violations) == 32
    assert bad.field_violations[31].field == "messages[31].parts"


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, 1e300])
def test_a_delay_that_is_none_is_replaced(seconds: float) -> None:
    """A time to come back that no clock knows becomes the default."""
    told = RetryInfo()
    error = RateLimited("p", "slow down", retry_after=seconds)
    _detail(caller_status(error, "resp_7"), RetryInfo).Unpack(told)
    assert told.retry_delay.ToMilliseconds() == 1_000
