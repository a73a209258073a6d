"""The end of processes: signals once and again, a supervisor that is killed, ports of the gateway before."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from ringmain.errors import error_of
from ringmain.v1 import chat_service_pb2 as pb
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.app.orphan import ORPHANED

from tests.e2e.gateway import ask
from tests.e2e.processes import OWN, Process, alive, children, serving, shared
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

SLOW = ("--set", "providers.sandbox.tokens_per_second=2", "--set", "server.stream_grace=600s")


@pytest.fixture
def stream() -> Iterator["Streams"]:
    """Streams that last as long as their server lets them."""
    streams = Streams()
    yield streams
    streams.close()


class Streams:
    """Slow streams, each over a connection of its own."""

    def __init__(self) -> None:
        self._channels: list[grpc.Channel] = []

    def begin(self, port: int, text: str = "word " * 200) -> Iterator[pb.ChatEvent]:
        """A stream that has said something."""
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._channels.append(channel)
        call = chat_grpc.ChatServiceStub(channel).StreamChat(ask("sandbox/echo", text))
        next(call)
        return call

    def close(self) -> None:
        """Leaves all of them."""
        for channel in self._channels:
            channel.close()


def ending(call: Iterator[pb.ChatEvent]) -> tuple[grpc.StatusCode, str]:
    """The code and the reason that a stream ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        for _ in call:
            pass
    error = error_of(caught.value)
    return error.code, error.reason


def test_one_process_and_its_signals(stream: Streams) -> None:
    """SIGQUIT tells where everything stands; a second SIGTERM ends streams with a status."""
    with serving(*OWN, *SLOW) as service:
        call = stream.begin(ready(service, count=1), "a-secret-word " * 200)
        quit_writes_stacks(service, count=1)
        assert next(call) is not None
        a_second_signal_stops_at_once(service, call)


def test_workers_and_their_signals(stream: Streams) -> None:
    """Workers start although the port is in TIME_WAIT, and not beside another gateway; signals reach them."""
    port = port_in_time_wait()
    addresses = shared(*SLOW, port=port)
    with serving(*addresses) as service:
        while not children(service.process.pid):
            time.sleep(0.01)
        with serving(*addresses) as second:  # before anybody listens
            assert f"127.0.0.1:{port}" in second.rest()
            assert second.process.returncode == 1
        ready(service, count=2)
        call = stream.begin(port, "a-secret-word " * 200)
        quit_writes_stacks(service, count=3)
        a_second_signal_stops_at_once(service, call)


def port_in_time_wait() -> int:
    """A port whose last connection was closed by the server, which nobody without SO_REUSEADDR can have."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)):
            listening.accept()[0].close()
    with socket.socket() as probe, pytest.raises(OSError, match="in use"):
        probe.bind(("127.0.0.1", port))
    return port


def quit_writes_stacks(service: Process, *, count: int) -> None:
    """Fails unless each of so many processes tells of its tasks and threads, and of no value."""
    service.process.send_signal(signal.SIGQUIT)
    lines: list[dict[str, object]] = []
    while sum(line["event"] == "stacks" for line in lines) < count:
        lines.append(service.any_line())
    text = "\n".join(map(str, lines))
    assert "signals.py" in text
    assert "edge/grpc/binding.py" in text
    assert {line["what"] for line in lines if line["event"] == "stack"} == {"task", "thread"}
    assert "secret" not in text


def a_second_signal_stops_at_once(service: Process, call: Iterator[pb.ChatEvent]) -> None:
    """Fails unless a gateway with a stream in flight ends in order when it is asked twice."""
    service.process.terminate()
    service.line("draining")
    service.process.terminate()
    assert ending(call) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    # A worker without calls may have stopped by itself.
    while service.line("stopped")["ended_calls"] != 1:
        pass
    assert service.process.wait(timeout=LIMIT) == 0


def ready(service: Process, *, count: int) -> int:
    """The port for callers, once so many processes serve."""
    return {service.serving().listen for _ in range(count)}.pop()


def test_workers_end_with_a_supervisor_that_is_killed(stream: Streams) -> None:
    """Workers drain when their supervisor is killed: a stream runs to its end, then nobody is left."""
    with serving(*shared("--set", "providers.sandbox.tokens_per_second=20")) as service:
        port = ready(service, count=2)
        workers = children(service.process.pid)
        assert len(workers) == 2
        call = stream.begin(port, "word " * 20)
        os.kill(service.process.pid, signal.SIGKILL)
        assert [event for event in call if event.HasField("finished")]
        gone(workers)


def test_workers_end_before_they_serve() -> None:
    """A supervisor that is killed while its workers start leaves none of them."""
    with serving(*shared()) as service:
        while len(workers := children(service.process.pid)) < 2:
            time.sleep(0.01)
        os.kill(service.process.pid, signal.SIGKILL)
        gone(workers)


def gone(pids: set[int]) -> None:
    """Fails unless processes end soon."""
    deadline = time.monotonic() + LIMIT
    while left := {pid for pid in pids if alive(pid)}:
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"still there: {left}")
        time.sleep(0.02)


_WAITS = "import sys, time; from ringmain_server.app import orphan; {tie}; print(flush=True); time.sleep(600)"


def test_the_pipe_alone_tells_of_the_end() -> None:
    """Where the kernel tells nobody, the closed pipe does."""
    reading, writing = os.pipe()
    code = _WAITS.format(tie=f"orphan.watch_pipe({reading})")
    child = subprocess.Popen([sys.executable, "-c", code], pass_fds=(reading,), stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.poll() is None
        os.close(writing)
        assert child.wait(timeout=LIMIT) == -ORPHANED
    os.close(reading)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: only its kernel tells of a parent's end")
@pytest.mark.parametrize("supervisor", ["os.getppid()", "1234567"])
def test_the_kernel_alone_tells_of_the_end(supervisor: str) -> None:
    """The kernel tells a child that its parent was killed, and one that asked too late finds out itself."""
    child = _WAITS.format(tie=f"import os; print(os.getpid(), flush=True); orphan.ask_kernel({supervisor})")
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if supervisor == "os.getppid()":
            parent.stdout.readline()
            assert alive(pid)
            parent.kill()
        gone({pid})
        parent.kill()


def test_sigterm_ends_what_hangs() -> None:
    """Neither a thread that never ends nor a loop that stands still keeps the process."""
    with ThreadPoolExecutor() as pool:
        stuck_thread = pool.submit(
            ended, "await asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)"
        )
        stuck_loop = pool.submit(ended, "time.sleep(600)")
        assert stuck_thread.result()[0] == 0
        assert stuck_loop.result() == (1, True)


def ended(work: str) -> tuple[int, bool]:
    """How a gateway that hangs ends after SIGTERM: its exit code, and whether it says that it was forced."""
    code = (
        "import asyncio, time, io\n"
        "from ringmain_server.app import app, lifetime, signals\n"
        "from ringmain_server.config import load, LogSettings\n"
        "from ringmain_server.telemetry.logs import make_log\n"
        "signals.AT_ONCE = 0.5\n"
        "app._STOP_LIMIT = 2.0\n"
        "own = {'server.listen': '127.0.0.1:0', 'server.admin_listen': None, 'server.stream_grace': 0}\n"
        "async def hang():\n"
        f"    {work}\n"
        "async def main():\n"
        "    made = app.App(load(environ={}, overrides=own), make_log(LogSettings(format='json')))\n"
        "    running = asyncio.ensure_future(lifetime.run(made))\n"
        "    while not made.port: await asyncio.sleep(0.01)\n"
        "    print(flush=True)\n"
        "    hanging = asyncio.ensure_future(hang())\n"
        "    await running\n"
        "asyncio.run(main())\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        time.sleep(0.2)
        process.terminate()
        _, errors = process.communicate(timeout=LIMIT)
    return process.returncode, "stop_timed_out" in errors
