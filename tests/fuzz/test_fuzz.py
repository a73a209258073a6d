"""A hundred cases of each campaign go well, always the same ones, and the fuzzer does what it says."""

import asyncio
import random

import pytest

from tests.fuzz import delivery, gateways, shapes
from tests.fuzz.answers import Answers
from tests.fuzz.delivery import Good
from tests.fuzz.requests import Requests
from tests.fuzz.tally import Tally

SEED = 12
COUNT = 120


@pytest.mark.parametrize("campaign", [Requests, Answers])
async def test_a_hundred_cases(campaign: type[Requests] | type[Answers]) -> None:
    """Every call ends as it may, nothing shows that may not, and the log tells of no fault."""
    tally, fuzz = Tally(campaign.__name__.lower(), SEED), campaign(SEED)
    numbers = iter(range(COUNT))
    async with fuzz.running(gateways.here) as served:

        async def work() -> None:
            for number in numbers:
                await fuzz.run(served, number, tally)

        await asyncio.gather(*(work() for _ in range(20)))
        tally.fail(-1, "the log", served.faults())
    assert tally.count == COUNT
    assert not tally.failures, tally.report()


def test_cases_are_determined_by_their_numbers() -> None:
    """The same seed and number are the same case, another seed is another."""
    one, same, other = Requests(SEED), Requests(SEED), Requests(SEED + 1)
    for number in range(40):
        assert one.case(number).plan == same.case(number).plan
    assert any(one.case(number).plan != other.case(number).plan for number in range(40))


def test_what_is_cut_is_known_to_be() -> None:
    """A delivery that has less than the whole document says so, whatever its framing says."""
    good = Good(b'{"a": [1, 2, 3]}', enough=16)
    cuts = [delivery._cut(random.Random(seed), good) for seed in range(200)]
    for cut in cuts:
        sent = b"".join(piece for piece in cut.writes if isinstance(piece, bytes))
        assert (
            cut.truncated == (b"3]}" not in sent.replace(b"\r\n", b"") and good.body not in sent)
            or b"\r\n" in sent
        )


def test_changed_documents_are_as_json_as_they_are_meant() -> None:
    """What is changed by shape becomes bytes, and the document that it was made of stays as it was."""
    document = {"a": [1, {"b": "text"}], "c": None}
    for seed in range(300):
        rng = random.Random(seed)
        changed, told = shapes.changed(rng, document)
        assert told
        assert b"@@" not in shapes.encoded(rng, changed)
    assert document == {"a": [1, {"b": "text"}], "c": None}
