"""The process around a reload: SIGHUP, a file that changes, several workers, a terminal that is closed."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest
from ringmain import Client, NotFound

from tests.e2e.processes import OWN, Process, command, port_of, serving, shared
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

ONE = "models: {one: {candidates: [sandbox/echo]}}\n"
TWO = "models: {two: {candidates: [sandbox/echo]}}\n"
BAD = "models: {three: {candidats: [sandbox/echo]}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file with the model `one`."""
    found = tmp_path / "ringmain.yaml"
    found.write_text(ONE)
    return found


def ask(port: int, model: str) -> None:
    """Fails unless the model answers."""
    with Client(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as client:
        assert client.chat("Hello", model=model).text == "Hello"


def test_sighup_reloads(file: Path) -> None:
    """SIGHUP takes on the file as it is now; a bad one is told of and changes nothing."""
    with serving(*OWN, "--config", str(file), "--set", "server.watch_config=false") as service:
        port = service.serving().listen
        file.write_text(BAD)
        service.process.send_signal(signal.SIGHUP)
        line = service.line("config")
        assert line["level"] == "warning"
        assert "did you mean candidates?" in str(line["problems"])
        ask(port, "one")
        file.write_text(TWO)
        service.process.send_signal(signal.SIGHUP)
        assert service.line("config")["changed_paths"] == "models.one models.two"
        ask(port, "two")
        with pytest.raises(NotFound):
            ask(port, "one")


def test_a_changed_file_is_taken_on(file: Path) -> None:
    """Nobody has to say that the file is another; flags still win over it."""
    with serving(*OWN, "--config", str(file), "--set", "timeouts.idle=7s") as service:
        port = service.serving().listen
        file.write_text("timeouts: {idle: 9s}\n" + TWO)
        assert service.line("config")["changed_paths"] == "models.one models.two"
        ask(port, "two")


def test_every_worker_reloads(file: Path) -> None:
    """The supervisor passes SIGHUP on; a reload that an operator asks of one worker reaches all."""
    with serving(*shared("--config", str(file), "--set", "server.watch_config=false")) as service:
        line = both(service, "serving")
        port, admin = port_of(line["listen"]), str(line["admin_listen"])
        file.write_text(TWO)
        service.process.send_signal(signal.SIGHUP)
        both(service, "config")
        file.write_text(ONE)
        done = subprocess.run(
            [*command()[:-1], "reload", "--admin-target", admin], capture_output=True, text=True, check=True
        )
        assert done.stdout == "changed: models.one\nchanged: models.two\n"
        both(service, "config")
        for _ in range(8):
            ask(port, "one")


def both(service: Process, event: str) -> dict[str, object]:
    """The line with which the last of two workers tells of something new."""
    found: set[object] = set()
    while len(found) < 2:
        line = service.line(event)
        if event != "config" or "changed_paths" in line:
            found.add(line["worker"])
    return line


def test_a_closed_terminal_stops_it(file: Path) -> None:
    """SIGHUP because its terminal is gone stops the gateway, as it would any program."""
    ours, terminal = pty.openpty()
    process = subprocess.Popen(command(*OWN, "--log-format", "json"), stderr=terminal, start_new_session=True)
    os.close(terminal)
    said = b""
    while b"serving" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=LIMIT) == 0


def test_files_that_nobody_can_want(file: Path, tmp_path: Path) -> None:
    """An empty file is refused, a missing one told of, and one that hangs holds up no reload and no end."""
    with serving(*OWN, "--config", str(file)) as service:
        port = service.serving().listen
        file.write_text("")
        assert "is empty" in str(service.line("config")["problems"])
        file.unlink()
        assert "is gone" in str(service.line("config")["message"])
        os.mkfifo(file)
        service.process.send_signal(signal.SIGHUP)
        assert "is a pipe" in str(service.line("config")["problems"])
        ask(port, "one")
        (tmp_path / "new").write_text(TWO)
        (tmp_path / "new").rename(file)
        while "changed_paths" not in (line := service.line("config")):
            pass
        assert line["changed_paths"] == "models.one models.two"
        ask(port, "two")
        service.process.terminate()
        assert service.process.wait(timeout=LIMIT) == 0
