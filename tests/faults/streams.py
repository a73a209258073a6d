"""Tests, faults: calls by the hundred, of which the test only wants to know how they ended."""

import grpc
import grpc.aio
from ringmain.errors import RingmainError, error_of
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_USER


def question(model: str, text: str) -> chat_pb2.ChatRequest:
    """A request with one message of the user."""
    request = chat_pb2.ChatRequest(model=model)
    request.messages.add(role=ROLE_USER).parts.add(text=text)
    return request


async def outcome(
    call: "grpc.aio.UnaryStreamCall[chat_pb2.ChatRequest, chat_pb2.ChatEvent]",
) -> RingmainError | None:
    """Reads a stream to its end; None if it finished."""
    last = ""
    try:
        while isinstance(event := await call.read(), chat_pb2.ChatEvent):
            last = event.WhichOneof("event") or ""
    except grpc.aio.AioRpcError as exc:
        return error_of(exc)
    return None if last == "finished" else RingmainError(f"the stream ended with {last or 'nothing'}")
