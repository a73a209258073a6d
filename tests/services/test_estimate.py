"""What a request would cost at least and at most."""

from decimal import Decimal

import pytest
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import FlatPrice
from ringmain_server.services.estimate import cost_range

CHEAP = FlatPrice(Decimal(1), Decimal(2))
DEAR = FlatPrice(Decimal(10), Decimal(20))


def _candidate(price: FlatPrice | None, *, longest: int = 0, context: int = 0) -> Candidate:
    return Candidate("p", "openai", "m", price=price, max_output_tokens=longest, context_tokens=context)


def test_least_is_the_first_candidate_and_most_the_dearest() -> None:
    """The least is an empty answer of the first, the most the longest answer of the dearest."""
    request = ChatRequest()
    request.generation_config.max_output_tokens = 50
    found = cost_range(request, 100, [_candidate(CHEAP), _candidate(DEAR)])
    assert found.input_token_count == 100
    assert (found.min_cost_nano_usd, found.max_cost_nano_usd) == (100_000, 2_000_000)


@pytest.mark.parametrize(
    ("candidate", "most"),
    [
        (_candidate(CHEAP, longest=30), 160_000),
        (_candidate(CHEAP, context=140), 180_000),
        (_candidate(CHEAP, longest=30, context=120), 140_000),
    ],
)
def test_the_longest_answer_is_bounded_by_what_is_known(candidate: Candidate, most: int) -> None:
    """Without a limit in the request, the model's output limit and the rest of its context bound it."""
    assert cost_range(ChatRequest(), 100, [candidate]).max_cost_nano_usd == most


def test_unknown_prices_and_lengths_stay_absent() -> None:
    """An unknown price or an answer of unknown length has no cost, rather than a wrong one."""
    unpriced = cost_range(ChatRequest(), 1, [_candidate(None, longest=1)])
    assert not unpriced.HasField("min_cost_nano_usd")
    assert not unpriced.HasField("max_cost_nano_usd")
    endless = cost_range(ChatRequest(), 1, [_candidate(CHEAP)])
    assert endless.HasField("min_cost_nano_usd")
    assert not endless.HasField("max_cost_nano_usd")
