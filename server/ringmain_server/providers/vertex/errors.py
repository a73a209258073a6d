"""Room 4, pure: classifies the errors of Google's APIs, on gRPC and on HTTP.

https://cloud.google.com/apis/design/errors: a canonical status, a message for people, and typed details. The
table in `vertex.faults` says what each means; where it says nothing, the status decides.
"""

import re
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from ringmain_server.errors import (
    AnswerTooLarge,
    ConnectionFailed,
    CredentialsRefused,
    ProviderError,
    RateLimited,
    ServerFault,
)
from ringmain_server.providers import faults, http_errors
from ringmain_server.providers.faults import Meaning
from ringmain_server.providers.vertex import safety
from ringmain_server.providers.vertex.faults import CANONICAL, ERRORS, SPENT_FOR_LONG

DETAILS = "grpc-status-details-bin"
"""The trailer with the details: https://grpc.io/docs/guides/error/."""

_LONG_QUOTAS = re.compile(r"per_?(?:day|month)", re.IGNORECASE)
_PROJECTS = re.compile(r"\bprojects/[^/\s'\"]+")
_SIZE_WORDS = re.compile(r"received message larger than max|decompressed message larger", re.IGNORECASE)
# Wordings of gRPC itself about a connection; no server sends such a status.
_NEVER_THERE = re.compile(
    r"failed to connect|connection refused|no route to host|network is unreachable", re.IGNORECASE
)
_NAMELESS = re.compile(r"(?:dns|name) resolution|domain name not found|could not contact dns", re.IGNORECASE)
_HANDSHAKE = re.compile(r"handshak|ssl|tls|certificate", re.IGNORECASE)
_LOST = re.compile(
    r"socket closed|connection reset|broken pipe|goaway|endpoint closing|rst_stream|recvmsg|keepalive|"
    r"stream removed|transport closed|connection (?:aborted|closed)",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"getting metadata from plugin failed|plugin.{0,20}(?:error|failed)", re.IGNORECASE)
_OFFLINE = re.compile(
    r"max retries|connection(?:error| aborted| reset)|timed? ?out|transporterror", re.IGNORECASE
)

_SERVER = frozenset(
    {"UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED", "DATA_LOSS"}
)


@dataclass(frozen=True, slots=True)
class VertexWireError:
    """An error as it was written on the wire.

    Attributes:
        status: The canonical status, such as `RESOURCE_EXHAUSTED`.
        message: The message for people, unchanged.
        reason: `ErrorInfo.reason`, empty if there is none.
        retry_after: Seconds of `RetryInfo`, None if there is none.
        quotas: The names of the exhausted quotas.
        http: The HTTP status of the answer, 0 if there was none; it is used if the canonical status is
            unknown.
    """

    status: str
    message: str = ""
    reason: str = ""
    retry_after: float | None = None
    quotas: tuple[str, ...] = ()
    http: int = 0


def classified(provider_id: str, error: VertexWireError, secrets: tuple[str, ...] = ()) -> ProviderError:
    """Returns the failure that an error means, by the table of docs/errors.md.

    Args:
        provider_id: The provider that answered.
        error: The error as it was written on the wire.
        secrets: The provider's own credentials, which no message may repeat.
    """
    message = _PROJECTS.sub(f"projects/{http_errors.REMOVED}", http_errors.clean(error.message, secrets))
    status = CANONICAL.get(error.status) or error.http or 500
    words = {error.status.lower(), error.reason.lower()}
    if status == 429 and any(map(_LONG_QUOTAS.search, error.quotas)):
        words.add(SPENT_FOR_LONG)
    meaning = faults.meaning_of(ERRORS, status, words, error.message)
    if meaning is Meaning.FILTERED:
        return safety.filtered(provider_id, "refused the request", error.message)
    if meaning is None:
        found = http_errors.by_status(provider_id, status, {}, message, 0.0)
        if isinstance(found, ServerFault):
            found = ServerFault(provider_id, f"answered with status {_named(error, status)}")
    else:
        found = meaning.error(provider_id, message)
    if isinstance(found, ServerFault | RateLimited):
        found.retry_after = error.retry_after
    return found


def _named(error: VertexWireError, status: int) -> str:
    """Returns a status by name if it is one of Google's; any other text might come from anybody."""
    return error.status if error.status in CANONICAL else str(status)


def from_rpc(provider_id: str, error: grpc.aio.AioRpcError, secrets: tuple[str, ...] = ()) -> ProviderError:
    """Returns the failure that the end of a call means."""
    status, text = error.code().name, error.details() or ""
    found = _of_connection(provider_id, status, text)
    # Anything else comes from the server, with details in the trailers.
    if found is not None:
        return found
    return classified(provider_id, _with_details(status, text, error.trailing_metadata()), secrets)


def _of_connection(provider_id: str, status: str, text: str) -> ProviderError | None:
    """Returns a failure of the connection, reported by gRPC itself; None if the provider answered.

    The message contains no address.
    """
    if status == "RESOURCE_EXHAUSTED" and _SIZE_WORDS.search(text):
        return _too_large(provider_id, text)
    if status not in _SERVER and status != "UNAUTHENTICATED":
        return None
    # The credentials' plugin fails for two reasons: bad credentials, or a token server that is unreachable.
    if _CREDENTIALS.search(text):
        if _OFFLINE.search(text):
            return ConnectionFailed(provider_id, "could not reach the server that gives it access tokens")
        return CredentialsRefused(provider_id, "has no usable credentials")
    if status not in ("UNAVAILABLE", "INTERNAL", "UNKNOWN"):
        return None
    if _NAMELESS.search(text):
        return ConnectionFailed(provider_id, "could not be found: its name does not resolve")
    if _NEVER_THERE.search(text):
        handshake = _HANDSHAKE.search(text)
        return ConnectionFailed(
            provider_id, "failed the TLS handshake" if handshake else "refused the connection"
        )
    if _LOST.search(text):
        return ConnectionFailed(provider_id, "closed the connection before the end of its answer")
    return None


def _too_large(provider_id: str, text: str) -> ProviderError:
    if text.upper().startswith("SERVER"):
        return http_errors.rejected(provider_id, "the request is larger than the provider takes")
    return AnswerTooLarge(provider_id, "answered with a message larger than any answer")


def _with_details(status: str, text: str, trailers: "grpc.aio.Metadata | None") -> VertexWireError:
    """Returns an error with the details of `google.rpc.Status`, if the trailers hold them."""
    packed = trailers.get(DETAILS) if trailers is not None else None
    info, retry, quota = ErrorInfo(), RetryInfo(), QuotaFailure()
    if isinstance(packed, bytes):
        _unpack(packed, info, retry, quota)
    wait = (
        retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9 if retry.HasField("retry_delay") else None
    )
    header = trailers.get("retry-after") if trailers is not None else None
    if wait is None and isinstance(header, str):
        wait = http_errors.duration(f"{header}s")
    # The quota id names the limit; older answers name it only in `subject`.
    quotas = [*(violation.quota_id or violation.subject for violation in quota.violations)]
    quotas.append(info.metadata.get("quota_limit", ""))
    wait = None if wait is None else http_errors.bounded(wait)
    return VertexWireError(status, text, info.reason, wait, tuple(filter(None, quotas)))


def _unpack(packed: bytes, *wanted: Message) -> None:
    """Reads every detail whose type is among `wanted`."""
    try:
        details = Status.FromString(packed).details
        for detail in details:
            for message in wanted:
                detail.Unpack(message)
    except DecodeError:
        return  # the status alone is enough
