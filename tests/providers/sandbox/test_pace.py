"""Answers take as long as they should, by the timer, and streams bring what is ready in one read."""

import asyncio

import pytest
from ringmain_sandbox.script import Pace
from ringmain_sandbox.upstream import interval, seconds
from ringmain_server.errors import NoAnswer, Rejected
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import Bench, ask, body, options, text_of


async def test_unpaced_stream_comes_in_one_read_without_waiting() -> None:
    """Without a pace, all tokens and the end marker are one read."""
    bench = Bench()
    reads = await bench.reads(body())
    assert len(reads) == 1
    assert reads[0].endswith(b"data: [DONE]\n\n")
    assert not bench.timer.delays


async def test_paced_stream_brings_a_token_at_a_time() -> None:
    """Each token waits for its turn; the end comes with the last one."""
    bench = Bench(Pace(first=0.25, interval=0.05))
    reads = await bench.reads(body("one two three", model="echo"))
    assert len(reads) == 3
    assert bench.timer.delays == pytest.approx([0.25, 0.05, 0.05])
    assert reads[-1].endswith(b"data: [DONE]\n\n")


async def test_late_reader_gets_all_that_has_come() -> None:
    """A reader that was away finds every token of that time in one read."""
    bench = Bench(Pace(interval=1.0))
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body("a b c d", model="echo")))
    first = await incoming.read()
    bench.timer.now += 2.5
    second, third, end = await incoming.read(), await incoming.read(), await incoming.read()
    assert (first or b"").count(b'"content"') == 2  # the opening and one token
    assert (second or b"").count(b'"content"') == 2
    assert (third or b"").count(b'"content"') == 1
    assert end is None


async def test_long_unpaced_stream_comes_in_bounded_reads() -> None:
    """A read is bounded, however much is ready."""
    reads = await Bench().reads(body("word " * 5000, model="echo"))
    assert len(reads) > 10
    assert max(map(len, reads)) < 70_000


async def test_whole_answer_takes_as_long_as_its_stream() -> None:
    """Whole and streamed, an answer of one pace takes the same time."""
    whole, streamed = Bench(Pace(0.5, 0.01)), Bench(Pace(0.5, 0.01))
    await whole.chat(ask())
    await streamed.stream(ask())
    assert sum(whole.timer.delays) == pytest.approx(sum(streamed.timer.delays))
    assert len(whole.timer.delays) == 1


async def test_request_overrides_the_pace() -> None:
    """The options of a request win over the settings, also to switch the pace off."""
    bench = Bench(Pace(0.5, 0.1))
    told = options(ask("echo", "a b"), first_token_ms=100, tokens_per_second=4)
    await bench.stream(told)
    assert bench.timer.delays == pytest.approx([0.1, 0.25])
    await bench.stream(options(ask("echo", "a b"), first_token_ms=0, tokens_per_second=0))
    assert len(bench.timer.delays) == 2


async def test_pace_changes_no_word() -> None:
    """How fast an answer comes does not change it."""
    slow = options(ask(), first_token_ms=10, tokens_per_second=100)
    assert text_of(await Bench().chat(slow)) == text_of(fold(await Bench().stream(ask())))


async def test_empty_answer_waits_too() -> None:
    """An answer without a token comes when its first token would have."""
    bench = Bench(Pace(first=0.5))
    reads = await bench.reads(body("x", model="echo", stop="x"))
    assert len(reads) == 1
    assert bench.timer.delays == [0.5]


async def test_abort_wakes_a_reader_that_waits_for_its_token() -> None:
    """An abort while a token is awaited raises its error at once, on the loop's own timer."""
    bench = Bench(Pace(first=3600))
    bench.timer = asyncio.get_running_loop()  # type: ignore[assignment]
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body()))
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)
    incoming.abort(NoAnswer("box", "too slow"))
    incoming.abort(NoAnswer("box", "a second abort changes nothing"))
    with pytest.raises(NoAnswer, match="too slow"):
        await reading


async def test_an_abort_holds_for_every_further_read() -> None:
    """Who was told that an answer is too slow is told so again."""
    incoming = await Bench().transport.open(HttpRequest("/chat/completions", body()))
    incoming.abort(NoAnswer("box", "too slow"))
    for _ in range(2):
        with pytest.raises(NoAnswer, match="too slow"):
            await incoming.read()


async def test_timer_that_fires_after_the_abort_changes_nothing() -> None:
    """A due token does not disturb a reader that was already woken."""
    bench = Bench(Pace(first=1))
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body()))
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)  # the jump timer's callback is now due in the next turn of the loop
    incoming.abort(NoAnswer("box", "woken"))
    with pytest.raises(NoAnswer, match="woken"):
        await reading


async def test_closed_stream_brings_nothing_more() -> None:
    """After `close` there is nothing to read."""
    bench = Bench()
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body()))
    incoming.close(complete=False)
    assert await incoming.read() is None
    await bench.transport.close()


@pytest.mark.parametrize("value", [-1, "fast", True, float("inf")])
async def test_senseless_options_are_refused(value: object) -> None:
    """An option that is no number from 0 is a 400 that names it."""
    with pytest.raises(Rejected, match="tokens_per_second"):
        await Bench().transport.send(HttpRequest("/chat/completions", body(tokens_per_second=value)))


async def test_misspelt_option_is_refused_with_the_nearest() -> None:
    """A field that nobody knows is a 400 that names the nearest known one."""
    with pytest.raises(Rejected, match="Did you mean tokens_per_second"):
        await Bench().chat(options(ask(), token_per_second=5))
    with pytest.raises(Rejected, match="supplied: zzz"):
        await Bench().chat(options(ask(), zzz=5))


async def test_timer_that_fires_late_finds_nobody() -> None:
    """A callback of the timer after the reader was woken is harmless."""
    bench = Bench(Pace(first=1))
    incoming = await bench.transport.open(HttpRequest("/chat/completions", body()))
    reading = asyncio.ensure_future(incoming.read())
    asyncio.get_running_loop().call_soon(incoming.abort, NoAnswer("box", "woken"))
    with pytest.raises(NoAnswer, match="woken"):
        await reading


async def test_waiting_reader_can_be_cancelled() -> None:
    """Cancelling a reader that waits for a token ends the wait."""
    bench = Bench(Pace(first=3600))
    bench.timer = asyncio.get_running_loop()  # type: ignore[assignment]
    sending = asyncio.ensure_future(bench.transport.send(HttpRequest("/chat/completions", body())))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


def test_waits_are_bounded() -> None:
    """No setting asks the event loop for a wait that it cannot take."""
    assert seconds(1e300) == interval(1e-300) == 86_400
    assert interval(0) == 0
