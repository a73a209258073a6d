"""Room 2: ChatService."""

from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from ringmain.v1 import chat_service_pb2 as chat_pb2

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.catalog.tokens import request_tokens
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.routing.eligibility import capable
from ringmain_server.services.estimate import cost_range

SERVICE = chat_pb2.DESCRIPTOR.services_by_name["ChatService"]


class ChatService:
    """Text generation, whole or streamed.

    Args:
        pipeline: Answers the requests.
        active: The active configuration.
    """

    def __init__(self, pipeline: Backend, active: ActiveConfig) -> None:
        self._pipeline = pipeline
        self._active = active

    def Chat(self, request: chat_pb2.ChatRequest, call: Call) -> Coroutine[Any, Any, chat_pb2.ChatResponse]:
        """Answers a conversation whole."""
        return self._pipeline.call(CHAT, request, call)

    def StreamChat(
        self, request: chat_pb2.ChatRequest, call: Call
    ) -> AsyncGenerator[chat_pb2.ChatEvent, None]:
        """Answers a conversation as it is written."""
        return self._pipeline.stream(STREAM_CHAT, request, call)

    async def CountTokens(
        self, request: chat_pb2.CountTokensRequest, call: Call
    ) -> chat_pb2.CountTokensResponse:
        """Counts tokens by the provider where it can, otherwise by the gateway's estimate."""
        target = self._active.models.resolve(request.chat.model)
        if any(COUNT_TOKENS in one.operations for one in target):
            return await self._pipeline.call(COUNT_TOKENS, request, call)
        return chat_pb2.CountTokensResponse(input_token_count=request_tokens(request.chat), estimated=True)

    async def EstimateCost(
        self, request: chat_pb2.EstimateCostRequest, call: Call
    ) -> chat_pb2.EstimateCostResponse:
        """Estimates the least and the most that a request costs."""
        count = await self.CountTokens(chat_pb2.CountTokensRequest(chat=request.chat), call)
        model = request.chat.model
        target = capable(model, self._active.models.resolve(model), CHAT, request.chat)
        return cost_range(request.chat, count.input_token_count, [one.candidate for one in target])
