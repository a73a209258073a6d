"""Tests, benchmark: the cost of a key is measured, and the time of a refusal tells nothing."""

from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.edge.auth.gate import Gate, Rules

from tests.bench import results
from tests.bench.identity import apart, compare, looks, refused_keys
from tests.fakes.keys import Keys

TURNS = 20_000
TRIES = 5
"""A machine that others use may slow one kind down for as long as half of the turns take."""


def test_time_does_not_tell_why_a_key_is_refused() -> None:
    """The medians of keys that never were, were revoked or have expired are within 5 % of each other."""
    keys = Keys()
    refused = refused_keys(keys)
    gate = Gate(Rules(Authenticator(keys.keyring)))
    assert any(apart(looks(gate, refused, TURNS)) <= 1.05 for _ in range(TRIES))


async def test_figures() -> None:
    """A comparison gives the cost of a key and the ratios of refusals, each with its target."""
    figures = {figure.name: figure for figure in await compare(rounds=1, turns=20)}
    assert figures[results.KEY.name].limit == 4
    assert figures[results.KEY.name].value > 0
    for ratio in (results.REFUSED_KEYS, results.REFUSED_CALLS):
        assert figures[ratio.name].limit == 1.05
        assert figures[ratio.name].value >= 1
