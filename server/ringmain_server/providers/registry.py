"""Room 4: makes a provider from its settings, and imports its kind only then."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from ringmain_server.kinds import KINDS
from ringmain_server.media.workers import MediaWorkers, unchecked
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.sessions import HttpSessions

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

_PACKAGE = "ringmain_server.providers"

Build = Callable[..., Provider]
"""Makes a provider from its id and settings, the shared session and, for kinds that need it, the workers."""


class ExtraMissing(Exception):
    """A provider's library is not installed.

    Args:
        provider_id: The provider.
        extra: The extra of the distribution that installs it.
    """

    def __init__(self, provider_id: str, extra: str) -> None:
        super().__init__(f"provider {provider_id!r} needs an extra: pip install 'ringmain[server,{extra}]'")
        self.provider_id = provider_id
        self.extra = extra


def build_provider(
    provider_id: str,
    settings: "ProviderSettings",
    sessions: HttpSessions,
    workers: MediaWorkers | None = None,
) -> Provider:
    """Builds the provider that these settings describe.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings.
        sessions: Supplies the shared HTTP session.
        workers: The threads for kinds that process media; new ones by default.

    Raises:
        ExtraMissing: The provider's library is not installed.
    """
    kind = KINDS[settings.kind]
    if not kind.installed:
        raise ExtraMissing(provider_id, kind.extra or kind.wire)
    try:
        build: Build = importlib.import_module(f"{_PACKAGE}.{kind.wire}").build
        own = (workers or MediaWorkers(check_document=unchecked),) if kind.works_on_media else ()
        return build(provider_id, settings, sessions, *own)
    except ModuleNotFoundError as exc:
        # A missing module of our own is a bug; any other means that the extra is not installed.
        if (exc.name or "").startswith("ringmain_server"):
            raise
        raise ExtraMissing(provider_id, kind.extra or kind.wire) from exc
