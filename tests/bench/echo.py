"""Tests, benchmark: the yardstick, a gRPC server of the same library and loop that answers at once.

What a call to it costs is the speed of the machine in the terms of this stack: the targets were set where it
costs `REFERENCE_US`, and hold for other machines in that proportion. Nothing of the gateway is in it.
"""

import argparse
import asyncio
from typing import Any

import grpc
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Message, Part

from tests.bench.answers import TOKEN, TOKEN_COUNT

REFERENCE_US = 126.0
"""Server CPU of a call, 16 at a time, where the targets were set: 122 to 131 µs in several runs."""


def handlers() -> grpc.GenericRpcHandler:
    """ChatService with Chat alone, whose answer is as long as the upstreams'."""
    parts = [Part(text=TOKEN * TOKEN_COUNT)]
    answer = ChatResponse(message=Message(role=ROLE_ASSISTANT, parts=parts))

    async def chat(request: ChatRequest, context: "grpc.aio.ServicerContext[Any, Any]") -> ChatResponse:
        return answer

    method = grpc.unary_unary_rpc_method_handler(
        chat,
        request_deserializer=ChatRequest.FromString,
        response_serializer=ChatResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("ringmain.v1.ChatService", {"Chat": method})


async def serve(port: int) -> None:
    """Serves on loopback until cancelled."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.http2.bdp_probe", 0)])
    server.add_generic_rpc_handlers((handlers(),))
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
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.port))


if __name__ == "__main__":
    main()
