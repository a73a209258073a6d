"""Catalog, outside the rooms: what media cost, by counts that `Usage` has no fields for.

Image and audio tokens have rates of their own, and some images a price by quality and size. A translator that
knows these counts asks here and writes the cost into its usage; an operator's configured price goes before it
(`settlement.py`). Rates are those of `genai-prices`; what it does not know is in `data/media_prices.toml`.
"""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ringmain_server.catalog.models import DATA, model_key
from ringmain_server.catalog.prices import MOST_NANO, NANO
from ringmain_server.kinds import KINDS

PRICES = DATA / "media_prices.toml"

_COLUMNS = {"image": ("quality", "size", "usd"), "minute": ("usd",), "mchar": ("usd",), "request": ("usd",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """What a request consumed, as far as its provider says.

    Attributes:
        input_tokens: Of every kind.
        image_input_tokens: The part of them that images are.
        audio_input_tokens: The part of them that audio is.
        output_tokens: Of every kind.
        image_output_tokens: The part of them that images are.
        audio_output_tokens: The part of them that audio is.
        images: Images made.
        quality: Of each, in the provider's words.
        size: Of each, such as `1024x1024`.
        audio_seconds: Heard.
        characters: Spoken.
    """

    input_tokens: int = 0
    image_input_tokens: int = 0
    audio_input_tokens: int = 0
    output_tokens: int = 0
    image_output_tokens: int = 0
    audio_output_tokens: int = 0
    images: int = 0
    quality: str = ""
    size: str = ""
    audio_seconds: float = 0.0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price of the data file.

    Attributes:
        unit: `image`, `minute` (of audio), `mchar` (a million characters) or `request`.
        usd: US dollars of a unit.
        quality: For which it holds, empty for any.
        size: For which it holds, empty for any.
    """

    unit: str
    usd: Decimal
    quality: str = ""
    size: str = ""


def media_cost(kind: str, provider_model: str, counts: MediaCounts) -> int | None:
    """The cost in units of 1e-9 US dollars; None when unknown.

    Args:
        kind: The provider's kind; what a self-hosted kind costs is unknown.
        provider_model: The provider's own name for the model.
        counts: What was consumed.
    """
    row = KINDS.get(kind)
    if row is None or not row.prices:
        return None
    cost = _of_rows(_rows(row.media_prices or row.prices, provider_model), counts)
    if cost is None:
        cost = _of_list(row.prices, provider_model, counts)
    if cost is None:
        return None
    return found if 0 <= (found := round(cost * NANO)) <= MOST_NANO else None


def _of_rows(rows: Sequence[PriceRow], counts: MediaCounts) -> Decimal | None:
    for row in rows:
        if row.quality in ("", counts.quality) and row.size in ("", counts.size):
            return row.usd * _units(row.unit, counts)
    return None


def _units(unit: str, counts: MediaCounts) -> Decimal:
    match unit:
        case "image":
            return Decimal(counts.images)
        case "minute":
            return Decimal(str(counts.audio_seconds)) / 60
        case "mchar":
            return Decimal(counts.characters) / 1_000_000
    return Decimal(1)


def _of_list(provider: str, model: str, counts: MediaCounts) -> Decimal | None:
    # Not at the top: a server of models without a price list never needs its data in memory.
    from genai_prices import Usage, calc_price

    told = {name: value for name, value in _listed(counts).items() if value}
    if not told:
        return None
    try:
        found = calc_price(Usage(**told), model_ref=model, provider_id=provider)
    except (LookupError, ValueError, ArithmeticError):  # no such model, or counts that cannot be
        return None
    # The list answers zero for what it has no rate for.
    return found.total_price or None


def _listed(counts: MediaCounts) -> Mapping[str, Any]:
    """The counts by the list's names: https://github.com/pydantic/genai-prices, `units`."""
    return {
        "input_tokens": counts.input_tokens,
        "input_image_tokens": counts.image_input_tokens,
        "input_audio_tokens": counts.audio_input_tokens,
        "output_tokens": counts.output_tokens,
        "output_image_tokens": counts.image_output_tokens,
        "output_audio_tokens": counts.audio_output_tokens,
        "audio_seconds": counts.audio_seconds,
        "input_characters": counts.characters,
    }


@functools.lru_cache(maxsize=1024)
def _rows(provider: str, model: str) -> Sequence[PriceRow]:
    return _prices().get((provider, model_key(model)), ())


@functools.cache
def _prices() -> Mapping[tuple[str, str], Sequence[PriceRow]]:
    return read_prices(PRICES)


def read_prices(path: Path) -> Mapping[tuple[str, str], Sequence[PriceRow]]:
    """Reads the data file: provider of the list and key of the model to its prices.

    Raises:
        ValueError: It breaks a rule. The message names the model.
    """
    found: dict[tuple[str, str], Sequence[PriceRow]] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal).get("prices", ()):
        where = f"{path.name}: {entry.get('names')}"
        if not isinstance(entry.get("checked"), date) or not str(entry.get("source")).startswith("https://"):
            raise ValueError(f"{where}: source is not an https address, or checked is not a date")
        unit = entry.get("unit")
        if unit not in _COLUMNS:
            raise ValueError(f"{where}: unit is not one of {', '.join(_COLUMNS)}")
        rows = tuple(_row(where, unit, row) for row in entry.get("rows", ()))
        for name in entry["names"]:
            found[entry["provider"], model_key(name)] = rows
    return found


def _row(where: str, unit: str, row: Mapping[str, Any]) -> PriceRow:
    unknown = row.keys() - set(_COLUMNS[unit])
    if unknown or not isinstance(row.get("usd"), Decimal | int):
        raise ValueError(f"{where}: a row has no price, or more than {', '.join(_COLUMNS[unit])}")
    return PriceRow(unit, Decimal(row["usd"]), row.get("quality", ""), row.get("size", ""))
