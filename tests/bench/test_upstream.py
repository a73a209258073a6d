"""Tests, benchmark: the upstreams answer as the vendors do."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionUserMessageParam

from tests.bench.answers import TOKEN, TOKEN_COUNT, Wire, streamed, token_events
from tests.bench.providers import ANTHROPIC, OPENAI
from tests.bench.upstream import Connection

QUESTION = ChatCompletionUserMessageParam(role="user", content="Hi")
MESSAGE: MessageParam = {"role": "user", "content": "Hi"}
TEXT = TOKEN * TOKEN_COUNT


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where the upstream listens."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def client(port: int) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's SDK, pointed at the upstream."""
    http = DefaultAsyncHttpxClient(verify=False)
    async with AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-x", max_retries=0, http_client=http
    ) as sdk:
        yield sdk


@pytest.fixture
async def claude(port: int) -> AsyncIterator[AsyncAnthropic]:
    """Anthropic's SDK, pointed at the upstream."""
    http = httpx2.AsyncClient(verify=False)
    async with AsyncAnthropic(
        base_url=f"http://127.0.0.1:{port}", api_key="sk-y", max_retries=0, http_client=http
    ) as sdk:
        yield sdk


async def test_whole_answer(client: AsyncOpenAI) -> None:
    """A whole answer has 64 tokens and counts them."""
    answer = await client.chat.completions.create(model=OPENAI.model, messages=[QUESTION])
    assert answer.choices[0].message.content == TEXT
    assert answer.usage is not None
    assert answer.usage.completion_tokens == TOKEN_COUNT


@pytest.mark.parametrize("model", [OPENAI.model, "burst-64", "paced-64-1"])
async def test_streamed_answer(client: AsyncOpenAI, model: str) -> None:
    """A stream has a chunk for each token, and the counts at the end."""
    stream = await client.chat.completions.create(
        model=model, messages=[QUESTION], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    texts = [choice.delta.content for chunk in chunks for choice in chunk.choices]
    assert [text for text in texts if text] == [TOKEN] * TOKEN_COUNT
    assert chunks[-1].usage is not None


async def test_whole_answer_of_claude(claude: AsyncAnthropic) -> None:
    """On Anthropic's wire too, a whole answer has 64 tokens and counts them."""
    answer = await claude.messages.create(model=ANTHROPIC.model, max_tokens=99, messages=[MESSAGE])
    assert [block.text for block in answer.content if block.type == "text"] == [TEXT]
    assert answer.usage.output_tokens == TOKEN_COUNT


@pytest.mark.parametrize("model", [ANTHROPIC.model, "paced-64-1"])
async def test_streamed_answer_of_claude(claude: AsyncAnthropic, model: str) -> None:
    """On Anthropic's wire too, a stream has an event for each token, and ends with counts and stop."""
    stream = await claude.messages.create(model=model, max_tokens=99, messages=[MESSAGE], stream=True)
    events = [event async for event in stream]
    texts = [
        event.delta.text
        for event in events
        if event.type == "content_block_delta" and event.delta.type == "text_delta"
    ]
    assert texts == [TOKEN] * TOKEN_COUNT
    assert [event.type for event in events[-2:]] == ["message_delta", "message_stop"]


@pytest.mark.parametrize("wire", Wire)
def test_each_token_is_a_chunk_of_its_own(wire: Wire) -> None:
    """A burst is written token by token, each in its own HTTP chunk."""
    writes = streamed(wire, "burst-64").writes
    assert len(writes) == TOKEN_COUNT
    assert all(re.match(rb"[0-9a-f]+\r\n(data|event): ", write) for write in writes[1:])
    assert writes[-1].endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("wire", Wire)
def test_no_read_is_without_a_token(wire: Wire) -> None:
    """What opens and ends an answer comes with a token."""
    groups = token_events(wire, "burst-3")
    assert [sum(TOKEN.encode() in event for event in group) for group in groups] == [1, 1, 1]


@pytest.mark.parametrize("module", ["upstream", "vertex_upstream"])
def test_own_process(module: str) -> None:
    """As a process of its own an upstream prints its port once it listens."""
    command = [sys.executable, "-m", f"tests.bench.{module}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        child.terminate()
    assert port > 0
