"""Tests, benchmark: the processes that are measured, and what the kernel says about them. Linux only."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from tests.fakes.ports import free_port

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
Child = subprocess.Popen[bytes]
START_LIMIT = 120.0
"""Seconds after which a process that does not serve counts as failed."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running gRPC server.

    Attributes:
        name: `gateway` or `bare`.
        pid: Its process.
        port: Where it listens on loopback.
        startup: Seconds from exec to health SERVING.
    """

    name: str
    pid: int
    port: int
    startup: float

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """The CPU time that the process has used, user and system."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        # The command's name, in parentheses, may hold blanks: fields count from behind it.
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def rss(self) -> int:
        """The resident memory, in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[Child]:
    """A child process for as long as the context lasts; its output goes to `log`."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield child
        finally:
            _stop(child)


def _stop(child: Child) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def upstream(module: str, log: Path) -> Iterator[int]:
    """An upstream in a process of its own; yields its port."""
    port = free_port()
    with running([sys.executable, "-m", module, "--port", str(port)], log) as child:
        _await_port(port, child, log, time.monotonic() + START_LIMIT)
        yield port


@contextmanager
def target(name: str, command: Sequence[str], port: int, log: Path) -> Iterator[Target]:
    """A gRPC server in a process of its own, once it is SERVING."""
    started = time.monotonic()
    with running(command, log) as child:
        deadline = started + START_LIMIT
        _await_port(port, child, log, deadline)
        _await_serving(port, deadline)
        yield Target(name, child.pid, port, time.monotonic() - started)


def _await_port(port: int, child: Child, log: Path, deadline: float) -> None:
    """Polls the port: a gRPC channel would wait a second after a refusal."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if child.poll() is not None:
                told = log.read_text(errors="replace")[-4000:]
                raise StartError(f"{child.args!r} ended with code {child.returncode}:\n{told}") from None
            if time.monotonic() > deadline:
                raise StartError(f"{child.args!r} does not listen on port {port}") from None
            time.sleep(0.005)
        else:
            return


def _await_serving(port: int, deadline: float) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        while time.monotonic() < deadline:
            try:
                status = check(HealthCheckRequest(), timeout=1).status
            except grpc.RpcError:
                status = HealthCheckResponse.UNKNOWN
            if status == HealthCheckResponse.SERVING:
                return
            time.sleep(0.005)
    raise StartError(f"port {port} is not SERVING")


class StartError(Exception):
    """A process does not come up."""
