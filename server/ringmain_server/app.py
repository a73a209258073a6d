"""The composition root: settings → wired servers; start, drain, stop. Only this module knows everyone."""

import asyncio
import signal
import time
from collections.abc import Sequence

import grpc
import grpc.aio
from grpc_channelz.v1 import channelz
from grpc_reflection.v1alpha import reflection
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from ringmain_server.config import ProviderSettings, Settings, TimeoutOverrides
from ringmain_server.edge.binding import Edge
from ringmain_server.edge.calls import Calls
from ringmain_server.edge.health import Health, add_health
from ringmain_server.edge.validate import VALIDATORS
from ringmain_server.pipeline import build_models, build_pipeline
from ringmain_server.policy_settings import call_limit
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import ExtraMissing, build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.services import chat, model
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.observer import Observer

_SERVICES = (chat.SERVICE, model.SERVICE)
_HEALTH = "grpc.health.v1.Health"
_CHANNELZ = "grpc.channelz.v1.Channelz"
_STOP_GRACE = 1.0
"""Seconds for connections to close after every call has ended."""


class StartError(Exception):
    """The gateway cannot start; the message is one line for people."""


class App:
    """The wired gateway: the public port, the admin port, and what is behind them.

    Args:
        settings: The configuration.
        log: Where lines go.
        share_port: Whether other workers listen on the same ports.
        registry: Where metrics are collected.

    Raises:
        StartError: A provider needs an extra that is not installed.
    """

    def __init__(
        self,
        settings: Settings,
        log: FilteringBoundLogger,
        *,
        share_port: bool = False,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._settings = settings
        self._log = log
        self._sessions = HttpSessions()
        self._providers = self._build_providers()
        models = build_models(settings, self._providers)
        pipeline = build_pipeline(models, settings)
        self.calls = Calls(settings.server.default_deadline, call_limit(settings, time.monotonic))
        observer = Observer(log, Metrics(registry or CollectorRegistry()))
        edge = Edge(self.calls, observer, VALIDATORS)
        names = [service.full_name for service in _SERVICES]
        self._health = Health(names)
        self._server = self._make_server(share_port)
        self._server.add_generic_rpc_handlers(
            (
                edge.bind(chat.SERVICE, chat.ChatService(pipeline, models)),
                edge.bind(model.SERVICE, model.ModelService(models)),
            )
        )
        self._finish_server(self._server, names)
        self._admin = self._make_admin(share_port)
        self.port = 0
        self.admin_port = 0

    async def start(self) -> None:
        """Listens on every port, then says that it serves.

        Raises:
            StartError: A port is in use.
        """
        server = self._settings.server
        await self._health.start()
        self.port = _listen(self._server, server.listen)
        await self._server.start()
        if self._admin is not None and server.admin_listen is not None:
            self.admin_port = _listen(self._admin, server.admin_listen)
            await self._admin.start()
        await self._health.ready()
        self._log.info(
            "serving",
            listen=_bound(server.listen, self.port),
            admin_listen=server.admin_listen and _bound(server.admin_listen, self.admin_port),
            providers=sorted(self._providers),
            models=sorted(self._settings.models),
        )

    async def stop(self) -> None:
        """Drains and stops by section 9 of the laws: no call that ends within the grace is lost."""
        server = self._settings.server
        await self._health.drain()
        self._log.info("draining", in_flight=len(self.calls), grace_s=server.stream_grace)
        await asyncio.sleep(server.drain_delay)
        ended = await self.calls.drain(server.stream_grace)
        self._health.close()
        stopping = [self._server.stop(_STOP_GRACE)]
        if self._admin is not None:
            stopping.append(self._admin.stop(_STOP_GRACE))
        await asyncio.gather(*stopping)
        for provider in self._providers.values():
            await provider.transport.close()
        await self._sessions.close()
        self._log.info("stopped", ended_calls=ended)

    def _build_providers(self) -> dict[str, Provider]:
        try:
            return {
                provider_id: build_provider(provider_id, self._effective(provider_id), self._sessions)
                for provider_id in self._settings.providers
            }
        except ExtraMissing as exc:
            raise StartError(str(exc)) from exc

    def _effective(self, provider_id: str) -> ProviderSettings:
        """A provider's settings with every timeout that holds for it."""
        timeouts = TimeoutOverrides(**self._settings.timeouts_for(provider_id).model_dump())
        return self._settings.providers[provider_id].model_copy(update={"timeouts": timeouts})

    def _make_server(self, share_port: bool) -> grpc.aio.Server:
        settings = self._settings.server
        options: list[tuple[str, object]] = [
            ("grpc.max_receive_message_length", settings.max_receive_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", int(share_port)),
            ("grpc.keepalive_time_ms", int(settings.keepalive_time * 1000)),
            ("grpc.keepalive_timeout_ms", 20_000),
            # Callers may ping this often, also between calls: ours do each minute.
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # Without this a slow caller is buffered by megabytes (laws, section 3.6).
            ("grpc.http2.bdp_probe", 0),
        ]
        if settings.max_concurrent_streams is not None:
            options.append(("grpc.max_concurrent_streams", settings.max_concurrent_streams))
        return grpc.aio.server(options=options)

    def _make_admin(self, share_port: bool) -> grpc.aio.Server | None:
        if self._settings.server.admin_listen is None:
            return None
        server = self._make_server(share_port)
        channelz.add_channelz_servicer(server)
        self._finish_server(server, [_CHANNELZ])
        return server

    def _finish_server(self, server: grpc.aio.Server, names: Sequence[str]) -> None:
        """What every port has: health, and reflection of just what is served there."""
        add_health(self._health, server)
        reflection.enable_server_reflection((*names, _HEALTH, reflection.SERVICE_NAME), server)


async def run(app: App) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal stops at once.

    Raises:
        StartError: The gateway cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await app.start()
    await stop.wait()
    draining = asyncio.ensure_future(app.stop())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, draining.cancel)
    await asyncio.wait((draining,))


def _listen(server: grpc.aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError as exc:
        raise StartError(f"cannot listen on {address}: the address is in use or not of this machine") from exc


def _bound(address: str, port: int) -> str:
    host, colon, _ = address.rpartition(":")
    return address if address.startswith("unix:") else f"{host}{colon}{port}"
