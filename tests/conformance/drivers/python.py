"""Conformance: the driver of the Python client, which uses AsyncClient. README.md explains drivers.

`python -m tests.conformance.drivers.python`
"""

import asyncio
import base64
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf.message import Message
from ringmain import Answer, AsyncClient, Fold, RingmainError, error_of
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse, CountTokensRequest
from ringmain.v1.embedding_service_pb2 import EmbedRequest
from ringmain.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from ringmain.v1.image_service_pb2 import GenerateImagesRequest, StreamImagesRequest
from ringmain.v1.image_service_pb2_grpc import ImageServiceStub
from ringmain.v1.model_service_pb2 import (
    Capability,
    GetServerInfoRequest,
    ListModelsRequest,
    ListModelsResponse,
)
from ringmain.v1.vision_service_pb2 import AnalyzeImagesRequest
from ringmain.v1.vision_service_pb2_grpc import VisionServiceStub

Asked = Mapping[str, Any]
_INPUT_LIMIT = 256 * 1024 * 1024
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WHOLE = ("Chat", "AnalyzeImages")
_FOLDED = ("StreamChat", "StreamAnalyzeImages")
_SOON = 1.0
"""The seconds after which `cancel_after: 0` cancels a call."""

_calls: ContextVar[list[Any]] = ContextVar("_calls")
"""The calls that gRPC made for a method of the client. A list, because a task of gRPC's own fills it."""


# --- metadata, which the client's methods do not return ----------------------------------------------------


class _Whole(grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await _kept(continuation, client_call_details, request)


class _Streamed(grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await _kept(continuation, client_call_details, request)


async def _kept(continuation: Any, details: Any, request: Any) -> Any:
    call = await continuation(details, request)
    _calls.get().append(call)
    return call


async def _metadata(calls: list[Any]) -> dict[str, str]:
    """Returns the printable metadata of calls that have ended."""
    found: dict[str, str] = {}
    for call in calls:
        for metadata in (await call.initial_metadata(), await call.trailing_metadata()):
            found |= {key: value for key, value in metadata or () if isinstance(value, str)}
    return found


# --- the methods -------------------------------------------------------------------------------------------


async def _chat(client: AsyncClient, request: ChatRequest, timeout: float | None) -> AsyncIterator[Message]:
    yield (await client.chat(request, timeout=timeout)).proto


async def _stream_chat(
    client: AsyncClient, request: ChatRequest, timeout: float | None
) -> AsyncIterator[Message]:
    async with client.stream(request, timeout=timeout) as stream, aclosing(stream.events()) as events:
        async for event in events:
            yield event


async def _count_tokens(
    client: AsyncClient, request: CountTokensRequest, timeout: float | None
) -> AsyncIterator[Message]:
    yield await client.count_tokens(request.chat, timeout=timeout)


async def _list_models(
    client: AsyncClient, request: ListModelsRequest, timeout: float | None
) -> AsyncIterator[Message]:
    wanted = [Capability.Name(one).removeprefix("CAPABILITY_").lower() for one in request.capabilities]
    yield ListModelsResponse(models=[model async for model in client.models(wanted)])


async def _server_info(client: AsyncClient, *_: object) -> AsyncIterator[Message]:
    yield await client.server_info()


def _whole(make: Any, method: str) -> Callable[..., AsyncIterator[Message]]:
    async def call(client: AsyncClient, request: Message, timeout: float | None) -> AsyncIterator[Message]:
        stub: Any = client.stub(make)
        yield await getattr(stub, method)(request, **client.call_arguments(timeout))

    return call


def _streamed(make: Any, method: str) -> Callable[..., AsyncIterator[Message]]:
    async def call(client: AsyncClient, request: Message, timeout: float | None) -> AsyncIterator[Message]:
        stub: Any = client.stub(make)
        running = getattr(stub, method)(request, **client.call_arguments(timeout))
        try:
            async for event in running:
                yield event
        finally:
            running.cancel()

    return call


_METHODS: Mapping[str, tuple[type[Message], Callable[..., AsyncIterator[Message]]]] = {
    "Chat": (ChatRequest, _chat),
    "StreamChat": (ChatRequest, _stream_chat),
    "CountTokens": (CountTokensRequest, _count_tokens),
    "ListModels": (ListModelsRequest, _list_models),
    "GetServerInfo": (GetServerInfoRequest, _server_info),
    "AnalyzeImages": (AnalyzeImagesRequest, _whole(VisionServiceStub, "AnalyzeImages")),
    "StreamAnalyzeImages": (AnalyzeImagesRequest, _streamed(VisionServiceStub, "StreamAnalyzeImages")),
    "GenerateImages": (GenerateImagesRequest, _whole(ImageServiceStub, "GenerateImages")),
    "StreamImages": (StreamImagesRequest, _streamed(ImageServiceStub, "StreamImages")),
    "Embed": (EmbedRequest, _whole(EmbeddingServiceStub, "Embed")),
}


# --- one line ----------------------------------------------------------------------------------------------


class Clients:
    """A client for each target, token, limit of size and metadata."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], AsyncClient] = {}

    def get(self, asked: Asked) -> AsyncClient:
        """Returns the client for a call."""
        metadata = tuple(asked.get("metadata", {}).items())
        limit = {"max_message_bytes": size} if (size := asked.get("max_message_bytes")) else {}
        key = (asked["target"], asked.get("token"), size, metadata)
        if key not in self._made:
            self._made[key] = AsyncClient(
                asked["target"],
                token=asked.get("token"),
                metadata=metadata,
                interceptors=[_Whole(), _Streamed()],
                **limit,
            )
        return self._made[key]

    async def close(self) -> None:
        """Closes all clients."""
        for client in self._made.values():
            await client.close()


async def _carry_out(client: AsyncClient, asked: Asked) -> dict[str, Any]:
    kind, method = _METHODS[asked["method"]]
    deadline = asked.get("deadline_ms")
    messages = method(
        client,
        kind.FromString(base64.b64decode(asked["request"])),
        None if deadline is None else deadline / 1000,
    )
    responses: list[Message] = []
    outcome: dict[str, Any] = {"status": "OK"}
    try:
        if asked.get("cancel_after") == 0:
            outcome = await _cancelled(asyncio.create_task(_read(messages, responses, None)))
        elif not await _read(messages, responses, asked.get("cancel_after")):
            outcome = {"status": "CANCELLED"}
    except RingmainError as error:
        outcome = _told(error)
    except grpc.RpcError as error:
        outcome = _told(error_of(error))
    return {
        **outcome,
        "responses": list(map(_encoded, responses)),
        **_made_of(asked["method"], responses),
    }


def _made_of(method: str, responses: list[Message]) -> dict[str, Any]:
    """Tells what the client makes of a chat."""
    if method in _FOLDED:
        fold = Fold()
        for event in responses:
            fold.add(cast("ChatEvent", event))
        answer = fold.answer()
        return {"folded": _encoded(answer.proto), "read": _reading(answer)}
    if method in _WHOLE and responses:
        return {"folded": "", "read": _reading(Answer(cast("ChatResponse", responses[0])))}
    return {"folded": "", "read": None}


def _reading(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "sources": [source.uri or source.filename for source in answer.sources],
        "tool_calls": [call.id for call in answer.tool_calls],
        "provider_tool_calls": [call.id for call in answer.provider_tool_calls],
        "must_continue": answer.must_continue,
    }


def _encoded(message: Message) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


async def _read(messages: Any, responses: list[Message], limit: int | None) -> bool:
    """Reads messages, up to `limit` of them. Returns whether the stream came to its end."""
    async with aclosing(messages):
        async for message in messages:
            responses.append(message)
            if len(responses) == limit:
                return False
    return True


async def _cancelled(reading: "asyncio.Task[bool]") -> dict[str, Any]:
    """Cancels the task that waits for an answer, and returns the outcome."""
    await asyncio.wait([reading], timeout=_SOON)
    reading.cancel()
    try:
        await reading
    except asyncio.CancelledError:
        return {"status": "CANCELLED"}
    return {"status": "OK"}


def _told(error: RingmainError) -> dict[str, Any]:
    return {
        "status": error.code.name,
        "message": error.message,
        "kind": _HUMP.sub("_", type(error).__name__).lower(),
        "reason": error.reason,
        "retry_delay_ms": None if error.retry_delay is None else round(error.retry_delay * 1000),
        "violations": [violation.field for violation in error.violations],
    }


async def _answer(clients: Clients, data: bytes) -> None:
    asked = json.loads(data)
    calls: list[Any] = []
    _calls.set(calls)
    outcome = await _carry_out(clients.get(asked), asked)
    nothing: dict[str, Any] = {
        "message": "",
        "kind": "",
        "reason": "",
        "retry_delay_ms": None,
        "violations": [],
    }
    metadata = {} if outcome["status"] == "CANCELLED" else await _metadata(calls)
    answer = {"id": asked["id"], **nothing, **outcome, "metadata": metadata}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Answers the lines of standard input, all at once, until it ends."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=_INPUT_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), cast("Any", sys.stdin))
    clients = Clients()
    async with asyncio.TaskGroup() as lines:
        while data := await reader.readline():
            lines.create_task(_answer(clients, data))
    await clients.close()


if __name__ == "__main__":
    asyncio.run(main())
