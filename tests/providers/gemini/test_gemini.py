"""Tests of the gemini provider: golden files in JSON, and the developer API over a real socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse, CountTokensRequest
from ringmain_server import errors
from ringmain_server.config import GeminiSettings
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.gemini import build
from ringmain_server.providers.gemini.chat import (
    GeminiChatTranslator,
    GeminiCountTokensTranslator,
    GeminiStreamChatTranslator,
)
from ringmain_server.providers.gemini.errors import GeminiErrors, parse
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.sessions import HttpSessions

from tests.candidates import known_candidate
from tests.fakes.vertex_rest import FakeGemini, refusal
from tests.fakes.vertex_script import Status, whole
from tests.fakes.waiting import LIMIT
from tests.providers.vertex import golden
from tests.providers.vertex.golden import ASKED, Golden, goldens, named
from tests.providers.vertex.test_errors import ROWS
from tests.providers.vertex.test_transport import call

ERRORS = GeminiErrors(("AIza-secret-key",))
GEMINI = golden.candidate(kind="gemini")
REQUESTS = [
    found for found in goldens("request", "body") if "/" not in found.model and "options" not in found.name
]
ANSWERS = goldens("messages", "response")
FAILURES = goldens("messages", "error")


def whole_numbers(value: Any) -> Any:
    """The same with whole numbers as integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return {name: whole_numbers(item) for name, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("found", REQUESTS, ids=named(REQUESTS))
def test_requests(found: Golden) -> None:
    """A request is that of Vertex AI in JSON, with the model in the path."""
    candidate = golden.candidate(found.model, "gemini")
    sent = GeminiChatTranslator(ERRORS).request(found.request, candidate)
    expected = whole_numbers(
        {name: value for name, value in found.content["body"].items() if name != "model"}
    )
    assert sent.body == expected
    assert orjson.dumps(sent.body)
    assert sent.path == f"/models/{found.model}:generateContent"
    streamed = GeminiStreamChatTranslator(ERRORS).request(found.request, candidate)
    assert (streamed.path, streamed.body) == (
        f"/models/{found.model}:streamGenerateContent?alt=sse",
        expected,
    )


def raw(message: Any) -> bytes:
    """A message as JSON."""
    return orjson.dumps(MessageToDict(message))


def events(documents: list[bytes], asked: ChatRequest = ASKED) -> list[ChatEvent]:
    """The events of a streamed answer."""
    decoder = GeminiStreamChatTranslator(ERRORS).decoder(asked, GEMINI)
    found: list[ChatEvent] = []
    for document in documents:
        found += decoder.feed(b"data: " + document + b"\n\n")
    found += decoder.end()
    assert decoder.complete
    return found


@pytest.mark.parametrize("found", ANSWERS, ids=named(ANSWERS))
def test_answers(found: Golden) -> None:
    """An answer in JSON is what it is on Vertex AI, whole and streamed."""
    assert fold(events([raw(message) for message in found.messages], found.asked)) == found.response
    read = GeminiChatTranslator(ERRORS).response(raw(whole(found.messages)), found.asked, GEMINI)
    assert read == found.response


@pytest.mark.parametrize("found", FAILURES, ids=named(FAILURES))
def test_failures(found: Golden) -> None:
    """An answer in JSON that is none ends in the same error."""
    with pytest.raises(errors.ProviderError) as caught:
        events([raw(message) for message in found.messages])
    assert found.ends_in(caught.value)


def answer(**fields: Any) -> bytes:
    """A whole answer of text with other fields."""
    candidate = {"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP", **fields}
    return orjson.dumps({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3}})


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("LANGUAGE", "FINISH_REASON_CONTENT_FILTER"),
        ("IMAGE_SAFETY", "FINISH_REASON_CONTENT_FILTER"),
        ("NEW_REASON", ""),
    ],
)
def test_reasons_of_its_own(reason: str, expected: str) -> None:
    """Reasons that only the developer API has are known, and later ones are unknown rather than none."""
    response = GeminiChatTranslator(ERRORS).response(answer(finishReason=reason), ASKED, GEMINI)
    assert MessageToDict(response).get("finishReason", "") == expected


def test_details_of_its_own() -> None:
    """The developer API counts the prompts of tools by another name, and blocks for reasons of its own."""
    document = {
        **orjson.loads(answer()),
        "usageMetadata": {"promptTokenCount": 3, "toolUsePromptTokenCount": 4},
    }
    response = GeminiChatTranslator(ERRORS).response(orjson.dumps(document), ASKED, GEMINI)
    assert response.usage.input_token_count == 7
    for reason, category in (("IMAGE_SAFETY", "image_safety"), ("NEW_REASON", "other")):
        with pytest.raises(errors.ContentFiltered) as caught:
            events([orjson.dumps({"promptFeedback": {"blockReason": reason}})])
        assert caught.value.metadata == {"category": category}


TEXT = {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "index": 0}]}
COUNTS = {"promptTokenCount": 3, "candidatesTokenCount": 1, "promptTokensDetails": [{"modality": "TEXT"}]}


@pytest.mark.parametrize(
    "counts", [None, COUNTS, {"promptTokenCount": 3, "somethingNew": 1}, {"promptTokenCount": 3.0}, "odd"]
)
def test_the_quick_way_is_the_same(counts: object) -> None:
    """An event with one text and counts is read the quick way, to the same end as the general way."""
    document: dict[str, Any] = {**TEXT, "modelVersion": "m"}
    if counts is not None:
        document["usageMetadata"] = counts
    slow = {**TEXT["candidates"][0], "avgLogprobs": -1.0}
    found = [GeminiStreamChatTranslator(ERRORS).decoder(ASKED, GEMINI) for _ in range(2)]
    read = [
        [MessageToDict(event) for event in decoder.feed(b"data: " + orjson.dumps(body) + b"\n\n")]
        for decoder, body in zip(found, (document, {**document, "candidates": [slow]}), strict=True)
    ]
    assert read[0] == read[1]
    assert found[0].usage() == found[1].usage()


def test_options() -> None:
    """Options are merged into the JSON as they are, also where Vertex AI has no such field."""
    given = {"generationConfig": {"topK": 3, "thinkingConfig": {"new": [1.0]}}, "tools": [{"fileSearch": {}}]}
    config = {"temperature": 0.5, "providerOptions": {"gemini": given, "vertex": {"nonsense": 1}}}
    request = ParseDict(
        {**MessageToDict(ASKED), "generationConfig": config, "tools": [{"function": {"name": "f"}}]},
        ChatRequest(),
    )
    body = GeminiChatTranslator(ERRORS).request(request, GEMINI).body
    assert body["generationConfig"] == {"temperature": 0.5, "topK": 3, "thinkingConfig": {"new": [1]}}
    assert body["tools"] == [{"fileSearch": {}}]


def test_names_of_models() -> None:
    """A tuned model keeps its path, and no name breaks out of it."""
    for model, path in (("tunedModels/x", "/tunedModels/x:"), ("a?b#c", "/models/a%3Fb%23c:")):
        candidate = golden.candidate(model, "gemini")
        assert GeminiChatTranslator(ERRORS).request(ASKED, candidate).path == f"{path}generateContent"


def test_count() -> None:
    """A count asks about the whole request."""
    translator = GeminiCountTokensTranslator(ERRORS)
    sent = translator.request(CountTokensRequest(chat=ASKED), GEMINI)
    assert sent.path == "/models/gemini-2.5-flash:countTokens"
    inner = {"model": "models/gemini-2.5-flash", "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    assert sent.body == {"generateContentRequest": inner}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"{oops", errors.MalformedAnswer),
        (b"[]", errors.MalformedAnswer),
        (b'{"candidates": 5}', errors.MalformedAnswer),
        (b'{"candidates": [{"content": "x"}]}', errors.StreamBroken),
        (b'{"candidates": [{"content": {"parts": [{"text": 5}]}}]}', errors.MalformedAnswer),
        (b'{"usageMetadata": {"promptTokenCount": "many"}}', errors.ModelOutputInvalid),
        (b'{"candidates": [{"finishReason": ""}]}', errors.StreamBroken),
        (b'{"candidates": [{"finishReason": ["STOP"]}]}', errors.StreamBroken),
        (b'{"error": {"code": 503, "status": "UNAVAILABLE"}}', errors.ServerFault),
        (b'{"error": "what"}', errors.Unexplained),
        (b'{"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3}}', errors.ModelOutputInvalid),
    ],
)
def test_malformed(document: bytes, kind: type[errors.ProviderError]) -> None:
    """What is no answer is an error, whole and streamed."""
    with pytest.raises(errors.ProviderError) as caught:
        GeminiChatTranslator(ERRORS).response(document, ASKED, GEMINI)
    assert type(caught.value) is kind
    with pytest.raises(kind):
        events([document])


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"<html>", errors.ServerFault),
        (429, b"{}", errors.RateLimited),
        (
            400,
            b'[{"error": {"status": "INVALID_ARGUMENT", "message": "Bad AIza-secret-key"}}]',
            errors.Rejected,
        ),
        (400, b'{"error": {"status": "INVALID_ARGUMENT", "details": "odd"}}', errors.Rejected),
        (404, b"[]", errors.UnknownProviderModel),
        (400, b'{"error": {"status": 7}}', errors.Rejected),
    ],
)
def test_errors(status: int, body: bytes, kind: type[errors.ProviderError]) -> None:
    """An error is read from its body where there is one, else from its status, and repeats no key."""
    found = ERRORS("gem", status, {}, body)
    assert type(found) is kind
    assert "AIza-secret-key" not in found.message


def test_details_of_odd_shape() -> None:
    """Details of another shape say nothing."""
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": "many"}
    details = [quota, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "soon"}, 5]
    found = parse(orjson.dumps({"error": {"status": "RESOURCE_EXHAUSTED", "details": details}}))
    assert found is not None
    assert (found.quotas, found.retry_after) == ((), None)


@dataclass
class Upstream:
    """A provider, and the scripted server that it reaches."""

    server: FakeGemini
    provider: Provider

    async def chat(self, model: str = "gemini-2.5-flash") -> ChatResponse:
        """A whole answer."""
        candidate = known_candidate("gem", "gemini", model)
        return await self.provider.backend(candidate).call(CHAT, ASKED, call(candidate))

    async def stream(self, model: str = "gemini-2.5-flash") -> AsyncGenerator[ChatEvent, None]:
        """A streamed answer."""
        candidate = known_candidate("gem", "gemini", model)
        stream = self.provider.backend(candidate).stream(STREAM_CHAT, ASKED, call(candidate))
        async with aclosing(stream):
            async for event in stream:
                yield event

    async def streamed(self, model: str = "gemini-2.5-flash") -> ChatResponse:
        """What a streamed answer folds to."""
        return fold([event async for event in self.stream(model)])


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A provider and its upstream, for one test."""
    sessions = HttpSessions()
    async with FakeGemini() as server:
        given = {
            "kind": "gemini",
            "base_url": server.base_url,
            "api_key": "AIza-key",
            "headers": {"X-Own": "1"},
        }
        yield Upstream(server, build("gem", GeminiSettings.model_validate(given), sessions))
        await sessions.close()


@pytest.mark.parametrize(
    "model",
    ["gemini-2.5-flash", "shape-tools", "shape-reasoning", "shape-code", "shape-sound", "tokens-50"],
)
async def test_whole_and_streamed(upstream: Upstream, model: str) -> None:
    """A streamed answer folds to what the whole one is."""
    assert await upstream.streamed(model) == await upstream.chat(model)


async def test_what_is_sent(upstream: Upstream) -> None:
    """Requests carry the key, who asks, and the operator's own headers, below the version of the API."""
    await upstream.chat()
    [(path, headers, body)] = upstream.server.requests
    assert path == "/v1beta/models/gemini-2.5-flash:generateContent"
    assert headers["x-goog-api-key"] == "AIza-key"
    assert headers["x-goog-api-client"].startswith("gl-python/3.")
    assert headers["x-own"] == "1"
    assert headers["content-type"] == "application/json"
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


async def test_counts(upstream: Upstream) -> None:
    """Tokens are counted by the provider, and a count without a number is malformed."""
    for model in ("gemini-2.5-flash", "fault-malformed"):
        candidate = known_candidate("gem", "gemini", model)
        counting = upstream.provider.backend(candidate).call(
            COUNT_TOKENS, CountTokensRequest(chat=ASKED), call(candidate)
        )
        if model.startswith("fault"):
            with pytest.raises(errors.MalformedAnswer):
                await counting
        else:
            assert (await counting).input_token_count == 5


@pytest.mark.parametrize(("status", "kind", "wait"), ROWS)
def test_statuses(status: Status, kind: type[errors.ProviderError], wait: float | None) -> None:
    """Every documented status is the failure of its row, on HTTP as on gRPC."""
    response = refusal(status)
    body = response.body
    assert isinstance(body, bytes)
    found = ERRORS("gem", response.status, {}, body)
    assert (type(found), found.retry_after) == (kind, wait)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fault-429", errors.RateLimited),
        ("fault-cut", errors.ServerFault),
        ("fault-malformed", errors.MalformedAnswer),
        ("fault-no-finish", errors.StreamBroken),
    ],
)
async def test_faults(upstream: Upstream, model: str, kind: type[errors.ProviderError]) -> None:
    """What goes wrong in a stream is the failure of its row."""
    with pytest.raises(errors.ProviderError) as caught:
        await upstream.streamed(model)
    assert type(caught.value) is kind


async def test_cancelled(upstream: Upstream) -> None:
    """Leaving a stream closes the connection."""
    async for _ in upstream.stream("fault-stall"):
        break
    async with asyncio.timeout(LIMIT):
        await upstream.server.left.wait()


async def test_without_a_key() -> None:
    """A server of one's own may want no key, and gets none."""
    given = {"kind": "gemini", "base_url": "http://127.0.0.1:1"}
    lazy = build("gem", GeminiSettings.model_validate(given), HttpSessions()).transport
    assert isinstance(lazy, LazyTransport)
    found = await lazy.load()
    assert isinstance(found, HttpTransport)
    assert "x-goog-api-key" not in found.headers
    assert found.base_url == "http://127.0.0.1:1/v1beta"


def test_decoder_counts_on_the_way() -> None:
    """What was consumed so far is known before the end."""
    decoder = GeminiStreamChatTranslator(ERRORS).decoder(ASKED, GEMINI)
    document = {
        "candidates": [{"content": {"parts": [{"text": "Hi"}]}}],
        "usageMetadata": {"promptTokenCount": 9},
    }
    decoder.feed(b"data: " + orjson.dumps(document) + b"\n\n")
    assert decoder.usage().input_token_count == 9
