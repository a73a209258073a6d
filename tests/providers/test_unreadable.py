"""A translator that fails at an answer makes it unreadable; one that fails at a request is a mistake."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerUnreadable, MalformedAnswer, ProviderError, ServerFault
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.exchange import Exchange, Use
from ringmain_server.providers.multi_step import Send, Sleep, Steps, run
from ringmain_server.providers.translator import Decoder, StreamTranslator, UnaryTranslator
from ringmain_server.providers.unreadable import explained, unreadable
from ringmain_server.routing.health import CandidateHealth, ProviderState

from tests.fakes.clock import FakeClock

SURPRISES: list[Exception] = [
    TypeError("unhashable"),
    KeyError("x"),
    AttributeError("x"),
    IndexError(3),
    ValueError("bad"),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    RecursionError("deep"),
    OverflowError("large"),
    ZeroDivisionError(),
    AssertionError(),
    NotImplementedError(),
]
EACH = pytest.mark.parametrize("surprise", SURPRISES, ids=lambda exc: type(exc).__name__)


class Wire(
    UnaryTranslator[ChatRequest, ChatResponse, object, bytes],
    StreamTranslator[ChatRequest, ChatEvent, object, bytes],
    Decoder[ChatEvent, bytes],
):
    """A transport, its translators and their decoder, which fail where they are told."""

    def __init__(self, at: str, exc: BaseException) -> None:
        self.at, self.exc = at, exc
        self.complete = False
        self.reads = iter([b"1", b"2", None])
        self.closed: bool | None = None

    def fail(self, at: str) -> None:
        if at == self.at:
            raise self.exc

    async def send(self, _: object) -> bytes:
        return b"1"

    async def open(self, _: object) -> "Wire":
        return self

    async def read(self) -> bytes | None:
        return next(self.reads)

    def abort(self, _: ProviderError) -> None: ...

    def close(self, *, complete: bool) -> None:
        self.closed = complete

    def request(self, *_: object) -> object:
        self.fail("request")
        return object()

    def response(self, *_: object) -> ChatResponse:
        self.fail("response")
        return ChatResponse()

    def decoder(self, *_: object) -> "Wire":
        return self

    def feed(self, _: bytes) -> Sequence[ChatEvent]:
        self.fail("feed")
        return [ChatEvent()]

    def end(self) -> Sequence[ChatEvent]:
        self.fail("end")
        self.complete = True
        return [ChatEvent()]

    def usage(self) -> Usage:
        self.fail("usage")
        raise self.exc


def exchange(wire: Wire) -> Exchange:
    """A candidate's exchange over a wire."""
    return Exchange(Candidate("p", "openai", "m"), cast("Any", wire), {CHAT: wire, STREAM_CHAT: wire}, Use())


def call() -> Call:
    """A call whose attempt runs."""
    found = Call("resp_1", "Chat", 9e9)
    found.current = Attempt(Candidate("p", "openai", "m"), 0.0)
    return found


async def ask(wire: Wire, *, stream: bool) -> None:
    """Asks, and reads all that comes."""
    if stream:
        async for _ in exchange(wire).stream(STREAM_CHAT, ChatRequest(), call()):
            pass
    else:
        await exchange(wire).call(CHAT, ChatRequest(), call())


@EACH
@pytest.mark.parametrize("at", ["response", "feed", "end"])
async def test_an_answer_that_a_translator_fails_at(surprise: Exception, at: str) -> None:
    """Whatever a translator raises at an answer, that answer is unreadable, and the log knows why."""
    wire = Wire(at, surprise)
    with pytest.raises(AnswerUnreadable) as caught:
        await ask(wire, stream=at != "response")
    error = caught.value
    assert error.message == "p: answered what could not be read"
    assert type(surprise).__name__ in error.where
    assert "test_unreadable.py" in error.trace
    assert wire.closed is (None if at == "response" else False)


@EACH
@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_that_cannot_be_built(surprise: Exception, stream: bool) -> None:
    """What is raised before anybody is asked is a mistake of ours and looks like none of a provider's."""
    with pytest.raises(type(surprise)):
        await ask(Wire("request", surprise), stream=stream)


@pytest.mark.parametrize("at", ["response", "feed"])
async def test_what_is_foreseen(at: str) -> None:
    """Errors of the house pass as they are, and the lack of memory is nobody's answer."""
    for known in (ServerFault("p", "failed"), MemoryError()):
        with pytest.raises(type(known)) as caught:
            await ask(Wire(at, known), stream=at == "feed")
        assert caught.value is known


@EACH
async def test_multi_step_exchanges(surprise: Exception) -> None:
    """What the steps raise before the first answer is a mistake, and afterwards an unreadable answer."""

    def steps(fail: int) -> Steps[int]:
        for step in (Send(["a"]), Sleep(0), Send(["b"])):
            if not fail:
                raise surprise
            fail -= 1
            yield step
        raise surprise

    async def send(wire: str) -> str:
        return wire

    with pytest.raises(type(surprise)):
        await run(steps(0), send, provider_id="p")
    for at in (1, 2, 3):
        with pytest.raises(AnswerUnreadable):
            await run(steps(at), send, provider_id="p")


async def test_an_answer_that_cannot_be_compensated() -> None:
    """An answer from which no compensation can be made is still read by the steps."""

    def compensate(_: object) -> object:
        raise TypeError

    def steps() -> Steps[str]:
        (found,) = yield Send(["a"], compensate=compensate)
        return str(found)

    async def send(wire: str) -> str:
        return wire

    assert await run(steps(), send) == "a"


def test_odd_requests_open_no_breaker() -> None:
    """However many answers cannot be read, the breaker stays closed: a caller may have caused them."""
    clock = FakeClock()
    health = CandidateHealth("p", "m", ProviderState(), clock)
    for _ in range(50):
        permit = health.admit()
        assert permit is not None
        permit.failed(AnswerUnreadable("p", "x"))
    assert health.refusal() is None
    for _ in range(50):
        if (permit := health.admit()) is not None:
            permit.failed(MalformedAnswer("p", "x"))
    assert health.refusal() is not None


@EACH
def test_error_bodies_that_cannot_be_read(surprise: Exception) -> None:
    """An error whose body nobody can read means what its status means."""

    def odd(*_: object) -> ProviderError:
        raise surprise

    assert isinstance(explained(odd, "p", 503, {"retry-after": "3"}, b"", 0.0), ServerFault)


def test_a_trace_without_frames() -> None:
    """An exception that was never raised has no place."""
    assert unreadable("p", ValueError("x")).where == "ValueError at an unknown place"
