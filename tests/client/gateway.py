"""A scripted gateway on a real socket: each call takes the next step of the script."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias, TypeVar, cast

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2_grpc
from ringmain.admin.v1 import admin_service_pb2 as admin_pb
from ringmain.admin.v1.admin_service_pb2_grpc import (
    AdminServiceServicer,
    add_AdminServiceServicer_to_server,
)
from ringmain.v1 import chat_service_pb2 as chat_pb
from ringmain.v1 import model_service_pb2 as models_pb
from ringmain.v1.chat_service_pb2_grpc import (
    ChatServiceServicer,
    add_ChatServiceServicer_to_server,
)
from ringmain.v1.model_service_pb2_grpc import (
    ModelServiceServicer,
    add_ModelServiceServicer_to_server,
)

from tests.fakes.waiting import LIMIT

Step: TypeAlias = Callable[[grpc.ServicerContext], object]
R = TypeVar("R")


class Gateway(ChatServiceServicer, ModelServiceServicer, AdminServiceServicer):
    """Answers by script, and remembers what it was asked."""

    def __init__(self, port_of: Callable[[grpc.Server], int]) -> None:
        self.steps: deque[Step] = deque()
        self.requests: list[Message] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.timeouts: list[float | None] = []
        self.ended = threading.Event()
        self._arrivals = threading.Semaphore(0)
        self.health = health.HealthServicer()
        self._server = grpc.server(ThreadPoolExecutor(4))
        add_ChatServiceServicer_to_server(self, self._server)
        add_ModelServiceServicer_to_server(self, self._server)
        add_AdminServiceServicer_to_server(self, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self.target = f"127.0.0.1:{port_of(self._server)}"

    @contextmanager
    def serving(self) -> Iterator["Gateway"]:
        self._server.start()
        try:
            yield self
        finally:
            self._server.stop(None).wait()

    def script(self, *steps: Step) -> None:
        self.steps.extend(steps)

    def arrived(self) -> bool:
        """Wait for the next call to arrive."""
        return self._arrivals.acquire(timeout=LIMIT)

    def Chat(self, request: chat_pb.ChatRequest, context: grpc.ServicerContext) -> chat_pb.ChatResponse:
        return self._unary(request, context, chat_pb.ChatResponse)

    def StreamChat(
        self, request: chat_pb.ChatRequest, context: grpc.ServicerContext
    ) -> Iterator[chat_pb.ChatEvent]:
        return cast("Iterator[chat_pb.ChatEvent]", self._next(request, context))

    def CountTokens(
        self, request: chat_pb.CountTokensRequest, context: grpc.ServicerContext
    ) -> chat_pb.CountTokensResponse:
        return self._unary(request, context, chat_pb.CountTokensResponse)

    def EstimateCost(
        self, request: chat_pb.EstimateCostRequest, context: grpc.ServicerContext
    ) -> chat_pb.EstimateCostResponse:
        return self._unary(request, context, chat_pb.EstimateCostResponse)

    def ListModels(
        self, request: models_pb.ListModelsRequest, context: grpc.ServicerContext
    ) -> models_pb.ListModelsResponse:
        return self._unary(request, context, models_pb.ListModelsResponse)

    def GetModel(
        self, request: models_pb.GetModelRequest, context: grpc.ServicerContext
    ) -> models_pb.GetModelResponse:
        return self._unary(request, context, models_pb.GetModelResponse)

    def GetServerInfo(
        self, request: models_pb.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> models_pb.GetServerInfoResponse:
        return self._unary(request, context, models_pb.GetServerInfoResponse)

    def ListProviders(
        self, request: admin_pb.ListProvidersRequest, context: grpc.ServicerContext
    ) -> admin_pb.ListProvidersResponse:
        return self._unary(request, context, admin_pb.ListProvidersResponse)

    def DrainProvider(
        self, request: admin_pb.DrainProviderRequest, context: grpc.ServicerContext
    ) -> admin_pb.DrainProviderResponse:
        return self._unary(request, context, admin_pb.DrainProviderResponse)

    def RestoreProvider(
        self, request: admin_pb.RestoreProviderRequest, context: grpc.ServicerContext
    ) -> admin_pb.RestoreProviderResponse:
        return self._unary(request, context, admin_pb.RestoreProviderResponse)

    def CheckProvider(
        self, request: admin_pb.CheckProviderRequest, context: grpc.ServicerContext
    ) -> admin_pb.CheckProviderResponse:
        return self._unary(request, context, admin_pb.CheckProviderResponse)

    def SetPrimaryProvider(
        self, request: admin_pb.SetPrimaryProviderRequest, context: grpc.ServicerContext
    ) -> admin_pb.SetPrimaryProviderResponse:
        return self._unary(request, context, admin_pb.SetPrimaryProviderResponse)

    def ReloadConfig(
        self, request: admin_pb.ReloadConfigRequest, context: grpc.ServicerContext
    ) -> admin_pb.ReloadConfigResponse:
        return self._unary(request, context, admin_pb.ReloadConfigResponse)

    def FlushCache(
        self, request: admin_pb.FlushCacheRequest, context: grpc.ServicerContext
    ) -> admin_pb.FlushCacheResponse:
        return self._unary(request, context, admin_pb.FlushCacheResponse)

    def CreateApiKey(
        self, request: admin_pb.CreateApiKeyRequest, context: grpc.ServicerContext
    ) -> admin_pb.CreateApiKeyResponse:
        return self._unary(request, context, admin_pb.CreateApiKeyResponse)

    def ListApiKeys(
        self, request: admin_pb.ListApiKeysRequest, context: grpc.ServicerContext
    ) -> admin_pb.ListApiKeysResponse:
        return self._unary(request, context, admin_pb.ListApiKeysResponse)

    def UpdateApiKey(
        self, request: admin_pb.UpdateApiKeyRequest, context: grpc.ServicerContext
    ) -> admin_pb.UpdateApiKeyResponse:
        return self._unary(request, context, admin_pb.UpdateApiKeyResponse)

    def RotateApiKey(
        self, request: admin_pb.RotateApiKeyRequest, context: grpc.ServicerContext
    ) -> admin_pb.RotateApiKeyResponse:
        return self._unary(request, context, admin_pb.RotateApiKeyResponse)

    def RevokeApiKey(
        self, request: admin_pb.RevokeApiKeyRequest, context: grpc.ServicerContext
    ) -> admin_pb.RevokeApiKeyResponse:
        return self._unary(request, context, admin_pb.RevokeApiKeyResponse)

    def WatchEvents(
        self, request: admin_pb.WatchEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[admin_pb.WatchEventsResponse]:
        return cast("Iterator[admin_pb.WatchEventsResponse]", self._next(request, context))

    def _unary(self, request: Message, context: grpc.ServicerContext, kind: type[R]) -> R:
        response = self._next(request, context)
        assert isinstance(response, kind), f"the script has {response!r} where {kind} is due"
        return response

    def _next(self, request: Message, context: grpc.ServicerContext) -> object:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.timeouts.append(context.time_remaining())
        context.add_callback(self.ended.set)
        self._arrivals.release()
        return self.steps.popleft()(context)


def answers(response: Message) -> Step:
    """Answer a unary call."""
    return lambda _: response


def streams(*events: Message) -> Step:
    """Send events and end with OK."""
    return lambda _: iter(events)


def hangs(*events: chat_pb.ChatEvent) -> Step:
    """Send events, then nothing until the caller is gone; longer than anybody waits for that."""

    def step(context: grpc.ServicerContext) -> Iterator[chat_pb.ChatEvent]:
        gone = threading.Event()
        context.add_callback(gone.set)
        yield from events
        gone.wait(2 * LIMIT)

    return step


def breaks(*events: chat_pb.ChatEvent, failing: Step) -> Step:
    """Send events, then fail."""

    def step(context: grpc.ServicerContext) -> Iterator[chat_pb.ChatEvent]:
        yield from events
        failing(context)

    return step


def fails(code: grpc.StatusCode, reason: str = "", *details: Message) -> Step:
    """End with a status; with a reason, as the gateway does, without, as a proxy does."""

    def step(context: grpc.ServicerContext) -> object:
        context.set_trailing_metadata(trailers(code, reason, *details) if reason else ())
        context.abort(code, f"it is {code.name}")

    return step


def sleeps() -> Step:
    """Give no answer to a unary call until its deadline."""

    def step(context: grpc.ServicerContext) -> object:
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(2 * LIMIT)
        return chat_pb.ChatResponse()

    return step


def trailers(
    code: grpc.StatusCode, reason: str, *details: Message, **metadata: str
) -> tuple[tuple[str, bytes], ...]:
    """Return the trailing metadata of a status with details."""
    info = ErrorInfo(domain="ringmain.v1", reason=reason, metadata=metadata)
    packed: Sequence[Any] = [_packed(detail) for detail in (info, *details)]
    status = Status(code=code.value[0], details=packed)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _packed(detail: Message) -> Any:
    wrapped = Any()
    wrapped.Pack(detail)
    return wrapped
