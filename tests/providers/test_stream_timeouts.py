"""The silence of a stream is bounded, and only the provider's silence counts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from ringmain_server.call import Attempt
from ringmain_server.candidate import Candidate
from ringmain_server.errors import CallerLimitPassed, NoAnswer, ProviderError, RingmainError
from ringmain_server.operations.upload import ReplayBuffer
from ringmain_server.providers.stream_timeouts import StreamTimeouts

from tests.fakes.waiting import LIMIT


class _Reader:
    """A stream that is fed by the test, aborted by the timer."""

    def __init__(self) -> None:
        self.error: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def abort(self, error: ProviderError) -> None:
        self.error.set_exception(error)


def _timeouts(
    first: float | None, idle: float | None, *, allowed: float = 0.0, upload: ReplayBuffer | None = None
) -> StreamTimeouts:
    loop = asyncio.get_running_loop()
    attempt = Attempt(Candidate("p", "openai", "x"), loop.time())
    attempt.first_content_timeout, attempt.idle_timeout = first, idle
    attempt.first_content_allowed = attempt.idle_allowed = allowed
    attempt.upload = upload
    return StreamTimeouts(attempt, loop)


async def test_a_provider_that_does_not_accept_in_time_is_silent() -> None:
    """Opening counts towards the first content."""
    with pytest.raises(NoAnswer, match=r"no first content within 0\.01 s"):
        await _timeouts(0.01, None).bound(asyncio.Event().wait())


async def test_opening_without_a_limit_just_waits() -> None:
    """Without a first-content timeout, opening is not bounded; foreign timeouts pass."""
    assert await _timeouts(None, None).bound(asyncio.sleep(0, "opened")) == "opened"

    async def fails() -> None:
        raise TimeoutError("foreign")

    with pytest.raises(TimeoutError, match="foreign"):
        await _timeouts(5, None).bound(fails())


async def test_no_first_content_aborts_the_reader() -> None:
    """A stream that was accepted and then brings nothing is aborted."""
    timeouts, reader = _timeouts(0.02, 60), _Reader()
    timeouts.watch(reader.abort)
    timeouts.listen()
    with pytest.raises(NoAnswer, match="first content"):
        await reader.error


async def test_the_idle_timeout_does_not_wait_for_a_longer_one() -> None:
    """From the first content on the idle timeout holds, also where the first content had more time."""
    timeouts, reader = _timeouts(60, 0.02), _Reader()
    timeouts.watch(reader.abort)
    timeouts.listen()
    timeouts.paused = True
    timeouts.listen()
    with pytest.raises(NoAnswer, match=r"further content within 0\.02 s"):
        async with asyncio.timeout(LIMIT):
            await reader.error


async def test_silence_after_content_aborts_the_reader() -> None:
    """After content the idle timeout holds."""
    timeouts, reader = _timeouts(60, 0.02), _Reader()
    timeouts.watch(reader.abort)
    timeouts.paused = True
    timeouts.end()
    timeouts.watch(reader.abort)
    timeouts.listen()
    with pytest.raises(NoAnswer, match="further content"):
        await reader.error


@pytest.mark.parametrize("first", [None, 0.02])
async def test_a_slow_caller_is_not_a_silent_provider(first: float | None) -> None:
    """While content is being handed on, however slowly, no time counts."""
    timeouts, reader = _timeouts(first, 0.02), _Reader()
    timeouts.watch(reader.abort)
    timeouts.listen()
    timeouts.paused = True
    await asyncio.sleep(0.08)
    assert not reader.error.done()
    timeouts.listen()
    with pytest.raises(NoAnswer, match="further content"):
        await reader.error


async def test_without_timeouts_there_is_no_timer() -> None:
    """A stream without timeouts is watched by nothing."""
    timeouts, reader = _timeouts(None, None), _Reader()
    timeouts.watch(reader.abort)
    timeouts.listen()
    timeouts.end()
    await asyncio.sleep(0.01)
    assert not reader.error.done()


async def test_silence_that_the_operator_allows_is_no_failure() -> None:
    """A caller's shorter limits, of the first content or of any further one, are its own affair."""
    timeouts = _timeouts(0.01, 0.01, allowed=60)
    with pytest.raises(CallerLimitPassed, match="first content"):
        await timeouts.bound(asyncio.Event().wait())
    timeouts, reader = _timeouts(60, 0.01, allowed=60), _Reader()
    timeouts.watch(reader.abort)
    timeouts.listen()
    timeouts.paused = True
    timeouts.listen()
    with pytest.raises(CallerLimitPassed, match="further content"):
        await reader.error


async def test_no_provider_is_blamed_for_an_upload_that_is_not_whole() -> None:
    """A provider that waits for the rest of a recording has not failed, nor one that just got the end."""
    buffer = ReplayBuffer(100, lambda: RingmainError("too large"))
    timeouts = _timeouts(0.02, None, allowed=0.02, upload=buffer)
    with pytest.raises(CallerLimitPassed):
        await timeouts.bound(asyncio.Event().wait())
    buffer = ReplayBuffer(100, lambda: RingmainError("too large"))
    timeouts = _timeouts(0.04, None, allowed=0.04, upload=buffer)
    filled = asyncio.ensure_future(buffer.fill(_late(0.02)))
    with pytest.raises(CallerLimitPassed):
        await timeouts.bound(asyncio.Event().wait())
    await filled


async def _late(seconds: float) -> AsyncIterator[bytes]:
    await asyncio.sleep(seconds)
    yield b"end"
