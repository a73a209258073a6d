"""Client: address, credentials, channel options and retries of a connection."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import grpc

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]
ChannelOptions: TypeAlias = Sequence[tuple[str, Any]]  # gRPC's own type of an option's value

DEFAULT_TARGET: Final = "127.0.0.1:50051"
TARGET_VARIABLE: Final = "RINGMAIN_TARGET"
MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024  # the default of the gateway's setting server.max_receive_bytes
_RECEIVE_LIMIT: Final = 64 * 1024 * 1024
_SERVICES: Final = (
    "ringmain.v1.AudioService",
    "ringmain.v1.ChatService",
    "ringmain.v1.EmbeddingService",
    "ringmain.v1.ImageService",
    "ringmain.v1.ModelService",
    "ringmain.v1.VisionService",
    "grpc.health.v1.Health",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """The settings of a connection. `credentials` is None for a connection without TLS."""

    target: str
    credentials: grpc.ChannelCredentials | None
    options: ChannelOptions


def connection(
    target: str | None,
    *,
    credentials: grpc.ChannelCredentials | None,
    tls: bool | bytes,
    client_certificate: tuple[bytes, bytes] | None,
    options: ChannelOptions,
    max_attempts: int,
    wait_for_ready: bool,
) -> Connection:
    """Returns the settings of a connection from the arguments of a client."""
    return Connection(
        target or os.environ.get(TARGET_VARIABLE) or DEFAULT_TARGET,
        _credentials(credentials, tls, client_certificate),
        channel_options(options, service_config(max_attempts, wait_for_ready=wait_for_ready)),
    )


def channel_options(given: ChannelOptions, config: Mapping[str, object]) -> ChannelOptions:
    """Returns the channel options, in which the given ones take precedence over the client's own."""
    defaults = {
        "grpc.primary_user_agent": "ringmain-python",
        "grpc.max_receive_message_length": _RECEIVE_LIMIT,
        "grpc.service_config": json.dumps(config),
        "grpc.keepalive_time_ms": 60_000,
        "grpc.keepalive_timeout_ms": 20_000,
        # gRPC waits for the longer of the two timeouts, and its default for this one is a minute.
        "grpc.http2.ping_timeout_ms": 20_000,
        "grpc.keepalive_permit_without_calls": 0,
        # Without this, gRPC reads megabytes ahead of a slow reader.
        "grpc.http2.bdp_probe": 0,
    }
    return tuple({**defaults, **dict(given)}.items())


def service_config(max_attempts: int, *, wait_for_ready: bool) -> dict[str, object]:
    """Returns the service config: calls take turns among all addresses, and are retried while that is safe.

    gRPC retries a call only as long as no part of an answer has arrived. `retryThrottling` stops
    retries when most calls fail, so that they do not make an outage worse.

    https://github.com/grpc/proposal/blob/master/A6-client-retries.md
    """
    method: dict[str, object] = {"name": [{"service": service} for service in _SERVICES]}
    if wait_for_ready:
        method["waitForReady"] = True
    if max_attempts > 1:
        method["retryPolicy"] = {
            "maxAttempts": max_attempts,
            "initialBackoff": "0.1s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [method],
        "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    }


def call_metadata(token: str | None, extra: Iterable[tuple[str, str | bytes]]) -> Metadata:
    """Returns the metadata of every call."""
    bearer = () if token is None else (("authorization", f"Bearer {token}"),)
    return (*bearer, *extra)


def _credentials(
    credentials: grpc.ChannelCredentials | None,
    tls: bool | bytes,
    client_certificate: tuple[bytes, bytes] | None,
) -> grpc.ChannelCredentials | None:
    if credentials is not None:
        if tls or client_certificate:
            raise ValueError("give credentials, or tls and client_certificate, not both")
        return credentials
    if not tls:
        if client_certificate:
            raise ValueError("client_certificate needs tls")
        return None
    certificate, key = client_certificate or (None, None)
    return grpc.ssl_channel_credentials(
        root_certificates=tls if isinstance(tls, bytes) else None,
        private_key=key,
        certificate_chain=certificate,
    )
