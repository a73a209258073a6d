"""Tests of the vertex provider over real sockets."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

import grpc.aio
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse, CountTokensRequest
from ringmain.v1.generation_pb2 import FINISH_REASON_TOOL_CALLS
from ringmain_server import errors
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import VertexSettings
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import StreamTranslator
from ringmain_server.providers.vertex import build, wire
from ringmain_server.providers.vertex.channels import Connection
from ringmain_server.providers.vertex.transport import VertexIncoming, VertexTransport

from tests.candidates import known_candidate
from tests.fakes.ports import closed_port, mute_port
from tests.fakes.vertex_script import HELLO, Fault, Pace, broken, text
from tests.fakes.vertex_server import FakeVertex
from tests.fakes.waiting import LIMIT, until
from tests.providers.vertex.golden import ASKED

MORE = ParseDict({**MessageToDict(ASKED), "tools": [{"webSearch": {}}, {"codeExecution": {}}]}, ChatRequest())
"""A request whose answer may have sources."""


def provider(endpoint: str, **more: object) -> Provider:
    """A provider at this endpoint."""
    settings = {
        "kind": "vertex",
        "project": "p",
        "location": "us-central1",
        "endpoint": endpoint,
        "insecure": True,
    }
    return build("gem", VertexSettings.model_validate({**settings, **more}), HttpSessions())


def call(candidate: Candidate, idle: float | None = 600.0) -> Call:
    """A call with one attempt that begins now."""
    now = asyncio.get_running_loop().time()
    running = Attempt(candidate, now, first_content_timeout=600.0, idle_timeout=idle)
    found = Call("resp", "ringmain.v1.ChatService/Chat", now + 10, attempts=[running])
    return found.of(running)


@dataclass
class Upstream:
    """A provider, and the scripted server that it reaches."""

    server: FakeVertex
    provider: Provider

    async def chat(self, model: str = "gemini-2.5-flash", asked: ChatRequest = ASKED) -> ChatResponse:
        """A whole answer."""
        candidate = known_candidate("gem", "vertex", model)
        return await self.provider.backend(candidate).call(CHAT, asked, call(candidate))

    async def stream(
        self, model: str = "gemini-2.5-flash", idle: float | None = 600.0, asked: ChatRequest = ASKED
    ) -> AsyncGenerator[ChatEvent, None]:
        """A streamed answer."""
        candidate = known_candidate("gem", "vertex", model)
        events = self.provider.backend(candidate).stream(STREAM_CHAT, asked, call(candidate, idle))
        async with aclosing(events):
            async for event in events:
                yield event

    async def streamed(self, model: str = "gemini-2.5-flash", idle: float | None = 600.0) -> ChatResponse:
        """What a streamed answer folds to."""
        return fold([event async for event in self.stream(model, idle)])


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A provider and its upstream, for one test."""
    async with FakeVertex() as server:
        found = provider(server.endpoint)
        yield Upstream(server, found)
        await found.transport.close()


def failed(response: ChatResponse) -> str:
    """Never called: an answer where a failure was expected."""
    raise AssertionError(response)


@pytest.mark.parametrize(
    "model", ["gemini-2.5-flash", "shape-tools", "shape-reasoning", "shape-no-usage", "tokens-50"]
)
async def test_whole_and_streamed(upstream: Upstream, model: str) -> None:
    """A streamed answer folds to what the whole one is."""
    whole, streamed = await upstream.chat(model), await upstream.streamed(model)
    assert streamed == whole
    assert whole.message.parts


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("shape-search", ["text", "provider_tool_call"]),
        ("shape-code", ["provider_tool_call", "text", "media", "text"]),
        ("shape-sound", ["media"]),
        ("shape-logprobs", ["text"]),
    ],
)
async def test_more_than_text(upstream: Upstream, model: str, kinds: list[str]) -> None:
    """What an answer has beside text is the same whole and streamed, and the provider takes it back."""
    whole = await upstream.chat(model, MORE)
    assert fold([event async for event in upstream.stream(model, asked=MORE)]) == whole
    assert [part.WhichOneof("content") for part in whole.message.parts] == kinds
    again = ChatRequest(messages=[*MORE.messages, whole.message, *MORE.messages], tools=MORE.tools)
    assert (await upstream.chat(model, again)).message.parts
    sent = upstream.server.requests[-1].message.contents[1].parts
    signed = [part.thought_signature for part in sent if part.thought_signature]
    assert len(signed) == (2 if model == "shape-code" else 0)


async def test_what_is_sent(upstream: Upstream) -> None:
    """A call names its model, is routed by it, says who calls, and has no deadline that the server set."""
    await upstream.chat()
    [received] = upstream.server.requests
    name = "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"
    assert received.message.model == name
    assert received.metadata["x-goog-request-params"] == "model=" + name.replace("/", "%2F")
    assert "ringmain/" in received.metadata["x-goog-api-client"]


async def test_tools(upstream: Upstream) -> None:
    """Parallel calls arrive with their arguments and ids."""
    response = await upstream.streamed("shape-tools")
    calls = [part.tool_call for part in response.message.parts if part.HasField("tool_call")]
    assert [found.arguments_json for found in calls] == ['{"city":"Oslo","days":3}', '{"city":"Rome"}']
    assert len({found.tool_call_id for found in calls}) == 2
    assert response.finish_reason == FINISH_REASON_TOOL_CALLS


async def test_count(upstream: Upstream) -> None:
    """Tokens are counted by the provider."""
    candidate = known_candidate("gem", "vertex", "gemini-2.5-flash")
    request = CountTokensRequest(chat=ASKED)
    found = await upstream.provider.backend(candidate).call(COUNT_TOKENS, request, call(candidate))
    assert (found.input_token_count, found.estimated) == (1, False)
    assert upstream.server.requests[0].message.endpoint.endswith("/gemini-2.5-flash")


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fault-400", errors.Rejected),
        ("fault-401", errors.CredentialsRefused),
        ("fault-403", errors.AccessRefused),
        ("fault-404", errors.UnknownProviderModel),
        ("fault-429", errors.RateLimited),
        ("fault-quota", errors.QuotaSpent),
        ("fault-500", errors.ServerFault),
        ("fault-503", errors.ServerFault),
        ("fault-504", errors.ServerFault),
        ("fault-context", errors.ContextTooLong),
        ("fault-filter", errors.ContentFiltered),
        ("fault-cut", errors.ServerFault),
        ("fault-reset", errors.ConnectionFailed),
        ("fault-empty", errors.StreamBroken),
        ("fault-no-finish", errors.StreamBroken),
        ("fault-malformed", errors.MalformedAnswer),
        ("fault-giant", errors.AnswerTooLarge),
    ],
)
async def test_faults(upstream: Upstream, model: str, kind: type[errors.ProviderError]) -> None:
    """Every fault is the failure of its row, whole and streamed."""
    with pytest.raises(errors.ProviderError) as whole:
        failed(await upstream.chat(model))
    assert type(whole.value) is kind
    with pytest.raises(errors.ProviderError) as streamed:
        failed(await upstream.streamed(model))
    assert type(streamed.value) is kind


async def test_time_to_come_back(upstream: Upstream) -> None:
    """A limit says when to come back."""
    with pytest.raises(errors.RateLimited) as caught:
        await upstream.chat("fault-429-retry-after")
    assert caught.value.retry_after == 3.5


async def test_failure_after_the_end(upstream: Upstream) -> None:
    """A call that fails after its last message was complete, and its answer stands."""
    response = await upstream.streamed("fault-fails-at-end")
    assert response.message.parts[0].text == "Hello from upstream."


async def test_recovers(upstream: Upstream) -> None:
    """After a reset, calls get a new connection as soon as gRPC knows that the old one is gone."""
    with pytest.raises(errors.ConnectionFailed):
        await upstream.chat("fault-reset")

    async def answered() -> bool:
        try:
            return bool((await upstream.chat()).message.parts)
        except errors.ConnectionFailed:
            return False  # the call was still given to the old one

    await until(answered)


async def test_silence(upstream: Upstream) -> None:
    """A stream that falls silent ends within the idle timeout, and the provider knows."""
    with pytest.raises(errors.NoAnswer):
        await upstream.streamed("fault-stall", idle=0.05)
    await upstream.server.requests[0].ended()
    assert upstream.server.requests[0].cancelled_at is not None


async def test_no_answer(upstream: Upstream) -> None:
    """A call that is never accepted ends within the first-content timeout, and the provider knows."""
    candidate = known_candidate("gem", "vertex", "fault-hang")
    asked = call(candidate)
    # Long enough that the provider has the call before, also on a busy machine.
    asked.attempt.first_content_timeout = 0.5
    events = upstream.provider.backend(candidate).stream(STREAM_CHAT, ASKED, asked)
    with pytest.raises(errors.NoAnswer):
        async for _ in events:
            pass
    await upstream.server.requests[0].ended()


@pytest.mark.parametrize("model", ["fault-hang", "fault-stall", "fault-endless", "paced-1000-20"])
async def test_cancelled_stream(upstream: Upstream, model: str) -> None:
    """Leaving a stream reaches the provider, whatever it was doing."""
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in upstream.stream(model, idle=None):
            begun.set()

    task = asyncio.ensure_future(read())
    received = await upstream.server.received()
    if model != "fault-hang":
        await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await received.ended()
    assert received.cancelled_at is not None


async def test_cancelled_whole(upstream: Upstream) -> None:
    """Cancelling a whole answer reaches the provider."""
    task = asyncio.ensure_future(upstream.chat("fault-hang"))
    received = await upstream.server.received()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await received.ended()
    assert received.cancelled_at is not None


async def test_complete_streams_are_not_cancelled(upstream: Upstream) -> None:
    """A call whose answer is complete ends by itself."""
    await upstream.streamed()
    await upstream.server.requests[0].ended()
    assert upstream.server.requests[0].cancelled_at is None


async def test_messages_after_the_end(upstream: Upstream) -> None:
    """What comes after an answer was complete changes nothing, and its call still ends by itself."""
    upstream.server.enqueue(replace(HELLO, messages=[*HELLO.messages, *text("more").messages]))
    assert (await upstream.streamed()).message.parts[0].text == "Hello from upstream."
    await upstream.server.requests[0].ended()
    assert upstream.server.requests[0].cancelled_at is None


async def test_lingering_ends(upstream: Upstream) -> None:
    """A call that fails or hangs after its answer was complete is let go."""
    upstream.server.enqueue(broken(Fault.STALL, after=4), broken(Fault.FAILS_AT_END))
    for _ in range(2):
        assert (await upstream.streamed()).message.parts
    for received in upstream.server.requests:
        await received.ended()


@pytest.mark.parametrize("port", [closed_port, mute_port])
async def test_unreachable(port: object) -> None:
    """A port that refuses, or that never answers, is a failed connection within its timeout."""
    with port() as number:  # type: ignore[operator]
        found = provider(f"127.0.0.1:{number}", timeouts={"connect": 0.2})
        candidate = known_candidate("gem", "vertex", "m")
        with pytest.raises(errors.ConnectionFailed):
            await asyncio.wait_for(found.backend(candidate).call(CHAT, ASKED, call(candidate)), LIMIT)
        with pytest.raises(errors.ConnectionFailed):
            async for _ in found.backend(candidate).stream(STREAM_CHAT, ASKED, call(candidate)):
                pass
        await found.transport.close()


async def test_unknown_name() -> None:
    """A name that does not resolve is a failed connection."""
    found = provider("nowhere.invalid:1")
    candidate = known_candidate("gem", "vertex", "m")
    with pytest.raises(errors.ConnectionFailed):
        await found.backend(candidate).call(CHAT, ASKED, call(candidate))
    await found.transport.close()


async def test_closed_while_it_runs(upstream: Upstream) -> None:
    """Closing the provider ends what runs with a failure, not with a stray cancellation."""
    running = [
        asyncio.ensure_future(upstream.chat("fault-hang")),
        asyncio.ensure_future(upstream.streamed("fault-hang", idle=None)),
        asyncio.ensure_future(upstream.streamed("fault-stall", idle=None)),
    ]
    await upstream.server.received(3)
    await asyncio.sleep(0.05)
    await upstream.provider.transport.close()
    for found in await asyncio.gather(*running, return_exceptions=True):
        assert type(found) is errors.ConnectionFailed


async def test_connections_grow(upstream: Upstream) -> None:
    """Many calls at once take a second connection, and later ones find room on the first again."""
    upstream.server.default = replace(HELLO, pace=Pace(first=0.2))
    await asyncio.gather(*(upstream.streamed() for _ in range(100)))
    assert upstream.server.relay is not None
    assert upstream.server.relay.connection_count == 2
    upstream.server.default = text("Hi")
    await asyncio.gather(*(upstream.chat() for _ in range(60)))
    assert upstream.server.relay.connection_count == 2


async def test_closing_twice_is_harmless(upstream: Upstream) -> None:
    """An exchange may be ended again."""
    transport = upstream.provider.transport
    assert isinstance(transport, VertexTransport)
    translator = upstream.provider.translators[STREAM_CHAT]
    assert isinstance(translator, StreamTranslator)
    wire = translator.request(
        ParseDict({"messages": [{"parts": [{"text": "Hi"}]}]}, ChatRequest()),
        known_candidate("gem", "vertex", "m"),
    )
    incoming = await transport.open(wire)
    incoming.close(complete=False)
    incoming.close(complete=True)
    with pytest.raises(errors.ConnectionFailed):
        await incoming.read()


class _Paused:
    """A call whose messages are all there at once, as from a provider faster than the caller."""

    def __init__(self, messages: list[bytes]) -> None:
        self.messages = messages
        self.reads = 0
        self.cancelled = False

    async def wait_for_connection(self) -> None:
        """It is there."""

    async def read(self) -> bytes | object:
        """The next message, or no bytes at the end."""
        self.reads += 1
        await asyncio.sleep(0)
        return self.messages.pop(0) if self.messages else grpc.aio.EOF

    def done(self) -> bool:
        """Whether it has ended."""
        return not self.messages

    def cancel(self) -> None:
        """Ends it."""
        self.cancelled = True


async def test_a_slow_caller_slows_the_provider_and_gets_what_waited_as_one_step() -> None:
    """Reading ahead stops at its bound; what was read meanwhile comes in one piece, and nothing is lost."""
    message = wire.GenerateContentResponse()
    message.candidates.add().content.parts.add(text="x" * 30_000)
    call = _Paused([message.SerializeToString()] * 6)
    connection = Connection.__new__(Connection)
    connection.in_flight = 1
    incoming = VertexIncoming("up", connection, call, ())  # type: ignore[arg-type] # what is used of a call
    await incoming.accepted()
    for _ in range(20):
        await asyncio.sleep(0)
    assert call.reads == 3
    steps = []
    while (step := await incoming.read()) is not None:
        steps.append(len(step))
        for _ in range(20):
            await asyncio.sleep(0)
    assert steps == [3, 3]
    incoming.close(complete=True)
    assert connection.in_flight == 0
