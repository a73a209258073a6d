"""Room 4, the I/O side of `vertex`: connections to one endpoint, opened when they are needed.

A connection carries about a hundred simultaneous calls and makes further ones wait, so another is opened
before that. Channels belong to the event loop that runs when they are made, so the first call makes the first
channel.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc.aio

from ringmain_server.errors import CredentialsRefused
from ringmain_server.errors.shortage import shortage
from ringmain_server.providers.vertex import light, wire

if TYPE_CHECKING:
    Whole = grpc.aio.UnaryUnaryMultiCallable[wire.GenerateContentRequest | wire.CountTokensRequest, bytes]
    Plain = grpc.aio.UnaryUnaryMultiCallable[wire.PredictRequest | wire.EmbedContentRequest, bytes]
    Events = grpc.aio.UnaryStreamMultiCallable[wire.GenerateContentRequest | wire.CountTokensRequest, bytes]
    from google.auth.credentials import Credentials

_PREDICTION = "/google.cloud.aiplatform.v1.PredictionService"
_UTILITY = "/google.cloud.aiplatform.v1.LlmUtilityService"
MESSAGE_LIMIT = 64 << 20
"""Most bytes of one message of an answer."""

_CALLS = 80
"""Calls on one connection before another is opened."""
_MOST = 64
"""Most connections; after that, calls share them."""
_WINDOW = 512 << 10
"""Bytes of a stream that may wait here for a slow caller."""


@dataclass(frozen=True, slots=True)
class Access:
    """The endpoint and the credentials.

    Attributes:
        host: The host, with or without a port.
        insecure: Whether to connect without TLS and without credentials, for tests.
        credentials_file: The key file of a service account; None for the application default credentials.
        access_token: An access token, which replaces the other credentials.
        connect_timeout: Seconds to connect to the endpoint.
    """

    host: str
    insecure: bool = False
    credentials_file: str | None = None
    access_token: str | None = None
    connect_timeout: float = 5.0

    @property
    def options(self) -> Mapping[str, int]:
        """Arguments of each channel (https://grpc.github.io/grpc/core/group__grpc__arg__keys.html)."""
        return {
            "grpc.max_receive_message_length": MESSAGE_LIMIT,
            "grpc.max_send_message_length": -1,
            # The layers above decide about retries.
            "grpc.enable_retries": 0,
            "grpc.service_config_disable_resolution": 1,
            "grpc.use_local_subchannel_pool": 1,
            "grpc.http2.bdp_probe": 0,
            "grpc.http2.lookahead_bytes": _WINDOW,
            # An attempt to connect lasts at least as long as the minimum back-off.
            "grpc.min_reconnect_backoff_ms": int(self.connect_timeout * 1000),
            "grpc.initial_reconnect_backoff_ms": 100,
            "grpc.max_reconnect_backoff_ms": 2000,
        }


class Connection:
    """A channel with its methods and the number of its calls. Messages are sent and received as bytes."""

    __slots__ = ("channel", "count", "embed", "generate", "in_flight", "predict", "stream")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.in_flight = 0
        serialize = wire.GenerateContentRequest.SerializeToString
        self.generate: Whole = channel.unary_unary(
            f"{_PREDICTION}/GenerateContent", request_serializer=serialize
        )
        self.stream: Events = channel.unary_stream(
            f"{_PREDICTION}/StreamGenerateContent", request_serializer=serialize
        )
        self.count: Whole = channel.unary_unary(
            f"{_UTILITY}/CountTokens", request_serializer=wire.CountTokensRequest.SerializeToString
        )
        self.predict: Plain = channel.unary_unary(
            f"{_PREDICTION}/Predict", request_serializer=wire.PredictRequest.SerializeToString
        )
        self.embed: Plain = channel.unary_unary(
            f"{_PREDICTION}/EmbedContent", request_serializer=wire.EmbedContentRequest.SerializeToString
        )


class Connections:
    """All connections of one provider.

    Args:
        provider_id: The provider's name in the configuration.
        access: The endpoint and the credentials.
    """

    def __init__(self, provider_id: str, access: Access) -> None:
        self._provider_id = provider_id
        self._access = access
        self._connections: list[Connection] = []
        self._credentials: Credentials | None = None
        self._lock = asyncio.Lock()

    async def take(self) -> Connection:
        """Returns a connection with room for a call, which the caller must count down when the call ends.

        Raises:
            CredentialsRefused: There are no credentials.
        """
        for connection in self._connections:
            if connection.in_flight < _CALLS:
                connection.in_flight += 1
                return connection
        connection = await self._another()
        connection.in_flight += 1
        return connection

    async def close(self) -> None:
        """Closes the connections and the calls on them."""
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.channel.close()

    async def _another(self) -> Connection:
        async with self._lock:
            # Another call may have opened a connection while this one waited for the lock.
            least = min(self._connections, key=lambda found: found.in_flight, default=None)
            if least is not None and (least.in_flight < _CALLS or len(self._connections) >= _MOST):
                return least
            if self._credentials is None and not self._access.insecure:
                # In a thread: it reads files, and may ask the machine's metadata server.
                self._credentials = await asyncio.to_thread(self._load)
            connection = Connection(self._open())
            self._connections.append(connection)
            return connection

    def _open(self) -> grpc.aio.Channel:
        access = self._access
        if self._credentials is None:
            return grpc.aio.insecure_channel(access.host, options=tuple(access.options.items()))
        return light.open_channel(access.host, self._credentials, access.options)

    def _load(self) -> "Credentials":
        """Loads the credentials of the settings, or else the application default credentials.

        https://cloud.google.com/docs/authentication/application-default-credentials
        """
        access = self._access
        light.load_client()  # here too, in case a call comes before start-up has loaded it
        try:
            if access.access_token is not None:
                return light.token_credentials(access.access_token)
            if access.credentials_file is not None:
                return light.file_credentials(access.credentials_file)
            return light.default_credentials()
        except Exception as exc:
            # The library may raise anything at a malformed file, and none of that is a bug here.
            if lack := shortage(exc):
                raise lack from exc
            raise CredentialsRefused(self._provider_id, "has no usable credentials") from exc
