"""Room 4, the I/O side of `vertex`: connections to one endpoint, opened when they are needed.

A connection carries about a hundred calls at once and lets further ones wait, so another is opened before
that. Channels belong to the loop that runs when they are made; so the first is made by the first call.
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
"""Connections; then they share what comes."""
_WINDOW = 512 << 10
"""Bytes of a stream that may wait here for a slow caller (laws, section 3.6)."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the endpoint is, and by what right it is used.

    Attributes:
        host: With or without its port.
        insecure: Without TLS, and then without credentials, for tests.
        credentials_file: A service account's key, None for the application default credentials.
        access_token: In place of either.
        connect_timeout: Seconds to reach the endpoint.
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
            # Layers above decide what is tried again.
            "grpc.enable_retries": 0,
            "grpc.service_config_disable_resolution": 1,
            "grpc.use_local_subchannel_pool": 1,
            "grpc.http2.bdp_probe": 0,
            "grpc.http2.lookahead_bytes": _WINDOW,
            # An attempt to connect lasts as long as the least back-off at least.
            "grpc.min_reconnect_backoff_ms": int(self.connect_timeout * 1000),
            "grpc.initial_reconnect_backoff_ms": 100,
            "grpc.max_reconnect_backoff_ms": 2000,
        }


class Connection:
    """One channel, its methods, and how many calls it carries. Messages go and come as bytes."""

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
    """Every connection of one provider.

    Args:
        provider_id: Whose they are.
        access: Where they lead.
    """

    def __init__(self, provider_id: str, access: Access) -> None:
        self._provider_id = provider_id
        self._access = access
        self._connections: list[Connection] = []
        self._credentials: Credentials | None = None
        self._lock = asyncio.Lock()

    async def take(self) -> Connection:
        """A connection with room for a call. Whoever takes it counts the call's end.

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
        """Closes them, with the calls that they carry."""
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.channel.close()

    async def _another(self) -> Connection:
        async with self._lock:
            least = min(self._connections, key=lambda found: found.in_flight, default=None)
            if least is not None and (least.in_flight < _CALLS or len(self._connections) >= _MOST):
                return least
            if self._credentials is None and not self._access.insecure:
                # Reads files, and may ask the metadata server of the machine.
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
        """What the settings name, else the application default credentials.

        https://cloud.google.com/docs/authentication/application-default-credentials
        """
        access = self._access
        light.load_client()  # in this thread too, where a call comes before it was loaded
        try:
            if access.access_token is not None:
                return light.token_credentials(access.access_token)
            if access.credentials_file is not None:
                return light.file_credentials(access.credentials_file)
            return light.default_credentials()
        except (
            Exception
        ) as exc:  # whatever the library raises at what stands in a file, it is no fault of ours
            if lack := shortage(exc):
                raise lack from exc
            raise CredentialsRefused(self._provider_id, "has no usable credentials") from exc
