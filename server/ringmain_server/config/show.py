"""Configuration: shows the merged settings without their secrets, and lists the secrets for masking."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from urllib.parse import unquote

from pydantic import BaseModel, SecretStr

from ringmain_server.config.fields import SecretUrl
from ringmain_server.config.providers import ProviderSettings
from ringmain_server.config.settings import Settings

MASK = "********"

# Masking shorter values would make log lines unreadable.
_SHORTEST_SECRET = 4


def show(settings: Settings) -> str:
    """Returns settings as YAML. It can be loaded again, except that secrets are masked."""
    from ringmain_server.config import yamlfile

    return yamlfile.write(_plain(settings))


def secrets(settings: Settings) -> tuple[str, ...]:
    """Returns every secret value, the longest first, so that masking one leaves no rest of another.

    Values under four characters are left out. For a header such as `Bearer KEY`, both the whole value and the
    key are returned.
    """
    found: set[str] = set()
    for value in _secret_values(settings):
        found.update((value, value.rpartition(" ")[2]))
    long = (value for value in found if len(value) >= _SHORTEST_SECRET)
    return tuple(sorted(long, key=lambda value: (-len(value), value)))


def _secret_values(value: object) -> Iterator[str]:
    if isinstance(value, SecretUrl):
        yield from {value.password, unquote(value.password)}
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    for inner in _inner(value):
        yield from _secret_values(inner)


def _inner(value: object) -> list[object]:
    if isinstance(value, BaseModel):
        return [inner for _, inner in value]
    return list(value.values()) if isinstance(value, Mapping) else []


def _plain(value: object) -> object:
    match value:
        case SecretUrl():
            return value.shown(MASK)
        case SecretStr():
            return MASK
        case BaseModel():
            return {name: _plain(inner) for name, inner in _ordered(value) if _worth_showing(value, name)}
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items()}
        case tuple():
            return [_plain(inner) for inner in value]
        case Decimal() | float():
            number = float(value)
            return int(number) if number.is_integer() else number
        case str():
            # Escaped as in a file, where a dollar sign may begin a reference.
            return value.replace("$", "$$")
        case _:
            return value


def _ordered(section: BaseModel) -> Iterable[tuple[str, object]]:
    """Returns the settings of a section; those of a wire come before the sections that all providers have."""
    if isinstance(section, ProviderSettings):
        return sorted(section, key=lambda setting: isinstance(setting[1], BaseModel))
    return section


def _worth_showing(section: BaseModel, name: str) -> bool:
    """Whether a setting is shown: empty settings are left out."""
    value = getattr(section, name)
    if isinstance(value, (BaseModel, Mapping)) and not isinstance(section, Settings):
        return bool(_plain(value))
    return value not in (None, "") or bool(_default(section, name))


def _default(section: BaseModel, name: str) -> object:
    """Returns the default of a setting, which may be the value of another one."""
    field = type(section).model_fields[name]
    return field.get_default(call_default_factory=True, validated_data=dict(iter(section)))
