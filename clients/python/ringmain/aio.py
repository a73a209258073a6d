"""Client: chat, models and health over asyncio. `client` is generated from this module."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from types import TracebackType
from typing import Self, Unpack

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
from ringmain._io_async import AsyncChannel, AsyncEventCall, AsyncRunningCall, open_channel
from ringmain._media_options import EmbedOptions
from ringmain._request import ChatOptions, Prompt
from ringmain._tokens import AsyncTokenSource
from ringmain.aio_media import AsyncAudioCalls, AsyncEmbeddingCalls, AsyncImageCalls, AsyncVisionCalls
from ringmain.answer import Answer
from ringmain.errors import StreamInterrupted, translated
from ringmain.folding import Delta, Fold
from ringmain.reading import Embeddings
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    CountTokensRequest,
    CountTokensResponse,
    EstimateCostRequest,
    EstimateCostResponse,
)
from ringmain.v1.chat_service_pb2_grpc import ChatServiceStub
from ringmain.v1.model_service_pb2 import (
    GetModelRequest,
    GetServerInfoRequest,
    GetServerInfoResponse,
    Model,
)
from ringmain.v1.model_service_pb2_grpc import ModelServiceStub


class AsyncClient(BaseClient[AsyncChannel, AsyncTokenSource]):
    """A client of the gateway for one event loop. Make it inside the loop.

    ::

        async with AsyncClient(model="sandbox/chat") as client:
            print(await client.chat("Hello"))
            async for delta in client.stream("Tell me more"):
                print(delta, end="")
    """

    def _open(self, to: Connection) -> AsyncChannel:
        return open_channel(to, self._interceptors, self._token)

    def _bind(self) -> None:
        self._chat = ChatServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)
        self.images = AsyncImageCalls(self, self._channel)
        self.vision = AsyncVisionCalls(self, self._channel)
        self.audio = AsyncAudioCalls(self, self._channel)
        self._embeddings = AsyncEmbeddingCalls(self, self._channel)
        self._health = self._channel.unary_unary(HEALTH_METHOD, HEALTH_REQUEST, HEALTH_RESPONSE)

    async def chat(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> Answer:
        """Returns the answer to a question or a conversation.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = self._request(prompt, options)
            return Answer(await self._chat.Chat(request, **self._arguments(options)))

    def stream(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> "AsyncStream":
        """Starts an answer and returns it as a stream, which yields the answer while the model writes it.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`. The timeout covers the whole stream.
        """
        request = self._request(prompt, options)
        return AsyncStream(self._chat.StreamChat(request, **self._arguments(options)))

    async def count_tokens(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> CountTokensResponse:
        """Returns how many tokens a request has, without sending it to a model.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = CountTokensRequest(chat=self._request(prompt, options))
            return await self._chat.CountTokens(request, **self._arguments(options))

    async def estimate_cost(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> EstimateCostResponse:
        """Returns the least and the most that a request would cost, without sending it to a model.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = EstimateCostRequest(chat=self._request(prompt, options))
            return await self._chat.EstimateCost(request, **self._arguments(options))

    async def embed(self, texts: str | Iterable[str] = (), **options: Unpack[EmbedOptions]) -> Embeddings:
        """Returns a vector for each text, and then one for each of the `media`.

        Args:
            texts: One text, or several.
            options: See `EmbedOptions`.

        Raises:
            RingmainError: The call failed.
        """
        return await self._embeddings.embed(texts, **options)

    async def models(self, capabilities: Iterable[str] = ()) -> AsyncIterator[Model]:
        """Yields the models that the gateway serves.

        Args:
            capabilities: Only models that have all of these capabilities, such as `vision` and `tools`.

        Raises:
            RingmainError: A call for a page of models failed.
            ValueError: A capability is unknown.
        """
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
        """Returns one model.

        Raises:
            RingmainError: The call failed; NotFound if the gateway has no such model.
        """
        with translated():
            response = await self._models.GetModel(GetModelRequest(model=name), **self._arguments())
            return response.model

    async def server_info(self) -> GetServerInfoResponse:
        """Returns the gateway's version, its services, the ways to authenticate, and its limits.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            return await self._models.GetServerInfo(GetServerInfoRequest(), **self._arguments())

    async def health(self, service: str = "") -> str:
        """Returns `SERVING`, `NOT_SERVING` or `UNKNOWN`, for the gateway or for one of its services.

        Args:
            service: A service's full name, `readiness` or `liveness`. Empty means the gateway.

        Raises:
            RingmainError: The call failed; NotFound if the gateway has no such service.
        """
        with translated():
            return health_name(await self._health(StringValue(value=service), **self._arguments()))

    async def close(self) -> None:
        """Closes the connection, which cancels its running calls. A channel that was given stays open."""
        if self._owns_channel:
            await self._channel.close()

    async def __aenter__(self) -> Self:
        """Returns the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the client."""
        await self.close()


class AsyncStream:
    """An answer that the model is still writing. Iterate once, over its deltas or over `events()`.

    The call is cancelled, and the provider stops writing, as soon as the loop is left, the
    `async with` block is left, the task is cancelled, or the stream is dropped.
    """

    def __init__(self, call: AsyncEventCall[ChatEvent]) -> None:
        """Takes over a running call."""
        self._running = AsyncRunningCall(call)
        self._fold = Fold()

    async def __aiter__(self) -> AsyncGenerator[Delta, None]:
        """Yields the pieces by which the answer grows.

        Raises:
            RingmainError: The call failed.
        """
        with self._running.reading() as call:
            async for event in call:
                self._fold.add(event)
                delta = self._fold.delta(event)
                if delta is not None:
                    yield delta
        self._check_finished()

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Yields the events of the contract.

        Raises:
            RingmainError: The call failed.
        """
        with self._running.reading() as call:
            async for event in call:
                self._fold.add(event)
                yield event
        self._check_finished()

    @property
    def answer(self) -> Answer:
        """The whole answer, available once the loop has reached its end.

        Raises:
            RuntimeError: The loop has not reached its end.
        """
        if not self._fold.finished:
            raise RuntimeError("the answer is not complete; see AsyncStream.partial")
        return self.partial

    @property
    def partial(self) -> Answer:
        """The answer so far, for a stream that failed or that was left early."""
        return self._fold.answer()

    async def close(self) -> None:
        """Cancels the call, unless it has ended."""
        self._running.cancel()

    async def __aenter__(self) -> Self:
        """Returns the stream."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancels the call, unless it has ended."""
        self._running.cancel()

    def _check_finished(self) -> None:
        # A proxy on the way can end a broken stream with the status OK.
        if not self._fold.finished:
            raise StreamInterrupted("the stream ended without its last event")
