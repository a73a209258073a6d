"""Room 4: finds the secrets and the additional headers in a provider's settings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringmain_server.config import AnthropicSettings


def headers(settings: "AnthropicSettings") -> Mapping[str, str]:
    """Returns the operator's headers with names in lower case, since names ignore case and later ones win."""
    return {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}


def key(settings: "AnthropicSettings") -> str | None:
    """Returns the API key; None if there is none."""
    return settings.api_key.get_secret_value() if settings.api_key else None


def secrets(settings: "AnthropicSettings") -> tuple[str, ...]:
    """Returns the values that no log or message may contain."""
    own = tuple(value.get_secret_value() for value in settings.headers.values())
    found = key(settings)
    return (found, *own) if found else own
