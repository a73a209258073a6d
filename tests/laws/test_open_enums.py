"""Values of enums that a newer contract may have and that are ignored reach no translator as a surprise."""

from collections.abc import Awaitable, Mapping
from typing import Any

import grpc.aio
import pytest
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc

from tests.e2e.gateway import ask, gateway
from tests.fakes.ports import closed_port

NEWER: Any = 99
KEY = {"api_key": "sk-one-secret-key"}
WIRES: Mapping[str, Mapping[str, object]] = {
    "sandbox": {"kind": "sandbox"},
    "chat": {"kind": "openai", "wire": "chat", **KEY},
    "responses": {"kind": "openai", "wire": "responses", **KEY},
    "anthropic": {"kind": "anthropic", **KEY},
    "gemini": {"kind": "gemini", **KEY},
    "vertex": {"kind": "vertex", "project": "p", "location": "us-central1", "insecure": True},
}


@pytest.mark.parametrize("wire", WIRES)
async def test_a_newer_effort_or_purpose_is_as_if_it_were_not_set(wire: str) -> None:
    """Where nobody listens the call ends UNAVAILABLE, and at the sandbox it is answered: never INTERNAL."""
    with closed_port() as port:
        async with gateway({"providers": {"p": _settings(wire, port)}, "retry": {"attempts": 0}}) as ringmain:
            request = ask("p/echo")
            request.generation_config.reasoning_effort = NEWER
            texts = embedding_pb2.EmbedRequest(model="p/embed", texts=["hi"])
            texts.embedding_config.purpose = NEWER
            channel = ringmain.channel
            vectors: embedding_grpc.EmbeddingServiceAsyncStub = embedding_grpc.EmbeddingServiceStub(channel)
            expected = {"OK"} if wire == "sandbox" else {"UNAVAILABLE", "FAILED_PRECONDITION"}
            assert await _end(ringmain.stub.Chat(request)) in expected
            assert await _end(vectors.Embed(texts)) in expected


def _settings(wire: str, port: int) -> dict[str, object]:
    nowhere = f"127.0.0.1:{port}"
    if wire == "sandbox":
        return dict(WIRES[wire])
    return {
        **WIRES[wire],
        **({"endpoint": nowhere} if wire == "vertex" else {"base_url": f"http://{nowhere}"}),
    }


async def _end(call: Awaitable[object]) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"
