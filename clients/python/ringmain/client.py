"""Client: the threaded one."""

from collections.abc import Iterable, Iterator
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
from ringmain.answer import Answer, Delta, Fold
from ringmain.errors import StreamInterrupted, translated
from ringmain.media import AudioCalls, EmbeddingCalls, ImageCalls, VisionCalls
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


class Client(BaseClient[grpc.Channel]):
    """A client of the gateway. Threads may share it.

    ::

        with Client(model="sandbox/chat") as client:
            print(client.chat("Hello"))
            for delta in client.stream("Tell me more"):
                print(delta, end="")
    """

    def _open(self, to: Connection) -> grpc.Channel:
        if to.credentials is None:
            channel = grpc.insecure_channel(to.target, to.options)
        else:
            channel = grpc.secure_channel(to.target, to.credentials, to.options)
        return grpc.intercept_channel(channel, *self._interceptors) if self._interceptors else channel

    def _bind(self) -> None:
        self._chat = ChatServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)
        self.images = ImageCalls(self, self._channel)
        self.vision = VisionCalls(self, self._channel)
        self.audio = AudioCalls(self, self._channel)
        self._embeddings = EmbeddingCalls(self, self._channel)
        self._health = self._channel.unary_unary(HEALTH_METHOD, HEALTH_REQUEST, HEALTH_RESPONSE)

    def chat(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> Answer:
        """Return the answer to a question or conversation.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = self._request(prompt, options)
            return Answer(self._chat.Chat(request, **self._arguments(options)))

    def stream(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> "Stream":
        """Start an answer and return it as it is written.

        Args:
            prompt: The question, or the conversation as a list of turns.
            options: See `ChatOptions`. The timeout is for the whole stream.
        """
        request = self._request(prompt, options)
        return Stream(self._chat.StreamChat(request, **self._arguments(options)))

    def count_tokens(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> CountTokensResponse:
        """Return how many tokens a request has, without sending it to a model.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = CountTokensRequest(chat=self._request(prompt, options))
            return self._chat.CountTokens(request, **self._arguments(options))

    def estimate_cost(self, prompt: Prompt, **options: Unpack[ChatOptions]) -> EstimateCostResponse:
        """Return what a request would cost at least and at most, without sending it to a model.

        Raises:
            RingmainError: The call failed.
        """
        with translated():
            request = EstimateCostRequest(chat=self._request(prompt, options))
            return self._chat.EstimateCost(request, **self._arguments(options))

    def embed(self, texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text.

        Args:
            texts: One, or several.
            options: See `EmbedOptions`.

        Raises:
            RingmainError: The call failed.
        """
        return self._embeddings.embed(texts, **options)

    def models(self, capabilities: Iterable[str] = ()) -> Iterator[Model]:
        """Yield the models that can all of the given, such as `vision` and `tools`, by name.

        Raises:
            RingmainError: A call for a page failed.
            ValueError: A capability is unknown.
        """
        request = list_models_request(capabilities)
        while True:
            with translated():
                page = self._models.ListModels(request, **self._arguments())
            yield from page.models
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def model(self, name: str) -> Model:
        """Return one model.

        Raises:
            RingmainError: The call failed; NotFound if there is no such model.
        """
        with translated():
            request = GetModelRequest(model=name)
            return self._models.GetModel(request, **self._arguments()).model

    def health(self, service: str = "") -> str:
        """Return `SERVING`, `NOT_SERVING` or `UNKNOWN`, for the gateway or one of its services.

        Args:
            service: Empty, `readiness`, `liveness`, or a service's full name.

        Raises:
            RingmainError: The call failed; NotFound if there is no such service.
        """
        with translated():
            return health_name(self._health(StringValue(value=service), **self._arguments()))

    def close(self) -> None:
        """Close the connection and cancel what runs on it. A channel that was given stays open."""
        if self._owns_channel:
            self._channel.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        self.close()


class _Call(Protocol):
    """The part of gRPC's call that a stream needs."""

    def __iter__(self) -> Iterator[ChatEvent]: ...
    def cancel(self) -> bool: ...


class Stream:
    """An answer as it is written. Iterate once, over deltas or over `events()`.

    The call is cancelled, and the provider stops writing, as soon as the loop is left, the `with`
    block is left, or the stream is dropped.
    """

    def __init__(self, call: _Call) -> None:
        """Take over a running call."""
        self._call = call
        self._fold = Fold()

    def __iter__(self) -> Iterator[Delta]:
        """Yield what the answer grows by.

        Raises:
            RingmainError: The call failed.
        """
        for event in self.events():
            delta = self._fold.delta(event)
            if delta is not None:
                yield delta

    def events(self) -> Iterator[ChatEvent]:
        """Yield the events of the contract.

        Raises:
            RingmainError: The call failed.
        """
        try:
            with translated():
                for event in self._call:
                    self._fold.add(event)
                    yield event
        finally:
            self.close()
        if not self._fold.finished:
            raise StreamInterrupted("the stream ended without its last event")

    @property
    def answer(self) -> Answer:
        """The whole answer, once the loop has come to its end.

        Raises:
            RuntimeError: It has not.
        """
        if not self._fold.finished:
            raise RuntimeError("the answer is not complete; see Stream.partial")
        return self.partial

    @property
    def partial(self) -> Answer:
        """The answer so far, for streams that broke or were left."""
        return self._fold.answer()

    def close(self) -> None:
        """Cancel the call, unless it has ended."""
        self._call.cancel()

    def __enter__(self) -> Self:
        """Return the stream."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel the call, unless it has ended."""
        self.close()

    def __del__(self) -> None:
        """Cancel the call of a stream that was dropped."""
        self.close()
