"""The process around the app: signals, ports, workers, metrics."""

import os
import re
import signal
import socket

import pytest
from ringmain import Client

from tests.e2e.processes import children, fetch, free_port, serving
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow


def _addresses(listen: int, *more: str) -> list[str]:
    return ["--listen", f"127.0.0.1:{listen}", "--admin-listen", f"127.0.0.1:{free_port()}", *more]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_exits_0(number: signal.Signals) -> None:
    """SIGTERM and SIGINT end the service cleanly, after a call was served."""
    port = free_port()
    with serving(*_addresses(port)) as service:
        line = service.line("serving")
        assert line["providers"] == ["local", "sandbox"]
        with Client(f"127.0.0.1:{port}") as client:
            assert client.chat("Hello", model="sandbox/echo").text == "Hello"
        service.process.send_signal(number)
        assert service.process.wait(timeout=LIMIT) == 0
        assert "Traceback" not in service.rest()


def test_a_second_signal_stops_at_once() -> None:
    """A second SIGTERM does not wait for the grace."""
    port = free_port()
    with serving(*_addresses(port, "--set", "server.drain_delay=600s")) as service:
        service.line("serving")
        service.process.terminate()
        service.line("draining")
        service.process.terminate()
        service.process.wait(timeout=LIMIT)


def test_a_port_in_use_is_said_in_one_line() -> None:
    """Where something else listens, the service says so in one line and exits 1."""
    for workers in ("1", "2"):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with serving(*_addresses(port, "--workers", workers)) as service:
                errors = service.rest()
                assert service.process.returncode == 1
                assert f"127.0.0.1:{port}" in errors
                assert len(errors.strip().splitlines()) == 1


def test_workers_share_the_port_and_are_restarted() -> None:
    """Two workers serve one port; a killed one is replaced; metrics add up both; SIGTERM ends all."""
    port, metrics = free_port(), free_port()
    more = ("--workers", "2", "--metrics-listen", f"127.0.0.1:{metrics}")
    with serving(*_addresses(port, *more)) as service:
        assert {service.line("serving")["worker"], service.line("serving")["worker"]} == {0, 1}
        for _ in range(8):
            with Client(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as client:
                client.chat("Hello", model="sandbox/echo")
        counted = re.search(
            r'ringmain_calls_total\{code="OK",method="[^"]+/Chat"\} (\S+)', fetch(metrics, "/metrics")
        )
        assert counted is not None
        assert float(counted.group(1)) == 8
        victim = min(children(service.process.pid))
        os.kill(victim, signal.SIGKILL)
        assert service.line("worker_died")["exit_code"] == -signal.SIGKILL
        service.line("serving")
        workers = children(service.process.pid)
        assert len(workers) == 2
        assert victim not in workers
        service.process.terminate()
        assert service.process.wait(timeout=LIMIT) == 0


def test_workers_refuse_what_they_cannot_share() -> None:
    """A free port or a Unix domain socket cannot be shared by workers; the message says so."""
    for address in ("127.0.0.1:0", "unix:/tmp/ringmain-test.sock"):
        with serving("--listen", address, "--workers", "2") as service:
            errors = service.rest()
            assert service.process.returncode == 1
            assert address in errors


def test_metrics_are_served() -> None:
    """One process serves its own metrics; a port in use there is one line too."""
    port, metrics = free_port(), free_port()
    with serving(*_addresses(port, "--metrics-listen", f"127.0.0.1:{metrics}")) as service:
        service.line("serving")
        with Client(f"127.0.0.1:{port}") as client:
            client.chat("Hello", model="sandbox/echo")
        page = fetch(metrics, "/metrics")
        assert 'ringmain_attempts_total{outcome="succeeded",provider="sandbox"} 1.0' in page
        with serving(*_addresses(free_port(), "--metrics-listen", f"127.0.0.1:{metrics}")) as second:
            assert "cannot serve metrics" in second.rest()
            assert second.process.returncode == 1


def test_a_log_that_nobody_reads_stops_no_call() -> None:
    """Calls are answered although standard error takes no more; what was logged comes once somebody reads."""
    port = free_port()
    with serving(*_addresses(port)) as service:
        service.line("serving")
        with Client(f"127.0.0.1:{port}") as client:
            for _ in range(300):  # more than the 64 KiB that a pipe holds
                client.chat("Hello", model="sandbox/echo", timeout=LIMIT)
        service.process.terminate()
        assert service.rest().count('"event":"call"') == 300
