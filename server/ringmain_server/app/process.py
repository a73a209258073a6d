"""App: the processes: one that serves, or a supervisor of several that share the ports."""

import asyncio
import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from urllib.request import getproxies

import uvloop
from prometheus_client import CollectorRegistry, multiprocess
from structlog.typing import FilteringBoundLogger

from ringmain_server.app import descriptors
from ringmain_server.app.app import App, StartError, load_listeners
from ringmain_server.app.background import Background
from ringmain_server.app.lifetime import first_of, run
from ringmain_server.app.malloc import give_back_large_blocks
from ringmain_server.app.orphan import SUPERVISOR, tell_supervisor
from ringmain_server.app.signals import AT_ONCE, Sentinel, Stopping, handle, soon
from ringmain_server.assembly.reload import ConfigSource
from ringmain_server.config import Settings, secrets
from ringmain_server.config.environment import left_out
from ringmain_server.edge.tls.listeners import Listeners, keep_up, look, ssl_context
from ringmain_server.edge.tls.watch import Notice, TlsFiles
from ringmain_server.providers.sessions import unusable_proxies
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.url import location
from ringmain_server.telemetry.lines import Losses, never_wait_for
from ringmain_server.telemetry.logs import Mask, adopt_libraries, make_log
from ringmain_server.telemetry.scraping import serve_metrics

WORKER = "_RINGMAIN_WORKER"
"""The environment variable with a worker's number."""

_METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
_GC_THRESHOLD = (20_000, 10, 10)
_RESTART_DELAY = 1.0
"""Seconds before a worker that died is started again."""


def serve(settings: Settings, source: ConfigSource | None = None) -> int:
    """Serves until SIGTERM or SIGINT.

    With `workers` above one, starts this same command that many times; the workers share the ports, and this
    process restarts those that die.

    Args:
        settings: The configuration.
        source: The source from which a reload reads the configuration again.

    Returns:
        The exit code of the process.

    Raises:
        StartError: The gateway cannot start.
    """
    number = os.environ.get(WORKER)
    worker = None if number is None else int(number)
    mask = Mask(secrets(settings))
    never_wait_for(sys.stderr.fileno())
    descriptors.raise_limit()
    losses = Losses()
    try:
        log = make_log(settings.log, mask, worker=worker, losses=losses)
    except (OSError, ValueError) as exc:
        what = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise StartError(f"cannot open the log file: {what}") from exc
    adopt_libraries(log)
    listeners = load_listeners(settings.server)
    if worker is None:
        _prepare_database(settings)
    if settings.server.workers > 1 and worker is None:
        return _supervise(settings, log, listeners)
    if source is not None and source.path is None:
        for kind in left_out(os.environ):
            hint = f"pip install 'ringmain[server,{kind.extra}]'"
            log.warning(
                "provider_left_out", provider=kind.name, reason="its extra is not installed", hint=hint
            )
    for scheme in unusable_proxies(getproxies()):
        log.warning("proxy_left_out", variable=f"{scheme}_proxy", reason="only http:// proxies can be used")
    # A call makes hundreds of short-lived objects and leaves nothing that only the collector could free;
    # what libraries leave is little, and found within some ten thousand calls.
    gc.set_threshold(*_GC_THRESHOLD)
    give_back_large_blocks()
    registry = CollectorRegistry()
    # Those of workers are served by their supervisor.
    metrics_listen = _serve_metrics(settings, registry, listeners.metrics) if worker is None else None

    async def serve_one() -> None:
        # The loop is there before what is made for it.
        shared = worker is not None
        tell = _hang_up_supervisor if shared else None
        app = App(
            settings,
            log,
            share_port=shared,
            registry=registry,
            source=source,
            mask=mask,
            tell_others=tell,
        )
        app.losses = losses
        app.listeners = listeners
        app.metrics_listen = metrics_listen
        await run(app)

    uvloop.run(serve_one())
    return 0


def _prepare_database(settings: Settings) -> None:
    """Checks the database of API keys once for all processes, and brings a file up to date."""
    if settings.keys_enabled:
        try:
            # Imported where there is a store: it takes a megabyte and more.
            from ringmain_server.storage.check import prepare

            prepare(location(settings.storage.url), migrate=settings.storage.migrate)
        except StorageProblem as exc:
            raise StartError(str(exc)) from exc


def _hang_up_supervisor() -> None:
    """Asks the supervisor to reload every worker; this one then finds no more changes."""
    tell_supervisor(signal.SIGHUP)


def _supervise(settings: Settings, log: FilteringBoundLogger, listeners: Listeners) -> int:
    server = settings.server
    addresses = (server.listen, server.admin_listen, server.health_listen)
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="ringmain-metrics-") as metrics:
        for address in filter(None, addresses):
            stack.enter_context(_reserve(address))
        os.environ[_METRICS_DIR] = metrics
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=metrics)  # type: ignore[no-untyped-call]
        metrics_listen = _serve_metrics(settings, registry, listeners.metrics)
        log.info("supervising", workers=server.workers, metrics_listen=metrics_listen)
        command = [sys.executable, "-m", "ringmain_server", *sys.argv[1:]]
        return uvloop.run(Supervisor(command, server.workers, log, listeners.metrics).run())


class Supervisor:
    """Keeps a number of workers alive until told to stop.

    Args:
        command: Starts a worker; its number is in the environment.
        count: The number of workers.
        log: The log.
        tls: The files of the TLS of the metrics, which this process serves; None where there is none.
    """

    def __init__(
        self, command: Sequence[str], count: int, log: FilteringBoundLogger, tls: TlsFiles | None = None
    ) -> None:
        self._command = command
        self._count = count
        self._log = log
        self._tls = () if tls is None else (tls,)
        self._stopping = Stopping()
        self._workers: dict[int, asyncio.subprocess.Process] = {}
        self._background = Background(log)
        # Nothing is ever written to the pipe; its end closes with this process, which tells the workers.
        self._tie, self._tied = os.pipe()

    async def run(self) -> int:
        """Serves until SIGTERM or SIGINT.

        Returns:
            0, or a worker's exit code if it could not even start.
        """
        loop = asyncio.get_running_loop()
        sentinel = Sentinel(self._log, loop, lambda: AT_ONCE)

        def stacks() -> None:
            sentinel.tell_stacks()
            soon(loop, lambda: self._pass_on(signal.SIGQUIT))

        def stop() -> None:
            soon(loop, self._stopping.ask)

        handle(
            {
                signal.SIGTERM: stop,
                signal.SIGINT: stop,
                signal.SIGHUP: lambda: soon(loop, self._hang_up),
                signal.SIGQUIT: stacks,
            }
        )
        if self._tls:
            self._background.keep("tls", partial(keep_up, self._tls, self._tell))
        codes = await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        await self._background.end()
        return max(codes)

    def _hang_up(self) -> None:
        self._pass_on(signal.SIGHUP)
        for files in self._tls:
            self._background.once("tls", partial(look, files, self._tell, at_once=True))

    def _tell(self, notice: Notice) -> None:
        write = self._log.warning if "problems" in notice.attributes else self._log.info
        write("config", message=notice.message, **notice.attributes)

    async def _keep(self, number: int) -> int:
        started = False
        while True:
            worker = self._workers[number] = await self._start(number)
            code = await self._wait(worker)
            del self._workers[number]
            if self._stopping.begun.is_set():
                return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else code
            if code in _START_FAILURES and not started:
                self._stopping.begun.set()
                return code
            started = True
            self._log.error("worker_died", number=number, exit_code=code, restart_in_s=_RESTART_DELAY)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.begun.wait(), _RESTART_DELAY)

    def _pass_on(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            _signal(worker, number)

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        told = {WORKER: str(number), SUPERVISOR: f"{os.getpid()}:{self._tie}"}
        # In a session of its own, so that Ctrl-C reaches only the supervisor, which passes it on once.
        return await asyncio.create_subprocess_exec(
            *self._command, env={**os.environ, **told}, start_new_session=True, pass_fds=(self._tie,)
        )

    async def _wait(self, worker: asyncio.subprocess.Process) -> int:
        """Waits for a worker's end, and ends it once this process is to stop."""
        exited = asyncio.ensure_future(worker.wait())
        await first_of(exited, self._stopping.begun)
        if not exited.done():
            _signal(worker, signal.SIGTERM)
            await first_of(exited, self._stopping.at_once)
        # Repeated, since a signal is lost if it comes while the same one waits to be handled.
        for _ in range(_INSISTENCE):
            if exited.done():
                break
            _signal(worker, signal.SIGTERM)
            await asyncio.wait((exited,), timeout=1)
        else:
            _signal(worker, signal.SIGKILL)
        return await exited


def _signal(worker: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if worker.returncode is None:
        with suppress(ProcessLookupError):
            worker.send_signal(number)


_START_FAILURES = (1, 2)
"""Exit codes of a worker that found a mistake instead of serving."""
_INSISTENCE = 10
"""Seconds that a worker has to stop at once before it is killed."""


def _reserve(address: str) -> socket.socket:
    """Checks that an address is free, and reserves it for the workers with a socket that never listens.

    Raises:
        StartError: The address is in use, or cannot be shared.
    """
    if address.startswith("unix:"):
        raise StartError(f"{address}: workers cannot share a Unix domain socket")
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if port == "0":
        raise StartError(f"{address}: workers need a port that is named, to share it")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:  # without SO_REUSEPORT: another gateway is noticed too
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
        held = socket.socket(family)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Connections of an earlier gateway in TIME_WAIT must not block the port for a minute …
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host, int(port)))
        # … but a gateway whose workers do not listen yet must; the socket above finds it.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    except OSError as exc:
        raise StartError(f"cannot listen on {address}: {exc.strerror}") from exc
    return held


def _serve_metrics(settings: Settings, registry: CollectorRegistry, tls: TlsFiles | None) -> str | None:
    """Returns the address with the port that was bound; None without metrics."""
    address = settings.server.metrics_listen
    if address is None:
        return None
    host, _, port = address.rpartition(":")
    try:
        context = None if tls is None else ssl_context(tls)
        server = serve_metrics(host.strip("[]"), int(port), registry, context)
    except OSError as exc:
        raise StartError(f"cannot serve metrics on {address}: {exc.strerror}") from exc
    return f"{host}:{server.server_port}"
