"""Tokens are verified by what the operator configured, whatever a token says of itself."""

import asyncio
import inspect
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.edge.auth.issuers import Issuers
from ringmain_server.edge.auth.key_set import ALGORITHMS
from ringmain_server.edge.auth.tokens import REMEMBERED, Tokens
from ringmain_server.errors import CredentialsInvalid, IssuerUnavailable
from ringmain_server.identity.principal import Principal

from tests.edge.auth.issuing import Heard, settings
from tests.fakes.bad_tokens import BAD
from tests.fakes.clock import FakeClock
from tests.fakes.oidc import KEYS, FakeIssuer, SigningKey, unsigned
from tests.fakes.waiting import until

FIRST = SigningKey.make("1")
SECOND = SigningKey.make("2")


@dataclass
class Verifying:
    """A verifier of one issuer's tokens."""

    issuer: FakeIssuer
    tokens: Tokens
    issuers: Issuers
    clock: FakeClock

    async def __call__(self, token: str) -> Principal:
        """Returns the caller that a token names, asking the issuer first where that is needed."""
        found = self.tokens.verify(token, self.clock())
        return await found if inspect.isawaitable(found) else found

    def at_once(self, token: str) -> Principal | None:
        """Returns the caller if nobody has to be asked for it."""
        found = self.tokens.verify(token, self.clock())
        return None if inspect.isawaitable(found) else found

    async def problem(self, token: str) -> str:
        """Returns why a token is refused."""
        with pytest.raises(CredentialsInvalid) as refused:
            await self(token)
        assert refused.value.message == "the credentials are not valid here"
        return refused.value.problem


@asynccontextmanager
async def verifying(*keys: SigningKey, **others: object) -> AsyncIterator[Verifying]:
    """A verifier of the tokens of one issuer, whose keys are there."""
    async with FakeIssuer(*keys) as issuer:
        issuers = Issuers(Heard().events)
        tokens = issuers.apply({"idp": settings(issuer, **others)})
        assert isinstance(tokens, Tokens)
        issuers.start()
        try:
            await fetched(tokens, issuer)
            yield Verifying(issuer, tokens, issuers, FakeClock(time.time()))
        finally:
            await issuers.close()


async def fetched(tokens: Tokens, issuer: FakeIssuer) -> None:
    """Waits until the keys are there, and not only until they were asked for."""
    keys = tokens._issuers[issuer.issuer].keys
    await until(lambda: keys.current is not None)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_token_of_every_algorithm_names_its_caller(algorithm: str) -> None:
    """A token with a right signature is accepted if its algorithm is allowed."""
    async with verifying(SigningKey.make("1", algorithm), algorithms=[algorithm]) as verify:
        found = await verify(verify.issuer.token())
        assert (found.tenant_id, found.principal_id) == ("acme", "jwt:idp:alice")


@pytest.mark.parametrize("name", BAD)
async def test_bad_token_is_refused(name: str) -> None:
    """Every bad token gets the same error; the log has the problem, and none of the token."""
    async with verifying() as verify:
        token = BAD[name](verify.issuer)
        problem = await verify.problem(token)
        assert problem.startswith("the token ")
        assert not token or token[:20] not in problem
        assert await verify.problem(token) == problem, "it is refused again"


async def test_refused_tokens_ask_no_issuer() -> None:
    """Only a token that a known algorithm and an unknown key could make valid causes a fetch."""
    async with verifying() as verify:
        for name, make in BAD.items():
            if name != "signed by an unknown key":
                await verify.problem(make(verify.issuer))
        assert verify.issuer.fetches == 1


async def test_shared_secrets_are_no_settings() -> None:
    """An operator cannot allow algorithms with a shared secret, or none."""
    async with FakeIssuer() as issuer:
        for algorithm in ("none", "HS256", "HS384", "HS512"):
            with pytest.raises(ValueError, match="algorithms"):
                settings(issuer, algorithms=[algorithm])


@pytest.mark.parametrize("leeway", [0, 30, 120])
async def test_leeway_is_the_operators(leeway: int) -> None:
    """Clocks may differ by the leeway and not by more."""
    async with verifying(leeway=leeway) as verify:
        now = verify.clock.now = float(int(time.time()))
        await verify(verify.issuer.token(exp=now - leeway + 1))
        await verify(verify.issuer.token(nbf=now + leeway, iat=now + leeway))
        for name, at in (("exp", now - leeway), ("nbf", now + leeway + 1), ("iat", now + leeway + 1)):
            await verify.problem(verify.issuer.token(None, **{name: at}))


async def test_token_without_an_id_is_tried_with_every_key() -> None:
    """An issuer that names no key in its tokens may have several."""
    async with verifying(FIRST, SECOND) as verify:
        nameless = SigningKey(None, "RS256", SECOND.private)
        await verify(verify.issuer.token(nameless))
        await verify.problem(verify.issuer.token(SigningKey.make(None, number=5)))


async def test_two_keys_of_one_id_are_both_tried() -> None:
    """Whichever of two keys with the same id has signed a token, it is valid."""
    other = SigningKey.make("1", number=2)
    async with verifying(FIRST, other) as verify:
        await verify(verify.issuer.token(FIRST))
        await verify(verify.issuer.token(other))
        assert verify.issuer.fetches == 1


async def test_new_key_works_at_once() -> None:
    """A token of a key that was published a moment ago waits for one fetch."""
    async with verifying() as verify:
        verify.issuer.publish(FIRST, SECOND)
        token = verify.issuer.token(SECOND)
        assert verify.at_once(token) is None
        found = await asyncio.gather(*(verify(token) for _ in range(20)))
        assert len(set(found)) == 1
        assert verify.issuer.fetches == 2
        assert verify.at_once(token)


async def test_withdrawn_key_ends_its_tokens() -> None:
    """When the set comes without a key, tokens of that key are refused although they are remembered."""
    async with verifying() as verify:
        old = verify.issuer.token(FIRST)
        await verify(old)
        assert verify.at_once(old)
        verify.issuer.publish(SECOND)
        await verify(verify.issuer.token(SECOND))
        assert "unknown key" in await verify.problem(old)


async def test_keys_outlast_an_outage() -> None:
    """With the issuer away, tokens of known keys work, and those of unknown keys can be judged by nobody."""
    async with verifying() as verify:
        await verify.issuer.leave()
        await verify(verify.issuer.token(FIRST))
        with pytest.raises(IssuerUnavailable) as unavailable:
            await verify(verify.issuer.token(SECOND))
        assert (unavailable.value.retry_after or 0) > 0
        await verify(verify.issuer.token(sub="bob"))


async def test_issuer_that_was_never_there() -> None:
    """Before any key was fetched, a good token is neither accepted nor refused; a bad one is refused."""
    issuer = FakeIssuer()
    issuers = Issuers(Heard().events)
    tokens = issuers.apply({"idp": settings(issuer)})
    assert isinstance(tokens, Tokens)
    issuers.start()
    try:
        verify = Verifying(issuer, tokens, issuers, FakeClock(time.time()))
        with pytest.raises(IssuerUnavailable):
            await verify(issuer.token())
        await verify.problem(unsigned({"alg": "none"}, issuer.claims()))
        await issuer.come_back()
        await fetched(tokens, issuer)
        await verify(issuer.token())
    finally:
        await issuers.close()
        await issuer.leave()


async def test_verified_token_is_remembered_for_a_minute_at_most() -> None:
    """A remembered token costs no verification; after its time it is verified, and then expired."""
    async with verifying(leeway=0) as verify:
        now = verify.clock.now
        long, short = verify.issuer.token(), verify.issuer.token(exp=int(now) + 10)
        first = await verify(long)
        assert verify.at_once(long) is first
        verify.clock.now = now + REMEMBERED - 0.1
        assert verify.at_once(long) is first
        verify.clock.now = now + REMEMBERED
        again = verify.at_once(long)
        assert again == first
        assert again is not first
        verify.clock.now = now
        await verify(short)
        verify.clock.now = int(now) + 10
        assert await verify.problem(short) == "the token is expired"


async def test_remembered_tokens_are_limited() -> None:
    """Callers with ever new tokens do not grow the memory; those verified first are forgotten."""
    async with verifying() as verify:
        issuer = next(iter(verify.tokens._issuers.values()))
        tokens = Tokens({issuer.issuer: issuer}, limit=3)
        texts = [verify.issuer.token(sub=str(number)) for number in range(5)]
        first = [tokens.verify(text, verify.clock()) for text in texts]
        assert len(tokens._known) == 3
        second = [tokens.verify(text, verify.clock()) for text in reversed(texts)]
        assert [one is other for one, other in zip(first, reversed(second), strict=True)] == [
            False,
            False,
            True,
            True,
            True,
        ]


async def test_issuers_do_not_sign_for_each_other() -> None:
    """A key of one issuer verifies no token that names another one, although both are trusted."""
    async with FakeIssuer(FIRST) as one, FakeIssuer(SECOND) as two:
        issuers = Issuers(Heard().events)
        tokens = issuers.apply({"one": settings(one), "two": settings(two, tenant="other")})
        assert isinstance(tokens, Tokens)
        issuers.start()
        try:
            await fetched(tokens, one)
            await fetched(tokens, two)
            verify = Verifying(one, tokens, issuers, FakeClock(time.time()))
            assert (await verify(one.token())).tenant_id == "acme"
            assert (await verify(two.token())).tenant_id == "other"
            assert (await verify(two.token())).principal_id == "jwt:two:alice"
            await verify.problem(one.token(SECOND))
            await verify.problem(two.token(FIRST))
        finally:
            await issuers.close()


async def test_reload_keeps_the_keys_of_issuers_that_stay() -> None:
    """Other claims, or another issuer beside it, do not make the gateway forget keys; another source does."""
    async with verifying() as verify:
        issuer = verify.issuer
        await issuer.leave()
        for changed in (
            {"tenant": "other"},
            {"leeway": 5.0, "scopes": {"x": "usage"}, "default_scopes": ["usage"]},
        ):
            verify.tokens = _applied(verify, **changed)
            assert verify.at_once(issuer.token())
        verify.tokens = _applied(verify, algorithms=["ES256", "RS256"])
        with pytest.raises(IssuerUnavailable):
            await verify(issuer.token())
        assert verify.issuers.apply({}) is None


def _applied(verify: Verifying, **others: object) -> Tokens:
    tokens = verify.issuers.apply({"idp": settings(verify.issuer, **others)})
    assert isinstance(tokens, Tokens)
    return tokens


async def test_renewal_may_be_left_alone() -> None:
    """A call that leaves before it waits for a fetch leaves no coroutine behind that nobody awaited."""
    async with verifying() as verify:
        verify.tokens.verify(verify.issuer.token(SECOND), verify.clock())
        assert verify.issuer.fetches == 1


async def test_keys_that_vanish_are_kept() -> None:
    """An issuer that suddenly publishes nothing ends no caller's work."""
    async with verifying() as verify:
        verify.issuer.answers.bodies[KEYS] = b'{"keys": []}'
        with pytest.raises(IssuerUnavailable):
            await verify(verify.issuer.token(SECOND))
        await verify(verify.issuer.token(FIRST))


GOOD = FIRST.sign({"iss": "i", "aud": "ringmain", "sub": "s", "exp": 4_000_000_000})


@given(
    st.text(max_size=200)
    | st.builds("{}.{}.{}".format, *(st.text("abcXYZ019-_=+/", max_size=40) for _ in range(3)))
    | st.builds(
        lambda at, new: GOOD[:at] + new + GOOD[at + 1 :],
        st.integers(0, len(GOOD) - 1),
        st.sampled_from("abcXYZ019-_=.+/ \n"),
    ).filter(lambda token: token != GOOD)
)
def test_any_other_text_is_refused(text: str) -> None:
    """Whatever a caller sends in place of a token, even with one character changed, names nobody.

    One that names another key is refused only once that key was looked for.
    """
    tokens = _tokens_without_network()
    assert isinstance(tokens.verify(GOOD, 2e9), Principal)
    try:
        found = tokens.verify(text, 2e9)
    except CredentialsInvalid:
        return
    assert not isinstance(found, Principal)
    assert json.loads(urlsafe_b64decode(text.partition(".")[0] + "=="))["kid"] != FIRST.key_id


def _tokens_without_network() -> Tokens:
    from ringmain_server.config.auth import IssuerSettings
    from ringmain_server.edge.auth.key_set import read_keys

    made = IssuerSettings.model_validate(
        {"issuer": "i", "audience": "ringmain", "jwks_file": "f", "tenant": "t"}
    )
    issuers = Issuers(Heard().events)
    tokens = issuers.apply({"idp": made})
    assert isinstance(tokens, Tokens)
    issuer = tokens._issuers["i"]
    issuer.keys.current = read_keys(json.dumps({"keys": [FIRST.public()]}).encode(), ("RS256",), "i")
    return tokens
