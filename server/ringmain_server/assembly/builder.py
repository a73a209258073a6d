"""Outside the rooms: from a configuration to what it needs, with what is kept from one to the next."""

from collections.abc import Mapping

from ringmain_server.assembly.active_config import Wired
from ringmain_server.config import ProviderSettings, Settings, TimeoutOverrides
from ringmain_server.media.workers import MediaRoom
from ringmain_server.pipeline import build_models, build_router
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.routing.health_registry import Conditions
from ringmain_server.telemetry.reporter import Reporter


class Wiring:
    """Makes what configurations need.

    Args:
        conditions: What is known of candidates.
        sessions: The shared session.
        reporter: Is told which candidates are configured.
        room: Where media are worked on.
    """

    def __init__(
        self, conditions: Conditions, sessions: HttpSessions, reporter: Reporter, room: MediaRoom
    ) -> None:
        self.conditions = conditions
        self._sessions = sessions
        self._reporter = reporter
        self._room = room

    def providers(self, settings: Settings, before: Wired | None = None) -> dict[str, Provider]:
        """The providers of a configuration; those of the one before where nothing about them has changed.

        Raises:
            ExtraMissing: A library is not installed.
        """
        return {
            name: self._kept(name, settings, before) or self._built(name, settings)
            for name in settings.providers
        }

    def wired(self, settings: Settings, providers: Mapping[str, Provider]) -> Wired:
        """Everything that a configuration makes. In the loop, since it touches what calls use."""
        models = build_models(settings, providers, self.conditions, self._room)
        self._reporter.configured(models.configured())
        return Wired(settings, providers, models, build_router(models, settings))

    def renewed(self, provider_id: str) -> None:
        """A provider's settings have changed: what waited for that need not wait any more."""
        for condition in self.conditions.of(provider_id):
            condition.renewed()
        self.conditions.renew(provider_id)

    def _kept(self, provider_id: str, settings: Settings, before: Wired | None) -> Provider | None:
        if before is None or provider_id not in before.providers:
            return None
        same = _effective(settings, provider_id) == _effective(before.settings, provider_id)
        return before.providers[provider_id] if same else None

    def _built(self, provider_id: str, settings: Settings) -> Provider:
        return build_provider(provider_id, _effective(settings, provider_id), self._sessions, self._room)


def _effective(settings: Settings, provider_id: str) -> ProviderSettings:
    """A provider's settings with every timeout that holds for it."""
    timeouts = TimeoutOverrides(**settings.timeouts_for(provider_id).model_dump())
    return settings.providers[provider_id].model_copy(update={"timeouts": timeouts})
