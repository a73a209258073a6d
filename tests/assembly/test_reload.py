"""A reload whose configuration needs what is not installed."""

import io
import threading
import time
from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from ringmain_server.app.app import App
from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.assembly.builder import Builder
from ringmain_server.assembly.reload import Reload
from ringmain_server.config import ConfigError, LogSettings, Settings, load
from ringmain_server.edge.calls import Calls
from ringmain_server.media.workers import MediaWorkers, unchecked
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.telemetry.events import Event, Events
from ringmain_server.telemetry.logs import make_log
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.reporter import Reporter


class Poor(Builder):
    """Lacks the library of a provider called `cloud`."""

    def providers(self, settings: Settings, before: Snapshot | None = None) -> dict[str, Provider]:
        if "cloud" in settings.providers:
            raise ExtraMissing("cloud", "vertex")
        return super().providers(settings, before)


async def test_a_provider_whose_library_is_missing_is_a_mistake() -> None:
    """The configuration is refused with the provider's path and what to install; what runs stays."""
    told: list[Event] = []
    events = Events(time.time, (told.append,))
    reporter = Reporter(events, Metrics(CollectorRegistry()), time.monotonic)
    workers = MediaWorkers(check_document=unchecked)
    builder = Poor(HealthRegistry(time.monotonic), HttpSessions(), reporter, workers)
    settings = load(environ={})
    active = ActiveConfig(builder.snapshot(settings, builder.providers(settings)))
    before = active.now
    more = load(environ={}, overrides={"providers.cloud.kind": "sandbox"})
    reload = Reload(lambda: more, active, builder, Calls(1.0), events, lambda _: None)
    with pytest.raises(ConfigError) as caught:
        await reload()
    assert caught.value.problems[0].path == "providers.cloud.kind"
    assert "pip install" in str(caught.value)
    assert active.now is before
    assert [event.kind for event in told] == ["config"]


async def test_a_reload_that_hangs_holds_up_no_other() -> None:
    """A configuration that is not read to its end is given up, and the next one is taken on."""
    hanging = threading.Event()
    told: list[Event] = []
    events = Events(time.time, (told.append,))
    reporter = Reporter(events, Metrics(CollectorRegistry()), time.monotonic)
    workers = MediaWorkers(check_document=unchecked)
    builder = Builder(HealthRegistry(time.monotonic), HttpSessions(), reporter, workers)
    settings = load(environ={})
    active = ActiveConfig(builder.snapshot(settings, builder.providers(settings)))
    more = load(environ={}, overrides={"models.m.candidates": ["sandbox/echo"]})

    def read() -> Settings:
        if len(told) == 0:
            hanging.wait(5)
        return more

    ready: list[str] = []

    async def loaded(providers: Iterable[Provider]) -> None:
        ready.extend(provider.provider_id for provider in providers)
        assert active.now.settings is settings

    reload = Reload(read, active, builder, Calls(1.0), events, lambda _: None)
    reload.ready, reload.longest = loaded, 0.02
    with pytest.raises(ConfigError, match="could not be read within"):
        await reload()
    reload.longest = 30
    assert (await reload()).changed_paths == ["models.m"]
    assert sorted(ready) == ["local", "sandbox"]
    hanging.set()


async def test_without_an_admin_port_or_a_source() -> None:
    """A gateway needs neither; a reload then finds that nothing has changed."""
    overrides = {"server.listen": "127.0.0.1:0", "server.admin_listen": None}
    lines = io.StringIO()
    log = make_log(LogSettings(format="json"), stream=lines)
    app = App(load(environ={}, overrides=overrides), log)
    await app.start()
    assert app.admin_port == 0
    await app.reload()
    await app.stop()
    assert "nothing changed" in lines.getvalue()
