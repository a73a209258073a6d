"""Tests, fakes: the scripted upstream of the Messages wire, tried with the SDK and with a bare client."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anthropic
import orjson
import pytest
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from anthropic.types import MessageParam
from pytest_asyncio import fixture

from tests.fakes import anthropic_rejections as rejections
from tests.fakes.anthropic_behaviours import BEHAVIOURS
from tests.fakes.anthropic_rules import complaint
from tests.fakes.anthropic_script import Claude
from tests.fakes.anthropic_server import TOKEN_COUNT, FakeAnthropic
from tests.fakes.planner import BREAKS
from tests.fakes.script import Answer, FaultKind, Flap

QUESTION: MessageParam = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
TEXT = Answer().text
VERSION = "2026-10-21"
HEADERS = {"x-api-key": "k", "anthropic-version": VERSION}


@fixture
async def upstream() -> AsyncIterator[FakeAnthropic]:
    """A running upstream that answers with the default."""
    async with FakeAnthropic() as server:
        yield server


@fixture
async def client(upstream: FakeAnthropic) -> AsyncIterator[AsyncAnthropic]:
    """The official SDK, pointed at the upstream, its retries off."""
    # Reading the certificates would be most of each test's time, and loopback needs none.
    http = DefaultAsyncHttpxClient(verify=False)
    async with AsyncAnthropic(
        base_url=upstream.base_url, api_key="sk-x", max_retries=0, http_client=http
    ) as sdk:
        yield sdk


def blocks_of(message: anthropic.types.Message) -> list[dict[str, object]]:
    """The content without what the SDK or the script adds to it."""
    return [block.model_dump(exclude={"parsed_output"}, exclude_none=True) for block in message.content]


async def whole(client: AsyncAnthropic, model: str) -> anthropic.types.Message:
    """A whole answer, as the SDK reads it."""
    return await client.messages.create(model=model, max_tokens=9, messages=[QUESTION])


async def accumulated(client: AsyncAnthropic, model: str) -> anthropic.types.Message:
    """What the SDK makes of a stream."""
    async with client.messages.stream(model=model, max_tokens=9, messages=[QUESTION]) as stream:
        return await stream.get_final_message()


# The SDK does not accumulate a stream without counts.
SHAPES = sorted(name for name in BEHAVIOURS if name.startswith("shape-") and name != "shape-no-usage")


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_sdk_reads_every_shape_alike(client: AsyncAnthropic, shape: str) -> None:
    """What the SDK accumulates from a stream is what it reads from the whole answer."""
    expected, found = await whole(client, shape), await accumulated(client, shape)
    assert blocks_of(found) == blocks_of(expected)
    assert found.stop_reason == expected.stop_reason
    assert found.usage.output_tokens == expected.usage.output_tokens
    assert found.usage.input_tokens == expected.usage.input_tokens


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("fault-400", anthropic.BadRequestError),
        ("fault-401", anthropic.AuthenticationError),
        ("fault-402", anthropic.APIStatusError),
        ("fault-403", anthropic.PermissionDeniedError),
        ("fault-404", anthropic.NotFoundError),
        ("fault-429", anthropic.RateLimitError),
        ("fault-500", anthropic.InternalServerError),
        ("fault-529", anthropic.APIStatusError),
        ("fault-error-event", anthropic.APIStatusError),
        ("fault-reset", anthropic.APIConnectionError),
    ],
)
async def test_the_sdk_knows_every_error(
    client: AsyncAnthropic, behaviour: str, kind: type[Exception]
) -> None:
    """The SDK takes each error for what it is."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its own class is what is tested
        await accumulated(client, behaviour)
    assert isinstance(caught.value, kind) or behaviour == "fault-reset"


async def test_counting(client: AsyncAnthropic) -> None:
    """The endpoint for counts counts the same for everything."""
    found = await client.messages.count_tokens(model="m", messages=[QUESTION])
    assert found.input_tokens == TOKEN_COUNT
    with pytest.raises(anthropic.RateLimitError):
        await client.messages.count_tokens(model="fault-429", messages=[QUESTION])
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.count_tokens(model="m", messages=[])


async def test_scripts_in_order(upstream: FakeAnthropic, client: AsyncAnthropic) -> None:
    """What is queued comes first, then the script of the model, then the default."""
    upstream.enqueue(rejections.OVERLOADED)
    upstream.models["flaky"] = Flap(failure=rejections.SERVER_ERROR, success=Claude(tokens=("ok",)), first=1)
    with pytest.raises(anthropic.APIStatusError):
        await whole(client, "m")
    with pytest.raises(anthropic.InternalServerError):
        await whole(client, "flaky")
    assert (await whole(client, "flaky")).content[0].model_dump()["text"] == "ok"
    assert (await whole(client, "m")).content[0].model_dump()["text"] == TEXT
    assert (await whole(client, "tokens-3")).content[0].model_dump()["text"] == " t0 t1 t2"


async def raw(
    upstream: FakeAnthropic, model: str, *, stream: bool = True, path: str = "/v1/messages"
) -> bytes:
    """The bytes of an answer until it ends or breaks."""
    body = {"model": model, "max_tokens": 9, "messages": [QUESTION], "stream": stream}
    received = bytearray()
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(upstream.base_url + path, json=body) as response,
    ):
        try:
            async for data in response.content.iter_any():
                received += data
        except aiohttp.ClientError:
            received += b"!"
    return bytes(received)


async def test_the_frame_of_a_stream(upstream: FakeAnthropic) -> None:
    """Events carry their names, and a ping comes early."""
    lines = (await raw(upstream, "m")).decode().splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert names[:3] == ["message_start", "ping", "content_block_start"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    data = [orjson.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert [one["type"] for one in data] == names


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (FaultKind.CUT, b"!"),
        (FaultKind.RESET, b"!"),
        (FaultKind.MALFORMED, b"delta}"),
        (FaultKind.TRUNCATED, b"\n\n"),
        (FaultKind.NO_END, b"\n\n"),
        (FaultKind.INVALID_UTF8, b"\xff\xfe"),
        (FaultKind.ERROR_EVENT, b"overloaded_error"),
    ],
)
async def test_faults_within_streams(upstream: FakeAnthropic, fault: FaultKind, end: bytes) -> None:
    """Each fault happens after the contents that are asked for, and shows in the bytes."""
    received = await raw(upstream, f"fault-{fault}")
    assert received.count(b"text_delta") >= 2
    assert end in received
    assert (b"message_stop" in received) == (fault in (FaultKind.MALFORMED, FaultKind.INVALID_UTF8))


@pytest.mark.parametrize("fault", sorted(FaultKind))
async def test_faults_of_whole_answers(upstream: FakeAnthropic, fault: FaultKind) -> None:
    """A whole answer is broken by what can break one, and by nothing else."""
    if fault in (FaultKind.HANG, FaultKind.STALL):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw(upstream, f"fault-{fault}", stream=False), 0.1)
        return
    if fault.endswith("-before-headers"):
        with pytest.raises(aiohttp.ClientError):
            await raw(upstream, f"fault-{fault}", stream=False)
        return
    received = await raw(upstream, f"fault-{fault}", stream=False)
    try:
        sound = orjson.loads(received)["type"] == "message" and "content" in orjson.loads(received)
    except orjson.JSONDecodeError:
        sound = False
    broken = {"malformed", "truncated", "empty-choices", "empty-body", "invalid-utf8", "error-event", *BREAKS}
    assert sound == (fault not in broken)


@pytest.mark.parametrize(
    ("change", "complaint_of"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"seed": 1}, "seed"),
        ({"temperature": 0.5}, "temperature"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [{"name": 1, "input_schema": {}}]}, "name"),
        ({"system": [{"type": "image"}]}, "text"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1024}, "budget_tokens"),
        (
            {
                "thinking": {"type": "adaptive"},
                "tools": [{"name": "f", "input_schema": {"type": "object"}}],
                "tool_choice": {"type": "any"},
            },
            "Thinking",
        ),
        ({"messages": [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}]}, "user"),
        ({"messages": [QUESTION, QUESTION]}, "alternate"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "non-whitespace"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]},
            "tool_result",
        ),
        (
            {
                "messages": [
                    QUESTION,
                    {
                        "role": "assistant",
                        "content": [{"type": "tool_use", "id": "a.b", "name": "f", "input": {}}],
                    },
                ]
            },
            "tool_use.id",
        ),
        (
            {
                "messages": [
                    QUESTION,
                    {
                        "role": "assistant",
                        "content": [{"type": "image", "source": {"type": "url", "url": "x"}}],
                    },
                ]
            },
            "image",
        ),
    ],
)
def test_the_rules(change: dict[str, Any], complaint_of: str) -> None:
    """What Anthropic would refuse is refused, with a message that names it."""
    sound: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [QUESTION]}
    assert complaint(sound, VERSION) is None
    found = complaint({**sound, **change}, VERSION)
    assert found is not None
    assert complaint_of in found


def test_the_older_version_has_other_rules() -> None:
    """Sampling belongs to the older version, within its own rules, and a version must be named."""
    body: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [QUESTION], "temperature": 0.5}
    assert complaint(body, "2023-06-01") is None
    assert complaint(body, "") == "anthropic-version: header is required"
    assert "range" in (complaint({**body, "temperature": 2}, "2023-06-01") or "")
    assert "only one" in (complaint({**body, "top_p": 0.5}, "2023-06-01") or "")
    thinking = {**body, "max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    assert "thinking" in (complaint(thinking, "2023-06-01") or "")


async def test_what_is_not_there(upstream: FakeAnthropic) -> None:
    """Other methods, other paths and requests without a key are refused."""
    async with aiohttp.ClientSession() as session:
        assert (await session.get(f"{upstream.base_url}/v1/messages", headers=HEADERS)).status == 404
        assert (await session.post(f"{upstream.base_url}/v1/else", headers=HEADERS)).status == 403
        assert (await session.post(f"{upstream.base_url}/v1/messages")).status == 401
        assert (
            await session.post(f"{upstream.base_url}/v1/messages", data=b"{", headers=HEADERS)
        ).status == 400


async def test_as_its_own_process() -> None:
    """It runs as a program, which prints its port and serves every behaviour."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.anthropic_server", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    remote = FakeAnthropic(port=port)
    assert b"overloaded" in await raw(remote, "fault-529")
    process.terminate()
    await process.wait()
