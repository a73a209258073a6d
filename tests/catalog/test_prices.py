"""Prices: exact, by tier, and absent where unknown."""

from decimal import Decimal

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.catalog.prices import FREE, FlatPrice, ListPrice, list_price

COUNTS = st.integers(min_value=0, max_value=10**9)


def test_each_kind_of_token_has_its_rate() -> None:
    """Plain, cached, cache-write and output tokens are priced at their own rates."""
    price = FlatPrice(Decimal(3), Decimal(15), Decimal("0.3"), Decimal("3.75"))
    usage = Usage(
        input_token_count=100,
        cached_input_token_count=50,
        cache_write_input_token_count=20,
        output_token_count=10,
    )
    # 30·3 + 50·0.3 + 20·3.75 + 10·15 dollars for a million of each
    assert price.cost_nano_usd(usage) == 330_000


def test_rates_that_are_not_stated_are_those_of_input() -> None:
    """Without rates of their own, cached and cache-write tokens cost as much as plain input."""
    usage = Usage(input_token_count=10, cached_input_token_count=4, cache_write_input_token_count=3)
    assert FlatPrice(Decimal(1), Decimal(1)).cost_nano_usd(usage) == 10_000


@given(COUNTS, COUNTS, COUNTS)
def test_a_cost_is_never_negative_and_grows_with_output(cached: int, plain: int, written: int) -> None:
    """However a provider nests its counts, more output never costs less."""
    price = FlatPrice(Decimal("0.15"), Decimal("0.6"), Decimal("0.075"))
    usage = Usage(
        input_token_count=plain + cached, cached_input_token_count=cached, output_token_count=written
    )
    more = Usage(
        input_token_count=plain + cached, cached_input_token_count=cached, output_token_count=written + 1
    )
    cost, dearer = price.cost_nano_usd(usage), price.cost_nano_usd(more)
    assert cost is not None
    assert dearer is not None
    assert 0 <= cost <= dearer


def test_the_list_prices_a_known_model() -> None:
    """A model of the bundled list costs what the list says, its cached tokens less."""
    price = list_price("openai", "gpt-4o-mini")
    assert price is not None
    assert price.cost_nano_usd(Usage(input_token_count=1000, output_token_count=100)) == 210_000
    half = Usage(input_token_count=1000, cached_input_token_count=1000, output_token_count=100)
    assert price.cost_nano_usd(half) == 135_000


def test_a_tier_holds_for_all_tokens_above_its_bound() -> None:
    """Above a tier's bound every token costs the tier's rate, as the vendor bills it."""
    price = list_price("anthropic", "claude-sonnet-4-5")
    assert price is not None
    below, above = price.at(200_000), price.at(200_001)
    assert below is not None
    assert above is not None
    assert (below.input_per_mtok, above.input_per_mtok) == (Decimal(3), Decimal(6))


@pytest.mark.parametrize(("kind", "model"), [("openai", "nobody-knows-this"), ("vllm", "gpt-4o-mini")])
def test_an_unknown_price_is_absent(kind: str, model: str) -> None:
    """A model that the list does not know, or that the operator serves, has no price, not a zero one."""
    price = list_price(kind, model)
    usage = Usage(input_token_count=1000, output_token_count=100)
    assert price is None or (price.at(1), price.cost_nano_usd(usage)) == (None, None)


def test_the_list_is_asked_again_after_a_minute() -> None:
    """What holds now is kept for a minute of the clock, because some prices depend on the time of day."""
    now = [0.0]
    price = ListPrice("deepseek", "deepseek-chat", clock=lambda: now[0])
    first = price.at(1)
    now[0] = 61.0
    assert price.at(1) == first
    assert price.at(1) is not first


MEDIA = FlatPrice(
    Decimal(1),
    Decimal(2),
    per_image=Decimal("0.04"),
    per_audio_minute=Decimal("0.006"),
    per_mchar=Decimal(15),
)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(image_count=2), 80_000_000),
        (Usage(audio_duration=Duration(seconds=90)), 9_000_000),
        (Usage(character_count=1000), 15_000_000),
        (Usage(image_count=1, input_token_count=1000), 41_000_000),
    ],
)
def test_media_are_paid_by_the_piece(usage: Usage, cost: int) -> None:
    """Images, minutes and characters cost what is stated of them, beside their tokens."""
    assert MEDIA.cost_nano_usd(usage) == cost


def test_media_without_a_price_of_their_own() -> None:
    """Their tokens are paid where they were counted; else the cost is unknown, unless everything is free."""
    price = FlatPrice(Decimal(1), Decimal(2))
    assert price.cost_nano_usd(Usage(image_count=1, output_token_count=1000)) == 2_000_000
    assert price.cost_nano_usd(Usage(image_count=1)) is None
    assert FREE.cost_nano_usd(Usage(image_count=1)) == 0
