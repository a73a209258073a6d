"""Compares the model catalog with the installed SDKs and the bundled price list, and prints the differences.

Usage: compare_catalog.py, from the repository's root. It prints, for each source, the models that the catalog
does not know (`missing`), those that it lists and the source no longer has (`gone`), and facts that differ
(`differs`). What is left out on purpose is in `scripts/catalog_left_out.toml`, with the reason. It exits with
0 whatever it finds: a new SDK brings new models on any day. `tests/catalog/test_compare.py` fails then.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, get_args

import anthropic.types.model as claude
import openai.types as openai_types
from anthropic._data.deprecated_models import DEPRECATED_MODELS
from genai_prices.data import providers as price_lists
from openai.types import shared
from openai.types.audio import speech_model
from openai.types.shared.responses_model import ResponsesModel
from ringmain_server.catalog.models import DATA, listed, lookup, read
from ringmain_server.catalog.names import model_key
from ringmain_server.kinds import KINDS

LEFT_OUT = Path(__file__).with_name("catalog_left_out.toml")
TOLERANCE = 0.06
"""How much a context may differ: lists round a million."""
_ENDS = re.compile(r"((?:\"[^\"]+\",?\s*)+):\s+Announced shutdown\s+date:\s+(\d{4}-\d\d-\d\d)")
_DAY = re.compile(r"(?<=\d)(?:st|nd|rd|th)")


class Difference(NamedTuple):
    """One difference between the catalog and a source.

    Attributes:
        source: The source, such as `openai`.
        what: `missing`, `gone` or `differs`.
        model: The model's name.
        detail: What differs; empty if the model's name says all.
    """

    source: str
    what: str
    model: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.what}: {self.model}{self.detail and f' ({self.detail})'}"


class Source(NamedTuple):
    """A list of models.

    Attributes:
        name: The name of the source.
        kind: The provider kind whose models it lists.
        models: The names.
        complete: Whether a model that is not in it is gone.
        ends: The days from which on models are no longer served.
        contexts: The contexts of models in tokens.
    """

    name: str
    kind: str
    models: frozenset[str]
    complete: bool = False
    ends: Mapping[str, date] = {}
    contexts: Mapping[str, int] = {}


def names(alias: object) -> frozenset[str]:
    """Returns the texts of a literal type, or of a union of such types."""
    found: set[str] = set()
    for part in get_args(alias):
        found |= {part} if isinstance(part, str) else names(part)
    return frozenset(found)


def openai_source() -> Source:
    """Returns the lists of OpenAI's SDK, generated from OpenAI's API description."""
    aliases: list[object] = [
        ResponsesModel,
        openai_types.AudioModel,
        openai_types.EmbeddingModel,
        openai_types.ImageModel,
        openai_types.ModerationModel,
        speech_model.SpeechModel,
    ]
    modules = (shared.chat_model, openai_types.audio_model, speech_model, openai_types.image_model)
    texts = [Path(module.__file__ or "").read_text(encoding="utf-8") for module in modules]
    ends = {name: day for text in texts for name, day in _announced(text)}
    models = frozenset[str]().union(*map(names, aliases))
    return Source("openai", "openai", models, complete=True, ends=ends)


def _announced(text: str) -> Iterator[tuple[str, date]]:
    for found in _ENDS.finditer(text):
        for name in re.findall(r"\"([^\"]+)\"", found[1]):
            yield name, date.fromisoformat(found[2])


def anthropic_source() -> Source:
    """Returns the lists of Anthropic's SDK, generated from Anthropic's API description."""
    ends = {
        name: datetime.strptime(_DAY.sub("", day), "%B %d, %Y").replace(tzinfo=UTC).date()
        for name, day in DEPRECATED_MODELS.items()
    }
    return Source("anthropic", "anthropic", names(claude.Model), complete=True, ends=ends)


def price_sources() -> Iterator[Source]:
    """Yields the lists of prices of each vendor whose models the catalog lists.

    google-genai, Google's SDK, has no list of models.
    """
    for kind in KINDS.values():
        if kind.prices and kind.shelf is not None and kind.shelf.lists and kind.name != "vertex":
            found = next(one for one in price_lists if one.id == kind.prices)
            contexts = {model.id: model.context_window for model in found.models if model.context_window}
            models = frozenset(model.id for model in found.models)
            yield Source(f"genai-prices {found.id}", kind.name, models, contexts=contexts)


def differences(source: Source, today: date) -> Iterator[Difference]:
    """Yields the differences between the catalog and a source, in the order of names."""
    for name in sorted(source.models):
        known = lookup(source.kind, name)
        if known is None:
            yield Difference(source.name, "missing", name)
            continue
        ends, retirement = source.ends.get(name), known.retirement
        if ends is not None and (retirement is None or retirement.date != ends):
            yield Difference(
                source.name, "differs", name, f"ends on {ends}, here {retirement and retirement.date}"
            )
        context = source.contexts.get(name)
        if context and known.context_tokens and abs(known.context_tokens - context) > TOLERANCE * context:
            yield Difference(source.name, "differs", name, f"context {context}, here {known.context_tokens}")
    if source.complete:
        there = {model_key(name) for name in source.models}
        for name in listed(source.kind, today):
            if model_key(name) not in there:
                yield Difference(source.name, "gone", name)


def sources() -> list[Source]:
    """Returns every source."""
    return [openai_source(), anthropic_source(), *price_sources()]


def left_out() -> Mapping[str, str]:
    """Returns the reasons for what is left out on purpose, by patterns of `source: name`."""
    tables = tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))["left_out"]
    return {f"{one['source']}: {name}": one["reason"] for one in tables for name in one["names"]}


def compared(lists: Iterable[Source], today: date, without: Iterable[str] = ()) -> list[Difference]:
    """Returns all differences but those of models that match a pattern of `source: name`."""
    patterns = list(without)
    return [
        one
        for source in lists
        for one in differences(source, today)
        if not any(fnmatchcase(f"{one.source}: {one.model}", pattern) for pattern in patterns)
    ]


def main() -> int:
    """Prints the differences and a summary, and returns 0."""
    libraries = ("openai", "anthropic", "genai-prices")
    print("Compared with", ", ".join(f"{one} {metadata.version(one)}" for one in libraries))
    found = compared(sources(), datetime.now(UTC).date(), left_out())
    for one in found:
        print(one)
    known = sum(len(read(path).exact) for path in DATA.glob("*.toml"))
    print(f"{len(found)} differences; {known} names are known, {len(left_out())} left out on purpose")
    return 0


if __name__ == "__main__":
    sys.exit(main())
