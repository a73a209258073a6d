"""Catalog: prices of tokens. They come from `genai-prices`, or from the configuration of a candidate.

An unknown price is None and never zero. `genai-prices` returns zero for models that it cannot price, so zero
counts as unknown.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.kinds import KINDS

if TYPE_CHECKING:
    from genai_prices.types import TieredPrices

NANO = 1_000_000_000
MEGA = 1_000_000
MOST_NANO = 2**63 - 1
"""The largest cost that the contract can represent. A larger one counts as unknown."""
_FRESH_FOR = 60.0
_SCALE = 1_000_000
"""Rates are in millionths of 1e-9 US dollars per token, so prices of up to nine decimals are exact."""

Clock = Callable[[], float]


class Price(Protocol):
    """The price of a model's tokens."""

    def at(self, input_tokens: int) -> "FlatPrice | None":
        """Returns the prices for a request with that many input tokens, None if unknown."""
        ...

    def cost_nano_usd(self, usage: Usage) -> int | None:
        """Returns the cost of a usage in units of 1e-9 US dollars, None if unknown."""
        ...


@dataclass(frozen=True, slots=True)
class FlatPrice:
    """Prices in US dollars that are the same for requests of any size; those of tokens are for a million.

    Attributes:
        input_per_mtok: Input tokens that are neither read from nor written to a cache.
        output_per_mtok: Output tokens, reasoning included.
        cached_input_per_mtok: Input tokens read from the provider's cache; None for the price of input.
        cache_write_per_mtok: Input tokens written to that cache; None for the price of input.
        per_image: Each image drawn; None if images are billed by their tokens or the price is unknown.
        per_audio_minute: Each minute of audio transcribed or spoken; None as for `per_image`.
        per_mchar: A million characters spoken; None as for `per_image`.
    """

    input_per_mtok: Decimal
    output_per_mtok: Decimal
    cached_input_per_mtok: Decimal | None = None
    cache_write_per_mtok: Decimal | None = None
    per_image: Decimal | None = None
    per_audio_minute: Decimal | None = None
    per_mchar: Decimal | None = None
    _rates: tuple[int, int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Computes the rates as whole numbers, which are as exact as decimals and ten times as fast."""
        kept = (self.cached_input_per_mtok, self.cache_write_per_mtok)
        per_mtok = [self.input_per_mtok, self.output_per_mtok]
        per_mtok += [self.input_per_mtok if price is None else price for price in kept]
        plain, output, cached, written = (round(price * (NANO * _SCALE // MEGA)) for price in per_mtok)
        object.__setattr__(self, "_rates", (plain, output, cached, written))

    def at(self, input_tokens: int) -> "FlatPrice":
        """Returns the prices for a request of any size."""
        return self

    def cost_nano_usd(self, usage: Usage) -> int | None:
        """Returns the cost of a usage in units of 1e-9 US dollars, None if a part of it has no price.

        The cost of media and the cost of tokens are rounded separately.
        """
        plain_rate, output_rate, cached_rate, written_rate = self._rates
        cached, written = usage.cached_input_token_count, usage.cache_write_input_token_count
        plain = max(usage.input_token_count - cached - written, 0)
        scaled = plain * plain_rate + cached * cached_rate + written * written_rate
        whole, rest = divmod(scaled + usage.output_token_count * output_rate, _SCALE)
        # A half is rounded to the even number, as decimals are.
        tokens = whole + (rest * 2 > _SCALE or (rest * 2 == _SCALE and whole % 2 == 1))
        if usage.image_count or usage.character_count or usage.HasField("audio_duration"):
            return self._with_media(usage, tokens)
        return tokens

    def _with_media(self, usage: Usage, of_tokens: int) -> int | None:
        """Adds the cost of media: by unit if that has a price, else by tokens if those were counted."""
        counted = (
            (usage.image_count, self.per_image, 1),
            (usage.audio_duration.ToMilliseconds(), self.per_audio_minute, 60_000),
            (usage.character_count, self.per_mchar, MEGA),
        )
        tokens = usage.input_token_count or usage.output_token_count
        priced = [
            Decimal(count) * price / per for count, price, per in counted if count and price is not None
        ]
        if not priced and not tokens and self != FREE:
            return None
        return round(sum(priced, Decimal(0)) * NANO) + of_tokens


FREE = FlatPrice(Decimal(0), Decimal(0))
"""The price of kinds that are known to cost nothing."""

_Listed: TypeAlias = "Decimal | TieredPrices | None"


class _Tier(NamedTuple):
    """The prices of requests with more input tokens than `above`."""

    above: int
    price: FlatPrice


class ListPrice:
    """The bundled public price of a model.

    A query of the list takes a quarter of a millisecond, so its result is kept for a minute, but no longer,
    because some prices depend on the time of day.

    Args:
        kind: The provider's kind, one that has a price list.
        provider_model: The provider's own name for the model.
        clock: Seconds on any monotonic clock.
    """

    def __init__(self, kind: str, provider_model: str, clock: Clock = time.monotonic) -> None:
        self._provider = KINDS[kind].prices
        self._model = provider_model
        self._clock = clock
        self._tiers: list[_Tier] = []
        self._stale_at = -math.inf

    def at(self, input_tokens: int) -> FlatPrice | None:
        """Returns the prices for a request with that many input tokens, None if the list lacks the model."""
        if self._clock() >= self._stale_at:
            self._look_up()
        found = None
        for tier in self._tiers:
            if input_tokens > tier.above:
                found = tier.price
        return found

    def cost_nano_usd(self, usage: Usage) -> int | None:
        """Returns the cost of a usage in units of 1e-9 US dollars, None if the list has no price."""
        price = self.at(usage.input_token_count)
        return None if price is None else price.cost_nano_usd(usage)

    def _look_up(self) -> None:
        self._tiers = _tiers(self._provider, self._model)
        self._stale_at = self._clock() + _FRESH_FOR


def list_price(kind: str, provider_model: str) -> ListPrice | None:
    """Returns the bundled price of a provider's model, None for a kind without a list.

    The list itself is loaded at its first use, since that takes half a second and 20 MB.

    Args:
        kind: The provider's kind. The price of a self-hosted kind is unknown.
        provider_model: The provider's own name for the model.
    """
    found = KINDS.get(kind)
    return ListPrice(kind, provider_model) if found is not None and found.prices else None


def load_list() -> None:
    """Loads the list into memory, so that no call has to wait for it. It may run in a thread."""
    _tiers("openai", "gpt-4o-mini")


def _tiers(provider: str, model: str) -> list[_Tier]:
    """Returns the current prices of the list, with a tier for each threshold of input tokens."""
    # Imported here, because a gateway without priced providers never needs the list's data in memory.
    from genai_prices import Usage as Counts
    from genai_prices import calc_price

    try:
        found = calc_price(Counts(input_tokens=1, output_tokens=1), model_ref=model, provider_id=provider)
    except LookupError:
        return []
    listed: object = found.model_price
    media = _of_media(listed)
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    prices: list[_Listed] = [getattr(listed, name, None) for name in names]
    if media is not None and prices[0] is None:
        return [_Tier(-1, media)]
    if not found.total_price or prices[0] is None:
        return []
    if prices[1] is None:
        # Models whose answer is not text, such as embedding models, have no output tokens to bill.
        prices[1] = Decimal(0)
    starts = {tier.start for price in prices for tier in getattr(price, "tiers", ())}
    return [_Tier(start, _flat(prices, start)) for start in (-1, *sorted(starts))]


def _of_media(listed: object) -> FlatPrice | None:
    """Returns the price of a model that is billed by time or by characters, None for other models."""
    hours: _Listed = getattr(listed, "input_audio_hours", None)
    characters: _Listed = getattr(listed, "input_mchars", None)
    minute = hours / 60 if isinstance(hours, Decimal) else None
    spoken = characters if isinstance(characters, Decimal) else None
    if minute is None and spoken is None:
        return None
    return FlatPrice(Decimal(0), Decimal(0), per_audio_minute=minute, per_mchar=spoken)


def _flat(prices: Sequence[_Listed], start: int) -> FlatPrice:
    """Returns the prices of requests with input tokens just above `start`."""
    read, write, cached, cache_write = (_above(price, start) for price in prices)
    assert read is not None
    assert write is not None
    return FlatPrice(read, write, cached, cache_write)


def _above(price: _Listed, start: int) -> Decimal | None:
    """Returns the price of requests with input tokens just above `start`."""
    if price is None or isinstance(price, Decimal):
        return price
    found: Decimal = price.base
    for tier in price.tiers:
        if start >= tier.start:
            found = tier.price
    return found
