"""Configuration: loads defaults, then a file, then the environment, then flags."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from pydantic import ValidationError

from ringmain_server.config import checks, environment, files, schema, substitute, tree
from ringmain_server.config.exposure import exposed
from ringmain_server.config.problems import ConfigError, Keys, Mistake, Problem
from ringmain_server.config.settings import ALWAYS, Settings
from ringmain_server.config.tree import Source, Tree

_DEFAULTS = Source("defaults", {"providers": {name: {"kind": name} for name in ALWAYS}})
_EMPTY = "is empty: whoever writes it may not have finished"
_MOST = 100
"""Most mistakes of each sort in a report. More would not help, and each search for a known key takes time."""
_NOTHING: Mapping[str, object] = MappingProxyType({})


def load(
    path: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, object] = _NOTHING,
    may_be_empty: bool = True,
) -> Settings:
    """Loads the configuration.

    Later sources win over earlier ones: the defaults, the file, `RINGMAIN_` variables, overrides. Mappings
    are merged and lists are replaced. The providers `sandbox` and `local` always exist. Without a file there
    is also one for each kind whose usual variables are set. With a file there are only those that it names.

    Args:
        path: A YAML, JSON or TOML file. None takes the one that `RINGMAIN_CONFIG` names, if any.
        environ: The environment.
        overrides: Settings from flags: nested mappings, or dotted keys such as `server.listen`.
            None is a value, so leave out settings without a flag.
        may_be_empty: Whether a file without any setting is accepted.

    Returns:
        The merged and checked settings.

    Raises:
        ConfigError: There are mistakes. It lists all of them.
    """
    path = path or environ.get("RINGMAIN_CONFIG")
    mistakes: list[Mistake] = []
    if path:
        file = files.read(path)
        if not (file.values or may_be_empty):
            raise ConfigError([Problem("", None, _EMPTY, source=path)])
        values, mistakes = substitute.resolve(file.values, environ)
        values = _without_empty_sections(values, {mistake.keys for mistake in mistakes})
        first = Source(file.name, values, file.places)
    else:
        first = environment.discovered(environ)
    sources = [_DEFAULTS, first]
    sources.append(environment.settings(environ, _merged(sources)))
    sources.append(_flags(overrides))
    sources.insert(1, environment.usual(environ, _providers(_merged(sources))))
    return _checked(sources, mistakes)


def _merged(sources: Iterable[Source]) -> Tree:
    merged: Tree = {}
    for source in sources:
        merged = tree.merge(merged, source.values)
    return merged


def _providers(merged: Tree) -> Mapping[str, object]:
    providers = merged.get("providers")
    return providers if isinstance(providers, dict) else {}


def _flags(overrides: Mapping[str, object]) -> Source:
    values: Tree = {}
    for name, value in overrides.items():
        keys = tuple(name.split("."))
        typed = schema.typed(value, schema.at(keys)) if isinstance(value, str) else value
        values = tree.merge(values, environment.nested(keys, typed))
    return Source("command line", values)


def _without_empty_sections(values: Tree, mistaken: Collection[Keys]) -> Tree:
    """Drops sections that are empty in the file, for example because everything in them is a comment.

    Settings with a mistake stay, so that the mistake is reported at its place in the file.
    """

    def kept(value: object, keys: Keys) -> object:
        if not isinstance(value, dict):
            return value
        return {
            key: kept(inner, (*keys, key))
            for key, inner in value.items()
            if inner is not None or (*keys, key) in mistaken or not _is_section((*keys, key))
        }

    return {
        key: kept(inner, (key,)) for key, inner in values.items() if inner is not None or (key,) in mistaken
    }


def _is_section(keys: Keys) -> bool:
    expected = schema.at(keys)
    return expected is not None and expected.is_mapping and not expected.nullable


def _checked(sources: Sequence[Source], mistakes: list[Mistake]) -> Settings:
    merged = _merged(sources)
    mistakes = [*mistakes[:_MOST], *islice(checks.across(merged), _MOST), *exposed(merged)]
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(_known_kinds_only(merged))
    except ValidationError as exc:
        mistakes += islice(checks.from_validation(exc), _MOST)
    if settings is None or mistakes:
        # `from None`, because pydantic's error may quote the input, secrets included.
        raise ConfigError(_problems(sources, mistakes)) from None
    return settings


def _known_kinds_only(merged: Tree) -> Tree:
    """Leaves out providers whose kind does not exist, since the settings that they take are unknown."""
    providers = merged.get("providers")
    if not isinstance(providers, dict):
        return merged
    sound = {
        name: provider
        for name, provider in providers.items()
        if not (isinstance(provider, dict) and isinstance(provider.get("kind"), str))
        or checks.kind_of(provider) is not None
    }
    return {**merged, "providers": sound}


def _problems(sources: Sequence[Source], mistakes: Iterable[Mistake]) -> list[Problem]:
    first: dict[Keys, Mistake] = {}
    for mistake in mistakes:
        # Later mistakes at a place follow from the first: an unset variable also looks like a missing key.
        first.setdefault(mistake.keys, mistake)
    problems = [mistake.at(tree.place(sources, mistake.keys)) for mistake in first.values()]
    # Mistakes in a file come first, in the order of its lines.
    return sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0))
