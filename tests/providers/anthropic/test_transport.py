"""Tests of the anthropic provider over real sockets: at the vendor, on Vertex and on Bedrock."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse, CountTokensRequest
from ringmain_server import errors
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import AnthropicSettings
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.anthropic import build
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.sessions import HttpSessions

from tests.candidates import known_candidate
from tests.fakes import anthropic_rejections as rejections
from tests.fakes.anthropic_behaviours import BEHAVIOURS
from tests.fakes.anthropic_eventstream import frame
from tests.fakes.anthropic_script import Claude
from tests.fakes.anthropic_server import TOKEN_COUNT, FakeAnthropic
from tests.fakes.ports import closed_port, mute_port
from tests.fakes.script import Answer, Canned, FaultKind, Framing, Pace, broken
from tests.providers.anthropic.golden import MODEL, asked

KEY = "sk-ant-of-this-gateway"
PLATFORMS: dict[str, dict[str, Any]] = {
    "direct": {},
    "vertex": {"platform": "vertex", "location": "us-east5", "project": "p"},
    "bedrock": {"platform": "bedrock", "location": "us-east-1"},
}


@dataclass
class Upstream:
    """A provider, and the scripted server that it reaches."""

    server: FakeAnthropic
    provider: Provider
    request: ChatRequest = field(default_factory=asked)

    async def chat(self, model: str = MODEL) -> ChatResponse:
        """A whole answer."""
        candidate = known_candidate("claude", "anthropic", model)
        return await self.provider.backend(candidate).call(CHAT, self.request, attempt(candidate))

    async def stream(self, model: str = MODEL, idle: float | None = 600.0) -> AsyncGenerator[ChatEvent]:
        """A streamed answer."""
        candidate = known_candidate("claude", "anthropic", model)
        events = self.provider.backend(candidate).stream(STREAM_CHAT, self.request, attempt(candidate, idle))
        async with aclosing(events):
            async for event in events:
                yield event

    async def streamed(self, model: str = MODEL, begun: asyncio.Event | None = None) -> ChatResponse:
        """What a streamed answer folds to; says when its first event has come."""
        events = []
        async for event in self.stream(model):
            events.append(event)
            if begun is not None:
                begun.set()
        return fold(events)

    async def count(self) -> int:
        """How many tokens a request is."""
        candidate = known_candidate("claude", "anthropic", MODEL)
        backend = self.provider.backend(candidate)
        request = CountTokensRequest(chat=self.request)
        return (await backend.call(COUNT_TOKENS, request, attempt(candidate))).input_token_count


def attempt(candidate: Candidate, idle: float | None = 600.0) -> Call:
    """A call with one attempt that begins now."""
    now = asyncio.get_running_loop().time()
    running = Attempt(candidate, now, first_content_timeout=600.0, idle_timeout=idle)
    return Call("resp", "ringmain.v1.ChatService/Chat", now + 10, attempts=[running], current=running)


def provider(base_url: str, sessions: HttpSessions, platform: str = "direct", **more: Any) -> Provider:
    """A provider at this address."""
    base = {"kind": "anthropic", "base_url": base_url, "api_key": KEY, "timeouts": {"connect": 1}}
    return build(
        "claude", AnthropicSettings.model_validate({**base, **PLATFORMS[platform], **more}), sessions
    )


@pytest_asyncio.fixture
async def sessions() -> AsyncIterator[HttpSessions]:
    """The shared session, closed in the end."""
    shared = HttpSessions()
    yield shared
    await shared.close()


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform passes the same tests."""
    return str(request.param)


@pytest_asyncio.fixture
async def upstream(sessions: HttpSessions, platform: str) -> AsyncIterator[Upstream]:
    """A provider before a scripted server."""
    async with FakeAnthropic() as server:
        made = provider(server.base_url, sessions, platform)
        yield Upstream(server, made)
        await made.transport.close()
        await asyncio.sleep(0)


SHAPES = sorted(name for name in BEHAVIOURS if name.startswith("shape-"))


@pytest.mark.parametrize("shape", SHAPES)
async def test_whole_and_streamed_amount_to_the_same(upstream: Upstream, shape: str) -> None:
    """The same upstream answer gives the same response by either method."""
    whole, streamed = await upstream.chat(shape), await upstream.streamed(shape)
    assert whole == streamed
    assert whole.message.parts


async def test_what_is_sent(upstream: Upstream, platform: str) -> None:
    """Every platform is asked at its own path, with the SDK's headers and the right key."""
    await upstream.chat()
    await upstream.streamed()
    whole, stream = upstream.server.requests
    paths = {
        "direct": ("/v1/messages", "/v1/messages"),
        "vertex": (
            f"/projects/p/locations/us-east5/publishers/anthropic/models/{MODEL}:rawPredict",
            f"/projects/p/locations/us-east5/publishers/anthropic/models/{MODEL}:streamRawPredict",
        ),
        "bedrock": (f"/model/{MODEL}/invoke", f"/model/{MODEL}/invoke-with-response-stream"),
    }
    assert (whole.path, stream.path) == paths[platform]
    for received in (whole, stream):
        assert received.headers["authorization"] == f"Bearer {KEY}"
        assert received.headers["user-agent"].startswith("AsyncAnthropic")
        assert received.headers["content-type"] == "application/json"
        version = received.headers if platform == "direct" else received.body
        assert version["anthropic-version" if platform == "direct" else "anthropic_version"] == "2026-10-21"
    assert stream.headers["accept-encoding"] == "identity"
    assert "stream" not in whole.body


async def test_sampling_names_the_older_version(upstream: Upstream, platform: str) -> None:
    """Each platform is told the version of the API that has the sampling fields, when they are used."""
    upstream.request = asked(generationConfig={"temperature": 0.5})
    await upstream.chat()
    received = upstream.server.requests[0]
    versions = {"vertex": "vertex-2023-10-16", "bedrock": "bedrock-2023-05-31"}
    if platform == "direct":
        assert received.headers["anthropic-version"] == "2023-06-01"
    else:
        assert received.body["anthropic_version"] == versions[platform]


async def test_betas_reach_the_upstream(sessions: HttpSessions, platform: str) -> None:
    """The operator's beta features go with every request, in the platform's own place."""
    async with FakeAnthropic() as server:
        made = provider(server.base_url, sessions, platform, betas=["a-1", "b-2"])
        await Upstream(server, made).chat()
        await made.transport.close()
    received = server.requests[0]
    if platform == "bedrock":
        assert received.body["anthropic_beta"] == ["a-1", "b-2"]
    else:
        assert received.headers["anthropic-beta"] == "a-1,b-2"


async def test_counting(upstream: Upstream, platform: str) -> None:
    """Tokens are counted by the provider's own endpoint, where the platform has it."""
    if platform == "bedrock":
        with pytest.raises(errors.CapabilityMissing):
            await upstream.count()
        return
    assert await upstream.count() == TOKEN_COUNT


@pytest.mark.parametrize("cookie", ["a=b; Path=/", "a=\u00e9"])
async def test_cookies_are_not_kept(upstream: Upstream, cookie: str) -> None:
    """What an answer sets goes with no later request, and can fail none."""
    upstream.server.enqueue(Canned(status=500, headers=(("set-cookie", cookie),)))
    with pytest.raises(errors.ServerFault):
        await upstream.chat()
    await upstream.chat()
    assert "cookie" not in upstream.server.requests[-1].headers


async def test_the_connection_is_kept(upstream: Upstream) -> None:
    """Answers that were read to their end leave their connection for the next request."""
    for _ in range(3):
        await upstream.chat()
        await upstream.streamed()
        await asyncio.sleep(0.02)  # the last chunk of a stream comes behind its end marker
    assert upstream.server.connection_count <= 2


REFUSALS: list[tuple[Canned, type[errors.ProviderError]]] = [
    (rejections.RATE_LIMITED_SECONDS, errors.RateLimited),
    (rejections.CREDIT_TOO_LOW, errors.QuotaSpent),
    (rejections.UNAUTHORIZED, errors.CredentialsRefused),
    (rejections.MODEL_NOT_FOUND, errors.UnknownProviderModel),
    (rejections.PROMPT_TOO_LONG, errors.ContextTooLong),
    (rejections.BAD_REQUEST, errors.Rejected),
    (rejections.SERVER_ERROR, errors.ServerFault),
    (rejections.OVERLOADED, errors.ServerFault),
    (rejections.UNAVAILABLE, errors.ServerFault),
    (Canned(status=204), errors.MalformedAnswer),
    (Canned(status=307, headers=(("location", "/v1/elsewhere"),)), errors.MalformedAnswer),
]


@pytest.mark.parametrize(("canned", "kind"), REFUSALS, ids=lambda value: getattr(value, "status", None))
async def test_refusals(upstream: Upstream, canned: Canned, kind: type[errors.ProviderError]) -> None:
    """Every refusal is the same error on every platform, tried once and never followed elsewhere."""
    upstream.server.default = canned
    with pytest.raises(errors.ProviderError) as whole:
        await upstream.chat()
    with pytest.raises(errors.ProviderError) as streamed:
        await upstream.streamed()
    assert (type(whole.value), type(streamed.value)) == (kind, kind)
    assert whole.value.message == streamed.value.message
    assert "sk-" not in whole.value.message
    assert len(upstream.server.requests) == 2
    if kind is errors.RateLimited:
        assert whole.value.retry_after == 20.0


BREAKS: list[tuple[FaultKind, tuple[type[errors.ProviderError], ...]]] = [
    (FaultKind.RESET_BEFORE_HEADERS, (errors.ConnectionFailed,)),
    (FaultKind.CLOSE_BEFORE_HEADERS, (errors.ConnectionFailed,)),
    (FaultKind.RESET, (errors.ConnectionFailed,)),
    (FaultKind.CUT, (errors.ConnectionFailed,)),
    (FaultKind.MALFORMED, (errors.MalformedAnswer,)),
    (FaultKind.TRUNCATED, (errors.MalformedAnswer,)),
    (FaultKind.EMPTY_BODY, (errors.MalformedAnswer, errors.StreamBroken)),
    (FaultKind.EMPTY_CHOICES, (errors.MalformedAnswer,)),
    (FaultKind.ERROR_EVENT, (errors.ServerFault,)),
]


@pytest.mark.parametrize(("fault", "kinds"), BREAKS)
async def test_breaks(
    upstream: Upstream, fault: FaultKind, kinds: tuple[type[errors.ProviderError], ...]
) -> None:
    """An answer that breaks is an error, whole or streamed, and holds no address."""
    upstream.server.default = broken(fault, after_tokens=2)
    with pytest.raises(errors.ProviderError) as whole:
        await upstream.chat()
    with pytest.raises(errors.ProviderError) as streamed:
        await upstream.streamed()
    assert isinstance(whole.value, kinds)
    assert isinstance(streamed.value, kinds)
    for caught in (whole, streamed):
        assert "127.0.0.1" not in caught.value.message


@pytest.mark.parametrize("fault", [FaultKind.NO_END, FaultKind.NO_FINISH, FaultKind.WHOLE_FOR_STREAM])
async def test_streams_that_are_no_streams(upstream: Upstream, fault: FaultKind) -> None:
    """A stream without an end, without a reason to stop, or that is none, is never an answer."""
    upstream.server.default = broken(fault, after_tokens=2)
    with pytest.raises(errors.MalformedAnswer):
        await upstream.streamed()


@pytest.mark.parametrize(
    "fault", [FaultKind.NO_DONE, FaultKind.DUPLICATE_FINISH, FaultKind.WRONG_CONTENT_TYPE]
)
async def test_streams_that_are_complete_nevertheless(upstream: Upstream, fault: FaultKind) -> None:
    """A stream that has given its reason to stop is complete, however carelessly it ends."""
    upstream.server.default = broken(fault)
    assert await upstream.streamed() == await upstream.chat()


async def test_a_refusal_without_a_word(upstream: Upstream) -> None:
    """The safety system's refusal is an error with its category, not an empty answer."""
    upstream.server.default = Claude(tokens=(), category="bio")
    for send in (upstream.chat, upstream.streamed):
        with pytest.raises(errors.ContentFiltered) as caught:
            await send()
        assert caught.value.metadata == {"category": "bio"}


async def test_a_refused_connection(sessions: HttpSessions, platform: str) -> None:
    """A refused connection is a failed one, also where the SDK calls it a timeout."""
    with closed_port() as port:
        made = provider(f"http://127.0.0.1:{port}", sessions, platform)
        for send in (Upstream(FakeAnthropic(), made).chat, Upstream(FakeAnthropic(), made).streamed):
            with pytest.raises(errors.ConnectionFailed, match="refused the connection"):
                await send()
        await made.transport.close()


async def test_silence_before_the_answer_is_bounded(sessions: HttpSessions, platform: str) -> None:
    """A server that takes the connection and never answers is left after the first-content timeout."""
    with mute_port() as port:
        made = provider(f"http://127.0.0.1:{port}", sessions, platform)
        candidate = known_candidate("claude", "anthropic", MODEL)
        call = attempt(candidate)
        call.attempt.first_content_timeout = 0.1
        with pytest.raises(errors.NoAnswer):
            async for _ in made.backend(candidate).stream(STREAM_CHAT, asked(), call):
                pytest.fail("nothing was said")
        await made.transport.close()


async def test_silence_within_the_answer_is_bounded(upstream: Upstream) -> None:
    """A stream that stalls ends in an error after the idle timeout, and its connection is closed."""
    upstream.server.default = broken(FaultKind.STALL, after_tokens=2)
    with pytest.raises(errors.NoAnswer):
        async for _ in upstream.stream(idle=0.1):
            pass
    received = await upstream.server.received()
    await received.closed()
    assert received.abandoned


async def test_cancelling_a_stream_closes_the_upstream(upstream: Upstream) -> None:
    """When nobody listens any more the provider's connection is closed, long before its answer ends."""
    upstream.server.default = Answer(tokens=("a",) * 5000, pace=Pace(token=0.05))
    begun = asyncio.Event()
    reading = asyncio.ensure_future(upstream.streamed(begun=begun))
    await begun.wait()
    received = await upstream.server.received()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await received.closed()
    assert received.abandoned


@pytest.mark.parametrize("streamed", [False, True])
async def test_cancelling_before_the_answer_closes_the_upstream(upstream: Upstream, streamed: bool) -> None:
    """A cancelled request that was not answered yet is not left running."""
    upstream.server.default = broken(FaultKind.HANG)
    asking = asyncio.ensure_future(upstream.streamed() if streamed else upstream.chat())
    received = await upstream.server.received()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await received.closed()
    assert received.abandoned


async def test_leaving_a_stream_closes_the_upstream(upstream: Upstream) -> None:
    """Closing the iterator after some events ends the provider's work."""
    upstream.server.default = Answer(tokens=("a",) * 5000, pace=Pace(token=0.05))
    async with aclosing(upstream.stream()) as events:
        async for _ in events:
            break
    received = await upstream.server.received()
    await received.closed()
    assert received.abandoned


async def test_a_burst_is_merged(sessions: HttpSessions) -> None:
    """What one read brought is handed on as one step."""
    async with FakeAnthropic(Answer(tokens=("a",) * 64, framing=Framing(burst=True))) as server:
        events = [event async for event in Upstream(server, provider(server.base_url, sessions)).stream()]
    assert len(events) < 8


@pytest.mark.parametrize(
    "sent",
    [
        frame({":message-type": "event"}, b"{}"),
        frame({":message-type": "event"}, b"{"),
        frame({":message-type": "event"}, b'{"bytes": "x"}'),
        frame({":message-type": "event"}, b'{"bytes": 1}'),
        frame({":message-type": "event"}, b"[]"),
        b"\0" * 32,
        b"data: {}\n\n" * 4,
    ],
    ids=["no-bytes", "no-json", "no-base64", "no-text", "no-object", "no-checksum", "no-frame"],
)
async def test_frames_that_cannot_be_read(sessions: HttpSessions, sent: bytes) -> None:
    """A frame of Bedrock that is damaged, or none, is malformed."""
    async with FakeAnthropic(Canned(body=sent)) as server:
        made = provider(server.base_url, sessions, "bedrock")
        with pytest.raises(errors.MalformedAnswer):
            await Upstream(server, made).streamed()
        await made.transport.close()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttlingException", errors.RateLimited),
        ("validationException", errors.Rejected),
        ("modelTimeoutException", errors.ServerFault),
        ("unheardOfException", errors.Unexplained),
    ],
)
async def test_exceptions_within_frames(
    sessions: HttpSessions, kind: str, error: type[errors.ProviderError]
) -> None:
    """An exception of Bedrock within a stream means what the same means as a status."""
    sent = frame({":message-type": "exception", ":exception-type": kind}, b'{"message": "x"}')
    async with FakeAnthropic(Canned(body=sent)) as server:
        made = provider(server.base_url, sessions, "bedrock")
        with pytest.raises(errors.ProviderError) as caught:
            await Upstream(server, made).streamed()
        await made.transport.close()
    assert type(caught.value) is error
