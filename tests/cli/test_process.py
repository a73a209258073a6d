"""The command line as processes of their own: signals, pipes, terminals, and a gateway that serves."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ringmain.v1.content_pb2 import Part

from tests.cli.conftest import CommandLine, clean_environment
from tests.client.gateway import Gateway, hangs, streams
from tests.client.samples import events_of, opened, started
from tests.fakes.ports import mute_port
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

LOCAL = ("--admin-listen", "127.0.0.1:0", "--metrics-listen", "null")


def until(process: "subprocess.Popen[str]", text: str, descriptor: int) -> str:
    """Reads what a process writes until a text is there; fails after ten seconds."""
    seen, end = "", time.monotonic() + LIMIT
    while text not in seen:
        readable, _, _ = select.select([descriptor], [], [], max(0, end - time.monotonic()))
        assert readable, f"no {text!r} in {seen!r}"
        seen += os.read(descriptor, 65536).decode()
    return seen


def test_interrupt_cancels_the_call(gateway: Gateway, ringmain: CommandLine) -> None:
    """Ctrl-C keeps what came, says so in one line, cancels the call and exits 130."""
    gateway.script(hangs(started(), opened(Part(text="so far"))))
    process = ringmain.start("chat", "Hi", "-m", "m")
    assert process.stdout is not None
    until(process, "so far", process.stdout.fileno())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (130, "\n", "cancelled\n")
    assert gateway.ended.wait(timeout=LIMIT)


def test_reader_that_leaves(gateway: Gateway, ringmain: CommandLine) -> None:
    """A pipe whose reader has left ends the command quietly."""
    gateway.script(streams(*events_of(["x"])))
    read, write = os.pipe()
    os.close(read)
    process = ringmain.start("chat", "Hi", "-m", "m", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (1, "")


def test_conversation_on_a_terminal(gateway: Gateway, ringmain: CommandLine) -> None:
    """On a terminal and without a prompt, questions are typed until `/exit`."""
    gateway.script(streams(*events_of(["Hello"])))
    ours, theirs = pty.openpty()
    process = ringmain.start("chat", "-m", "m", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    until(process, "> ", ours)
    os.write(ours, b"Hi\n")
    assert "Hello" in until(process, "total", ours)
    os.write(ours, b"/exit\n")
    assert process.wait(timeout=LIMIT) == 0
    os.close(ours)


def test_conversation_only_streams(ringmain: CommandLine) -> None:
    """`--no-stream` without a question is a mistake."""
    ours, theirs = pty.openpty()
    process = ringmain.start("chat", "-m", "m", "--no-stream", stdin=theirs)
    os.close(theirs)
    _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (2, "error: a conversation always streams: give a PROMPT\n")
    os.close(ours)


@pytest.mark.parametrize(
    ("missing", "code", "err"),
    [
        ("typer", 1, "error: the command line needs typer: pip install 'ringmain[cli]'\n"),
        ("ringmain_server.cli.root", 1, "ModuleNotFoundError"),
    ],
)
def test_without_the_extra(missing: str, code: int, err: str) -> None:
    """Where a library of the command line is missing, the command says what to install."""
    run = f"import sys; sys.modules[{missing!r}] = None\n"
    run += "from ringmain_server.cli import main; sys.exit(main(['version']))"
    result = subprocess.run(
        [sys.executable, "-c", run], check=False, env=clean_environment(), capture_output=True, text=True
    )
    assert result.returncode == code
    assert err in result.stderr


def test_serve_answers_and_stops(process_of: Callable[[str], CommandLine], tmp_path: Path) -> None:
    """`serve` serves its embedded default to `health` and `chat`, and exits 0 after SIGTERM."""
    ringmain = process_of(f"unix:{tmp_path}/socket")
    server = ringmain.start("serve", "--listen", ringmain.target, *LOCAL)
    health = ringmain("health", "--wait", "15")
    assert health.stdout == "SERVING\n", health.stderr
    answer = ringmain("chat", "Hello")
    assert (answer.exit_code, bool(answer.stdout)) == (0, True)
    assert "sandbox/chat · " in answer.stderr
    assert "sandbox/chat" in ringmain("models").stdout
    assert " tokens · " in ringmain("tokens", "Hello").stdout
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=LIMIT)
    assert server.returncode == 0
    assert "Traceback" not in err


def test_serve_on_a_port_in_use(process_of: Callable[[str], CommandLine]) -> None:
    """A port in use is one line and exit code 1."""
    with mute_port() as port:
        server = process_of("").start("serve", "--listen", f"127.0.0.1:{port}", *LOCAL)
        _, err = server.communicate(timeout=LIMIT)
    assert server.returncode == 1
    last = err.splitlines()[-1]
    assert last.startswith("error: ")
    assert f"127.0.0.1:{port}" in last
    assert "Traceback" not in err
