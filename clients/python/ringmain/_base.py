"""Client: what the threaded and the asyncio client have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypedDict, TypeVar

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ringmain._channel import ChannelOptions, Connection, Metadata, call_metadata, connection
from ringmain._choice import choose
from ringmain._request import ChatOptions, Prompt, chat_request
from ringmain.v1 import model_service_pb2 as models_pb
from ringmain.v1.chat_service_pb2 import ChatRequest

ChannelT = TypeVar("ChannelT", grpc.Channel, grpc.aio.Channel)
StubT = TypeVar("StubT")

# The health service's request has a string as field 1 and its response an enum as field 1, which is
# how StringValue and Int32Value look on the wire: two messages less to depend on.
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
    """What every call hands to gRPC."""

    timeout: float | None
    metadata: Metadata


class BaseClient(ABC, Generic[ChannelT]):
    """A client of the gateway; see its subclasses."""

    def __init__(  # noqa: PLR0913  all but the first are keyword-only and have defaults
        self,
        target: str | None = None,
        *,
        model: str | None = None,
        timeout: float | None = None,
        token: str | None = None,
        tls: bool | bytes = False,
        client_certificate: tuple[bytes, bytes] | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Iterable[tuple[str, str | bytes]] = (),
        options: ChannelOptions = (),
        max_attempts: int = 3,
        wait_for_ready: bool = False,
        interceptors: Sequence[Any] = (),
        channel: ChannelT | None = None,
    ) -> None:
        """Make a client. It connects with its first call.

        Args:
            target: The gateway's address, in any form that gRPC takes. Default: the environment's
                `RINGMAIN_TARGET`, else `127.0.0.1:50051`.
            model: The model of calls that name none.
            timeout: Seconds that a call may take when it names no timeout. None means no end.
            token: Sent with every call as `authorization: Bearer`. Without TLS it travels readable.
            tls: True to use TLS with gRPC's root certificates, or your own as PEM.
            client_certificate: Certificate chain and private key as PEM, for mutual TLS.
            credentials: gRPC's channel credentials, instead of `tls`.
            metadata: Sent with every call.
            options: gRPC channel options; they win over the client's own.
            max_attempts: How often gRPC tries a call that ends UNAVAILABLE before anything of an
                answer has arrived, 1 to 5. A try may cost money; give a `request_id` to pay once.
            wait_for_ready: Whether calls wait for a gateway that cannot be reached (until their
                timeout) instead of failing at once.
            interceptors: gRPC's client interceptors, for tracing and the like: those of `grpc` for
                Client, those of `grpc.aio` for AsyncClient.
            channel: A channel to use instead of `target` and what belongs to it. It is not closed.

        Raises:
            ValueError: The arguments contradict each other.
        """
        self._model = model
        self._timeout = timeout
        self._metadata = call_metadata(token, metadata)
        self._owns_channel = channel is None
        self._interceptors = interceptors
        self._channel: ChannelT = channel or self._open(
            connection(
                target,
                credentials=credentials,
                tls=tls,
                client_certificate=client_certificate,
                options=options,
                max_attempts=max_attempts,
                wait_for_ready=wait_for_ready,
            )
        )
        self._bind()

    @property
    def default_model(self) -> str:
        """The model of calls that name none; empty where there is none."""
        return self._model or ""

    def stub(self, make: Callable[[ChannelT], StubT]) -> StubT:
        """Return a generated stub over this client's channel, for what the client has no method for.

        ::

            usage = client.stub(UsageServiceStub).QueryUsage(request, **client.call_arguments())

        Its calls raise gRPC's errors, which `error_of` turns into the client's.
        """
        return make(self._channel)

    def call_arguments(self, timeout: float | None = None) -> CallArguments:
        """Return the deadline and metadata of this client's calls, for those of a stub.

        Args:
            timeout: Seconds; None means the client's.
        """
        return self._arguments() if timeout is None else self._arguments({"timeout": timeout})

    @abstractmethod
    def _open(self, to: Connection) -> ChannelT:
        """Return a channel."""

    @abstractmethod
    def _bind(self) -> None:
        """Make the stubs over `self._channel`."""

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
    """Return the first page's request, from capabilities such as `vision`."""
    wanted = [choose("capability", name, _CAPABILITIES) for name in capabilities]
    return models_pb.ListModelsRequest(capabilities=wanted)


def health_name(response: Int32Value) -> str:
    """Return the name of a serving status."""
    known = 0 <= response.value < len(_HEALTH)
    return _HEALTH[response.value] if known else _HEALTH[0]
