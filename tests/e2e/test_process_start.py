"""The start of a process: alive at once, ready when what its providers need is loaded."""

import signal
import time
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.e2e.processes import free_port, serving
from tests.e2e.test_process import _addresses

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
OPENAI = ("--set", "providers.up.kind=openai", "--set", "providers.up.api_key=sk-x")


def test_libraries_are_loaded_before_readiness() -> None:
    """Liveness answers while an SDK is loaded; readiness begins after it, and the log says so."""
    port = free_port()
    with (
        serving(*_addresses(port, *OPENAI)) as service,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)

        def status(name: str) -> int:
            request = health_pb2.HealthCheckRequest(service=name)
            return int(health.Check(request, timeout=20, wait_for_ready=True).status)

        assert status("liveness") == SERVING
        seen = [status("readiness")]
        while seen[-1] != SERVING:
            assert status("liveness") == SERVING
            time.sleep(0.02)
            seen.append(status(""))
        assert seen[0] == NOT_SERVING
        assert service.any_line()["event"] == "loaded"
        assert service.any_line()["event"] == "serving"


def test_sigterm_ends_a_start() -> None:
    """A process that is still loading stops as any other does."""
    port = free_port()
    with serving(*_addresses(port, *OPENAI)) as service:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            health.Check(health_pb2.HealthCheckRequest(service="liveness"), timeout=20, wait_for_ready=True)
        service.process.send_signal(signal.SIGTERM)
        service.line("stopped")
        assert service.process.wait(timeout=10) == 0
        assert "Traceback" not in service.rest()
