"""Configuration: finds every mistake in a merged tree at once.

pydantic checks the types of single settings. Names, kinds and references between sections are checked here
on the plain tree, so that one wrong type hides no other mistake.
"""

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ringmain_server.config import environment, schema
from ringmain_server.config.problems import Keys, Mistake, cut, suggestion
from ringmain_server.config.storage import MEMORY
from ringmain_server.config.tree import Tree, at
from ringmain_server.config.wires import WIRES
from ringmain_server.kinds import KINDS, Kind

_OF_ANY_WIRE = frozenset(name for section in WIRES.values() for name in section.model_fields)
"""The names of all settings that some kind of provider has."""

_PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)

# Messages by pydantic's type of error. Its own messages mention Python's types and may quote the input.
_MESSAGES = {
    "missing": "is required",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "tuple_type": "must be a list",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must be lower case letters, digits and '-'",
    "value_error": "{error}",
}


_BELOW_PROVIDER = 2
"""The number of keys that lead to a provider's section: `providers` and its name."""


def from_validation(error: ValidationError) -> Iterator[Mistake]:
    """Yields the mistakes that pydantic found, in the words of this project and without the input."""
    for detail in error.errors(include_url=False, include_input=False):
        # pydantic marks a mistake in a key itself by one more element.
        found: Keys = tuple(key for key in detail["loc"] if key != "[key]")
        keys, wire = _untagged(found)
        if detail["type"] == "default_factory_not_called":
            continue  # its default is another setting's value, whose mistake is among the others
        if detail["type"] == "extra_forbidden":
            yield Mistake(keys, "unknown key", _nearest(keys, wire))
        else:
            yield Mistake(keys, _message(detail), _hint(detail))


def _untagged(keys: Keys) -> tuple[Keys, str]:
    """Returns the keys without the wire that pydantic names below a provider, and that wire."""
    if len(keys) > _BELOW_PROVIDER and keys[0] == "providers":
        return (*keys[:_BELOW_PROVIDER], *keys[_BELOW_PROVIDER + 1 :]), str(keys[_BELOW_PROVIDER])
    return keys, ""


def _nearest(keys: Keys, wire: str) -> str:
    parent = schema.at(keys[:-1])
    known = parent.known() if parent else ()
    if wire and len(keys) == _BELOW_PROVIDER + 1:
        known = tuple(WIRES[wire].model_fields)
    name = str(keys[-1])
    section, underscore, rest = name.partition("_")
    if len(keys) == 1 and underscore and section in known:
        variable = f"{environment.PREFIX}{section}__{rest}".upper()
        return f"did you mean {section}.{rest}? Its variable is {variable}"
    return suggestion(name, known)


def _message(detail: ErrorDetails) -> str:
    template = _MESSAGES.get(detail["type"], "is not valid")
    return template.format(**detail.get("ctx", {}))


def _hint(detail: ErrorDetails) -> str:
    return "put it in quotes" if detail["type"] == "string_type" else ""


def across(tree: Tree) -> Iterator[Mistake]:
    """Yields the mistakes in names, kinds and references between sections."""
    providers = tree.get("providers")
    models = tree.get("models")
    if isinstance(providers, Mapping):
        for name, provider in providers.items():
            yield from _provider(str(name), provider)
    yield from _shared_memory(tree)
    if isinstance(models, Mapping):
        known = providers if isinstance(providers, Mapping) else {}
        for name, model in models.items():
            yield from _model(str(name), model, known)
        yield from _fallbacks(models)
        yield from _replacements(models, known)
    yield from _certificates(tree)


def _certificates(tree: Tree) -> Iterator[Mistake]:
    """Yields rules about certificates that nobody is asked for."""
    keys: Keys = ("auth", "certificates", "rules")
    asked = [at(tree, ("server", tls, "client_ca")) for tls in ("tls", "admin_tls")]
    if at(tree, keys) and not any(asked):
        yield Mistake(keys, "need server.tls.client_ca, without which no caller shows a certificate")


def _shared_memory(tree: Tree) -> Iterator[Mistake]:
    """Yields the mistake of several processes each of which would have keys of its own."""
    workers = at(tree, ("server", "workers"))
    if at(tree, ("storage", "url")) == MEMORY and isinstance(workers, int) and workers > 1:
        yield Mistake(
            ("storage", "url"), "must not be memory, which workers do not share, with server.workers"
        )


def kind_of(provider: object) -> Kind | None:
    """Returns the kind of a provider in a tree, None if there is no such kind."""
    name = provider.get("kind") if isinstance(provider, Mapping) else None
    return KINDS.get(name) if isinstance(name, str) else None


def _provider(name: str, provider: object) -> Iterator[Mistake]:
    keys: Keys = ("providers", name)
    if not _PROVIDER_ID.fullmatch(name):
        yield Mistake(keys, "is no provider name: use lower case letters, digits, '.', '_' and '-'")
    if not isinstance(provider, Mapping):
        return
    kind = kind_of(provider)
    if kind is None:
        if isinstance(provider.get("kind"), str):
            hint = suggestion(provider["kind"], [kind.name for kind in KINDS.values()])
            yield Mistake((*keys, "kind"), "is no provider kind", hint)
    else:
        yield from _settings_of_kind(keys, kind, provider)


def _settings_of_kind(keys: Keys, kind: Kind, provider: Mapping[str, object]) -> Iterator[Mistake]:
    section = WIRES[kind.wire]
    for setting in provider:
        if setting not in section.model_fields and setting in _OF_ANY_WIRE:
            yield Mistake(
                (*keys, setting),
                f"is no setting of kind {kind.name}",
                suggestion(setting, section.model_fields),
            )
    for setting in section.required(kind, provider):
        if provider.get(setting) is None:
            variable = kind.environment.get(setting)
            yield Mistake(
                (*keys, setting),
                f"is required by kind {kind.name}",
                f"set {setting}, or the environment variable {variable}" if variable else "",
            )
    yield from section.conflicts(keys, provider)


def _model(name: str, model: object, providers: Mapping[str, object]) -> Iterator[Mistake]:
    keys: Keys = ("models", name)
    if "/" in name or not name:
        yield Mistake(
            keys,
            "is no model name: it must not be empty or hold a slash",
            "provider/model addresses a provider's model without any configuration",
        )
    candidates = model.get("candidates") if isinstance(model, Mapping) else None
    for index, candidate in enumerate(candidates if isinstance(candidates, list) else ()):
        yield from _candidate((*keys, "candidates", index), candidate, providers)


def _fallbacks(models: Mapping[str, object]) -> Iterator[Mistake]:
    """Yields fallbacks that are not configured, and those that lead back to their own model."""
    following = {str(name): _fallback(model) for name, model in models.items()}
    for name, fallback in following.items():
        keys: Keys = ("models", name, "on_exhausted", "fallback")
        if fallback and fallback not in following:
            yield Mistake(keys, f"model {cut(fallback)} is not configured", suggestion(fallback, following))
        elif _returns(name, following):
            yield Mistake(keys, "leads back to this model: fallbacks must not form a circle")


def _replacements(models: Mapping[str, object], providers: Mapping[object, object]) -> Iterator[Mistake]:
    """Yields replacements of models that nobody could use, and those by the model itself."""
    for name, model in models.items():
        keys: Keys = ("models", str(name), "replaced_by")
        replacement = model.get("replaced_by") if isinstance(model, Mapping) else None
        if not isinstance(replacement, str) or (replacement in models and replacement != name):
            continue
        provider, slash, _ = replacement.partition("/")
        if replacement == name:
            yield Mistake(keys, "is this model itself")
        elif slash and provider not in providers:
            yield Mistake(
                keys, f"provider {cut(provider)} is not configured", suggestion(provider, map(str, providers))
            )
        elif not slash:
            yield Mistake(
                keys, f"model {cut(replacement)} is not configured", suggestion(replacement, models)
            )


def _fallback(model: object) -> str:
    exhausted = model.get("on_exhausted") if isinstance(model, Mapping) else None
    fallback = exhausted.get("fallback") if isinstance(exhausted, Mapping) else None
    return fallback if isinstance(fallback, str) else ""


def _returns(name: str, following: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    step = following[name]
    while step and step not in seen:
        seen.add(step)
        step = following.get(step, "")
    return name in seen


def _candidate(keys: Keys, candidate: object, providers: Mapping[str, object]) -> Iterator[Mistake]:
    name = candidate.get("provider") if isinstance(candidate, Mapping) else candidate
    if not isinstance(name, str):
        return
    if isinstance(candidate, Mapping):
        keys = (*keys, "provider")
    else:
        name, slash, _ = name.partition("/")
        if not slash:
            return  # The candidate's own check says what it should look like.
    if name and name not in providers:
        yield Mistake(keys, f"provider {cut(name)} is not configured", suggestion(name, providers))
