"""Catalog: the cost of media, from counts for which `Usage` has no fields.

Image and audio tokens have their own rates, and some images have a price by quality and size. A translator
that knows these counts asks for the cost here and writes it into its usage. A price that an operator
configured replaces it (`routing/route_info.py`). The rates are those of `genai-prices`, or for models that
it does not know those of `data/media_prices.toml`.
"""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ringmain_server.catalog.models import DATA
from ringmain_server.catalog.names import model_key
from ringmain_server.catalog.prices import MOST_NANO, NANO
from ringmain_server.kinds import KINDS

PRICES = DATA / "media_prices.toml"

_COLUMNS = {"image": ("quality", "size", "usd"), "minute": ("usd",), "mchar": ("usd",), "request": ("usd",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """The counts of what a request consumed, as reported by its provider.

    Attributes:
        input_tokens: Input tokens of all modalities.
        image_input_tokens: Input tokens of images, a part of `input_tokens`.
        audio_input_tokens: Input tokens of audio, a part of `input_tokens`.
        output_tokens: Output tokens of all modalities.
        image_output_tokens: Output tokens of images, a part of `output_tokens`.
        audio_output_tokens: Output tokens of audio, a part of `output_tokens`.
        images: Images drawn.
        quality: Quality of each image, in the provider's words.
        size: Size of each image, such as `1024x1024`.
        audio_seconds: Seconds of audio transcribed.
        characters: Characters spoken.
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
        usd: Price of a unit in US dollars.
        quality: The quality that it applies to, empty for any.
        size: The size that it applies to, empty for any.
    """

    unit: str
    usd: Decimal
    quality: str = ""
    size: str = ""


def media_cost(kind: str, provider_model: str, counts: MediaCounts) -> int | None:
    """Returns the cost in units of 1e-9 US dollars, None if it is unknown.

    Args:
        kind: The provider's kind. The cost of a self-hosted kind is unknown.
        provider_model: The provider's own name for the model.
        counts: The counts of what was consumed.
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
    # Imported here, because a gateway without priced providers never needs the list's data in memory.
    from genai_prices import Usage, calc_price

    told = {name: value for name, value in _listed(counts).items() if value}
    if not told:
        return None
    try:
        found = calc_price(Usage(**told), model_ref=model, provider_id=provider)
    except (LookupError, ValueError, ArithmeticError):  # no such model, or impossible counts
        return None
    # The list returns zero for counts without a rate.
    return found.total_price or None


def _listed(counts: MediaCounts) -> Mapping[str, Any]:
    """Returns the counts under the list's names: https://github.com/pydantic/genai-prices, `units`."""
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
    """Reads the data file. The keys are the list's name of a provider and the key of a model.

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
