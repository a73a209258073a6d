"""Tests, fakes: the scripted upstream, tried with the official SDK and with a bare HTTP client."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import openai
import orjson
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionChunk, ChatCompletionUserMessageParam

from tests.fakes import rejections
from tests.fakes.behaviours import BEHAVIOURS, WEATHER_CALLS
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.script import Answer, FaultKind, Flap, Framing, Pace, Usage, broken

QUESTION = ChatCompletionUserMessageParam(role="user", content="Hi")
TEXT = Answer().text
BARE_BODY = {"model": "m", "messages": [QUESTION], "stream": True}


@pytest.fixture
async def upstream() -> AsyncIterator[FakeOpenAI]:
    """A running upstream that answers with the default."""
    async with FakeOpenAI() as server:
        yield server


@pytest.fixture
async def client(upstream: FakeOpenAI) -> AsyncIterator[AsyncOpenAI]:
    """The official SDK, pointed at the upstream, its retries off."""
    # Reading the certificates would be most of each test's time, and loopback needs none.
    http = DefaultAsyncHttpxClient(verify=False)
    async with AsyncOpenAI(
        base_url=upstream.base_url, api_key="sk-x", max_retries=0, http_client=http
    ) as sdk:
        yield sdk


async def chunks_of(client: AsyncOpenAI, model: str = "m") -> list[ChatCompletionChunk]:
    """Every chunk of a stream, as the SDK reads it."""
    stream = await client.chat.completions.create(
        model=model,
        messages=[QUESTION],
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in stream]


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    """The text that the chunks add up to."""
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


async def raw_stream(upstream: FakeOpenAI, model: str, begun: asyncio.Event | None = None) -> bytes:
    """The bytes of a stream until it ends or breaks; says when the first have come."""
    received = bytearray()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{upstream.base_url}/chat/completions", json={**BARE_BODY, "model": model}) as response,
    ):
        try:
            async for data in response.content.iter_any():
                received += data
                if begun is not None:
                    begun.set()
        except aiohttp.ClientError:
            received += b"!"
    return bytes(received)


async def raw_whole(upstream: FakeOpenAI, model: str) -> bytes:
    """The bytes of a whole answer."""
    body = {**BARE_BODY, "model": model, "stream": False}
    url = f"{upstream.base_url}/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return await response.read()


async def test_whole_answer(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """The SDK reads text, finish reason and every count of a whole answer."""
    upstream.enqueue(Answer(usage=Usage(prompt=30, completion=9, cached=12, reasoning=5)))
    answer = await client.chat.completions.create(model="gpt-4o", messages=[QUESTION])
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "gpt-4o"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (30, 39)
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 12
    assert answer.usage.completion_tokens_details is not None
    assert answer.usage.completion_tokens_details.reasoning_tokens == 5


async def test_streamed_answer(client: AsyncOpenAI) -> None:
    """A stream carries the text token by token, then the finish reason, then the counts."""
    chunks = await chunks_of(client)
    assert text_of(chunks) == TEXT
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert len(chunks) == 1 + len(Answer().tokens) + 2


async def test_what_stands_beside_the_text(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """Sources and log probabilities are read by the SDK, whole and streamed."""
    cited = {"url": "https://e.test", "title": "E", "start_index": 0, "end_index": 1}
    script = Answer(
        tokens=("a", "é"),
        beside={"annotations": [{"type": "url_citation", "url_citation": cited}]},
        logprobs=True,
    )
    upstream.enqueue(script, script)
    answer = await client.chat.completions.create(model="m", messages=[QUESTION])
    assert answer.choices[0].message.annotations is not None
    assert answer.choices[0].message.annotations[0].url_citation.url == "https://e.test"
    assert answer.choices[0].logprobs is not None
    assert [one.token for one in answer.choices[0].logprobs.content or ()] == ["a", "é"]
    choices = [choice for chunk in await chunks_of(client) for choice in chunk.choices]
    tokens = [one for choice in choices if choice.logprobs for one in choice.logprobs.content or ()]
    assert [(one.token, one.bytes) for one in tokens] == [("a", [97]), ("é", [195, 169])]
    assert [choice.delta.model_extra for choice in choices if choice.delta.model_extra] == [script.beside]


async def test_usage_only_when_asked(client: AsyncOpenAI) -> None:
    """A stream without `include_usage` has no counts at all."""
    stream = await client.chat.completions.create(model="m", messages=[QUESTION], stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_requests_are_recorded(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """A request is kept with its path, headers and body, and with the time it was answered."""
    await client.chat.completions.create(model="m", messages=[QUESTION], temperature=0.5)
    [received] = upstream.requests
    assert received.path == "/v1/chat/completions"
    assert received.headers["authorization"] == "Bearer sk-x"
    assert received.body == {"model": "m", "messages": [QUESTION], "temperature": 0.5}
    assert received.answered_at is not None
    assert not received.abandoned


@pytest.mark.parametrize("model", ["shape-tools", "shape-tools-interleaved"])
async def test_tool_calls(client: AsyncOpenAI, model: str) -> None:
    """Streamed arguments put together per index equal those of the whole answer."""
    whole = await client.chat.completions.create(model=model, messages=[QUESTION])
    arguments = ["", ""]
    for chunk in await chunks_of(client, model):
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                assert call.function is not None
                arguments[call.index] += call.function.arguments or ""
    calls = whole.choices[0].message.tool_calls or []
    assert [call.id for call in calls] == ["call_oslo", "call_rome"]
    assert [call.function.arguments for call in calls if call.type == "function"] == arguments
    assert arguments == ["".join(call.arguments) for call in WEATHER_CALLS]
    assert whole.choices[0].finish_reason == "tool_calls"


async def test_reasoning(client: AsyncOpenAI) -> None:
    """Reasoning travels in `reasoning_content`, before the text, whole and streamed."""
    whole = await client.chat.completions.create(model="shape-reasoning", messages=[QUESTION])
    extra = whole.choices[0].message.model_extra or {}
    assert extra["reasoning_content"] == "Let me think."
    chunks = await chunks_of(client, "shape-reasoning")
    pieces = [(chunk.choices[0].delta.model_extra or {}) for chunk in chunks[1:3]]
    assert [piece["reasoning_content"] for piece in pieces] == ["Let me", " think."]


@pytest.mark.parametrize(
    "model",
    [
        "fault-duplicate-finish",
        "fault-no-done",
        "fault-no-finish",
        "shape-burst",
        "shape-cr",
        "shape-crlf",
        "shape-no-space",
        "shape-pings",
        "shape-split",
        "shape-unknown-fields",
    ],
)
async def test_framing(client: AsyncOpenAI, model: str) -> None:
    """However a stream is laid out in bytes, a conforming reader finds the same text."""
    script = BEHAVIOURS[model]
    assert isinstance(script, Answer)
    assert text_of(await chunks_of(client, model)) == script.text


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("fault-400", openai.BadRequestError),
        ("fault-401", openai.AuthenticationError),
        ("fault-403", openai.PermissionDeniedError),
        ("fault-404", openai.NotFoundError),
        ("fault-422", openai.UnprocessableEntityError),
        ("fault-429", openai.RateLimitError),
        ("fault-quota", openai.RateLimitError),
        ("fault-500", openai.InternalServerError),
        ("fault-502", openai.InternalServerError),
        ("fault-529", openai.InternalServerError),
    ],
)
async def test_statuses(client: AsyncOpenAI, model: str, error: type[openai.APIStatusError]) -> None:
    """The SDK raises its own error for each status."""
    with pytest.raises(error):
        await client.chat.completions.create(model=model, messages=[QUESTION])


async def test_error_bodies(client: AsyncOpenAI) -> None:
    """An error answer carries OpenAI's code and parameter, and the headers of its script."""
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="fault-context", messages=[QUESTION])
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")
    with pytest.raises(openai.RateLimitError) as limited:
        await client.chat.completions.create(model="fault-429-retry-after", messages=[QUESTION])
    assert limited.value.response.headers["retry-after"] == "20"


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET_BEFORE_HEADERS,
        FaultKind.CLOSE_BEFORE_HEADERS,
        FaultKind.HALF_CLOSE_BEFORE_HEADERS,
    ],
)
async def test_no_answer(client: AsyncOpenAI, kind: FaultKind) -> None:
    """A connection that goes away before the headers is a connection error."""
    with pytest.raises(openai.APIConnectionError):
        await client.chat.completions.create(model=f"fault-{kind}", messages=[QUESTION])


async def test_reset_is_a_reset(upstream: FakeOpenAI) -> None:
    """A reset before the headers arrives as RST, not as an orderly close."""
    reader, writer = await asyncio.open_connection(upstream.host, upstream.port)
    body = b'{"model":"fault-reset-before-headers","messages":[1]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % len(body) + body)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


@pytest.mark.parametrize("fault", ["cut", "reset", "half-close"])
async def test_broken_stream(upstream: FakeOpenAI, fault: str) -> None:
    """A broken stream carries the tokens before the break and neither finish nor end mark."""
    data = await raw_stream(upstream, f"fault-{fault}")
    assert data.endswith(b"!")
    assert data.count(b'"content":') == 1 + 2
    assert b'"finish_reason":"stop"' not in data
    assert b"[DONE]" not in data


@pytest.mark.parametrize("fault", ["cut", "reset", "truncated", "malformed", "empty-body"])
async def test_broken_whole_answer(upstream: FakeOpenAI, fault: str) -> None:
    """A whole answer that breaks or is damaged is never a complete JSON document."""
    with pytest.raises((aiohttp.ClientError, ValueError)):
        orjson.loads(await raw_whole(upstream, f"fault-{fault}"))


@pytest.mark.parametrize(
    ("fault", "finished", "done"),
    [("no-end", 0, 0), ("no-done", 1, 0), ("no-finish", 0, 1), ("duplicate-finish", 2, 1)],
)
async def test_ends(upstream: FakeOpenAI, fault: str, finished: int, done: int) -> None:
    """The ends of a stream have as many finish reasons and end marks as their name says."""
    data = await raw_stream(upstream, f"fault-{fault}")
    assert not data.endswith(b"!")
    assert data.count(b'"finish_reason":"stop"') == finished
    assert data.count(b"[DONE]") == done


async def test_damaged_events(upstream: FakeOpenAI) -> None:
    """Damage inside a stream is in the bytes: invalid UTF-8, no JSON, an error, a giant."""
    assert b"\xff\xfe" in await raw_stream(upstream, "fault-invalid-utf8")
    assert b", choices}" in await raw_stream(upstream, "fault-malformed")
    assert b'data: {"error":{' in await raw_stream(upstream, "fault-error-event")
    assert len(await raw_stream(upstream, "fault-giant")) > 5 * 1024 * 1024
    assert b'"choices":[]' in await raw_stream(upstream, "fault-empty")
    assert await raw_stream(upstream, "fault-empty-body") == b""
    assert b"chat.completion.chunk" not in await raw_stream(upstream, "fault-whole-for-stream")


async def test_error_event_reaches_the_sdk(client: AsyncOpenAI) -> None:
    """The SDK raises the error that arrives inside a stream."""
    with pytest.raises(openai.APIError, match="had an error"):
        await chunks_of(client, "fault-error-event")


async def test_hang_and_stall(client: AsyncOpenAI) -> None:
    """A hanging upstream sends nothing at all, a stalling one nothing more."""
    with pytest.raises(openai.APITimeoutError):
        await client.with_options(timeout=0.1).chat.completions.create(
            model="fault-hang", messages=[QUESTION]
        )
    patient = client.with_options(timeout=1)
    stream = await patient.chat.completions.create(model="fault-stall", messages=[QUESTION], stream=True)
    chunks = [await anext(stream) for _ in range(3)]
    assert text_of(chunks) == "Hello from"
    with pytest.raises(openai.APITimeoutError):
        await anext(stream)


@pytest.mark.parametrize("model", ["fault-hang", "fault-stall", "fault-slow-first-token"])
async def test_disconnect_is_noticed(upstream: FakeOpenAI, model: str) -> None:
    """A client that leaves is noted, and its request, which would never be answered, counts as abandoned."""
    reading = asyncio.create_task(raw_stream(upstream, model))
    received = await upstream.received()
    assert received.closed_at is None
    reading.cancel()
    await received.closed()
    assert received.abandoned


async def test_disconnect_while_writing(upstream: FakeOpenAI) -> None:
    """A client that leaves between two tokens is noted as well."""
    upstream.models["paced"] = Answer(tokens=("x",) * 5000, pace=Pace(token=0.05))
    begun = asyncio.Event()
    reading = asyncio.create_task(raw_stream(upstream, "paced", begun))
    received = await upstream.received()
    await begun.wait()
    reading.cancel()
    await received.closed()
    assert received.abandoned


async def test_scripts_are_chosen(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """The queue goes before the model's own script, and that before the default."""
    upstream.default = Answer(tokens=("default",))
    upstream.models["mine"] = Answer(tokens=("mine",))
    upstream.enqueue(Answer(tokens=("queued",)))
    answers = [
        await client.chat.completions.create(model=model, messages=[QUESTION])
        for model in ("mine", "mine", "other", "tokens-3")
    ]
    texts = [answer.choices[0].message.content for answer in answers]
    assert texts == ["queued", "mine", "default", " t0 t1 t2"]


@pytest.mark.parametrize(("first", "statuses"), [(0, [503, 200, 503, 200]), (2, [503, 503, 200, 200])])
async def test_flap(client: AsyncOpenAI, upstream: FakeOpenAI, first: int, statuses: list[int]) -> None:
    """A flapping server fails every other request, or the first ones."""
    upstream.models["m"] = Flap(failure=rejections.UNAVAILABLE, success=Answer(), first=first)
    seen = []
    for _ in statuses:
        try:
            await client.chat.completions.create(model="m", messages=[QUESTION])
            seen.append(200)
        except openai.APIStatusError as error:
            seen.append(error.status_code)
    assert seen == statuses


async def test_models(client: AsyncOpenAI) -> None:
    """Models are listed and found by name."""
    names = {model.id async for model in client.models.list()}
    assert {"gpt-4o-mini", "fault-cut"} <= names
    assert (await client.models.retrieve("gpt-4o-mini")).id == "gpt-4o-mini"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nope")


async def test_bad_requests(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """A request without messages, and an unknown path, are refused as OpenAI refuses them."""
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model="m", messages=[])
    with pytest.raises(openai.NotFoundError):
        await client.post("/no/such/path", cast_to=object, body={})
    assert len(upstream.requests) == 2


async def test_azure_paths(upstream: FakeOpenAI) -> None:
    """A deployment in the path is the model that is asked for."""
    url = f"http://127.0.0.1:{upstream.port}/openai/deployments/fault-503/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "?api-version=1", json={"messages": [QUESTION]}) as response,
    ):
        assert response.status == 503


async def test_pings_fill_the_silence(upstream: FakeOpenAI) -> None:
    """Keep-alive comments come before the first content, while the model thinks."""
    quiet = broken(FaultKind.NO_END)
    framing = Framing(pings_before_first_token=3)
    upstream.enqueue(Answer(framing=framing, fault=quiet.fault, pace=Pace(first_token=0.04)))
    data = await raw_stream(upstream, "m")
    assert data.count(b": ping\n\n") == 3
    assert data.index(b": ping") < data.index(b"Hello")


async def test_connections_are_kept(client: AsyncOpenAI, upstream: FakeOpenAI) -> None:
    """Requests one after the other share a connection."""
    for _ in range(3):
        await client.chat.completions.create(model="m", messages=[QUESTION])
    assert upstream.connection_count == 1


async def test_closed_port() -> None:
    """A closed port refuses."""
    with closed_port() as port, pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
