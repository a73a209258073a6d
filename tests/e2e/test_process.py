"""The process around the app: signals, ports, workers, metrics."""

import os
import re
import signal
import socket

import pytest
from ringmain import Client

from tests.e2e.processes import ANY, OWN, children, fetch, port_of, serving, shared
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_exits_0(number: signal.Signals) -> None:
    """SIGTERM and SIGINT end the service cleanly, after a call was served."""
    with serving(*OWN) as service:
        line = service.line("serving")
        assert line["providers"] == ["local", "sandbox"]
        assert line["metrics_listen"] is None
        with Client(str(line["listen"])) as client:
            assert client.chat("Hello", model="sandbox/echo").text == "Hello"
        service.process.send_signal(number)
        assert service.process.wait(timeout=LIMIT) == 0
        assert "Traceback" not in service.rest()


def test_a_second_signal_stops_at_once() -> None:
    """A second SIGTERM does not wait for the grace."""
    with serving(*OWN, "--set", "server.drain_delay=600s") as service:
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
            listen = ("--listen", f"127.0.0.1:{port}", "--admin-listen", "null")
            with serving(*listen, "--workers", workers) as service:
                errors = service.rest()
                assert service.process.returncode == 1
                assert f"127.0.0.1:{port}" in errors
                assert len(errors.strip().splitlines()) == 1


def test_workers_share_the_port_and_are_restarted() -> None:
    """Two workers serve one port; a killed one is replaced; metrics add up both; SIGTERM ends all."""
    with serving(*shared("--metrics-listen", ANY)) as service:
        metrics = port_of(service.line("supervising")["metrics_listen"])
        first, second = service.line("serving"), service.line("serving")
        assert {first["worker"], second["worker"]} == {0, 1}
        assert first["metrics_listen"] is None
        port = port_of(first["listen"])
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
    with serving(*OWN, "--metrics-listen", ANY) as service:
        ports = service.serving()
        with Client(f"127.0.0.1:{ports.listen}") as client:
            client.chat("Hello", model="sandbox/echo")
        page = fetch(ports.metrics, "/metrics")
        assert 'ringmain_attempts_total{outcome="succeeded",provider="sandbox"} 1.0' in page
        with serving(*OWN, "--metrics-listen", f"127.0.0.1:{ports.metrics}") as second:
            assert "cannot serve metrics" in second.rest()
            assert second.process.returncode == 1


def test_a_log_that_nobody_reads_stops_no_call() -> None:
    """Calls are answered although standard error takes no more; what was logged comes once somebody reads."""
    with serving(*OWN) as service:
        with Client(f"127.0.0.1:{service.serving().listen}") as client:
            for _ in range(300):  # more than the 64 KiB that a pipe holds
                client.chat("Hello", model="sandbox/echo", timeout=LIMIT)
        service.process.terminate()
        assert service.rest().count('"event":"call"') == 300
