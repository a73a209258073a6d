"""Client: the asyncio one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Protocol, Self, Unpack

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from ringmain._base import (
    HEALTH_METHOD,
    HEALTH_REQUEST,
    HEALTH_RESPONSE,
    BaseClient,
    health_name,
    list_models_request,
)
from ringmain._channel import Connection
from ringmain._media_requests import EmbedOptions
from ringmain._request import ChatOptions, Prompt
from ringmain.aio_media import AsyncAudioCalls, AsyncEmbeddingCalls, AsyncImageCalls, AsyncVisionCalls
from ringmain.answer import Answer, Delta, Fold
from ringmain.errors import Cancelled, StreamInterrupted, translated
from ringmain.reading import Embeddings
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    CountTokensRequest,
    CountTokensResponse,
    EstimateCostRequest,
    EstimateCostResponse,
)
from ringmain.v1.chat_service_pb2_grpc import ChatServiceStub
from ringmain.v1.model_service_pb2 import GetModelRequest, Model
from ringmain.v1.model_service_pb2_grpc import ModelServiceStub


class AsyncClient(BaseClient[grpc.aio.Channel]):
    """A client of the gateway for one event loop. Make it inside the loop.

    ::

        async with AsyncClient(model="sandbox/chat") as client:
            print(await client.chat("Hello"))
            async for delta in client.stream("Tell me more"):
                print(delta, end="")
    """

    def _open(self, to: Connection) -> grpc.aio.Channel:
        if to.credentials is None:
            return grpc.aio.insecure_channel(to.target, to.options, interceptors=self._interceptors)
        return grpc.aio.secure_channel(to.target, to.credentials, to.options, interceptors=self._interceptors)

    def _bind(self) -> None:
        self._chat = ChatServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)
        self.images = AsyncImageCalls(self, self._channel)
        self.vision = AsyncVisionCalls(self, self._channel)
        self.audio = AsyncAudioCalls(self, self._channel)
        self._embeddings = AsyncEmbeddingCalls(self, self._channel)
        self._health = self._channel.unary_unary(HEALTH_METHOD, HEALTH_REQUEST, HEALTH_RESPONSE)

    async def chat(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> Answer:
        """Return the answer to a question or conversation; see `Client.chat`."""
        with translated():
            request = self._request(prompt, options)
            return Answer(await self._chat.Chat(request, **self._arguments(options)))

    def stream(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> "AsyncStream":
        """Start an answer and return it as it is written; see `Client.stream`."""
        request = self._request(prompt, options)
        return AsyncStream(self._chat.StreamChat(request, **self._arguments(options)))

    async def count_tokens(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> CountTokensResponse:
        """Return how many tokens a request has; see `Client.count_tokens`."""
        with translated():
            request = CountTokensRequest(chat=self._request(prompt, options))
            return await self._chat.CountTokens(request, **self._arguments(options))

    async def estimate_cost(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> EstimateCostResponse:
        """Return what a request would cost; see `Client.estimate_cost`."""
        with translated():
            request = EstimateCostRequest(chat=self._request(prompt, options))
            return await self._chat.EstimateCost(request, **self._arguments(options))

    async def embed(self, texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text; see `Client.embed`."""
        return await self._embeddings.embed(texts, **options)

    async def models(self, capabilities: Iterable[str] = ()) -> AsyncIterator[Model]:
        """Yield the models that can all of the given; see `Client.models`."""
        request = list_models_request(capabilities)
        while True:
            with translated():
                page = await self._models.ListModels(request, **self._arguments())
            for model in page.models:
                yield model
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def model(self, name: str) -> Model:
        """Return one model; see `Client.model`."""
        with translated():
            response = await self._models.GetModel(GetModelRequest(model=name), **self._arguments())
            return response.model

    async def health(self, service: str = "") -> str:
        """Return `SERVING`, `NOT_SERVING` or `UNKNOWN`; see `Client.health`."""
        with translated():
            return health_name(await self._health(StringValue(value=service), **self._arguments()))

    async def close(self) -> None:
        """Close the connection and cancel what runs on it. A channel that was given stays open."""
        if self._owns_channel:
            await self._channel.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.close()


class _Call(Protocol):
    """The part of gRPC's call that a stream needs."""

    def __aiter__(self) -> AsyncIterator[ChatEvent]: ...
    def cancel(self) -> bool: ...


class AsyncStream:
    """An answer as it is written. Iterate once, over deltas or over `events()`.

    The call is cancelled, and the provider stops writing, as soon as the loop is left, the
    `async with` block is left, the task is cancelled, or the stream is dropped.
    """

    _closed = True  # Until __init__ is through: __del__ runs even if it fails.

    def __init__(self, call: _Call) -> None:
        """Take over a running call."""
        self._call = call
        self._fold = Fold()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    async def __aiter__(self) -> AsyncGenerator[Delta, None]:
        """Yield what the answer grows by.

        Raises:
            RingmainError: The call failed.
        """
        async with aclosing(self.events()) as events:
            async for event in events:
                delta = self._fold.delta(event)
                if delta is not None:
                    yield delta

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Yield the events of the contract.

        Raises:
            RingmainError: The call failed.
        """
        try:
            with translated():
                async for event in self._call:
                    self._fold.add(event)
                    yield event
        except asyncio.CancelledError:
            # gRPC raises this also for a call that another task closed, which must not look like
            # a cancellation of the task that reads.
            if self._closed and not _task_is_cancelled():
                raise Cancelled("the stream was closed", code=grpc.StatusCode.CANCELLED) from None
            raise
        finally:
            self._cancel()
        if not self._fold.finished:
            raise StreamInterrupted("the stream ended without its last event")

    @property
    def answer(self) -> Answer:
        """The whole answer, once the loop has come to its end.

        Raises:
            RuntimeError: It has not.
        """
        if not self._fold.finished:
            raise RuntimeError("the answer is not complete; see AsyncStream.partial")
        return self.partial

    @property
    def partial(self) -> Answer:
        """The answer so far, for streams that broke or were left."""
        return self._fold.answer()

    async def close(self) -> None:
        """Cancel the call, unless it has ended."""
        self._cancel()

    async def __aenter__(self) -> Self:
        """Return the stream."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel the call, unless it has ended."""
        self._cancel()

    def __del__(self) -> None:
        """Cancel the call of a stream that was dropped, from whichever thread collects it."""
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.cancel)

    def _cancel(self) -> None:
        self._closed = True
        self._call.cancel()


def _task_is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
