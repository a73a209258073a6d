"""App: the composition root, which makes servers from settings and starts, drains and stops them."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from grpc_channelz.v1 import channelz, channelz_pb2_grpc
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from ringmain_server.aio.threads import in_daemon
from ringmain_server.app import descriptors
from ringmain_server.app.background import Background
from ringmain_server.app.malloc import trim
from ringmain_server.app.warm_up import freeze, load
from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.assembly.builder import Builder
from ringmain_server.assembly.health_checks import HealthChecks
from ringmain_server.assembly.identity import Identity
from ringmain_server.assembly.policies import call_limit, media_workers
from ringmain_server.assembly.reload import ConfigSource, Reload, Reloaded
from ringmain_server.assembly.retirements import Retirements
from ringmain_server.assembly.stored_keys import StoredKeys
from ringmain_server.config import ConfigError, ServerSettings, Settings
from ringmain_server.config.exposure import exposed, plain
from ringmain_server.config.problems import dotted
from ringmain_server.config.watch import FileWatch, follow
from ringmain_server.edge.calls import Calls, judged_again
from ringmain_server.edge.grpc.arrivals import waiting_server
from ringmain_server.edge.grpc.binding import Edge
from ringmain_server.edge.grpc.library import Guarded
from ringmain_server.edge.grpc.reflection import add_reflection
from ringmain_server.edge.grpc.unserved import Unserved
from ringmain_server.edge.health import Health, add_health
from ringmain_server.edge.tls.files import TlsError
from ringmain_server.edge.tls.listeners import Listeners, keep_up, look, server_credentials
from ringmain_server.edge.tls.watch import Notice, TlsFiles, expiry
from ringmain_server.edge.validate import VALIDATORS
from ringmain_server.errors import StoreUnavailable
from ringmain_server.identity.permissions import CHANNELZ, CHANNELZ_METHODS
from ringmain_server.pipeline import build_pipeline
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.services import admin, api_keys, audio, chat, embedding, image, model, vision
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.url import location
from ringmain_server.telemetry.events import Events, counted, logged
from ringmain_server.telemetry.faults import Faults
from ringmain_server.telemetry.lines import Losses
from ringmain_server.telemetry.logs import Mask
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.observer import Observer
from ringmain_server.telemetry.reporter import Reporter

_SERVICES = (
    chat.SERVICE,
    vision.SERVICE,
    image.SERVICE,
    embedding.SERVICE,
    audio.SERVICE,
    model.SERVICE,
)
_HEALTH = "grpc.health.v1.Health"
_ENDLESS = 365 * 86400.0
"""Seconds that an operator without a deadline may watch."""
_HANDSHAKE = 20_000
"""Milliseconds that a new connection may take until it speaks HTTP/2."""
_LOOK = 0.5
"""Seconds between two counts of tasks and calls."""
_TIDY = 30.0
"""Seconds between two times at which free memory is given back to the kernel."""
_STOP_GRACE = 1.0
"""Seconds for connections to close after every call has ended."""
_STOP_LIMIT = 10.0
"""Seconds for the parts of a stop that do not wait for callers."""


class StartError(Exception):
    """The gateway cannot start; the message is one line for people."""


class App:
    """The gateway: the public port, the admin port, and everything behind them.

    Args:
        settings: The configuration.
        log: The log.
        share_port: Whether other workers listen on the same ports.
        registry: Collects the metrics.
        source: Reads the configuration again; without it, a reload finds no change.
        mask: Keeps secrets out of the log, and learns those of another configuration.
        tell_others: Tells other workers that an operator has asked for a reload.

    Attributes:
        losses: Counts the log lines that could not be written; the maker of the log sets its own here.
        identity: Knows who may call; whatever keeps API keys fills its keyring.
        listeners: The TLS of the ports. Loaded at the start, unless the maker of the app has set it here.
        metrics_listen: Where whoever made the app serves its metrics, for the log; None for nowhere.

    Raises:
        StartError: Something configured needs an extra that is not installed, other machines could call
            although callers need no credentials, or there is no place for API keys.
    """

    def __init__(
        self,
        settings: Settings,
        log: FilteringBoundLogger,
        *,
        share_port: bool = False,
        registry: CollectorRegistry | None = None,
        source: ConfigSource | None = None,
        mask: Mask | None = None,
        tell_others: Callable[[], None] | None = None,
    ) -> None:
        for mistake in exposed(plain(settings)):
            raise StartError(f"{dotted(mistake.keys)} {mistake.message}")
        self._settings = settings
        self.log = log
        self._ready = False
        self._source = source or ConfigSource(lambda: settings)
        self._tell_others = tell_others
        self.losses = Losses()
        self.metrics_listen: str | None = None
        self.listeners: Listeners | None = None
        faults = Faults(log)
        metrics = self._metrics = Metrics(registry or CollectorRegistry(), faults)
        self.events = Events(time.time, (logged(log), counted(metrics)), faults=faults)
        reporter = self._reporter = Reporter(self.events, metrics, time.monotonic, faults)
        self._health_registry = HealthRegistry(time.monotonic, reporter.breaker_changed)
        self._sessions = HttpSessions()
        self._workers = media_workers(settings)
        builder = Builder(self._health_registry, self._sessions, reporter, self._workers)
        self._active = ActiveConfig(_first(builder, settings))
        self.calls = Calls(
            settings.server.default_deadline,
            call_limit(settings, time.monotonic),
            settings.overload.longest_wait,
        )
        learn = (mask or Mask()).learn
        self._reload = Reload(self._source.load, self._active, builder, self.calls, self.events, learn)
        self._reload.ready = partial(load, log=log)
        self._background = Background(log)
        self._healths = (Health(_names(_SERVICES)), Health(_names((admin.SERVICE,))))
        self.identity = Identity(settings, self.events)
        self._retirements = Retirements(self._active, self.events)
        self._reload.applied = self._apply
        self._keys = self._stored_keys()
        gate = self.identity.gate
        public = Edge(self.calls, Observer(log, metrics, reporter), VALIDATORS, gate)
        self._server = self._make_public(public, share_port)
        # Operators' calls are not refused with those of callers, and no drain waits for them.
        self._operations = Calls(_ENDLESS)
        private = Edge(self._operations, Observer(log, metrics, quiet=True), VALIDATORS, gate)
        self._admin = self._make_admin(private, share_port)
        self._health = self._make_health(share_port)
        self._refuse_the_rest(public, private)
        self.port = 0
        self.admin_port = 0
        self.health_port = 0

    async def start(self) -> None:
        """Listens on every port, loads libraries, then reports that it serves.

        Raises:
            StartError: A port is in use, or files of TLS or the database of API keys cannot be used.
        """
        server = self._settings.server
        listeners = self.listeners = self.listeners or load_listeners(server)
        if self._keys is not None:
            # Before any caller can show a key.
            await _opened(self._keys)
        self.identity.start()
        for health in self._healths:
            await health.start()
        self.port = _listen(self._server, server.listen, listeners.public)
        await self._server.start()
        if self._admin is not None and server.admin_listen is not None:
            self.admin_port = _listen(self._admin, server.admin_listen, listeners.admin)
            await self._admin.start()
        if self._health is not None and server.health_listen is not None:
            self.health_port = _listen(self._health, server.health_listen)
            await self._health.start()
        self._background.watch(asyncio.get_running_loop())
        self._background.keep("figures", self._look)
        self._background.keep("memory", _give_back)
        self._background.keep("tls", partial(keep_up, tuple(listeners), self._tell_of_tls))
        if self._keys is not None:
            self._background.keep("keys", self._keys.follow)
            self._background.keep("key_uses", self._keys.note_uses)
        await load(self._active.now.providers.values(), self.log)
        freeze()
        for health in self._healths:
            await health.ready()
        self._ready = True
        self._background.keep("health_checks", HealthChecks(self._active, self.log).run)
        self._background.keep("retirements", self._retirements.run)
        watch = self._source.watch or (self._source.path and FileWatch(self._source.path))
        if watch and server.watch_config:
            self._background.keep("watch", partial(follow, watch, self.reload, self._tell_of_file))
        self.log.info(
            "serving",
            listen=_bound(server.listen, self.port),
            admin_listen=server.admin_listen and _bound(server.admin_listen, self.admin_port),
            metrics_listen=self.metrics_listen,
            health_listen=server.health_listen and _bound(server.health_listen, self.health_port),
            tls=listeners.secured,
            descriptors=descriptors.limit(),
            providers=sorted(self._active.now.providers),
            models=sorted(self._active.now.settings.models),
        )
        self._retirements.look()

    async def reload(self) -> None:
        """Loads the configuration as it is written now; a bad one is logged and changes nothing."""
        await self._look_at_tls()
        try:
            await self._reload()
        except ConfigError:
            pass  # the event names the problems
        except Exception as exc:  # nobody waits for this, and the gateway must go on
            self.log.error("fault", where="reload", exc_info=exc)  # noqa: TRY400

    def _apply(self, settings: Settings) -> None:
        self.identity.apply(settings)
        self._retirements.look()

    async def _look_at_tls(self) -> None:
        for files in self.listeners or ():
            await look(files, self._tell_of_tls, at_once=True)

    def _tell_of_tls(self, notice: Notice) -> None:
        self.events.publish("config", notice.message, **notice.attributes)

    def _tell_of_file(self, message: str, problem: bool) -> None:
        self.events.publish("config", message, **({"problems": message} if problem else {}))

    def longest_stop(self) -> float:
        """Returns the seconds after which a stop has failed."""
        server = self._active.now.settings.server
        return (server.drain_delay if self._ready else 0.0) + server.stream_grace + _STOP_LIMIT

    async def stop(self, at_once: asyncio.Event | None = None) -> None:
        """Drains and stops as docs/operations.md describes: no call that ends within the grace is lost.

        Args:
            at_once: Ends the waiting for load balancers and for calls.
        """
        server = self._active.now.settings.server
        at_once = at_once or asyncio.Event()
        for health in self._healths:
            await health.drain()
        self.log.info("draining", in_flight=len(self.calls), grace_s=server.stream_grace)
        if self._ready:
            with suppress(TimeoutError):
                async with asyncio.timeout(server.drain_delay):
                    await at_once.wait()
        ended = await self.calls.drain(server.stream_grace, at_once)
        await self._background.end()
        for health in self._healths:
            health.close()
        self.events.close()
        async with self.calls.parting():
            stopping = [asyncio.ensure_future(self._server.stop(_STOP_GRACE))]
        others = [one for one in (self._admin, self._health) if one is not None]
        stopping += [asyncio.ensure_future(one.stop(_STOP_GRACE)) for one in others]
        await asyncio.gather(*stopping)
        await self._reload.close()
        await self.identity.close()
        for provider in self._active.now.providers.values():
            await provider.transport.close()
        await self._sessions.close()
        await self._workers.close()
        if self._keys is not None:
            await self._keys.close()
        self._metrics.flush()
        self.log.info("stopped", ended_calls=ended)

    async def _look(self) -> None:
        """Updates, again and again, the metrics that nothing else reports, and judges calls without end."""
        while True:
            self._metrics.tasks(len(asyncio.all_tasks()))
            self._metrics.flush()
            for files in self.listeners or ():
                self._metrics.certificate(files.name, expiry(files.now))
            self._reporter.refresh(self.calls.limit.limit, self.losses.count)
            # Operators' calls may watch for ever; those of callers end by themselves.
            self._operations.evict(judged_again)
            await asyncio.sleep(_LOOK)

    def _stored_keys(self) -> StoredKeys | None:
        """Returns the keys and their store, None where callers may not show any."""
        if self.identity.keyring is None:
            return None
        try:
            where = location(self._settings.storage.url)
        except StorageProblem as exc:
            raise StartError(str(exc)) from exc
        return StoredKeys(where, self.identity.keyring, self.events)

    async def _reload_everywhere(self) -> Reloaded:
        await self._look_at_tls()
        done = await self._reload()
        if self._tell_others is not None:
            self._tell_others()
        return done

    def _make_public(self, edge: Edge, share_port: bool) -> grpc.aio.Server:
        server = self._make_server(edge, share_port)
        pipeline = build_pipeline(self._active, self._settings)
        server.add_generic_rpc_handlers(
            (
                edge.bind(chat.SERVICE, chat.ChatService(pipeline, self._active)),
                edge.bind(vision.SERVICE, vision.VisionService(pipeline, self._active, self._workers)),
                edge.bind(
                    image.SERVICE, image.ImageService(pipeline, self._active, self._workers), large=True
                ),
                edge.bind(embedding.SERVICE, embedding.EmbeddingService(pipeline)),
                edge.bind(
                    audio.SERVICE, audio.AudioService(pipeline, self._settings.media.max_recording_bytes)
                ),
                edge.bind(model.SERVICE, model.ModelService(self._active, _names(_SERVICES))),
            )
        )
        self._finish_server(server, self._healths[0], _names(_SERVICES))
        return server

    def _make_admin(self, edge: Edge, share_port: bool) -> grpc.aio.Server | None:
        servicer = admin.AdminService(
            self._active, self._health_registry, self.events, self._reload_everywhere
        )
        bound = [edge.bind(admin.SERVICE, servicer)]
        if self._keys is not None:
            desk = api_keys.KeyDesk(self._keys, self.identity.hasher, self.events)
            bound.append(edge.bind(admin.SERVICE, api_keys.ApiKeyMethods(desk)))
        if self._settings.server.admin_listen is None:
            return None
        server = self._make_server(edge, share_port)
        server.add_generic_rpc_handlers(bound)
        for method in CHANNELZ_METHODS:
            edge.guard(f"{CHANNELZ}/{method}")
        guarded = Guarded(server, self._crashed, edge.permit)
        channelz_pb2_grpc.add_ChannelzServicer_to_server(
            channelz.aio.ChannelzServicer(), cast("grpc.aio.Server", guarded)
        )
        self._finish_server(server, self._healths[1], [*_names((admin.SERVICE,)), CHANNELZ])
        return server

    def _make_health(self, share_port: bool) -> grpc.aio.Server | None:
        """Returns a server of the callers' port's health alone, for probes that cannot use that port."""
        if self._settings.server.health_listen is None:
            return None
        server = grpc.aio.server(options=self._options(share_port))
        add_health(self._healths[0], Guarded(server, self._crashed))
        return server

    def _refuse_the_rest(self, public: Edge, private: Edge) -> None:
        """Adds, as the last handlers of each port, those that refuse the methods that it does not serve."""
        keys = [f"{admin.SERVICE.full_name}/{method}" for method in api_keys.METHODS]
        disabled = dict.fromkeys(keys if self._keys is None else (), api_keys.NOT_ENABLED)
        elsewhere = dict.fromkeys(private.methods, "server.admin_listen")
        self._server.add_generic_rpc_handlers((Unserved(public, elsewhere, disabled),))
        if self._admin is not None:
            elsewhere = dict.fromkeys(public.methods, "server.listen")
            self._admin.add_generic_rpc_handlers((Unserved(private, elsewhere, disabled),))
        if self._health is not None:
            elsewhere = dict.fromkeys(public.methods, "server.listen")
            elsewhere |= dict.fromkeys(private.methods, "server.admin_listen")
            self._health.add_generic_rpc_handlers((Unserved(private, elsewhere, disabled),))

    def _make_server(self, edge: Edge, share_port: bool) -> grpc.aio.Server:
        options = self._options(share_port)
        return waiting_server(options, edge, self._settings.overload.limit)

    def _options(self, share_port: bool) -> list[tuple[str, object]]:
        settings = self._settings.server
        patience = min(int(settings.keepalive_timeout * 1000), 2**31 - 1)
        options: list[tuple[str, object]] = [
            ("grpc.max_receive_message_length", settings.max_receive_bytes),
            ("grpc.max_send_message_length", -1),
            # A token may have 8 KiB, and other headers come beside it. From the first of these sizes on, gRPC
            # refuses calls by chance, more often the longer their headers are; from the second on, all.
            ("grpc.max_metadata_size", 16 << 10),
            ("grpc.absolute_max_metadata_size", 20 << 10),
            ("grpc.so_reuseport", int(share_port)),
            # A connection takes a descriptor; connections that send nothing are closed soon.
            ("grpc.max_allowed_incoming_connections", descriptors.for_callers(settings.max_connections)),
            ("grpc.server_handshake_timeout_ms", _HANDSHAKE),
            ("grpc.keepalive_time_ms", min(int(settings.keepalive_time * 1000), 2**31 - 1)),
            ("grpc.keepalive_timeout_ms", patience),
            # Its default is a minute, and only the longer of the two ends a silent connection.
            ("grpc.http2.ping_timeout_ms", patience),
            # However long nothing was sent: a stopped caller's kernel still takes what is.
            ("grpc.http2.max_pings_without_data", 0),
            # Callers may ping this often, also between calls: ours do each minute.
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # Without this a slow caller is buffered by megabytes.
            ("grpc.http2.bdp_probe", 0),
        ]
        if settings.max_connection_age is not None:
            age = min(max(int(settings.max_connection_age * 1000), 1), 2**31 - 1)
            options.append(("grpc.max_connection_age_ms", age))
        if settings.max_concurrent_streams is not None:
            options.append(("grpc.max_concurrent_streams", settings.max_concurrent_streams))
            # With it, calls that ended count until we have let go of them, and gRPC refuses those that take
            # their places: UNAVAILABLE, without details, and unseen by log and metrics.
            options.append(("grpc.http.overload_protection", 0))
        return options

    def _finish_server(self, server: grpc.aio.Server, health: Health, names: Sequence[str]) -> None:
        """Adds the services that every port has: health, and reflection of its own services only."""
        guarded = Guarded(server, self._crashed)
        add_health(health, guarded)
        add_reflection((*names, _HEALTH), guarded)

    def _crashed(self, method: str, exc: Exception) -> None:
        self.log.error("fault", method=method, exc_info=exc)


async def _opened(keys: StoredKeys) -> None:
    try:
        await keys.open()
    except StorageProblem as exc:
        raise StartError(str(exc)) from exc
    except StoreUnavailable as exc:
        raise StartError(f"API keys cannot be read: {exc.message}") from exc


async def _give_back() -> None:
    """Gives the kernel again and again what calls have let go of and the C library keeps for others."""
    while True:
        await asyncio.sleep(_TIDY)
        await in_daemon(trim, name="memory")


def load_listeners(server: ServerSettings) -> Listeners:
    """Loads the TLS of every port.

    Raises:
        StartError: Its files cannot be used.
    """
    try:
        return Listeners(server)
    except TlsError as exc:
        raise StartError(str(exc)) from exc


def _first(builder: Builder, settings: Settings) -> Snapshot:
    try:
        return builder.snapshot(settings, builder.providers(settings))
    except ExtraMissing as exc:
        raise StartError(str(exc)) from exc


def _names(services: Iterable[ServiceDescriptor]) -> list[str]:
    return [service.full_name for service in services]


def _listen(server: grpc.aio.Server, address: str, tls: TlsFiles | None = None) -> int:
    try:
        if tls is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, server_credentials(tls))
    except RuntimeError as exc:
        or_else = "" if tls is None else f", or gRPC cannot use the files of {tls.name}"
        raise StartError(
            f"cannot listen on {address}: the address is in use or not of this machine{or_else}"
        ) from exc


def _bound(address: str, port: int) -> str:
    host, colon, _ = address.rpartition(":")
    return address if address.startswith("unix:") else f"{host}{colon}{port}"
