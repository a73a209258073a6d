"""Room 2: AdminService, for operators, without the method for a cache; `api_keys.py` has those for keys."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.assembly.health_checks import check
from ringmain_server.assembly.reload import Reloaded
from ringmain_server.call import Call
from ringmain_server.config import ConfigError, Problem
from ringmain_server.config.problems import suggestion
from ringmain_server.errors import InvalidField, ResourceNotFound, Violation
from ringmain_server.providers.exchange import Provider
from ringmain_server.routing.health import CandidateHealth
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.routing.route_info import status
from ringmain_server.services.provider_status import Clocks, duration, provider_status
from ringmain_server.telemetry.events import KINDS, Event, Events
from ringmain_server.text.excerpt import excerpt, quoted

SERVICE = admin_pb2.DESCRIPTOR.services_by_name["AdminService"]

_CLOCKS = Clocks()


class AdminService:
    """The operators' service.

    Args:
        active: The active configuration.
        health_registry: The health of all candidates.
        events: The events of the gateway.
        reload: Reads the configuration again.
        clocks: Convert instants to dates.
    """

    def __init__(
        self,
        active: ActiveConfig,
        health_registry: HealthRegistry,
        events: Events,
        reload: Callable[[], Awaitable[Reloaded]],
        clocks: Clocks = _CLOCKS,
    ) -> None:
        self._active = active
        self._health_registry = health_registry
        self._events = events
        self._reload = reload
        self._clocks = clocks

    async def ListProviders(
        self, request: admin_pb2.ListProvidersRequest, _: Call
    ) -> admin_pb2.ListProvidersResponse:
        """Lists providers by name."""
        providers = sorted(self._active.now.providers.values(), key=lambda provider: provider.provider_id)
        return admin_pb2.ListProvidersResponse(providers=map(self._status, providers))

    async def DrainProvider(
        self, request: admin_pb2.DrainProviderRequest, _: Call
    ) -> admin_pb2.DrainProviderResponse:
        """Drains a provider: it gets no new requests; running ones go on."""
        provider = self._provider(request.provider_id)
        self._health_registry.provider(provider.provider_id).drained = True
        self._tell(provider, "was taken out by an operator", action="drain")
        return admin_pb2.DrainProviderResponse(provider=self._status(provider))

    async def RestoreProvider(
        self, request: admin_pb2.RestoreProviderRequest, _: Call
    ) -> admin_pb2.RestoreProviderResponse:
        """Puts a provider back, closes its breakers and ends its cooldowns."""
        provider = self._provider(request.provider_id)
        self._health_registry.provider(provider.provider_id).drained = False
        for health in self._every_health(provider):
            health.restore()
        self._health_registry.renew(provider.provider_id)
        self._tell(provider, "was put back by an operator", action="restore")
        return admin_pb2.RestoreProviderResponse(provider=self._status(provider))

    async def SetPrimaryProvider(
        self, request: admin_pb2.SetPrimaryProviderRequest, _: Call
    ) -> admin_pb2.SetPrimaryProviderResponse:
        """Puts a provider first among a model's candidates."""
        provider = self._provider(request.provider_id)
        try:
            order = self._active.models.put_first(request.model, request.provider_id)
        except LookupError as exc:
            message = (
                f"no candidate of the model {excerpt(request.model)} is at {quoted(request.provider_id)}"
            )
            raise InvalidField.at("provider_id", message) from exc
        self._tell(
            provider, f"comes first for the model {request.model}", action="primary", model=request.model
        )
        return admin_pb2.SetPrimaryProviderResponse(provider_ids=order)

    async def CheckProvider(
        self, request: admin_pb2.CheckProviderRequest, _: Call
    ) -> admin_pb2.CheckProviderResponse:
        """Checks a provider; if it passes, cooldowns after refused credentials end."""
        provider = self._provider(request.provider_id)
        checked = await check(provider)
        response = admin_pb2.CheckProviderResponse(latency=duration(checked.latency))
        if checked.error is None:
            for health in self._every_health(provider):
                health.checked()
            self._tell(provider, "was checked and is well", action="check")
        else:
            response.error.CopyFrom(status(checked.error))
            self._tell(provider, f"was checked: {checked.error.message}", action="check", error="true")
        return response

    async def ReloadConfig(
        self, request: admin_pb2.ReloadConfigRequest, _: Call
    ) -> admin_pb2.ReloadConfigResponse:
        """Reads the configuration again."""
        try:
            done = await self._reload()
        except ConfigError as exc:
            raise InvalidField([_violation(problem) for problem in exc.problems]) from exc
        return admin_pb2.ReloadConfigResponse(
            changed_paths=done.changed_paths, restart_paths=done.restart_paths
        )

    async def WatchEvents(
        self, request: admin_pb2.WatchEventsRequest, _: Call
    ) -> AsyncGenerator[admin_pb2.WatchEventsResponse, None]:
        """Sends events from now on, until the caller leaves or the gateway stops."""
        unknown = [
            Violation(f"kinds[{index}]", f"is no kind of event ({suggestion(kind, KINDS)})")
            for index, kind in enumerate(request.kinds)
            if kind not in KINDS
        ]
        if unknown:
            raise InvalidField(unknown)
        with self._events.watch(request.kinds) as watcher:
            async for event in watcher:
                yield _message(event)

    def _provider(self, provider_id: str) -> Provider:
        providers = self._active.now.providers
        if provider_id not in providers:
            hint = suggestion(provider_id, providers)
            message = f"no provider {quoted(provider_id)} is configured ({hint})"
            raise ResourceNotFound("provider_id", provider_id, message)
        return providers[provider_id]

    def _status(self, provider: Provider) -> admin_pb2.Provider:
        name = provider.provider_id
        healths = list(self._active.now.healths(name))
        drained = self._health_registry.provider(name).drained
        return provider_status(name, provider.kind, healths, self._clocks, drained=drained)

    def _every_health(self, provider: Provider) -> list[CandidateHealth]:
        """Returns the health of a provider's models, also of those only an earlier configuration names."""
        name = provider.provider_id
        return [*self._active.now.healths(name), *self._health_registry.of(name)]

    def _tell(self, provider: Provider, what: str, **attributes: str) -> None:
        name = provider.provider_id
        self._events.publish("provider", f"{name} {what}", name, **attributes)


def _violation(problem: Problem) -> Violation:
    where = problem.source if problem.line is None else f"{problem.source}:{problem.line}"
    hint = f" ({problem.hint})" if problem.hint else ""
    return Violation(problem.path or where, f"{problem.message}{hint}")


def _message(event: Event) -> admin_pb2.WatchEventsResponse:
    time = Timestamp()
    time.FromNanoseconds(round(event.time * 1e9))
    return admin_pb2.WatchEventsResponse(
        time=time,
        kind=event.kind,
        provider_id=event.provider_id,
        message=event.message,
        attributes=event.attributes,
    )
