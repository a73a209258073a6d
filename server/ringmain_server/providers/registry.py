"""Room 4: from a provider's settings to the provider, importing its kind only now."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.sessions import HttpSessions

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

Build = Callable[[str, "ProviderSettings", HttpSessions], Provider]

_MODULES = {
    "sandbox": "ringmain_server.providers.sandbox",
    "anthropic": "ringmain_server.providers.anthropic",
}
_OPENAI_WIRE = "ringmain_server.providers.openai"
"""Every other kind that is built speaks the OpenAI wire; `config.kinds` has refused the rest."""


class ExtraMissing(Exception):
    """A provider's library is not installed.

    Args:
        provider_id: The provider.
        extra: The extra of the distribution that brings it.
    """

    def __init__(self, provider_id: str, extra: str) -> None:
        super().__init__(f"provider {provider_id!r} needs an extra: pip install 'ringmain[server,{extra}]'")
        self.extra = extra


def build_provider(provider_id: str, settings: "ProviderSettings", sessions: HttpSessions) -> Provider:
    """The provider of these settings.

    Raises:
        ExtraMissing: Its library is not installed.
    """
    module = _MODULES.get(settings.kind, _OPENAI_WIRE)
    try:
        build: Build = importlib.import_module(module).build
        return build(provider_id, settings, sessions)
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("ringmain_server"):
            raise
        raise ExtraMissing(provider_id, module.rpartition(".")[2]) from exc
