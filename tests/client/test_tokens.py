"""Tokens that end: the client asks for others before they do, and when the gateway refuses one."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
import ringmain
from ringmain import AsyncClient, Client, Token
from ringmain._tokens import BETWEEN_REFUSALS, MARGIN, KeptToken

from tests.client import samples
from tests.client.gateway import Gateway, answers, breaks, fails, hangs, streams
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import LIMIT

REFUSED = fails(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
EVENTS = tuple(samples.events_of(["one"]))


def jwt_until(end: float) -> str:
    """Returns a token that says until when it is valid, in seconds since the epoch."""
    parts = [{"alg": "none"}, {"exp": end}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


class Source:
    """Gives the tokens `t1`, `t2` and so on, or raises what it is told."""

    def __init__(self, lifetime: float | None = None) -> None:
        self.count = 0
        self.lifetime = lifetime
        self.failure: Exception | None = None

    def __call__(self) -> Token:
        self.count += 1
        if self.failure is not None:
            raise self.failure
        return Token(f"t{self.count}", self.lifetime)


class Both:
    """A client of each kind by turns, which a test drives alike."""

    def __init__(self, kind: str, target: str, token: Any, **others: Any) -> None:
        self.kind = kind
        self.client: Any = (AsyncClient if kind == "aio" else Client)(
            target, token=token, model="m", timeout=LIMIT, **others
        )

    async def chat(self) -> str:
        """Returns the text of an answer."""
        if self.kind == "aio":
            return str((await self.client.chat("Hi")).text)
        return str((await asyncio.to_thread(self.client.chat, "Hi")).text)

    async def stream(self) -> str:
        """Returns the text of a streamed answer."""
        if self.kind == "aio":
            return "".join([str(delta) async for delta in self.client.stream("Hi")])
        return await asyncio.to_thread(lambda: "".join(map(str, self.client.stream("Hi"))))

    async def close(self) -> None:
        """Closes the client."""
        closing = self.client.close()
        if closing is not None:
            await closing


@pytest.fixture(params=["sync", "aio"])
def make(request: pytest.FixtureRequest, gateway: Gateway) -> Callable[..., Any]:
    """Makes a client of each kind for a function that gives tokens."""

    @asynccontextmanager
    async def made(token: Any, **others: Any) -> AsyncIterator[Both]:
        both = Both(request.param, gateway.target, token, **others)
        try:
            yield both
        finally:
            await both.close()

    return made


def sent(gateway: Gateway) -> list[str]:
    """Returns the tokens that came, in order."""
    return [str(metadata["authorization"]).removeprefix("Bearer ") for metadata in gateway.metadata]


async def test_token_is_asked_for_once(gateway: Gateway, make: Any) -> None:
    """Calls share a token whose end is unknown or far."""
    gateway.script(*[answers(samples.response("x"))] * 2, streams(*EVENTS))
    source = Source()
    async with make(source) as client:
        assert source.count == 0
        assert [await client.chat(), await client.chat(), await client.stream()] == ["x", "x", "one"]
    assert sent(gateway) == ["t1"] * 3
    assert source.count == 1


@pytest.mark.parametrize("given", [lambda: Token("t", 0.0), lambda: jwt_until(time.time() - 5)])
async def test_token_that_has_ended_is_asked_for_again(gateway: Gateway, make: Any, given: Any) -> None:
    """A lifetime that is told, or stands in the token, is kept to."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    asked: list[str] = []

    def source() -> Token | str:
        asked.append("")
        token: Token | str = given()
        return token

    async with make(source) as client:
        await client.chat()
        await client.chat()
    assert len(asked) == 2


async def test_refused_call_is_made_once_more(gateway: Gateway, make: Any) -> None:
    """A token that the gateway no longer takes is replaced, and the caller notices nothing."""
    gateway.script(REFUSED, answers(samples.response("x")))
    async with make(Source()) as client:
        assert await client.chat() == "x"
    assert sent(gateway) == ["t1", "t2"]


async def test_refused_stream_is_begun_once_more(gateway: Gateway, make: Any) -> None:
    """A stream that is refused before its first event begins again."""
    gateway.script(REFUSED, streams(*EVENTS))
    async with make(Source()) as client:
        assert await client.stream() == "one"
    assert sent(gateway) == ["t1", "t2"]


async def test_call_is_not_made_a_third_time(gateway: Gateway, make: Any) -> None:
    """When the other token is refused too, the caller gets the refusal; the next call asks for no third."""
    gateway.script(*[REFUSED] * 6)
    source = Source()
    async with make(source) as client:
        with pytest.raises(ringmain.Unauthenticated, match="CREDENTIALS_INVALID"):
            await client.chat()
        with pytest.raises(ringmain.Unauthenticated):
            await client.stream()
        with pytest.raises(ringmain.Unauthenticated):
            await client.chat()
    assert sent(gateway) == ["t1", "t2", "t2", "t2"]
    assert source.count == 2


async def test_same_token_again_is_not_sent_again(gateway: Gateway, make: Any) -> None:
    """A function that has no other token ends the matter."""
    gateway.script(REFUSED)
    async with make(lambda: "fixed") as client:
        with pytest.raises(ringmain.Unauthenticated):
            await client.chat()
    assert sent(gateway) == ["fixed"]


async def test_stream_that_has_begun_is_not_begun_again(gateway: Gateway, make: Any) -> None:
    """A refusal after the first event is the caller's to handle, because the answer was paid for."""
    gateway.script(breaks(samples.started(), failing=REFUSED))
    source = Source()
    async with make(source) as client:
        with pytest.raises(ringmain.Unauthenticated):
            await client.stream()
    assert source.count == 1


async def test_other_failures_are_as_ever(gateway: Gateway, make: Any) -> None:
    """Only UNAUTHENTICATED asks for another token."""
    gateway.script(*[fails(grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")] * 2)
    source = Source()
    async with make(source) as client:
        with pytest.raises(ringmain.PermissionDenied):
            await client.chat()
        with pytest.raises(ringmain.PermissionDenied):
            await client.stream()
    assert source.count == 1


async def test_failure_of_the_function_is_the_callers(gateway: Gateway, make: Any) -> None:
    """Its exception is the cause of the error, no call is made, and the next one asks again."""
    gateway.script(answers(samples.response("x")))
    source = Source()
    source.failure = LookupError("the vault is closed")
    async with make(source) as client:
        for call in (client.chat, client.stream):
            with pytest.raises(ringmain.Unauthenticated, match="LookupError") as failed:
                await call()
            assert failed.value.__cause__ is source.failure
        assert gateway.requests == []
        source.failure = None
        assert await client.chat() == "x"


async def test_token_outlasts_an_outage_of_its_source(gateway: Gateway, make: Any) -> None:
    """A token that is about to end is sent as long as no other can be had."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    source = Source(lifetime=600.0)
    async with make(source) as client:
        await client.chat()
        source.failure = LookupError("away")
        kept: KeptToken = _kept(client)
        kept._renew_at = 0.0
        assert await client.chat() == "x"
    assert source.count == 2


def _kept(client: Both) -> KeptToken:
    channel = client.client._channel
    own = channel._unary_unary_interceptors[0] if client.kind == "aio" else channel._interceptor
    kept: KeptToken = own._tokens._kept
    return kept


@pytest.mark.parametrize("given", [None, 7, b"bytes", ("t", 60.0)])
async def test_what_is_no_token_is_told(make: Any, given: Any) -> None:
    """A function that returns something else has a mistake, which its author reads at once."""
    async with make(lambda: given) as client:
        with pytest.raises(TypeError, match="not str or Token"):
            await client.chat()


async def test_simultaneous_calls_share_one_question(gateway: Gateway, make: Any) -> None:
    """However many calls wait for a token, the function is called once."""
    gateway.script(*[answers(samples.response("x"))] * 4)
    source = Source()

    def slow() -> Token:
        time.sleep(0.05)
        return source()

    async with make(slow) as client:
        await asyncio.gather(*(client.chat() for _ in range(4)))
    assert source.count == 1


async def test_coroutine_functions_are_awaited(gateway: Gateway) -> None:
    """The asyncio client awaits the function, with the call's deadline."""
    gateway.script(answers(samples.response("x")))

    async def quick() -> str:
        await asyncio.sleep(0)
        return "t"

    async def endless() -> str:
        await asyncio.sleep(2 * LIMIT)
        return "t"

    async with AsyncClient(gateway.target, token=quick, timeout=LIMIT) as client:
        assert (await client.chat("Hi")).text == "x"
    async with AsyncClient(gateway.target, token=endless, timeout=LIMIT) as client:
        with pytest.raises(ringmain.DeadlineExceeded):
            await client.chat("Hi", timeout=0.05)
    assert sent(gateway) == ["t"]


async def test_stream_can_be_closed_while_it_waits_for_a_token(gateway: Gateway) -> None:
    """A caller that gives up does not wait for the function."""

    async def endless() -> str:
        await asyncio.sleep(2 * LIMIT)
        return "t"

    async with AsyncClient(gateway.target, token=endless, timeout=LIMIT) as client:
        stream = client.stream("Hi")
        await stream.close()
        with pytest.raises(ringmain.Cancelled):
            _ = [delta async for delta in stream]


async def test_stream_after_a_refusal_can_be_closed(gateway: Gateway) -> None:
    """Leaving a stream cancels the call that was made once more."""
    gateway.script(REFUSED, hangs(*EVENTS[:3]))
    async with AsyncClient(gateway.target, token=Source(), timeout=LIMIT) as client:
        async for _ in client.stream("Hi"):
            break
        await asyncio.to_thread(gateway.ended.wait, LIMIT)
    gateway.ended.clear()
    gateway.script(REFUSED, hangs(*EVENTS[:3]))
    with Client(gateway.target, token=Source(), timeout=LIMIT) as threaded:
        for _ in threaded.stream("Hi"):
            break
        assert await asyncio.to_thread(gateway.ended.wait, LIMIT)


def test_thread_that_waits_for_another_has_a_deadline(gateway: Gateway) -> None:
    """A call does not wait longer than its timeout for a function that another call has called."""
    called, release = threading.Event(), threading.Event()

    def slow() -> str:
        called.set()
        release.wait(LIMIT)
        return "t"

    gateway.script(answers(samples.response("x")))
    with Client(gateway.target, token=slow, timeout=LIMIT) as client:
        first = threading.Thread(target=client.chat, args=("Hi",))
        first.start()
        assert called.wait(LIMIT)
        with pytest.raises(ringmain.DeadlineExceeded):
            client.chat("Hi", timeout=0.05)
        release.set()
        first.join(LIMIT)


def test_uploads_and_stubs_send_the_token(gateway: Gateway) -> None:
    """Every call over the client's channel has the token, those of stubs too."""
    from ringmain.v1.chat_service_pb2_grpc import ChatServiceStub

    gateway.script(answers(samples.response("x")))
    with Client(gateway.target, token=Source(), timeout=LIMIT) as client:
        stub = client.stub(ChatServiceStub)
        stub.Chat(ringmain.chat_request("Hi", model="m"), **client.call_arguments())
        with pytest.raises(ringmain.CapabilityMissing):
            client.audio.transcribe(b"RIFF")
    assert sent(gateway) == ["t1"]


def test_function_needs_a_channel_of_the_clients_own(gateway: Gateway) -> None:
    """A channel that is given cannot be made to send tokens that end."""
    with grpc.insecure_channel(gateway.target) as channel, pytest.raises(ValueError, match="target"):
        Client(channel=channel, token=lambda: "t")


def test_interceptors_of_the_caller_see_one_call(gateway: Gateway) -> None:
    """A call that is made once more counts once for tracing."""
    seen: list[str] = []

    class Tracing(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            seen.append(details.method)
            return continuation(details, request)

    gateway.script(REFUSED, answers(samples.response("x")))
    with Client(gateway.target, token=Source(), interceptors=[Tracing()], timeout=LIMIT) as client:
        client.chat("Hi")
    assert len(seen) == 1


class Times:
    """A kept token over clocks that stand still."""

    def __init__(self) -> None:
        self.clock, self.wall = FakeClock(), FakeClock(1_800_000_000.0)
        self.kept = KeptToken(self.clock, self.wall)

    def replaced_after(self, given: Token | str) -> float | None:
        """Returns the seconds after which a token needs replacement, None for never within a year."""
        self.kept.keep(given)
        start = self.clock.now
        for seconds in (0, *_steps()):
            self.clock.now = start + seconds
            if self.kept.good is None:
                return seconds
        return None


def _steps() -> Iterator[float]:
    yield from (number / 2 for number in range(1, 8000))
    yield 365 * 86400.0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (Token("t", 3600.0), 3600 - MARGIN),
        (Token("t", 60.0), 45.0),
        (Token("t", 0.0), 0),
        (Token("t", -5.0), 0),
        ("opaque", None),
        ("a.b", None),
        ("a.b.c", None),
        ("a.e30.c", None),
        (f"a.{base64.urlsafe_b64encode(b'[' * 3000).decode()}.c", None),
        (jwt_until(1_800_003_600.0), 3600 - MARGIN),
        (Token(jwt_until(1_800_003_600.0), 60.0), 45.0),
    ],
)
def test_token_is_replaced_before_it_ends(given: Token | str, seconds: float | None) -> None:
    """A quarter of its life before its end, and at most half a minute; never where its end is unknown."""
    assert Times().replaced_after(given) == seconds


def test_refusals_replace_a_token_once_in_a_while() -> None:
    """A gateway that refuses every token cannot make the client ask without end."""
    times = Times()
    times.kept.keep("a")
    assert times.kept.refused("a")
    assert times.kept.good is None
    times.kept.keep("b")
    assert times.kept.refused("a"), "another call has replaced it already"
    assert not times.kept.refused("b")
    times.clock.advance(BETWEEN_REFUSALS)
    assert times.kept.refused("b")
