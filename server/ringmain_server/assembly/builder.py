"""Outside the rooms: from a configuration to what it needs, with what is kept from one to the next."""

from collections.abc import Mapping

from ringmain_server.assembly.active_config import Snapshot
from ringmain_server.assembly.models import build_models, build_router
from ringmain_server.config import ProviderSettings, Settings, TimeoutOverrides
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.telemetry.reporter import Reporter


class Builder:
    """Makes what configurations need.

    Args:
        health_registry: What is known of candidates.
        sessions: The shared session.
        reporter: Is told which candidates are configured.
        workers: Where media are worked on.
    """

    def __init__(
        self,
        health_registry: HealthRegistry,
        sessions: HttpSessions,
        reporter: Reporter,
        workers: MediaWorkers,
    ) -> None:
        self.health_registry = health_registry
        self._sessions = sessions
        self._reporter = reporter
        self._workers = workers

    def providers(self, settings: Settings, before: Snapshot | None = None) -> dict[str, Provider]:
        """The providers of a configuration; those of the one before where nothing about them has changed.

        Raises:
            ExtraMissing: A library is not installed.
        """
        return {
            name: self._kept(name, settings, before) or self._built(name, settings)
            for name in settings.providers
        }

    def snapshot(self, settings: Settings, providers: Mapping[str, Provider]) -> Snapshot:
        """Everything that a configuration makes. In the loop, since it touches what calls use."""
        models = build_models(settings, providers, self.health_registry, self._workers)
        self._reporter.configured(models.configured())
        return Snapshot(settings, providers, models, build_router(models, settings))

    def renewed(self, provider_id: str) -> None:
        """A provider's settings have changed: what waited for that need not wait any more."""
        for health in self.health_registry.of(provider_id):
            health.renewed()
        self.health_registry.renew(provider_id)

    def _kept(self, provider_id: str, settings: Settings, before: Snapshot | None) -> Provider | None:
        if before is None or provider_id not in before.providers:
            return None
        same = _effective(settings, provider_id) == _effective(before.settings, provider_id)
        return before.providers[provider_id] if same else None

    def _built(self, provider_id: str, settings: Settings) -> Provider:
        return build_provider(provider_id, _effective(settings, provider_id), self._sessions, self._workers)


def _effective(settings: Settings, provider_id: str) -> ProviderSettings:
    """A provider's settings with every timeout that holds for it."""
    timeouts = TimeoutOverrides(**settings.timeouts_for(provider_id).model_dump())
    return settings.providers[provider_id].model_copy(update={"timeouts": timeouts})
