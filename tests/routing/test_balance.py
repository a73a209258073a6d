"""The order in which candidates are tried."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.catalog.prices import FlatPrice, Price
from ringmain_server.routing.balance import Strategy, arrange, lowest_cost, lowest_latency, weighted


@dataclass(frozen=True)
class Option:
    name: str
    weight: float = 1.0
    latency: float | None = None
    price: Price | None = None


class Silent:
    """A price list that cannot say."""

    def at(self, input_tokens: int) -> FlatPrice | None:
        return None

    def cost_nano_usd(self, usage: Usage) -> int | None:
        return None


def names(options: Sequence[Option]) -> str:
    """An order, to read."""
    return "".join(option.name for option in options)


def flat(input_price: str, output_price: str) -> FlatPrice:
    """Dollars for a million tokens."""
    return FlatPrice(Decimal(input_price), Decimal(output_price))


OPTIONS = st.lists(
    st.builds(
        Option,
        name=st.sampled_from("abcdef"),
        weight=st.floats(0, 100),
        latency=st.none() | st.floats(0.001, 100),
        price=st.none() | st.builds(flat, st.sampled_from(["0", "1", "3"]), st.sampled_from(["0", "2", "9"])),
    ),
    max_size=6,
)


@given(options=OPTIONS, strategy=st.sampled_from(Strategy), seed=st.integers())
def test_every_order_holds_every_candidate_once(options: list[Option], strategy: Strategy, seed: int) -> None:
    """No strategy loses a candidate or tries one twice, and none touches what it was given."""
    given_ones = list(options)
    order = arrange(strategy, options, random.Random(seed))
    assert sorted(map(id, order)) == sorted(map(id, options))
    assert options == given_ones


def test_priority_is_the_order_of_the_configuration() -> None:
    """As configured, whatever is known of the candidates."""
    options = [Option("a", latency=9), Option("b", weight=5, latency=1)]
    assert names(arrange(Strategy.PRIORITY, options, random.Random(1))) == "ab"


def test_weights_are_shares() -> None:
    """Candidates come first in proportion to their weights, and second in proportion of what is left."""
    options = [Option("a", weight=6), Option("b", weight=3), Option("c", weight=1), Option("d", weight=0)]
    rng = random.Random(5)
    orders = Counter(names(weighted(options, rng)) for _ in range(10_000))
    first = Counter[str]()
    second_after_a = Counter[str]()
    for order, count in orders.items():
        first[order[0]] += count
        if order[0] == "a":
            second_after_a[order[1]] += count
    assert [first[name] / 10_000 for name in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert second_after_a["b"] / first["a"] == pytest.approx(0.75, abs=0.03)
    assert all(order.endswith("d") for order in orders)


def test_the_fastest_comes_first_and_before_it_the_unknown() -> None:
    """Unknown speeds are tried so that they become known; ties keep the configured order."""
    options = [Option("a", latency=2), Option("b", latency=1), Option("c"), Option("d", latency=1)]
    assert names(lowest_latency(options, random.Random(1), explore=0)) == "cbda"


def test_a_small_share_explores() -> None:
    """In one of twenty orders another than the fastest comes first; the rest stays in order."""
    options = [Option("a", latency=1), Option("b", latency=2), Option("c", latency=3)]
    rng = random.Random(3)
    orders = Counter(names(arrange(Strategy.LOWEST_LATENCY, options, rng)) for _ in range(10_000))
    assert orders.keys() == {"abc", "bac", "cab"}
    assert orders["bac"] / 10_000 == pytest.approx(0.025, abs=0.01)
    assert orders["cab"] / 10_000 == pytest.approx(0.025, abs=0.01)


def test_one_candidate_alone_needs_no_exploring() -> None:
    """There is nothing to swap it with."""
    assert names(lowest_latency([Option("a")], random.Random(1), explore=1)) == "a"


def test_the_cheapest_comes_first_and_last_the_unknown() -> None:
    """By what the request is thought to cost; free is cheap, unknown is not."""
    options = [
        Option("a"),
        Option("b", price=flat("1", "10")),
        Option("c", price=flat("3", "3")),
        Option("d", price=flat("0", "0")),
    ]
    assert names(lowest_cost(options, input_tokens=1000, output_tokens=1000)) == "dcba"
    assert names(lowest_cost(options, input_tokens=100_000, output_tokens=10)) == "dbca"
    assert names(arrange(Strategy.LOWEST_COST, options, random.Random(1), output_tokens=0)) == "dbca"


def test_a_list_that_does_not_know_the_size_is_an_unknown_price() -> None:
    """A price that has nothing to say for the request counts as unknown."""
    options = [Option("a", price=Silent()), Option("b", price=flat("9", "9"))]
    assert names(lowest_cost(options)) == "ba"
