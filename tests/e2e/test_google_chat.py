"""Gemini through a whole gateway: its own tools, what it wants back, and who may search."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc.aio
import pytest
from google.protobuf.json_format import MessageToDict
from pytest_asyncio import fixture
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_TOOL
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, ask, gateway
from tests.fakes.vertex_behaviours import BEHAVIOURS, OSLO, SIGNATURE
from tests.fakes.vertex_rest import FakeGemini
from tests.fakes.vertex_script import Answer, answer
from tests.fakes.vertex_server import FakeVertex

MODEL = "gemini-3.5-flash"


@fixture
async def vertex() -> AsyncIterator[FakeVertex]:
    """Vertex AI."""
    async with FakeVertex() as server:
        yield server


@fixture
async def gemini() -> AsyncIterator[FakeGemini]:
    """The Gemini developer API."""
    async with FakeGemini() as server:
        yield server


@fixture
async def ringmain(vertex: FakeVertex, gemini: FakeGemini) -> AsyncIterator[Gateway]:
    """A gateway in front of both, the developer API first."""
    config: dict[str, object] = {
        "providers": {
            "dev": {"kind": "gemini", "base_url": gemini.base_url, "api_key": "k"},
            "cloud": {
                "kind": "vertex",
                "project": "p",
                "location": "us-central1",
                "endpoint": vertex.endpoint,
                "insecure": True,
                "send_labels": True,
                "user_id_key": "a-secret-of-the-operator",
            },
        },
        "models": {"smart": {"candidates": [f"dev/{MODEL}", f"cloud/{MODEL}"]}},
    }
    async with gateway(config) as running:
        yield running


def script(name: str) -> Answer:
    """What the model of this name answers."""
    found = BEHAVIOURS[name]
    assert isinstance(found, Answer)
    return found


def asked(gemini: FakeGemini) -> list[Mapping[str, Any]]:
    """The bodies of every request so far."""
    return [body for _, _, body in gemini.requests]


def searching(**limits: Any) -> ChatRequest:
    """A request with a web search."""
    request = ask("smart", "How high is Everest?")
    request.tools.add().web_search.SetInParent()
    for name, domains in limits.items():
        getattr(request.tools[0].web_search, name).extend(domains)
    return request


async def test_a_search(gemini: FakeGemini, ringmain: Gateway) -> None:
    """What an answer rests on comes with it, whole and streamed, and its message can be sent back."""
    request = searching()
    gemini.scripts.extend([script("shape-search")] * 3)
    whole = await ringmain.stub.Chat(request)
    streamed = fold([event async for event in ringmain.stub.StreamChat(request)])
    assert streamed.message == whole.message
    [text, search] = whole.message.parts
    [citation] = text.citations
    assert text.text[citation.start_index : citation.end_index] == "Höhe ist 8849 m."
    assert search.provider_tool_call.name == "web_search"
    assert search.provider_tool_call.results[-1].media.mime_type == "text/html"
    assert whole.usage.web_search_count == 1
    request.messages.append(whole.message)
    request.messages.add(role=request.messages[0].role).parts.add(text="Sure?")
    await ringmain.stub.Chat(request)
    assert asked(gemini)[-1]["contents"][1] == {"role": "model", "parts": [{"text": text.text}]}


async def test_domains(vertex: FakeVertex, gemini: FakeGemini, ringmain: Gateway) -> None:
    """A search goes only where its domains are kept to, and nowhere if nobody can."""
    vertex.enqueue(script("shape-search"))
    found = await ringmain.stub.Chat(searching(blocked_domains=["a.test"]))
    assert (found.route.provider_id, len(found.route.attempts)) == ("cloud", 1)
    assert list(vertex.requests[0].message.tools[0].google_search.exclude_domains) == ["a.test"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ringmain.stub.Chat(searching(allowed_domains=["a.test"]))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert (len(vertex.requests), asked(gemini)) == (1, [])


async def test_objects_in_googles_storage(vertex: FakeVertex, gemini: FakeGemini, ringmain: Gateway) -> None:
    """An address at gs:// goes only to Vertex AI, as it is, and nowhere if no candidate is there."""
    request = ask("smart", "What is it?")
    request.messages[0].parts.add(media={"uri": "gs://bucket/a b.mp4"})
    vertex.enqueue(answer({"text": "A cat."}))
    found = await ringmain.stub.Chat(request)
    assert (found.route.provider_id, len(found.route.attempts)) == ("cloud", 1)
    file = vertex.requests[0].message.contents[0].parts[1].file_data
    assert (file.mime_type, file.file_uri) == ("video/mp4", "gs://bucket/a b.mp4")
    request.routing_policy.provider_ids.append("dev")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ringmain.stub.Chat(request)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "media.uri.gs" in (caught.value.details() or "")
    assert (len(vertex.requests), asked(gemini)) == (1, [])


async def test_nobody_else_gets_what_is_googles(
    vertex: FakeVertex, gemini: FakeGemini, ringmain: Gateway
) -> None:
    """Signatures and tools of one provider stay away from another, which gets calls with the placeholder."""
    gemini.scripts.append(
        answer(
            {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": SIGNATURE},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            {**OSLO, "thoughtSignature": SIGNATURE},
        )
    )
    request = ask("smart", "Go")
    request.tools.add().function.name = "get_weather"
    first = await ringmain.stub.Chat(request)
    request.messages.append(first.message)
    result = request.messages.add(role=ROLE_TOOL).parts.add().tool_result
    result.tool_call_id = first.message.parts[-1].tool_call.tool_call_id
    result.parts.add().text = "rain"
    for provider, kinds in (("dev", 3), ("cloud", 1)):
        request.model = f"{provider}/{MODEL}"
        await ringmain.stub.Chat(request)
        body = asked(gemini)[-1] if provider == "dev" else MessageToDict(vertex.requests[-1].message)
        parts = body["contents"][1]["parts"]
        assert len(parts) == kinds
        assert (parts[-1]["thoughtSignature"] == SIGNATURE) is (provider == "dev")


async def test_who_it_is_for(vertex: FakeVertex, gemini: FakeGemini, ringmain: Gateway) -> None:
    """The provider that is configured so gets labels and a hash of the end user; another gets nothing."""
    request = ask("smart", "Hi")
    request.attribution.labels["Feature"] = "Search"
    request.attribution.user_id = "ann@example.com"
    for provider in ("dev", "cloud"):
        request.model = f"{provider}/{MODEL}"
        await ringmain.stub.Chat(request)
    labels = vertex.requests[0].message.labels
    assert labels["feature"] == "search"
    assert len(labels["user_id"]) == 63
    sent = str(asked(gemini)) + str(vertex.requests[0].message)
    assert "ann" not in sent
    assert "eature" not in str(asked(gemini))
