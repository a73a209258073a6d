"""Errors: the gateway cannot serve a request now."""

import grpc

from ringmain_server.errors.base import RingmainError


class GatewayError(RingmainError):
    """The gateway cannot serve the request now."""


class ProvidersUnavailable(GatewayError):
    """Every candidate failed or is being left alone."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "PROVIDERS_UNAVAILABLE"


class StreamInterrupted(GatewayError):
    """The provider broke the stream after content was sent."""

    code = grpc.StatusCode.ABORTED
    reason = "STREAM_INTERRUPTED"


class Overloaded(GatewayError):
    """The gateway itself is at capacity. Metadata: `limit`.

    Args:
        message: A description for people.
        limit: The limit that was reached: `gateway`, `candidate` or `media`; or the resource that the machine
            lacks: `descriptors`, `memory`, `ports`, `threads` or `disk`.
        retry_after: Seconds until a retry makes sense.
    """

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"

    def __init__(self, message: str, *, limit: str = "gateway", retry_after: float = 1.0) -> None:
        super().__init__(message, retry_after=retry_after, metadata={"limit": limit})
        self.limit = limit


class IssuerUnavailable(GatewayError):
    """A token can be neither accepted nor refused, because the keys of its issuer cannot be fetched.

    Args:
        issuer: The issuer's name in the configuration.
        retry_after: Seconds until they are fetched again.
    """

    code = grpc.StatusCode.UNAVAILABLE
    reason = "ISSUER_UNAVAILABLE"

    def __init__(self, issuer: str, *, retry_after: float) -> None:
        message = f"tokens of issuer {issuer} cannot be verified now: its keys cannot be fetched"
        super().__init__(message, retry_after=retry_after, metadata={"issuer": issuer})


class ShuttingDown(GatewayError):
    """The gateway is shutting down."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "SHUTTING_DOWN"


class StoreUnavailable(GatewayError):
    """The database cannot be reached, or cannot be written to.

    Calls never need it, only the methods that read and change what is stored.
    """

    code = grpc.StatusCode.UNAVAILABLE
    reason = "STORE_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=1.0)


class Internal(GatewayError):
    """A fault of the gateway; the log has the details."""
