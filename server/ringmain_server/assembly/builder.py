"""Assembly: makes the objects of a configuration, and keeps some from one configuration to the next."""

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
    """Makes the objects of configurations.

    Args:
        health_registry: The health of all candidates.
        sessions: The shared HTTP sessions.
        reporter: Gets the configured candidates.
        workers: The workers for media.
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
        """Returns the providers of a configuration; keeps those of the previous one that have not changed.

        Raises:
            ExtraMissing: A library is not installed.
        """
        return {
            name: self._kept(name, settings, before) or self._built(name, settings)
            for name in settings.providers
        }

    def snapshot(self, settings: Settings, providers: Mapping[str, Provider]) -> Snapshot:
        """Makes all objects of a configuration. Runs in the event loop, since calls use some of them."""
        models = build_models(settings, providers, self.health_registry, self._workers)
        self._reporter.configured(models.configured())
        return Snapshot(settings, providers, models, build_router(models, settings))

    def renewed(self, provider_id: str) -> None:
        """Ends cooldowns that waited for a change of the provider's settings."""
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
    """Returns a provider's settings with every timeout that applies to it."""
    timeouts = TimeoutOverrides(**settings.timeouts_for(provider_id).model_dump())
    return settings.providers[provider_id].model_copy(update={"timeouts": timeouts})
