"""`make run`: starts the gateway, streams a first answer, and serves until Ctrl-C.

Arguments are passed on to `ringmain serve`.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ADDRESS = ("127.0.0.1", 50051)
TARGET = "{}:{}".format(*ADDRESS)
RINGMAIN = str(Path(sys.executable).with_name("ringmain"))
STATE = Path(__file__).resolve().parents[1] / "build" / "state"
"""Where API keys are kept if they are enabled, in place of the user's own folder."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
QUESTION = "Hello! What answers me here?"


def taken() -> bool:
    """Whether somebody listens already; `ringmain serve` will then say so, and gets no greeting."""
    with contextlib.suppress(OSError), socket.create_connection(ADDRESS, timeout=1):
        return True
    return False


@contextlib.contextmanager
def terminal_of(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """Hands the terminal to the service, as a shell does with a job in the foreground.

    Ctrl-C then reaches the service alone. Make would take it for an error of its own.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        ours = os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        ours = False
    if not ours:
        yield
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else giving the terminal back would stop us
    os.tcsetpgrp(terminal, server.pid)
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, os.getpgrp())


def ask(server: subprocess.Popen[bytes], *arguments: str) -> bool:
    """Runs one `ringmain` command for as long as the service lives; True if it succeeded."""
    command = subprocess.Popen([RINGMAIN, *arguments, "--target", TARGET])
    while command.poll() is None and server.poll() is None:
        time.sleep(0.05)
    if command.poll() is None:
        command.kill()
    return command.wait() == 0


def greet(server: subprocess.Popen[bytes]) -> None:
    """Streams a first answer to the terminal as soon as the service is healthy."""
    if not ask(server, "health", "--wait", "15"):
        return
    print(f'\n$ ringmain chat --model sandbox/chat "{QUESTION}"', flush=True)
    ask(server, "chat", "--model", "sandbox/chat", QUESTION)
    if server.poll() is None:
        print(f"\nServing on {TARGET} until Ctrl-C.", flush=True)
        print('Try, in another terminal: .venv/bin/ringmain chat "Hello"', flush=True)


def main() -> int:
    """Returns the exit code: 0 when the service was told to stop and did."""
    free = not taken()
    print(f"Starting the gateway on {TARGET}", flush=True)
    environ = {"_RINGMAIN_STATE": str(STATE), **os.environ}
    server = subprocess.Popen([RINGMAIN, "serve", *sys.argv[1:]], process_group=0, env=environ)
    for number in STOPS:
        signal.signal(number, lambda *_: server.terminate())
    with terminal_of(server):
        if free:
            greet(server)
        code = server.wait()
    return 0 if -code in STOPS else abs(code)


if __name__ == "__main__":
    sys.exit(main())
