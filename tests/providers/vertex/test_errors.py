"""Tests of what errors mean: each status of the vendor's documentation has its row in the laws."""

import grpc
import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc.status_pb2 import Status as RpcStatus
from ringmain_server import errors
from ringmain_server.errors import ProviderError
from ringmain_server.providers.vertex.errors import DETAILS, from_rpc

from tests.fakes import vertex_statuses as statuses
from tests.fakes.vertex_script import Status

ROWS = [
    (statuses.BAD_REQUEST, errors.Rejected, None),
    (statuses.CONTEXT, errors.ContextTooLong, None),
    (statuses.CONTEXT_OLDER, errors.ContextTooLong, None),
    (statuses.BAD_KEY, errors.CredentialsRefused, None),
    (statuses.OUT_OF_RANGE, errors.Rejected, None),
    (statuses.PRECONDITION, errors.Rejected, None),
    (statuses.LOCATION, errors.AccessRefused, None),
    (statuses.UNAUTHENTICATED, errors.CredentialsRefused, None),
    (statuses.PERMISSION, errors.AccessRefused, None),
    (statuses.BILLING, errors.QuotaSpent, None),
    (statuses.NOT_FOUND, errors.UnknownProviderModel, None),
    (statuses.UNIMPLEMENTED, errors.UnknownProviderModel, None),
    (statuses.RATE_LIMITED, errors.RateLimited, None),
    (statuses.RATE_LIMITED_SECONDS, errors.RateLimited, 3.5),
    (statuses.QUOTA, errors.QuotaSpent, None),
    (statuses.QUOTA_LIMIT, errors.QuotaSpent, None),
    (statuses.UNAVAILABLE, errors.ServerFault, None),
    (statuses.OVERLOADED, errors.ServerFault, 2.0),
    (statuses.INTERNAL, errors.ServerFault, None),
    (statuses.UNKNOWN, errors.ServerFault, None),
    (statuses.TIMEOUT, errors.ServerFault, None),
    (statuses.CANCELLED, errors.ServerFault, None),
    (statuses.ABORTED, errors.ServerFault, None),
    (statuses.DATA_LOSS, errors.ServerFault, None),
]


def rpc_error(status: Status, *trailers: tuple[str, str | bytes]) -> grpc.aio.AioRpcError:
    """The error that a call ends in."""
    rpc = RpcStatus(message=status.message)
    for detail in status.details:
        packed = Packed()
        packed.Pack(detail)
        rpc.details.append(packed)
    all_trailers = [*trailers, *([(DETAILS, rpc.SerializeToString())] if status.details else [])]
    return grpc.aio.AioRpcError(
        status.code, grpc.aio.Metadata(), grpc.aio.Metadata(*all_trailers), status.message
    )


def failure(code: grpc.StatusCode, text: str | None) -> ProviderError:
    """What the end of a call means."""
    return from_rpc("gem", grpc.aio.AioRpcError(code, grpc.aio.Metadata(), None, text), ("ya29-secret",))


@pytest.mark.parametrize(("status", "kind", "wait"), ROWS)
def test_statuses(status: Status, kind: type[ProviderError], wait: float | None) -> None:
    """Every documented status is the failure of its row, with the time to come back where it names one."""
    found = from_rpc("gem", rpc_error(status))
    assert type(found) is kind
    assert found.retry_after == wait
    assert found.message.startswith("gem: ")
    assert "secret-project" not in found.message


@pytest.mark.parametrize(
    ("code", "text", "kind", "says"),
    [
        (
            "UNAVAILABLE",
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.7:443: Connection refused",
            errors.ConnectionFailed,
            "refused the connection",
        ),
        (
            "UNAVAILABLE",
            "failed to connect to all addresses; last error: UNAVAILABLE: Ssl handshake failed: X509",
            errors.ConnectionFailed,
            "failed the TLS handshake",
        ),
        ("UNAVAILABLE", "DNS resolution failed for x:443", errors.ConnectionFailed, "does not resolve"),
        ("UNAVAILABLE", "Socket closed", errors.ConnectionFailed, "closed the connection"),
        ("UNAVAILABLE", "recvmsg:Connection reset by peer", errors.ConnectionFailed, "closed the connection"),
        (
            "INTERNAL",
            "Received RST_STREAM with error code 2",
            errors.ConnectionFailed,
            "closed the connection",
        ),
        (
            "UNAVAILABLE",
            "Getting metadata from plugin failed with error: ('invalid_grant: Invalid JWT', {})",
            errors.CredentialsRefused,
            "no usable credentials",
        ),
        (
            "UNAVAILABLE",
            "Getting metadata from plugin failed with error: HTTPSConnectionPool: Max retries exceeded",
            errors.ConnectionFailed,
            "could not reach the server",
        ),
        (
            "RESOURCE_EXHAUSTED",
            "CLIENT: Received message larger than max (99 vs. 64)",
            errors.AnswerTooLarge,
            "larger than any answer",
        ),
        (
            "RESOURCE_EXHAUSTED",
            "SERVER: Received message larger than max (99 vs. 64)",
            errors.Rejected,
            "larger than the provider takes",
        ),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", errors.ServerFault, "DEADLINE_EXCEEDED"),
        ("INVALID_ARGUMENT", None, errors.Rejected, "without saying why"),
    ],
)
def test_what_grpc_says_itself(code: str, text: str | None, kind: type[ProviderError], says: str) -> None:
    """Failures below the provider are told from its own by their words, and name no address."""
    found = failure(grpc.StatusCode[code], text)
    assert type(found) is kind
    assert says in found.message
    assert "10.0.0.7" not in found.message


def test_messages_are_clean() -> None:
    """A message that is passed on has no project, no key, no address, and an end."""
    text = (
        "Bad thing in projects/my-project/locations/x by ya29-secret at https://x.googleapis.com/v1 "
        + "x " * 900
    )
    found = failure(grpc.StatusCode.INVALID_ARGUMENT, text)
    assert "my-project" not in found.message
    assert "ya29-secret" not in found.message
    assert "googleapis" not in found.message
    assert len(found.message) <= 520


def test_wait_in_a_trailer() -> None:
    """A time to come back may stand in a trailer of its own."""
    found = from_rpc("gem", rpc_error(statuses.RATE_LIMITED, ("retry-after", "3")))
    assert found.retry_after == 3.0


def test_details_that_are_none() -> None:
    """Details that cannot be read leave the status to speak."""
    found = from_rpc("gem", rpc_error(statuses.RATE_LIMITED, (DETAILS, b"\xff\xff")))
    assert type(found) is errors.RateLimited
