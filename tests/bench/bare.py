"""Tests, benchmark: a relay without any feature, to measure the gateway against.

gRPC in, one HTTP request out, answer back: no checks, no routing, no accounting, no failures. It decodes
everything that one read brought as one step and merges its text into one event, as the gateway does.
What it costs is the floor of this stack on this machine. Models of Google's go to Vertex AI's wire
(`bare_vertex.py`), all others to OpenAI's.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import grpc
import orjson
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
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

if TYPE_CHECKING:
    from tests.bench.bare_vertex import VertexRelay

Context = grpc.aio.ServicerContext[Any, Any]


def request_body(request: ChatRequest, *, stream: bool) -> bytes:
    """The request as OpenAI's wire has it; text only."""
    messages = [
        {
            "role": "user" if message.role == ROLE_USER else "assistant",
            "content": "".join(part.text for part in message.parts),
        }
        for message in request.messages
    ]
    body: dict[str, object] = {"model": request.model, "messages": messages}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return orjson.dumps(body)


def usage_of(counts: dict[str, Any]) -> Usage:
    """The counts of an answer."""
    return Usage(input_token_count=counts["prompt_tokens"], output_token_count=counts["completion_tokens"])


class Relay:
    """Chat and StreamChat, relayed.

    Args:
        session: What requests go through.
        url: Where they go.
        google: Where those for Google's models go.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, google: "VertexRelay | None" = None) -> None:
        self._session = session
        self._url = url
        self._google = google
        self._headers = {"content-type": "application/json", "authorization": "Bearer sk-x"}

    def _post(self, body: bytes) -> Any:
        return self._session.post(self._url, data=body, headers=self._headers)

    async def chat(self, request: ChatRequest, context: Context) -> ChatResponse:
        """Relays a whole answer."""
        if self._google is not None and request.model.startswith("gemini"):
            return await self._google.chat(request)
        async with self._post(request_body(request, stream=False)) as response:
            answer = orjson.loads(await response.read())
        text = answer["choices"][0]["message"]["content"]
        return ChatResponse(
            response_id=answer["id"],
            message=Message(role=ROLE_ASSISTANT, parts=[Part(text=text)]),
            finish_reason=FINISH_REASON_STOP,
            usage=usage_of(answer["usage"]),
        )

    async def stream_chat(self, request: ChatRequest, context: Context) -> AsyncIterator[ChatEvent]:
        """Relays a stream, one event for each read."""
        if self._google is not None and request.model.startswith("gemini"):
            async for event in self._google.stream_chat(request):
                yield event
            return
        yield ChatEvent(started=ChatStarted(provider_model=request.model))
        usage, rest = Usage(), b""
        async with self._post(request_body(request, stream=True)) as response:
            async for data in response.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                text, usage = merged(events, usage)
                if text:
                    yield ChatEvent(part_delta=PartDelta(text=text))
        yield ChatEvent(finished=ChatFinished(finish_reason=FINISH_REASON_STOP, usage=usage))

    def handlers(self) -> grpc.GenericRpcHandler:
        """The two methods of ChatService that are relayed."""
        chat = grpc.unary_unary_rpc_method_handler(
            self.chat,
            request_deserializer=ChatRequest.FromString,
            response_serializer=ChatResponse.SerializeToString,
        )
        stream_chat = grpc.unary_stream_rpc_method_handler(
            self.stream_chat,
            request_deserializer=ChatRequest.FromString,
            response_serializer=ChatEvent.SerializeToString,
        )
        methods = {"Chat": chat, "StreamChat": stream_chat}
        return grpc.method_handlers_generic_handler("ringmain.v1.ChatService", methods)


def merged(events: list[bytes], usage: Usage) -> tuple[str, Usage]:
    """The text and the latest counts of the events of one read."""
    texts: list[str] = []
    for event in events:
        if event == b"data: [DONE]":
            continue
        chunk = orjson.loads(event[6:])
        if chunk.get("usage"):
            usage = usage_of(chunk["usage"])
        texts += [choice["delta"].get("content") or "" for choice in chunk["choices"]]
    return "".join(texts), usage


async def serve(port: int, upstream_url: str, vertex: str | None) -> None:
    """Serves on loopback until cancelled."""
    google = None
    if vertex is not None:
        # Not at the top: without it the relay's memory is not that of Google's library.
        from tests.bench.bare_vertex import VertexRelay

        google = VertexRelay(vertex)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.http2.bdp_probe", 0)])
        relay = Relay(session, f"{upstream_url}/chat/completions", google)
        server.add_generic_rpc_handlers((relay.handlers(),))
        servicer = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        await server.wait_for_termination()


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="base URL, such as http://host/v1")
    parser.add_argument("--vertex", help="address of an upstream of Vertex AI's wire")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.port, options.upstream, options.vertex))


if __name__ == "__main__":
    main()
