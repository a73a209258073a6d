"""Every fault acts where a real provider's would: below the translators, on the wire."""

import asyncio

import pytest
from ringmain.v1.chat_service_pb2 import ChatEvent
from ringmain_sandbox.models import FAULTS, MODELS
from ringmain_server.errors import (
    ConnectionFailed,
    ContentFiltered,
    ContextTooLong,
    CredentialsRefused,
    MalformedAnswer,
    NoAnswer,
    ProviderError,
    RateLimited,
    ServerFault,
    StreamBroken,
    UnknownProviderModel,
)
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import Bench, ask, body, options, text_of

REFUSED: dict[str, type[ProviderError]] = {
    "fault-429": RateLimited,
    "fault-429-retry-after": RateLimited,
    "fault-500": ServerFault,
    "fault-500-once": ServerFault,
    "fault-503": ServerFault,
    "fault-flap": ServerFault,
    "fault-401": CredentialsRefused,
    "fault-refuse-connection": ConnectionFailed,
    "fault-reset": ConnectionFailed,
    "fault-context": ContextTooLong,
    "fault-filter": ContentFiltered,
    "fault-empty": MalformedAnswer,
}
BROKEN: dict[str, type[ProviderError]] = {
    "fault-cut": ConnectionFailed,
    "fault-malformed": MalformedAnswer,
    "fault-no-end": StreamBroken,
}
SILENT = ("fault-hang", "fault-stall")
SERVED = ("fault-slow-first-token",)


def test_every_fault_is_tested() -> None:
    """The tables of this file cover every model that fails."""
    assert {*REFUSED, *BROKEN, *SILENT, *SERVED} == FAULTS.keys()
    assert FAULTS.keys() < MODELS.keys()


@pytest.mark.parametrize("model", REFUSED)
async def test_refusals_fail_whole_answers_and_streams_alike(model: str) -> None:
    """A refusal is the same error whole and streamed, before any content."""
    seen: list[ChatEvent] = []
    with pytest.raises(REFUSED[model]) as whole:
        await Bench().chat(ask(model))
    with pytest.raises(REFUSED[model]) as streamed:
        await Bench().stream(ask(model), seen)
    assert type(whole.value) is type(streamed.value) is REFUSED[model]
    assert not seen


async def test_retry_after_is_read_from_the_header() -> None:
    """`fault-429-retry-after` names two seconds, `fault-429` none."""
    with pytest.raises(RateLimited) as named:
        await Bench().chat(ask("fault-429-retry-after"))
    with pytest.raises(RateLimited) as unnamed:
        await Bench().chat(ask("fault-429"))
    assert named.value.retry_after == 2
    assert unnamed.value.retry_after is None


async def test_filter_names_its_category() -> None:
    """`fault-filter` says which category refused."""
    with pytest.raises(ContentFiltered) as refused:
        await Bench().chat(ask("fault-filter"))
    assert refused.value.metadata == {"category": "violence"}


async def test_unknown_model_is_not_found() -> None:
    """A model that the sandbox does not have is a 404 like anywhere else."""
    with pytest.raises(UnknownProviderModel):
        await Bench().chat(ask("gpt-nope"))


async def test_once_serves_the_retry_of_the_same_request() -> None:
    """`fault-500-once` fails the first try of each request and serves its next, streamed or not."""
    bench = Bench()
    for text in ("one", "two"):
        with pytest.raises(ServerFault):
            await bench.chat(ask("fault-500-once", text))
    assert fold(await bench.stream(ask("fault-500-once", "one"))).message.parts
    assert text_of(await bench.chat(ask("fault-500-once", "two")))
    with pytest.raises(ServerFault):
        await bench.chat(ask("fault-500-once", "one"))


async def test_once_forgets_what_is_long_ago() -> None:
    """The memory of first tries is bounded: the oldest is a first try again."""
    bench = Bench()
    for number in range(1025):
        with pytest.raises(ServerFault):
            await bench.chat(ask("fault-500-once", str(number)))
    with pytest.raises(ServerFault):
        await bench.chat(ask("fault-500-once", "0"))
    assert text_of(await bench.chat(ask("fault-500-once", "1024")))


async def test_flap_fails_three_times_and_serves_three_times() -> None:
    """`fault-flap` changes its mind after every three requests."""
    bench, story = Bench(), []
    for _ in range(9):
        try:
            await bench.chat(ask("fault-flap"))
            story.append("served")
        except ServerFault:
            story.append("failed")
    assert story == ["failed"] * 3 + ["served"] * 3 + ["failed"] * 3


@pytest.mark.parametrize("model", BROKEN)
async def test_broken_streams_break_after_content(model: str) -> None:
    """A stream that breaks has delivered content before, and a whole answer is never taken for complete."""
    seen: list[ChatEvent] = []
    with pytest.raises(BROKEN[model]):
        await Bench().stream(ask(model), seen)
    assert seen[0].part_started.part.text
    assert not any(event.HasField("finished") for event in seen)
    with pytest.raises((ConnectionFailed, MalformedAnswer)):
        await Bench().chat(ask(model))


async def test_fault_after_says_how_many_tokens_come_first() -> None:
    """The option `fault_after` moves the fault; at 0 nothing comes before it."""
    served = text_of(await Bench().chat(ask()))
    seen: list[ChatEvent] = []
    with pytest.raises(ConnectionFailed):
        await Bench().stream(options(ask("fault-cut"), fault_after=4), seen)
    parts = fold(seen).message.parts
    assert parts[0].text == " ".join(served.split(" ")[:4])
    with pytest.raises(ConnectionFailed):
        await Bench().stream(options(ask("fault-cut"), fault_after=0), seen := [])
    assert not seen


async def test_cut_is_within_an_event() -> None:
    """`fault-cut` leaves half an event behind, as a network does."""
    bench = Bench()
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body(model="fault-cut")))
    chunk = await incoming.read()
    assert chunk is not None
    assert not chunk.endswith(b"\n\n")
    with pytest.raises(ConnectionFailed, match="within the answer"):
        await incoming.read()


async def test_no_end_delivers_all_text() -> None:
    """`fault-no-end` withholds the finish reason and the marker, not the text."""
    seen: list[ChatEvent] = []
    with pytest.raises(StreamBroken):
        await Bench().stream(ask("fault-no-end"), seen)
    assert text_of(fold(seen)) == text_of(await Bench().chat(ask()))


async def test_slow_first_token_waits_twenty_seconds_or_as_told() -> None:
    """`fault-slow-first-token` is silent for 20 s, or for `fault_after_ms`, and then answers."""
    bench = Bench()
    served = await bench.chat(ask("fault-slow-first-token"))
    streamed = await bench.stream(options(ask("fault-slow-first-token"), fault_after_ms=1500))
    assert bench.timer.delays == [20.0, 1.5]
    assert text_of(fold(streamed)) == text_of(served) == text_of(await Bench().chat(ask()))


async def test_hang_never_accepts_and_can_be_cancelled() -> None:
    """`fault-hang` waits without any timer, whole and streamed, until it is cancelled."""
    bench = Bench()
    request = HttpRequest("/chat/completions", body(model="fault-hang"))
    for waiting in (bench.transport.send(request), bench.transport.open(request)):
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not bench.timer.delays


async def test_stall_falls_silent_after_content_until_aborted() -> None:
    """`fault-stall` sends a part, then nothing; an abort wakes the reader with its error."""
    bench = Bench()
    request = HttpRequest("/chat/completions", body(model="fault-stall"))
    incoming = await bench.transport.open(request)
    assert await incoming.read()
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)
    assert not reading.done()
    incoming.abort(NoAnswer("box", "silent"))
    with pytest.raises(NoAnswer):
        await reading
    with pytest.raises(NoAnswer):
        await incoming.read()
    whole = asyncio.ensure_future(bench.transport.send(request))
    await asyncio.sleep(0)
    assert not whole.done()
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
