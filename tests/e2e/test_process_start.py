"""The start of a process: alive at once, ready when what its providers need is loaded."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.e2e.processes import ANY, OWN, command, serving
from tests.fakes.ports import free_port
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
OPENAI = ("--set", "providers.up.kind=openai", "--set", "providers.up.api_key=sk-x")


_SLOW_DISK = """
import importlib.abc, os, sys, time

class Held(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        while name.startswith("openai.") and not os.path.exists({gate!r}):
            time.sleep(0.01)

sys.meta_path.insert(0, Held())
"""


class SlowDisk:
    """Holds the import of an SDK in a process until `go`."""

    def __init__(self, folder: Path) -> None:
        self._gate = folder / "gate"
        (folder / "sitecustomize.py").write_text(_SLOW_DISK.format(gate=str(self._gate)))
        self.environ = {"PYTHONPATH": str(folder)}

    def go(self) -> None:
        """Lets the import go on."""
        self._gate.touch()


def _at(port: int) -> tuple[str, ...]:
    """The arguments of a gateway that is called before its log says where."""
    return ("--listen", f"127.0.0.1:{port}", "--admin-listen", ANY)


@pytest.fixture
def slow_disk(tmp_path: Path) -> SlowDisk:
    """A disk that gives the SDK when the test says so."""
    return SlowDisk(tmp_path)


def test_libraries_are_loaded_before_readiness(slow_disk: SlowDisk) -> None:
    """Liveness answers while an SDK is loaded; readiness begins after it, and the log says so."""
    port = free_port()
    with (
        serving(*_at(port), *OPENAI, environ=slow_disk.environ) as service,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)

        def status(name: str) -> int:
            request = health_pb2.HealthCheckRequest(service=name)
            return int(health.Check(request, timeout=LIMIT, wait_for_ready=True).status)

        assert status("liveness") == SERVING
        assert status("readiness") == NOT_SERVING
        assert status("") == NOT_SERVING
        slow_disk.go()
        assert service.any_line()["event"] == "loaded"
        assert service.any_line()["event"] == "serving"
        assert status("readiness") == SERVING


def test_sigterm_ends_a_start(slow_disk: SlowDisk) -> None:
    """A process that is still loading stops as any other does."""
    port = free_port()
    with serving(*_at(port), *OPENAI, environ=slow_disk.environ) as service:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            health.Check(
                health_pb2.HealthCheckRequest(service="liveness"), timeout=LIMIT, wait_for_ready=True
            )
        service.process.send_signal(signal.SIGTERM)
        service.line("stopped")
        assert service.process.wait(timeout=LIMIT) == 0
        assert "Traceback" not in service.rest()


@pytest.mark.parametrize("kind", ["pipe", "directory", "missing"])
def test_a_log_file_that_cannot_be_opened(tmp_path: Path, kind: str) -> None:
    """A start whose log file is none ends at once with a sentence, and waits for no reader of a pipe."""
    path = tmp_path / "log"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path = path / "log"
    with serving("--set", f"log.file={path}") as service:
        told = service.rest()
        assert service.process.returncode == 1
    assert told.startswith("error: cannot open the log file: ")
    assert len(told.splitlines()) == 1


def test_closed_streams() -> None:
    """A gateway whose streams were closed by who started it serves all the same, and stops."""
    port = free_port()
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command(*_at(port))]
    process = subprocess.Popen(shell)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            health.Check(
                health_pb2.HealthCheckRequest(service="liveness"), timeout=LIMIT, wait_for_ready=True
            )
    finally:
        process.terminate()
        assert process.wait(timeout=LIMIT) == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux: reads /proc")
def test_signals_of_a_process_that_is_still_importing() -> None:
    """SIGHUP and SIGQUIT do not end a process that has not come to its event loop yet."""
    with serving(*OWN) as service:
        status = Path(f"/proc/{service.process.pid}/status")
        while not _caught(status) >> (signal.SIGHUP - 1) & 1:
            time.sleep(0.005)
        service.process.send_signal(signal.SIGHUP)
        service.process.send_signal(signal.SIGQUIT)
        service.line("serving")


def _caught(status: Path) -> int:
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["SigCgt"], 16)
