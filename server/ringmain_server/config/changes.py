"""Configuration, pure: the differences between two configurations, and what a reload can change."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from ringmain_server.config.problems import Keys, dotted
from ringmain_server.config.settings import Settings

_AT_ONCE: Final[Mapping[str, frozenset[str]]] = {
    "server": frozenset({"default_deadline", "drain_delay", "stream_grace"}),
    "auth": frozenset({"required", "known_tenants_only", "issuers", "certificates"}),
    "media": frozenset({"location_allowed", "max_document_bytes", "max_document_pages", "parallel_pages"}),
}
"""Settings that are read when they are needed. The others of these sections are fixed at the start."""

_AT_START: Final = ("log", "overload", "idempotency", "storage")
"""Sections that take effect only at the next start."""


def changed_paths(old: Settings, new: Settings) -> list[str]:
    """Returns the paths of the settings that differ, such as `models.smart.candidates`.

    A section that was added or removed is named by its own path, without the paths of its settings.
    """
    return [dotted(keys) for keys in _differences((), old, new)]


def reloadable(running: Settings, loaded: Settings) -> Settings:
    """Returns a loaded configuration with the running values where a change needs a restart."""
    held: dict[str, object] = {name: getattr(running, name) for name in _AT_START}
    for section, at_once in _AT_ONCE.items():
        fixed = {name: value for name, value in getattr(running, section) if name not in at_once}
        held[section] = getattr(loaded, section).model_copy(update=fixed)
    return loaded.model_copy(update=held)


def _differences(keys: Keys, old: object, new: object) -> Iterator[Keys]:
    before, after = _named(old), _named(new)
    if before is None or after is None:
        if old != new:
            yield keys
        return
    for name in sorted({*before, *after}):
        if name in before and name in after:
            yield from _differences((*keys, name), before[name], after[name])
        elif not _is_default(old if name in before else new, name):
            yield (*keys, name)


def _is_default(section: object, name: str) -> bool:
    """Whether a setting that only one of two wires has is at its default."""
    if not isinstance(section, BaseModel):
        return False
    usual = type(section).model_fields[name].get_default(call_default_factory=True, validated_data={})
    return bool(getattr(section, name) == usual)


def _named(value: object) -> Mapping[str, object] | None:
    """Returns the values of a section or a mapping by name, None for anything else."""
    if isinstance(value, BaseModel):
        # `dict(value)` would take a setting named `keys` for a mapping's method.
        return {name: inner for name, inner in value}  # noqa: C416
    return value if isinstance(value, Mapping) else None
