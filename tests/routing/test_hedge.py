"""Two attempts that race, and how the loser ends."""

import asyncio

import pytest
from ringmain_server.errors import ProviderError
from ringmain_server.routing.hedge import Runner, race

from tests.fakes.waiting import until


def _no_failure(key: str, error: ProviderError) -> None:
    raise AssertionError((key, error))


async def test_a_caller_that_is_cancelled_twice_still_reports_every_attempt() -> None:
    """Attempts that take a while to end are reported as lost although the caller does not wait for that."""
    running: list[str] = []
    may_end = asyncio.Event()
    lost: list[str] = []

    async def attempt(key: str) -> str:
        running.append(key)
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()
        return ""

    async def report(key: str, value: str | None) -> None:
        assert value is None
        lost.append(key)

    def second() -> Runner[str, str]:
        return Runner("second", attempt("second"))

    first = Runner("first", attempt("first"))
    racing = asyncio.ensure_future(race(first, second, 0.0, failed=_no_failure, lost=report))
    await until(lambda: running == ["first", "second"])
    racing.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert not lost
    may_end.set()
    await until(lambda: sorted(lost) == ["first", "second"])
