"""Catalog: the facts about models, read from `data/*.toml` when a kind first needs them.

`docs/models.md` describes the files and how an operator overrides them. A model that is not in them is
allowed, but nothing is known about it. `python -m ringmain_server.catalog.models --check` checks every file.
"""

import functools
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from ringmain.v1.model_service_pb2 import CAPABILITY_VISION

from ringmain_server.catalog.capabilities import capability
from ringmain_server.catalog.knobs import USUAL_KNOBS, Knobs, KnobTable, knobs_in, read_knobs
from ringmain_server.catalog.limits import NO_LIMITS, TABLES, Limits, read_limits
from ringmain_server.catalog.names import keys, model_key
from ringmain_server.catalog.retirements import Retirement, read_retirements
from ringmain_server.kinds import KINDS, Shelf

DATA = Path(__file__).parent / "data"
WIRES = ("", "responses")
EVIDENCE = ("page", "listing")

_KEYS = frozenset(
    {"names", "aliases", "capabilities", "context_tokens", "max_output_tokens", "wire", "listed"}
)
_ORIGIN = frozenset({"source", "evidence", "checked"})
"""Keys that a file may set for all of its models, as it may `vision`; a model may override them."""


class CatalogError(ValueError):
    """A data file breaks a rule. The message names the file and the model."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """The facts about a model.

    Attributes:
        capabilities: Values of `Capability`, None if unknown.
        context_tokens: Most tokens of input and output together, 0 if unknown.
        max_output_tokens: Most tokens of output, 0 if unknown.
        wire: `responses` for a model that works only, or fully, over OpenAI's Responses API; else empty.
        source: Address of the vendor's page about the model.
        evidence: `page` if that page was read, `listing` if public listings that name it were.
        checked: The day on which it was read.
        limits: Limits other than tokens.
        retirement: Its end at the vendor, None if none is known.
    """

    capabilities: frozenset[int] | None
    context_tokens: int
    max_output_tokens: int
    wire: str
    source: str
    evidence: str
    checked: date
    limits: Limits = NO_LIMITS
    retirement: Retirement | None = None


UNKNOWN = KnownModel(None, 0, 0, "", "", "", date.min)
"""The facts about a model that the catalog does not know."""


@dataclass(frozen=True, slots=True)
class Family:
    """One data file.

    Attributes:
        exact: Models by the key of a name.
        patterns: Keys with a `*` and their models, in the order of the file.
        listed: Names of current models, as their vendor writes them.
        knobs: The tables of knobs, in the order of the file.
    """

    exact: Mapping[str, KnownModel]
    patterns: Sequence[tuple[str, KnownModel]]
    listed: tuple[str, ...]
    knobs: Sequence[KnobTable] = ()

    def find(self, key: str) -> KnownModel | None:
        """Returns the model with this key, None if there is none."""
        found = self.exact.get(key)
        if found is not None:
            return found
        return next((known for pattern, known in self.patterns if fnmatchcase(key, pattern)), None)


def lookup(kind: str, provider_model: str) -> KnownModel | None:
    """Returns the facts about a provider's model, None if nothing is known.

    Args:
        kind: The provider's kind.
        provider_model: The provider's own name for the model. It may be a dated snapshot or a fine-tuned
            model (`ft:gpt-4o-mini:…`), or have a vendor, a path or a cloud's prefix and suffix in it.
    """
    shelf = _shelf(kind)
    if shelf is None:
        return None
    found = next(_found(shelf, provider_model), None)
    return None if found is None else _at(kind, shelf, found)


@functools.lru_cache(maxsize=1024)
def knobs_of(kind: str, provider_model: str) -> Knobs:
    """Returns the knobs of a provider's model, those of a whole family if the model itself is not known.

    Args:
        kind: The provider's kind.
        provider_model: The provider's own name for the model, as of `lookup`.
    """
    shelf = _shelf(kind)
    if shelf is None:
        return USUAL_KNOBS
    return knobs_in(_family(shelf.families[0]).knobs, list(keys(provider_model)))


def listed(kind: str, today: date) -> tuple[str, ...]:
    """Returns the current models that every account of this kind can use, as their vendor names them.

    Args:
        kind: The provider's kind.
        today: The day on which they are current.
    """
    shelf = _shelf(kind)
    if shelf is None or not shelf.lists:
        return ()
    family = _family(shelf.families[0])
    return tuple(name for name in family.listed if not _is_retired(kind, family, name, today))


def _is_retired(kind: str, family: Family, name: str, today: date) -> bool:
    known = family.find(model_key(name))
    ends = None if known is None else known.retirement
    return ends is not None and ends.holds_at(kind) and ends.date <= today


def _shelf(kind: str) -> Shelf | None:
    found = KINDS.get(kind)
    return None if found is None else found.shelf


def _found(shelf: Shelf, name: str) -> Iterator[KnownModel]:
    for key in keys(name):
        for family in shelf.families:
            found = _family(family).find(key)
            if found is not None:
                yield found


def _at(kind: str, shelf: Shelf, known: KnownModel) -> KnownModel:
    """Returns the facts about a model that hold at a kind of provider."""
    capabilities, ends = known.capabilities, known.retirement
    if capabilities and shelf.adds:
        capabilities |= frozenset(map(capability, shelf.adds))
    return KnownModel(
        capabilities=capabilities,
        context_tokens=known.context_tokens if shelf.limits else 0,
        max_output_tokens=known.max_output_tokens if shelf.limits else 0,
        wire=known.wire if shelf.responses else "",
        source=known.source,
        evidence=known.evidence,
        checked=known.checked,
        limits=known.limits,
        retirement=ends if shelf.lists and ends is not None and ends.holds_at(kind) else None,
    )


# --- files -------------------------------------------------------------------------------------------------


@functools.cache
def _family(name: str) -> Family:
    return read(DATA / f"{name}.toml")


def read(path: Path) -> Family:
    """Reads a data file.

    Raises:
        CatalogError: It breaks a rule.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    origin = {key: document[key] for key in (_ORIGIN | {"vision"}) & document.keys()}
    exact: dict[str, KnownModel] = {}
    patterns: list[tuple[str, KnownModel]] = []
    current: list[str] = []
    for entry in document.get("models", ()):
        where = f"{path.name}: {entry.get('names', entry)}"
        for name, known in _models(where, {**origin, **entry}):
            key = model_key(name)
            if key in exact:
                raise CatalogError(f"{where}: {name} is there twice")
            if "*" in key:
                patterns.append((key, known))
            else:
                exact[key] = known
        current += _listed(where, entry)
    _retire(path.name, document, exact)
    try:
        knobs = list(read_knobs(document))
    except ValueError as exc:
        raise CatalogError(f"{path.name}: {exc}") from exc
    return Family(exact, tuple(patterns), tuple(current), knobs)


def _retire(where: str, document: Mapping[str, object], models: dict[str, KnownModel]) -> None:
    """Writes the retirements of a data file into its models."""
    try:
        retirements = list(read_retirements(document))
    except ValueError as exc:
        raise CatalogError(f"{where}: {exc}") from exc
    for name, retirement in retirements:
        key = model_key(name)
        if key not in models:
            raise CatalogError(f"{where}: no model {name} that could be retired")
        models[key] = replace(models[key], retirement=retirement)


def _listed(where: str, entry: Mapping[str, object]) -> Sequence[str]:
    chosen = entry.get("listed", False)
    if not isinstance(chosen, bool):
        raise CatalogError(f"{where}: listed is not true or false")
    names = _strings(where, entry, "names") if chosen else ()
    if any("*" in name for name in names):
        raise CatalogError(f"{where}: a pattern cannot be listed")
    return names


def _models(where: str, entry: Mapping[str, object]) -> Iterator[tuple[str, KnownModel]]:
    unknown = entry.keys() - _KEYS - _ORIGIN - TABLES
    if unknown:
        raise CatalogError(f"{where}: unknown {', '.join(sorted(unknown))}")
    names = _strings(where, entry, "names")
    if not names:
        raise CatalogError(f"{where}: names no model")
    for name in names:
        yield name, _known(where, entry, name)
    for alias in _strings(where, entry, "aliases"):
        yield alias, _known(where, entry, names[0])


def _known(where: str, entry: Mapping[str, object], name: str) -> KnownModel:
    checked = entry.get("checked")
    if not isinstance(checked, date):
        raise CatalogError(f"{where}: checked is not a date")
    source = _one(where, entry, "source").replace("{name}", name)
    if not source.startswith("https://"):
        raise CatalogError(f"{where}: source is not an https address")
    capabilities = _capabilities(where, entry)
    return KnownModel(
        capabilities=capabilities,
        context_tokens=_limit(where, entry, "context_tokens"),
        max_output_tokens=_limit(where, entry, "max_output_tokens"),
        wire=_one(where, entry, "wire", WIRES),
        source=source,
        evidence=_one(where, entry, "evidence", EVIDENCE),
        checked=checked,
        limits=_limits(where, entry, capabilities),
    )


def _limits(where: str, entry: Mapping[str, object], capabilities: frozenset[int] | None) -> Limits:
    sees = capabilities is not None and CAPABILITY_VISION in capabilities
    tables = {name: entry[name] for name in TABLES & entry.keys() if name != "vision" or sees}
    try:
        return read_limits(tables)
    except ValueError as exc:
        raise CatalogError(f"{where}: {exc}") from exc


def _capabilities(where: str, entry: Mapping[str, object]) -> frozenset[int] | None:
    if "capabilities" not in entry:
        return None
    try:
        return frozenset(map(capability, _strings(where, entry, "capabilities")))
    except ValueError as exc:
        raise CatalogError(f"{where}: {exc}") from exc


def _limit(where: str, entry: Mapping[str, object], key: str) -> int:
    value = entry.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < (key in entry):
        raise CatalogError(f"{where}: {key} is not a number above zero")
    return value


def _one(where: str, entry: Mapping[str, object], key: str, among: Sequence[str] = ()) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or (among and value not in among):
        raise CatalogError(f"{where}: {key} is not {' or '.join(filter(None, among)) or 'text'}")
    return value


def _strings(where: str, entry: Mapping[str, object], key: str) -> Sequence[str]:
    value = entry.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise CatalogError(f"{where}: {key} is not a list of names")
    return value


def check(folder: Path = DATA) -> list[str]:
    """Returns the problems of the data files of a folder, empty if there are none."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            read(path)
        except CatalogError as exc:
            found.append(str(exc))
        except tomllib.TOMLDecodeError as exc:
            found.append(f"{path.name}: {exc}")
    return found


def main(argv: Sequence[str]) -> int:
    """Checks the data files, or those of other folders, prints their problems and returns the exit code."""
    folders = [Path(word) for word in argv if word != "--check"]
    problems = [problem for folder in folders or [DATA] for problem in check(folder)]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
