"""Configuration, outside the rooms: defaults, then a file, then the environment, then flags."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from pydantic import ValidationError

from ringmain_server.config import checks, environment, files, schema, substitute, tree
from ringmain_server.config.problems import ConfigError, Keys, Mistake, Problem
from ringmain_server.config.settings import ALWAYS, Settings
from ringmain_server.config.tree import Source, Tree

_DEFAULTS = Source("defaults", {"providers": {name: {"kind": name} for name in ALWAYS}})
_EMPTY = "is empty: whoever writes it may not have finished"
_MOST = 100
"""Mistakes of one sort that are listed: more help nobody, and naming the nearest known key takes time."""
_NOTHING: Mapping[str, object] = MappingProxyType({})


def load(
    path: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, object] = _NOTHING,
    may_be_empty: bool = True,
) -> Settings:
    """Loads the configuration.

    Later wins: the defaults, the file, `RINGMAIN_` variables, overrides. Mappings are merged,
    lists replaced. The providers `sandbox` and `local` always exist. Without any file, so does one for each
    kind whose usual variables are set; a file says itself which providers there are.

    Args:
        path: A YAML, JSON or TOML file. None takes the one that `RINGMAIN_CONFIG` names, if any.
        environ: The environment.
        overrides: Settings from flags: nested mappings, or dotted keys such as `server.listen`.
            Null is a value, so leave out what no flag was given for.
        may_be_empty: Whether a file that says nothing is taken for what somebody wants.

    Returns:
        The merged and checked settings.

    Raises:
        ConfigError: With every mistake that was found.
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
    """Drops sections of which a file has the name only, such as when all else is a comment.

    What is mistaken stays, so that the file is named as its place.
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
    mistakes = [*mistakes[:_MOST], *islice(checks.across(merged), _MOST)]
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(_known_kinds_only(merged))
    except ValidationError as exc:
        mistakes += islice(checks.from_validation(exc), _MOST)
    if settings is None or mistakes:
        # The context would be pydantic's error, which says the same with less tact.
        raise ConfigError(_problems(sources, mistakes)) from None
    return settings


def _known_kinds_only(merged: Tree) -> Tree:
    """Leaves out providers whose kind is wrong: nobody can tell their settings."""
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
        # The first explains those that follow from it: an unset variable is no missing key too.
        first.setdefault(mistake.keys, mistake)
    problems = [mistake.at(tree.place(sources, mistake.keys)) for mistake in first.values()]
    # Those of a file in the order of its lines, then the others.
    return sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0))
