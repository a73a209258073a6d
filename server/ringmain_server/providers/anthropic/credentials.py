"""Room 4: what of a provider's settings is secret, and what goes along with every request."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings


def headers(settings: "ProviderSettings") -> Mapping[str, str]:
    """What the operator adds, in lower case: names compare without it, and later ones win."""
    return {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}


def key(settings: "ProviderSettings") -> str | None:
    """The key, None when there is none."""
    return settings.api_key.get_secret_value() if settings.api_key else None


def secrets(settings: "ProviderSettings") -> tuple[str, ...]:
    """What must never be told."""
    own = tuple(value.get_secret_value() for value in settings.headers.values())
    found = key(settings)
    return (found, *own) if found else own
