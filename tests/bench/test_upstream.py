"""Tests, benchmark: the upstream answers as OpenAI does."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionUserMessageParam

from tests.bench.upstream import TOKEN, TOKEN_COUNT, Connection, streamed

QUESTION = ChatCompletionUserMessageParam(role="user", content="Hi")
TEXT = TOKEN * TOKEN_COUNT


@pytest.fixture
async def client() -> AsyncIterator[AsyncOpenAI]:
    """The official SDK, pointed at the upstream."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    http = DefaultAsyncHttpxClient(verify=False)
    async with AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-x", max_retries=0, http_client=http
    ) as sdk:
        yield sdk
    server.close()


async def test_whole_answer(client: AsyncOpenAI) -> None:
    """A whole answer has 64 tokens and counts them."""
    answer = await client.chat.completions.create(model="gpt-4o-mini", messages=[QUESTION])
    assert answer.choices[0].message.content == TEXT
    assert answer.usage is not None
    assert answer.usage.completion_tokens == TOKEN_COUNT


@pytest.mark.parametrize("model", ["burst-64", "paced-64-1"])
async def test_streamed_answer(client: AsyncOpenAI, model: str) -> None:
    """A stream has a chunk for each token, and the counts at the end."""
    stream = await client.chat.completions.create(
        model=model, messages=[QUESTION], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    texts = [choice.delta.content for chunk in chunks for choice in chunk.choices]
    assert [text for text in texts if text] == [TOKEN] * TOKEN_COUNT
    assert chunks[-1].usage is not None


def test_each_token_is_a_chunk_of_its_own() -> None:
    """A burst is written token by token, each in its own HTTP chunk."""
    writes = streamed("burst-64", include_usage=False).writes
    assert len(writes) == TOKEN_COUNT
    assert all(re.match(rb"[0-9a-f]+\r\ndata: ", write) for write in writes[1:])


def test_own_process() -> None:
    """As a process of its own the upstream prints its port once it listens."""
    command = [sys.executable, "-m", "tests.bench.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        child.terminate()
    assert port > 0
