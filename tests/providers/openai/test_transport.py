"""Tests of the openai provider over real sockets, through the shared session and through the SDK."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass

import pytest
import pytest_asyncio
from openai import DefaultAioHttpClient
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse
from ringmain.v1.generation_pb2 import FINISH_REASON_TOOL_CALLS
from ringmain_server import errors
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import OpenAISettings
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai import build
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.sdk import make_client
from ringmain_server.providers.openai.transport import SDK
from ringmain_server.providers.sdk_transport import SdkTransport, as_bytes
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

from tests.candidates import known_candidate
from tests.fakes import rejections
from tests.fakes.behaviours import WEATHER_CALLS
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port, mute_port
from tests.fakes.script import Answer, Canned, FaultKind, Framing, Pace, Usage, broken
from tests.fakes.waiting import LIMIT
from tests.providers.openai.golden import ASKED


async def token() -> str:
    """A bearer token that is made for each request."""
    return "made-anew"


@dataclass
class Upstream:
    """A provider, and the scripted server that it reaches."""

    server: FakeOpenAI
    provider: Provider

    async def chat(self, model: str = "gpt-x") -> ChatResponse:
        """A whole answer."""
        candidate = known_candidate("up", "openai", model)
        return await self.provider.backend(candidate).call(CHAT, ASKED, attempt(candidate))

    async def stream(
        self, model: str = "gpt-x", idle: float | None = 600.0
    ) -> AsyncGenerator[ChatEvent, None]:
        """A streamed answer."""
        candidate = known_candidate("up", "openai", model)
        events = self.provider.backend(candidate).stream(STREAM_CHAT, ASKED, attempt(candidate, idle))
        async with aclosing(events):
            async for event in events:
                yield event

    async def streamed(self, model: str = "gpt-x", begun: asyncio.Event | None = None) -> ChatResponse:
        """What a streamed answer folds to; says when its first event has come."""
        events = []
        async for event in self.stream(model):
            events.append(event)
            if begun is not None:
                begun.set()
        return fold(events)


def attempt(candidate: Candidate, idle: float | None = 600.0) -> Call:
    """A call with one attempt that begins now."""
    now = asyncio.get_running_loop().time()
    running = Attempt(candidate, now, first_content_timeout=600.0, idle_timeout=idle)
    return Call("resp", "ringmain.v1.ChatService/Chat", now + 10, attempts=[running], current=running)


def provider(base_url: str, sessions: HttpSessions, *, through_sdk: bool) -> Provider:
    """A provider at this address."""
    settings = OpenAISettings.model_validate(
        {"kind": "openai", "base_url": base_url, "api_key": "sk-x", "timeouts": {"connect": 1}}
    )
    return build("up", settings, sessions, token=token if through_sdk else None)


@pytest_asyncio.fixture
async def sessions() -> AsyncIterator[HttpSessions]:
    """The shared session, closed in the end."""
    shared = HttpSessions()
    yield shared
    await shared.close()


@pytest.fixture(params=[False, True], ids=["session", "sdk"])
def through_sdk(request: pytest.FixtureRequest) -> bool:
    """Both transports pass the same tests."""
    return bool(request.param)


@pytest_asyncio.fixture
async def upstream(sessions: HttpSessions, through_sdk: bool) -> AsyncIterator[Upstream]:
    """A provider before a scripted server."""
    async with FakeOpenAI() as server:
        made = provider(server.base_url, sessions, through_sdk=through_sdk)
        yield Upstream(server, made)
        await made.transport.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("cookie", ["a=b; Path=/", "a=\u00e9"])
async def test_cookies_are_not_kept(upstream: Upstream, cookie: str) -> None:
    """What an answer sets goes with no later request, and can fail none."""
    upstream.server.enqueue(Canned(status=500, headers=(("set-cookie", cookie),)))
    with pytest.raises(errors.ServerFault):
        await upstream.streamed()
    await upstream.streamed()
    assert "cookie" not in upstream.server.requests[-1].headers


ANSWERS: Iterable[Answer] = (
    Answer(usage=Usage(prompt=20, completion=9, cached=8, reasoning=3), reasoning=("Hm", ".")),
    Answer(tokens=(), tool_calls=WEATHER_CALLS),
    Answer(tokens=(), tool_calls=WEATHER_CALLS, interleave_tool_calls=True),
    Answer(tokens=(), refusal="I cannot."),
    Answer(finish_reason="length"),
    Answer(usage=None),
    Answer(framing=Framing(line_end="\r")),
    Answer(framing=Framing(line_end="\r\n", ping=True, event_fields=True, space_after_colon=False)),
    Answer(tokens=("Grüße", " 東京", "🚀"), framing=Framing(write_size=5, unknown_fields=True)),
    Answer(framing=Framing(burst=True, reasoning_field="reasoning"), reasoning=("Hm",)),
    broken(FaultKind.NO_DONE),
    broken(FaultKind.DUPLICATE_FINISH),
    broken(FaultKind.WRONG_CONTENT_TYPE),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(list(ANSWERS))))
async def test_whole_and_streamed_amount_to_the_same(upstream: Upstream, answer: Answer) -> None:
    """The same upstream answer gives the same response by either method."""
    upstream.server.default = answer
    whole, streamed = await upstream.chat(), await upstream.streamed()
    assert whole == streamed
    assert whole.message.parts
    if answer.tool_calls:
        assert whole.finish_reason == FINISH_REASON_TOOL_CALLS


async def test_what_is_sent(upstream: Upstream, through_sdk: bool) -> None:
    """Both transports send the SDK's headers, the right key, and streams uncompressed."""
    await upstream.chat()
    await upstream.streamed()
    whole, stream = upstream.server.requests
    key = "made-anew" if through_sdk else "sk-x"
    for received in (whole, stream):
        assert received.path == "/v1/chat/completions"
        assert received.headers["authorization"] == f"Bearer {key}"
        assert received.headers["user-agent"].startswith("AsyncOpenAI/")
        assert received.headers["content-type"] == "application/json"
        assert received.body["messages"] == [{"role": "user", "content": "Hi"}]
    assert stream.headers["accept-encoding"] == "identity"
    assert stream.body["stream_options"] == {"include_usage": True}
    assert "stream" not in whole.body


async def test_the_connection_is_kept(upstream: Upstream) -> None:
    """Answers that were read to their end leave their connection for the next request."""
    for _ in range(3):
        await upstream.chat()
        await upstream.streamed()
        await asyncio.sleep(0.02)  # the last chunk of a stream comes behind its end marker
    assert upstream.server.connection_count == 1


REFUSALS: list[tuple[Canned, type[errors.ProviderError]]] = [
    (rejections.RATE_LIMITED_SECONDS, errors.RateLimited),
    (rejections.INSUFFICIENT_QUOTA, errors.QuotaSpent),
    (rejections.UNAUTHORIZED, errors.CredentialsRefused),
    (rejections.MODEL_NOT_FOUND, errors.UnknownProviderModel),
    (rejections.CONTEXT_LENGTH_EXCEEDED, errors.ContextTooLong),
    (rejections.AZURE_CONTENT_FILTER, errors.ContentFiltered),
    (rejections.BAD_REQUEST, errors.Rejected),
    (rejections.SERVER_ERROR, errors.ServerFault),
    (rejections.BAD_GATEWAY, errors.ServerFault),
    (rejections.EMPTY_BODY_500, errors.ServerFault),
    (Canned(status=204), errors.MalformedAnswer),
    (Canned(status=307, headers=(("location", "/v1/elsewhere"),)), errors.MalformedAnswer),
]


@pytest.mark.parametrize(("canned", "kind"), REFUSALS, ids=lambda value: getattr(value, "status", None))
async def test_refusals(upstream: Upstream, canned: Canned, kind: type[errors.ProviderError]) -> None:
    """Every refusal is the same error through either transport, tried once and never followed elsewhere."""
    upstream.server.default = canned
    with pytest.raises(errors.ProviderError) as whole:
        await upstream.chat()
    with pytest.raises(errors.ProviderError) as streamed:
        await upstream.streamed()
    assert (type(whole.value), type(streamed.value)) == (kind, kind)
    assert whole.value.message == streamed.value.message
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


@pytest.mark.parametrize("fault", [FaultKind.NO_END, FaultKind.WHOLE_FOR_STREAM])
async def test_streams_that_are_no_streams(upstream: Upstream, fault: FaultKind) -> None:
    """A stream without end, or that is none, is malformed."""
    upstream.server.default = broken(fault, after_tokens=2)
    with pytest.raises(errors.MalformedAnswer):
        await upstream.streamed()


async def test_a_refused_connection(sessions: HttpSessions, through_sdk: bool) -> None:
    """A refused connection is a failed one, also where the SDK calls it a timeout."""
    with closed_port() as port:
        made = provider(f"http://127.0.0.1:{port}/v1", sessions, through_sdk=through_sdk)
        for send in (Upstream(FakeOpenAI(), made).chat, Upstream(FakeOpenAI(), made).streamed):
            with pytest.raises(errors.ConnectionFailed, match="refused the connection"):
                await send()
        await made.transport.close()


async def test_silence_before_the_answer_is_bounded(sessions: HttpSessions, through_sdk: bool) -> None:
    """A server that takes the connection and never answers is left after the first-content timeout."""
    with mute_port() as port:
        made = provider(f"http://127.0.0.1:{port}/v1", sessions, through_sdk=through_sdk)
        candidate = known_candidate("up", "openai", "gpt-x")
        call = attempt(candidate)
        call.attempt.first_content_timeout = 0.1
        with pytest.raises(errors.NoAnswer):
            async for _ in made.backend(candidate).stream(STREAM_CHAT, ASKED, call):
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


async def test_azure_is_asked_by_deployment(sessions: HttpSessions, through_sdk: bool) -> None:
    """Azure's dated API has the deployment in the path, the version in the query and the key in `api-key`."""
    async with FakeOpenAI() as server:
        settings = OpenAISettings.model_validate(
            {
                "kind": "azure",
                "base_url": server.base_url.removesuffix("/v1"),
                "api_key": "azure-key",
                "api_version": "2024-10-21",
            }
        )
        made = build("up", settings, sessions, token=token if through_sdk else None)
        candidate = known_candidate("up", "azure", "my-deployment")
        response = await made.backend(candidate).call(CHAT, ASKED, attempt(candidate))
        received = server.requests[0]
        await made.transport.close()
    assert response.message.parts[0].text == Answer().text
    path, _, query = received.path.partition("?")
    assert path == "/openai/deployments/my-deployment/chat/completions"
    assert query == "api-version=2024-10-21"
    if through_sdk:
        assert received.headers["authorization"] == "Bearer made-anew"
    else:
        assert received.headers["api-key"] == "azure-key"


async def test_a_token_that_cannot_be_made(sessions: HttpSessions) -> None:
    """A source of tokens that fails means that the credentials are not there, and its reason stays inside."""

    async def failing() -> str:
        raise LookupError("secret path /var/run/token")

    async with FakeOpenAI() as server:
        settings = OpenAISettings(kind="openai", base_url=server.base_url)
        made = build("up", settings, sessions, token=failing)
        candidate = known_candidate("up", "openai", "gpt-x")
        with pytest.raises(errors.CredentialsRefused) as caught:
            await made.backend(candidate).call(CHAT, ASKED, attempt(candidate))
        await made.transport.close()
        assert not server.requests
    assert "secret" not in caught.value.message


async def test_tokens_are_made_anew_for_each_request(sessions: HttpSessions) -> None:
    """A token is asked for before every request, so that it may expire."""
    made_so_far: list[str] = []

    async def counting() -> str:
        made_so_far.append("")
        return f"token-{len(made_so_far)}"

    async with FakeOpenAI() as server:
        settings = OpenAISettings(kind="openai", base_url=server.base_url)
        made = build("up", settings, sessions, token=counting)
        candidate = known_candidate("up", "openai", "gpt-x")
        for _ in range(2):
            await made.backend(candidate).call(CHAT, ASKED, attempt(candidate))
        await made.transport.close()
        assert [one.headers["authorization"] for one in server.requests] == [
            "Bearer token-1",
            "Bearer token-2",
        ]


async def test_an_aborted_read_stays_aborted(upstream: Upstream) -> None:
    """Aborting wakes the reader with the error, and reading again gives it again."""
    upstream.server.default = broken(FaultKind.STALL)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    incoming = await upstream.provider.transport.open(HttpRequest("/chat/completions", body))
    assert await incoming.read()
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)
    incoming.abort(errors.NoAnswer("up", "too late"))
    for read in (reading, incoming.read()):
        with pytest.raises(errors.NoAnswer):
            await read
    incoming.close(complete=False)


async def test_connections_are_limited(sessions: HttpSessions, through_sdk: bool) -> None:
    """With a limit, requests beyond it wait for a connection; without one they open as many as they need."""
    for limit, least, most in ((1, 1, 1), (None, 2, 5)):
        async with FakeOpenAI(Answer(pace=Pace(headers=0.02))) as server:
            settings = OpenAISettings(kind="openai", base_url=server.base_url, connection_limit=limit)
            made = build("up", settings, sessions, token=token if through_sdk else None)
            asking = Upstream(server, made)
            await asyncio.gather(*(asking.chat() for _ in range(5)))
            await made.transport.close()
            assert least <= server.connection_count <= most


async def test_closing_while_somebody_reads(upstream: Upstream) -> None:
    """Closing ends a read that still waits, and the connection with it."""
    upstream.server.default = broken(FaultKind.STALL)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    incoming = await upstream.provider.transport.open(HttpRequest("/chat/completions", body))
    assert await incoming.read()
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)
    incoming.close(complete=False)
    await asyncio.wait((reading,), timeout=LIMIT)
    assert reading.cancelled() or isinstance(reading.exception(), errors.ConnectionFailed)
    await (await upstream.server.received()).closed()


async def test_an_answer_without_end_is_refused() -> None:
    """A whole answer through the SDK is bounded like any other."""
    async with FakeOpenAI() as server:
        settings = OpenAISettings(kind="openai", base_url=server.base_url)
        client = make_client(settings, token=token, http_client=DefaultAioHttpClient())
        transport = SdkTransport("up", client, SDK, OpenAIErrors(), payload=as_bytes, limit=100)
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        with pytest.raises(errors.MalformedAnswer, match="exceeds"):
            await transport.send(HttpRequest("/chat/completions", body))
        await transport.close()


def test_unknown_kinds_are_a_mistake_of_ours(sessions: HttpSessions) -> None:
    """A kind without a dialect never gets here: the configuration refuses it."""
    with pytest.raises(KeyError):
        build("up", OpenAISettings(kind="nope"), sessions)
