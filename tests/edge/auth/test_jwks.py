"""The keys of an issuer stay current, and are never lost."""

import asyncio

import pytest
from ringmain_server.edge.auth.jwks import AGAIN, FETCH_LIMIT

from tests.edge.auth.issuing import Heard, keys_of
from tests.fakes.clock import FakeClock
from tests.fakes.oidc import KEYS, FakeIssuer, SigningKey
from tests.fakes.waiting import until

NEW = SigningKey.make("2")


async def test_keys_come_in_the_background() -> None:
    """Once started, the keys are fetched without any call, and again after each interval."""
    async with FakeIssuer() as issuer, keys_of(issuer, refresh_interval=0.05) as keys:
        keys.start()
        keys.start()
        await until(lambda: issuer.fetches > 2)
        before = keys.current
        assert before is not None
        assert before.knows("1")
        issuer.publish(NEW)
        await until(lambda: keys.current is not before)
        assert keys.current is not None
        assert keys.current.knows("2")
        assert not keys.current.knows("1")


async def test_same_answer_is_the_same_object() -> None:
    """Verified tokens are forgotten when keys change, so that nothing changes where nothing has."""
    async with FakeIssuer() as issuer, keys_of(issuer, refresh_interval=0.01) as keys:
        keys.start()
        await until(lambda: keys.current is not None)
        before = keys.current
        await until(lambda: issuer.fetches > 3)
        assert keys.current is before


async def test_callers_share_one_fetch() -> None:
    """However many wait for an unknown key, the issuer is asked once."""
    async with FakeIssuer() as issuer, keys_of(issuer) as keys:
        issuer.answers.delay = 0.05
        await asyncio.gather(*(keys.renew() for _ in range(50)))
        assert issuer.fetches == 1
        assert keys.current is not None


async def test_caller_that_leaves_does_not_end_the_fetch_of_others() -> None:
    """A cancelled call takes its own wait with it, and nothing else."""
    async with FakeIssuer() as issuer, keys_of(issuer) as keys:
        issuer.answers.delay = 0.05
        leaving, staying = asyncio.ensure_future(keys.renew()), asyncio.ensure_future(keys.renew())
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await staying
        assert issuer.fetches == 1
        assert keys.current is not None


async def test_issuer_is_asked_for_callers_once_in_a_while() -> None:
    """Tokens with made-up ids cannot make the gateway ask more often than once in 30 seconds."""
    clock = FakeClock()
    async with FakeIssuer() as issuer, keys_of(issuer, clock=clock) as keys:
        for _ in range(100):
            await keys.renew()
        assert issuer.fetches == 1
        clock.advance(AGAIN - 0.1)
        await keys.renew()
        assert issuer.fetches == 1
        clock.advance(0.2)
        await keys.renew()
        assert issuer.fetches == 2


@pytest.mark.parametrize("body", [b'{"keys": []}', b"<html>", b'{"keys": [{"kty": "oct"}]}'])
async def test_answer_without_keys_changes_nothing(body: bytes) -> None:
    """An issuer that publishes nothing usable has a fault, and its known keys stay."""
    clock, heard = FakeClock(), Heard()
    async with FakeIssuer() as issuer, keys_of(issuer, heard, clock) as keys:
        await keys.renew()
        before = keys.current
        issuer.answers.bodies[KEYS] = body
        clock.advance(AGAIN)
        await keys.renew()
        assert keys.current is before
        assert keys.failing
        assert "the keys fetched before stay" in heard.messages[-1]


async def test_issuer_that_is_away_is_told_once_and_so_is_its_return() -> None:
    """Operators hear of a failure when it begins and when it ends, not of each attempt."""
    clock, heard = FakeClock(), Heard()
    async with FakeIssuer() as issuer, keys_of(issuer, heard, clock) as keys:
        await issuer.leave()
        for _ in range(3):
            await keys.renew()
            clock.advance(AGAIN)
        assert len(heard.list) == 1
        assert heard.list[0].kind == "key"
        assert heard.list[0].attributes["issuer"] == "idp"
        assert "problems" in heard.list[0].attributes
        assert "none of its tokens can be verified" in heard.messages[0]
        await issuer.come_back()
        await keys.renew()
        assert not keys.failing
        assert heard.messages[1:] == ["issuer idp can be asked for its keys again"]
        issuer.publish(NEW)
        clock.advance(AGAIN)
        await keys.renew()
        assert heard.messages[2:] == ["issuer idp has other keys"]


async def test_issuer_that_comes_back_is_found_by_the_background() -> None:
    """Attempts after a failure follow each other sooner than those after a success."""
    async with FakeIssuer() as issuer, keys_of(issuer, refresh_interval=3600) as keys:
        await issuer.leave()
        keys.start()
        await until(lambda: keys.failing)
        assert 0 < (keys.unavailable().retry_after or 0) <= AGAIN
        await issuer.come_back()
        await until(lambda: keys.current is not None)
        assert not keys.failing


async def test_slow_issuer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch has a time, and the wait of a caller ends with it."""
    heard = Heard()
    monkeypatch.setattr("ringmain_server.edge.auth.jwks.FETCH_LIMIT", 0.1)
    async with FakeIssuer() as issuer, keys_of(issuer, heard) as keys:
        issuer.answers.delay = FETCH_LIMIT
        await keys.renew()
        assert keys.failing
        assert "does not answer within" in heard.messages[0]


async def test_stop_ends_waits() -> None:
    """When an issuer leaves the configuration, callers that wait for it do not hang."""
    async with FakeIssuer() as issuer, keys_of(issuer) as keys:
        issuer.answers.delay = 60
        keys.start()
        waiting = asyncio.ensure_future(keys.renew())
        await until(lambda: bool(issuer.requests))
        await asyncio.wait(keys.stop())
        await waiting
        assert keys.current is None
