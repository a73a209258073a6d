"""Tests, benchmark: the bare relay's other upstream, Vertex AI's wire over gRPC. See `bare.py`.

One channel, messages as plain protobuf, no checks and no metadata: what this costs is the floor of a relay
from gRPC to gRPC. A stream's messages are relayed one by one: gRPC hands them on one by one.
"""

from collections.abc import AsyncIterator
from typing import Any

import grpc
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatFinished,
    ChatRequest,
    ChatResponse,
    ChatStarted,
    PartDelta,
)
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER, Message, Part
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.providers.vertex import wire

_SERVICE = "/google.cloud.aiplatform.v1.PredictionService"


class VertexRelay:
    """Chat and StreamChat, relayed.

    Args:
        address: Where the upstream listens.
    """

    def __init__(self, address: str) -> None:
        channel = grpc.aio.insecure_channel(address, options=[("grpc.http2.bdp_probe", 0)])
        codec: dict[str, Any] = {
            "request_serializer": wire.GenerateContentRequest.SerializeToString,
            "response_deserializer": wire.GenerateContentResponse.FromString,
        }
        self._generate = channel.unary_unary(f"{_SERVICE}/GenerateContent", **codec)
        self._stream = channel.unary_stream(f"{_SERVICE}/StreamGenerateContent", **codec)

    async def chat(self, request: ChatRequest) -> ChatResponse:
        """Relays a whole answer."""
        answer = await self._generate(_request(request))
        return ChatResponse(
            response_id=answer.response_id,
            message=Message(role=ROLE_ASSISTANT, parts=[Part(text=_text(answer))]),
            finish_reason=FINISH_REASON_STOP,
            usage=_usage(answer),
        )

    async def stream_chat(self, request: ChatRequest) -> AsyncIterator[ChatEvent]:
        """Relays a stream, one event for each message."""
        yield ChatEvent(started=ChatStarted(provider_model=request.model))
        usage = Usage()
        async for answer in self._stream(_request(request)):
            if answer.HasField("usage_metadata"):
                usage = _usage(answer)
            yield ChatEvent(part_delta=PartDelta(text=_text(answer)))
        yield ChatEvent(finished=ChatFinished(finish_reason=FINISH_REASON_STOP, usage=usage))


def _request(request: ChatRequest) -> wire.GenerateContentRequest:
    found = wire.GenerateContentRequest(
        model=f"projects/p/locations/l/publishers/google/models/{request.model}"
    )
    for message in request.messages:
        turn = found.contents.add(role="user" if message.role == ROLE_USER else "model")
        turn.parts.add(text="".join(part.text for part in message.parts))
    return found


def _text(answer: wire.GenerateContentResponse) -> str:
    return "".join(part.text for candidate in answer.candidates for part in candidate.content.parts)


def _usage(answer: wire.GenerateContentResponse) -> Usage:
    counts = answer.usage_metadata
    return Usage(
        input_token_count=counts.prompt_token_count, output_token_count=counts.candidates_token_count
    )
