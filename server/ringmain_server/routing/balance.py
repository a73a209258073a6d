"""Room 3, pure: the order in which candidates are tried.

Every strategy returns all candidates; those after the first are the order of failover.
"""

import enum
import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar, assert_never

from ringmain_server.catalog.prices import Price

EXPLORE = 0.05
"""The share of requests with which the lowest latency checks whether another candidate became faster."""
TYPICAL_INPUT_TOKENS = 3000
TYPICAL_OUTPUT_TOKENS = 1000
"""The mix by which prices are compared when the request's own is not known."""


class Strategy(enum.Enum):
    """The ways to order candidates."""

    PRIORITY = "priority"
    WEIGHTED = "weighted"
    LOWEST_LATENCY = "lowest_latency"
    LOWEST_COST = "lowest_cost"


class Weighted(Protocol):
    """An option with a share of the traffic."""

    @property
    def weight(self) -> float:
        """The share, relative to the others. 0 is tried last."""
        ...


class Timed(Protocol):
    """An option with a speed."""

    @property
    def latency(self) -> float | None:
        """A quantile of the recent latencies, in seconds; None when there are none."""
        ...


class Priced(Protocol):
    """An option with a price."""

    @property
    def price(self) -> Price | None:
        """The price of tokens, None when unknown."""
        ...


class Option(Weighted, Timed, Priced, Protocol):
    """An option that any strategy can order."""


OptionT = TypeVar("OptionT", bound=Option)
WeightedT = TypeVar("WeightedT", bound=Weighted)
TimedT = TypeVar("TimedT", bound=Timed)
PricedT = TypeVar("PricedT", bound=Priced)


def arrange(
    strategy: Strategy,
    options: Sequence[OptionT],
    rng: random.Random,
    *,
    input_tokens: int = TYPICAL_INPUT_TOKENS,
    output_tokens: int = TYPICAL_OUTPUT_TOKENS,
) -> list[OptionT]:
    """Returns the options in the order to try them.

    Args:
        strategy: The strategy.
        options: The options, in the order of the configuration.
        rng: The source of randomness.
        input_tokens: The expected tokens of the request.
        output_tokens: The expected tokens of the answer.
    """
    match strategy:
        case Strategy.PRIORITY:
            return list(options)
        case Strategy.WEIGHTED:
            return weighted(options, rng)
        case Strategy.LOWEST_LATENCY:
            return lowest_latency(options, rng)
        case Strategy.LOWEST_COST:
            return lowest_cost(options, input_tokens, output_tokens)
        case _:
            assert_never(strategy)


def weighted(options: Sequence[WeightedT], rng: random.Random) -> list[WeightedT]:
    """Orders options at random; each comes first, and among those left next, in proportion to its weight.

    Sorting by exponentially distributed keys draws so without replacement (Efraimidis and Spirakis,
    "Weighted random sampling with a reservoir", 2006).
    """

    def key(option: WeightedT) -> float:
        return rng.expovariate(option.weight) if option.weight > 0 else math.inf

    return sorted(options, key=key)


def lowest_latency(options: Sequence[TimedT], rng: random.Random, explore: float = EXPLORE) -> list[TimedT]:
    """Orders options by latency; those of unknown speed come first, so that it becomes known.

    Args:
        options: The options, in the order of the configuration, which decides ties.
        rng: The source of randomness.
        explore: The share of orders that begin with another than the fastest.
    """

    def key(option: TimedT) -> float:
        latency = option.latency
        return -math.inf if latency is None else latency

    order = sorted(options, key=key)
    if len(order) > 1 and rng.random() < explore:
        order.insert(0, order.pop(rng.randrange(1, len(order))))
    return order


def lowest_cost(
    options: Sequence[PricedT],
    input_tokens: int = TYPICAL_INPUT_TOKENS,
    output_tokens: int = TYPICAL_OUTPUT_TOKENS,
) -> list[PricedT]:
    """Orders options by price; those of unknown price come last.

    Args:
        options: The options, in the order of the configuration, which decides ties.
        input_tokens: The expected tokens of the request.
        output_tokens: The expected tokens of the answer.
    """
    return sorted(options, key=_cost_of(input_tokens, output_tokens))


def _cost_of(input_tokens: int, output_tokens: int) -> Callable[[Priced], tuple[bool, Decimal]]:
    """Returns the sorting key: known before unknown prices, then dollars for a million such requests."""

    def key(option: Priced) -> tuple[bool, Decimal]:
        price = None if option.price is None else option.price.at(input_tokens)
        if price is None:
            return True, Decimal(0)
        return False, input_tokens * price.input_per_mtok + output_tokens * price.output_per_mtok

    return key
