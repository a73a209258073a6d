"""Tests, fakes: the scripted upstream's responses wire, tried with the official SDK."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.responses import Response, ResponseStreamEvent

from tests.fakes.behaviours import WEATHER_CALLS
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.rejections import RATE_LIMITED
from tests.fakes.responses_rules import complaint
from tests.fakes.script import Answer, FaultKind, Framing, broken

TEXT = Answer().text
HI: dict[str, Any] = {"role": "user", "content": "Hi"}
REASONING: dict[str, Any] = {
    "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAA-fake-rs_1"
}  # fmt: skip
CALL: dict[str, Any] = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
RESULT: dict[str, Any] = {"type": "function_call_output", "call_id": "a", "output": "x"}


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


async def events_of(client: AsyncOpenAI, model: str = "m") -> list[ResponseStreamEvent]:
    """Every event of a stream, as the SDK reads it."""
    stream = await client.responses.create(model=model, input="Hi", stream=True)
    return [event async for event in stream]


async def raw(upstream: FakeOpenAI, model: str, *, stream: bool = True) -> bytes:
    """The bytes of an answer until it ends or breaks."""
    received = bytearray()
    body = {"model": model, "input": [HI], "stream": stream}
    url = f"{upstream.base_url}/responses"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        try:
            async for data in response.content.iter_any():
                received += data
        except aiohttp.ClientError:
            received += b"!"
    return bytes(received)


async def test_whole_and_streamed_answers_agree(upstream: FakeOpenAI, client: AsyncOpenAI) -> None:
    """A stream ends with the same response that a whole answer is, in numbered events."""
    upstream.default = Answer(reasoning=("Hm", "."), tool_calls=WEATHER_CALLS, refusal="No.")
    include: Any = ["reasoning.encrypted_content"]
    whole = await client.responses.create(model="m", input="Hi", include=include)
    stream = await client.responses.create(model="m", input="Hi", include=include, stream=True)
    events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last = events[-1]
    assert last.type == "response.completed"
    assert [item.type for item in whole.output] == [item.type for item in last.response.output]
    assert whole.output_text == last.response.output_text == TEXT
    assert whole.usage == last.response.usage
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == TEXT


async def test_interleaved_calls_alternate(upstream: FakeOpenAI, client: AsyncOpenAI) -> None:
    """The pieces of several calls come in turn."""
    upstream.default = Answer(tokens=(), tool_calls=WEATHER_CALLS, interleave_tool_calls=True)
    kinds = [event for event in await events_of(client) if event.type == "response.output_item.added"]
    assert [event.output_index for event in kinds] == [0, 1]
    last = (await events_of(client))[-1]
    assert last.type == "response.completed"
    assert len(last.response.output) == 2


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
async def test_incomplete_answers(upstream: FakeOpenAI, client: AsyncOpenAI, reason: Any, told: str) -> None:
    """What the limit or the filter cut is incomplete, whole and streamed."""
    upstream.default = Answer(finish_reason=reason, usage=None)
    whole = await client.responses.create(model="m", input="Hi")
    last = (await events_of(client))[-1]
    assert last.type == "response.incomplete"
    for response in (whole, last.response):
        assert response.status == "incomplete"
        assert response.incomplete_details
        assert response.incomplete_details.reason == told
        assert response.usage is None


async def test_scripts_of_errors_are_sent_as_they_stand(upstream: FakeOpenAI, client: AsyncOpenAI) -> None:
    """An error status is the same on either wire."""
    upstream.enqueue(RATE_LIMITED)
    with pytest.raises(openai.RateLimitError):
        await client.responses.create(model="m", input="Hi")


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (FaultKind.CUT, b"!"),
        (FaultKind.NO_END, b"\n\n"),
        (FaultKind.NO_FINISH, b"\n\n"),
        (FaultKind.TRUNCATED, b"\n\n"),
        (FaultKind.EMPTY_BODY, b""),
    ],
)
async def test_faults_without_an_end(upstream: FakeOpenAI, kind: FaultKind, end: bytes) -> None:
    """A stream that breaks never says that the response is complete."""
    upstream.default = broken(kind, after_tokens=1)
    received = await raw(upstream, "m")
    assert received.endswith(end)
    assert b"response.completed" not in received


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        (FaultKind.MALFORMED, b'"response.output_text.delta", delta}'),
        (FaultKind.ERROR_EVENT, b'"type":"error"'),
        (FaultKind.INVALID_UTF8, b"\xff\xfe"),
        (FaultKind.GIANT, b"x" * 1000),
        (FaultKind.EMPTY_CHOICES, b'{"status":"completed"}'),
        (FaultKind.NO_DONE, b"response.completed"),
    ],
)
async def test_faults_within_a_stream(upstream: FakeOpenAI, kind: FaultKind, sign: bytes) -> None:
    """Each fault shows in the bytes of a stream, also behind every content."""
    for after in (1, 99):
        upstream.default = broken(kind, after_tokens=after)
        assert sign in await raw(upstream, "m")


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        (FaultKind.MALFORMED, b", output}"),
        (FaultKind.ERROR_EVENT, b'{"error":'),
        (FaultKind.INVALID_UTF8, b"\xff\xfe"),
        (FaultKind.GIANT, b"x" * 1000),
        (FaultKind.EMPTY_CHOICES, b'{"object":"response","status":"completed"}'),
        (FaultKind.EMPTY_BODY, b""),
        (FaultKind.TRUNCATED, b'{"id"'),
    ],
)
async def test_faults_of_whole_answers(upstream: FakeOpenAI, kind: FaultKind, sign: bytes) -> None:
    """Each fault shows in the bytes of a whole answer."""
    upstream.default = broken(kind)
    assert sign in await raw(upstream, "m", stream=False)


async def test_an_end_that_comes_twice(upstream: FakeOpenAI) -> None:
    """The last event can be sent twice."""
    upstream.default = broken(FaultKind.DUPLICATE_FINISH)
    assert (await raw(upstream, "m")).count(b"event: response.completed") == 2


async def test_a_server_that_ignores_stream(upstream: FakeOpenAI) -> None:
    """One JSON document can be sent in place of a stream."""
    upstream.default = broken(FaultKind.WHOLE_FOR_STREAM)
    assert Response.model_validate_json(await raw(upstream, "m")).output_text == TEXT


async def test_unusual_layouts(upstream: FakeOpenAI) -> None:
    """Line ends, comments and what no client knows are as the script says."""
    framing = Framing(line_end="\r\n", ping=True, unknown_fields=True, space_after_colon=False)
    upstream.default = Answer(framing=framing)
    received = await raw(upstream, "m")
    for sign in (b": ping\r\n\r\nevent:response.created\r\ndata:{", b"unheard_of", b"obfuscation"):
        assert sign in received


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"model": "m"}, "Missing required parameter"),
        ({"model": "m", "input": "Hi", "seed": 1}, "Unknown parameter: 'seed'"),
        ({"model": "m", "input": [{"role": "user", "content": [{"type": "text"}]}]}, "Invalid"),
        ({"model": "m", "input": "Hi", "tools": [{"type": "function"}]}, "Invalid"),
        ({"model": "m", "input": [HI, REASONING]}, "without its required following item"),
        ({"model": "m", "input": [HI, REASONING, HI]}, "without its required following item"),
        ({"model": "m", "input": [{**REASONING, "encrypted_content": "x"}, CALL, RESULT]}, "not be verified"),
        (
            {"model": "m", "store": False, "input": [{**REASONING, "encrypted_content": None}, CALL, RESULT]},
            "not found",
        ),
        ({"model": "m", "input": [HI, RESULT]}, "No tool call found"),
        ({"model": "m", "input": [HI, CALL]}, "No tool output found"),
    ],
)
async def test_what_the_wire_refuses(upstream: FakeOpenAI, body: dict[str, Any], why: str) -> None:
    """What OpenAI would refuse gets its 400."""
    found = complaint(body)
    assert found
    assert why in found
    url = f"{upstream.base_url}/responses"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]["message"] == found


def test_what_the_wire_takes() -> None:
    """Reasoning before what it led to, calls with their results, and no more, are taken."""
    said = {"role": "assistant", "content": "Yes"}
    turns = [HI, REASONING, CALL, RESULT, REASONING, REASONING, said, HI]
    assert complaint({"model": "m", "store": False, "input": turns}) is None
    assert complaint({"model": "m", "input": "Hi"}) is None
