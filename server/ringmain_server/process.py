"""Processes around the app: one that serves, or a supervisor of several that share the port."""

import asyncio
import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

import uvloop
from prometheus_client import CollectorRegistry, multiprocess, start_http_server
from structlog.typing import FilteringBoundLogger

from ringmain_server import descriptors
from ringmain_server.allocator import give_back_large_blocks
from ringmain_server.app import App, StartError, run
from ringmain_server.config import Settings, secrets
from ringmain_server.config.environment import left_out
from ringmain_server.reload import Source
from ringmain_server.telemetry.lines import Losses, never_wait_for
from ringmain_server.telemetry.logs import Mask, adopt_libraries, make_log

WORKER = "_RINGMAIN_WORKER"
"""Environment variable that tells a worker its number."""

_METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
_GC_THRESHOLD = (20_000, 10, 10)
_RESTART_DELAY = 1.0
"""Seconds before a worker that died is started again."""


def serve(settings: Settings, source: Source | None = None) -> int:
    """Serves until SIGTERM or SIGINT.

    With `workers` above one, starts this same command that many times; the workers share the ports, and this
    process restarts those that die.

    Args:
        settings: The configuration.
        source: Where it is read again.

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
    log = make_log(settings.log, mask, worker=worker, losses=losses)
    adopt_libraries(log)
    if settings.server.workers > 1 and worker is None:
        return _supervise(settings, log)
    if source is not None and source.path is None:
        for kind in left_out(os.environ):
            hint = f"pip install 'ringmain[server,{kind.extra}]'"
            log.warning(
                "provider_left_out", provider=kind.name, reason="its extra is not installed", hint=hint
            )
    # A call makes hundreds of short-lived objects and leaves nothing that only the collector could free;
    # what libraries leave is little, and found within some ten thousand calls.
    gc.set_threshold(*_GC_THRESHOLD)
    give_back_large_blocks()
    registry = CollectorRegistry()
    if worker is None:
        _serve_metrics(settings, registry)

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
        await run(app)

    uvloop.run(serve_one())
    return 0


def _hang_up_supervisor() -> None:
    """The supervisor passes the signal on to every worker; this one then finds no more changes."""
    os.kill(os.getppid(), signal.SIGHUP)


def _supervise(settings: Settings, log: FilteringBoundLogger) -> int:
    server = settings.server
    addresses = [address for address in (server.listen, server.admin_listen) if address is not None]
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="ringmain-metrics-") as metrics:
        for address in addresses:
            stack.enter_context(_reserve(address))
        os.environ[_METRICS_DIR] = metrics
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=metrics)  # type: ignore[no-untyped-call]
        _serve_metrics(settings, registry)
        command = [sys.executable, "-m", "ringmain_server", *sys.argv[1:]]
        return uvloop.run(Supervisor(command, server.workers, log).run())


class Supervisor:
    """Keeps a number of workers alive until told to stop.

    Args:
        command: Starts a worker; its number is in the environment.
        count: How many.
        log: Where lines go.
    """

    def __init__(self, command: Sequence[str], count: int, log: FilteringBoundLogger) -> None:
        self._command = command
        self._count = count
        self._log = log
        self._stop = asyncio.Event()
        self._workers: dict[int, asyncio.subprocess.Process] = {}

    async def run(self) -> int:
        """Serves until SIGTERM or SIGINT.

        Returns:
            0, or a worker's exit code if it could not even start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        codes = await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        return max(codes)

    async def _keep(self, number: int) -> int:
        started = False
        while True:
            worker = self._workers[number] = await self._start(number)
            code = await self._wait(worker)
            del self._workers[number]
            if self._stop.is_set():
                return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else code
            if code in _START_FAILURES and not started:
                self._stop.set()
                return code
            started = True
            self._log.error("worker_died", number=number, exit_code=code, restart_in_s=_RESTART_DELAY)
            await asyncio.wait((asyncio.ensure_future(self._stop.wait()),), timeout=_RESTART_DELAY)

    def _reload(self) -> None:
        for worker in self._workers.values():
            if worker.returncode is None:
                worker.send_signal(signal.SIGHUP)

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C reaches the supervisor alone, which passes it on once.
        return await asyncio.create_subprocess_exec(
            *self._command, env={**os.environ, WORKER: str(number)}, start_new_session=True
        )

    async def _wait(self, worker: asyncio.subprocess.Process) -> int:
        exited = asyncio.ensure_future(worker.wait())
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((exited, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not exited.done():
            worker.terminate()
        return await exited


_START_FAILURES = (1, 2)
"""Exit codes of a worker that found a mistake instead of serving."""


def _reserve(address: str) -> socket.socket:
    """Finds out that an address is free, and holds it for the workers by a socket that never listens.

    Raises:
        StartError: It is in use, or cannot be shared.
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
        held.bind((host, int(port)))
    except OSError as exc:
        raise StartError(f"cannot listen on {address}: {exc.strerror}") from exc
    return held


def _serve_metrics(settings: Settings, registry: CollectorRegistry) -> None:
    address = settings.server.metrics_listen
    if address is None:
        return
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except OSError as exc:
        raise StartError(f"cannot serve metrics on {address}: {exc.strerror}") from exc
