"""Client: the base class of the threaded and the asyncio client."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypedDict, TypeVar

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ringmain._channel import (
    MAX_MESSAGE_BYTES,
    ChannelOptions,
    Connection,
    Metadata,
    call_metadata,
    connection,
)
from ringmain._choice import choose
from ringmain._request import ChatOptions, Prompt, chat_request
from ringmain.v1 import model_service_pb2 as models_pb
from ringmain.v1.chat_service_pb2 import ChatRequest

ChannelT = TypeVar("ChannelT", grpc.Channel, grpc.aio.Channel)
SourceT = TypeVar("SourceT", bound=Callable[[], object])
StubT = TypeVar("StubT")

# The request of the health service has a string as field 1, and its response has an enum as field 1.
# StringValue and Int32Value look the same on the wire, so the client needs no package for these messages.
# https://github.com/grpc/grpc/blob/master/doc/health-checking.md
HEALTH_METHOD: Final = "/grpc.health.v1.Health/Check"
HEALTH_REQUEST: Final = StringValue.SerializeToString
HEALTH_RESPONSE: Final = Int32Value.FromString
_HEALTH: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

_CAPABILITIES: Final = {
    name.removeprefix("CAPABILITY_").lower(): number
    for name, number in models_pb.Capability.items()
    if number
}


class CallArguments(TypedDict):
    """The arguments that every call passes to gRPC."""

    timeout: float | None
    metadata: Metadata


class BaseClient(ABC, Generic[ChannelT, SourceT]):
    """A client of the gateway. `Client` and `AsyncClient` derive from it."""

    def __init__(  # noqa: PLR0913  all but the first are keyword-only and have defaults
        self,
        target: str | None = None,
        *,
        model: str | None = None,
        timeout: float | None = None,
        token: str | SourceT | None = None,
        tls: bool | bytes = False,
        client_certificate: tuple[bytes, bytes] | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Iterable[tuple[str, str | bytes]] = (),
        options: ChannelOptions = (),
        max_attempts: int = 3,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        wait_for_ready: bool = False,
        interceptors: Sequence[Any] = (),
        channel: ChannelT | None = None,
    ) -> None:
        """Makes a client, which connects with its first call.

        Args:
            target: The gateway's address, in any form that gRPC takes. The default is the environment
                variable `RINGMAIN_TARGET`, or else `127.0.0.1:50051`.
            model: The model of calls that name none.
            timeout: Seconds that a call may take if it names no timeout. None means no limit.
            token: The token or API key to send with every call as `authorization: Bearer`. Without TLS,
                anybody on the way can read it. For tokens that end, a function that returns one, as text or
                as `Token`: it is called before the first call, again shortly before the token ends, and once
                more if the gateway refuses it. For AsyncClient it may be a coroutine function. A call that
                gets no token raises Unauthenticated, whose cause is what the function raised.
            tls: True for TLS with gRPC's root certificates, or your own root certificates as PEM.
            client_certificate: The certificate chain and the private key as PEM, for mutual TLS.
            credentials: Channel credentials of gRPC, instead of `tls`.
            metadata: Metadata to send with every call.
            options: Channel options of gRPC, which take precedence over the client's own.
            max_attempts: How often gRPC tries a call that ends UNAVAILABLE before any part of an answer has
                arrived, 1 to 5. Each try may cost money, unless the call has a `request_id`.
            max_message_bytes: The largest message to send. A larger request raises InvalidRequest before any
                byte of it is sent. The default, 64 MiB, is what a gateway takes whose operator chose no
                other limit; `server_info` tells the gateway's own.
            wait_for_ready: Whether calls wait (until their timeout) for a gateway that cannot be reached,
                instead of failing at once.
            interceptors: Client interceptors of gRPC, for example for tracing: those of `grpc` for Client,
                those of `grpc.aio` for AsyncClient.
            channel: A channel to use instead of `target` and the other arguments of the connection. The
                client does not close it.

        Raises:
            ValueError: The arguments contradict each other.
        """
        self._model = model
        self._timeout = timeout
        self._metadata = call_metadata(token if isinstance(token, str) else None, metadata)
        self._token = None if isinstance(token, str) else token
        if self._token is not None and channel is not None:
            raise ValueError("a function for the token needs a target, not a channel")
        self._owns_channel = channel is None
        self._interceptors = interceptors
        self._channel: ChannelT = channel or self._open(
            connection(
                target,
                credentials=credentials,
                tls=tls,
                client_certificate=client_certificate,
                options=(("grpc.max_send_message_length", max_message_bytes), *options),
                max_attempts=max_attempts,
                wait_for_ready=wait_for_ready,
            )
        )
        self._bind()

    @property
    def default_model(self) -> str:
        """The model of calls that name none. Empty if the client has no model."""
        return self._model or ""

    def stub(self, make: Callable[[ChannelT], StubT]) -> StubT:
        """Returns a generated stub over this client's channel, for calls that the client has no method for.

        ::

            usage = client.stub(UsageServiceStub).QueryUsage(request, **client.call_arguments())

        The calls of the stub raise errors of gRPC, which `error_of` turns into those of the client.
        """
        return make(self._channel)

    def call_arguments(self, timeout: float | None = None) -> CallArguments:
        """Returns the timeout and metadata of this client's calls, for the calls of a stub.

        Args:
            timeout: Seconds. None means the client's timeout.
        """
        return self._arguments() if timeout is None else self._arguments({"timeout": timeout})

    @abstractmethod
    def _open(self, to: Connection) -> ChannelT:
        """Returns a channel."""

    @abstractmethod
    def _bind(self) -> None:
        """Makes the stubs over `self._channel`."""

    def _request(self, prompt: Prompt, options: ChatOptions) -> ChatRequest:
        request = chat_request(prompt, **options)
        request.model = request.model or self._model or ""
        return request

    def _arguments(self, options: ChatOptions | None = None) -> CallArguments:
        return {
            "timeout": (options or {}).get("timeout", self._timeout),
            "metadata": self._metadata,
        }


def list_models_request(capabilities: Iterable[str]) -> models_pb.ListModelsRequest:
    """Returns the request for the first page of models that have capabilities such as `vision`."""
    wanted = [choose("capability", name, _CAPABILITIES) for name in capabilities]
    return models_pb.ListModelsRequest(capabilities=wanted)


def health_name(response: Int32Value) -> str:
    """Returns the name of a serving status."""
    known = 0 <= response.value < len(_HEALTH)
    return _HEALTH[response.value] if known else _HEALTH[0]
